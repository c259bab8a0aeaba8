package lint

import (
	"flag"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const (
	maxColumns = 100
	maxWords   = 30
	// ifPerWhere is how often "if" occurs for each "where" in the whole module, at least. It may
	// only rise.
	ifPerWhere = 1.1
)

// countedWords are the words that have a budget.
var countedWords = []string{"where", "who", "nobody", "told"}

var (
	listIn     = flag.String("in", "", "print every finding in this package or document")
	newBudgets = flag.Bool("budget", false, "lower the budgets to what is there now, and add those of new packages")
)

// counts is what was found in one package or document. A finding has file, line and text.
type counts struct {
	words      int
	ifs        int
	wide, long []string
	uses       map[string][]string // of each counted word
}

// rate is how often the word occurs in 1,000 words.
func (c *counts) rate(counted string) float64 {
	if c.words == 0 {
		return 0
	}
	return float64(len(c.uses[counted])) * 1000 / float64(c.words)
}

// add counts what is on a page.
func (c *counts) add(p page) {
	for _, l := range p.wide {
		c.wide = append(c.wide, fmt.Sprintf("%s:%d: %d columns: %s", p.file, l.number, columns(l.text), l.text))
	}
	for _, block := range p.blocks {
		for _, sentence := range sentences(words(block)) {
			n := length(sentence)
			c.words += n
			if n > maxWords {
				c.long = append(c.long,
					fmt.Sprintf("%s:%d: %d words: %s", p.file, sentence[0].number, n, quote(sentence)))
			}
			c.addWords(p.file, sentence)
		}
	}
}

func (c *counts) addWords(file string, sentence []word) {
	for _, w := range sentence {
		switch text := plain(w.text); {
		case text == "if":
			c.ifs++
		case slices.Contains(countedWords, text):
			c.uses[text] = append(c.uses[text], fmt.Sprintf("%s:%d: %s: %s", file, w.number, text, quote(sentence)))
		}
	}
}

// survey counts all text of the module: Go files by package, Markdown by file.
func survey(t *testing.T) map[string]*counts {
	t.Helper()
	all := map[string]*counts{}
	root := filepath.Join("..", "..")
	err := filepath.WalkDir(root, func(name string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		relative, err := filepath.Rel(root, name)
		if err != nil {
			return err
		}
		if entry.IsDir() {
			return leaveOut(root, filepath.ToSlash(relative))
		}
		return surveyFile(all, name, filepath.ToSlash(relative))
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// leaveOut skips folders that are hidden, that are for tests, or that are modules of their own.
func leaveOut(root, folder string) error {
	if base := path.Base(folder); folder != "." && (strings.HasPrefix(base, ".") || base == "testdata") {
		return fs.SkipDir
	}
	if _, err := os.Stat(filepath.Join(root, folder, "go.mod")); err == nil && folder != "." {
		return fs.SkipDir
	}
	return nil
}

func surveyFile(all map[string]*counts, name, relative string) error {
	suffix := path.Ext(relative)
	if suffix != ".go" && suffix != ".md" {
		return nil
	}
	source, err := os.ReadFile(name)
	if err != nil {
		return err
	}
	if suffix == ".md" {
		of(all, relative).add(readMarkdown(relative, source))
		return nil
	}
	p, err := readGo(relative, source)
	if err != nil {
		return err
	}
	of(all, path.Dir(relative)).add(p)
	return nil
}

func of(all map[string]*counts, name string) *counts {
	c := all[name]
	if c == nil {
		c = &counts{uses: map[string][]string{}}
		all[name] = c
	}
	return c
}

func TestComments(t *testing.T) {
	all, budgets := survey(t), readBudgets(t)
	if *newBudgets {
		for name, found := range all {
			before, known := budgets[name]
			budgets[name] = lowered(before, known, found)
		}
		maps.DeleteFunc(budgets, func(name string, _ budget) bool { return all[name] == nil })
		writeBudgets(t, budgets)
	}
	t.Logf("%-28s %7s %5s %5s %6s %6s %6s %6s %6s", "", "words", "wide", "long", "where", "who", "nobody", "told", "if")
	total := &counts{uses: map[string][]string{}}
	for _, name := range slices.Sorted(maps.Keys(all)) {
		found := all[name]
		t.Log(found.row(name))
		total.words, total.ifs = total.words+found.words, total.ifs+found.ifs
		total.wide, total.long = append(total.wide, found.wide...), append(total.long, found.long...)
		for _, counted := range countedWords {
			total.uses[counted] = append(total.uses[counted], found.uses[counted]...)
		}
		if *listIn != "" && (name == *listIn || path.Dir(name) == *listIn && strings.HasSuffix(name, ".md")) {
			found.list(t)
		}
		b, known := budgets[name]
		if !known {
			b = clean
		}
		found.check(t, name, b, known)
	}
	t.Log(total.row("all"))
	if ratio := float64(total.ifs) / float64(max(1, len(total.uses["where"]))); ratio < ifPerWhere {
		t.Errorf(`"if" is there %.1f times for each "where", it should be %.1f at least`, ratio, ifPerWhere)
	} else if ratio >= ifPerWhere+0.5 {
		t.Logf(`"if" is there %.1f times for each "where": ifPerWhere (%.1f) can be raised`, ratio, ifPerWhere)
	}
}

// row is a line of the table that -v prints.
func (c *counts) row(name string) string {
	var row strings.Builder
	fmt.Fprintf(&row, "%-28s %7d %5d %5d", name, c.words, len(c.wide), len(c.long))
	for _, counted := range countedWords {
		fmt.Fprintf(&row, " %6.1f", c.rate(counted))
	}
	return row.String() + fmt.Sprintf(" %6.1f", float64(c.ifs)*1000/float64(max(1, c.words)))
}

// list prints every finding.
func (c *counts) list(t *testing.T) {
	t.Helper()
	for _, finding := range slices.Concat(c.wide, c.long, c.uses["where"], c.uses["who"], c.uses["nobody"],
		c.uses["told"]) {
		t.Log(finding)
	}
}

// check compares what was found with the budget.
func (c *counts) check(t *testing.T, name string, b budget, known bool) {
	t.Helper()
	c.compare(t, name, fmt.Sprintf("lines over %d columns", maxColumns), c.wide, b.wide)
	c.compare(t, name, fmt.Sprintf("sentences over %d words", maxWords), c.long, b.long)
	for _, counted := range countedWords {
		may := allowed(*b.of(counted), c.words)
		c.compare(t, name, fmt.Sprintf("%q in %d words", counted, c.words), c.uses[counted], may)
	}
	if after := lowered(b, known, c); known && after != b {
		t.Logf("%s: the budget can be lowered: go test ./internal/lint -budget", name)
	}
}

// compare fails the test if there are too many findings, and shows some of them.
func (c *counts) compare(t *testing.T, name, what string, findings []string, may int) {
	t.Helper()
	if len(findings) <= may {
		return
	}
	shown := findings[:min(len(findings), 20)]
	t.Errorf("%s: %s: %d, the budget is %d:\n\t%s", name, what, len(findings), may, strings.Join(shown, "\n\t"))
	if len(findings) > len(shown) {
		t.Logf("%d more: go test ./internal/lint -v -in %s", len(findings)-len(shown), name)
	}
}
