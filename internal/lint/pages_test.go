package lint

import (
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"unicode"
)

// markdown is all Markdown files of the module: text by path from its root.
func markdown(t *testing.T) map[string]string {
	t.Helper()
	pages := map[string]string{}
	walkModule(t, func(name, relative string) error {
		if path.Ext(relative) == ".md" {
			text, err := os.ReadFile(name)
			pages[relative] = string(text)
			return err
		}
		return nil
	})
	return pages
}

// walkModule visits each file of the module that is written by hand.
func walkModule(t *testing.T, visit func(name, relative string) error) {
	t.Helper()
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
		return visit(name, filepath.ToSlash(relative))
	})
	if err != nil {
		t.Fatal(err)
	}
}

var (
	codeBlock = regexp.MustCompile("(?ms)^ *```.*?^ *```$")
	codeSpan  = regexp.MustCompile("`([^`\n]+)`")
	linkTo    = regexp.MustCompile(`\]\(([^)\s]+)\)`)
	headingIs = regexp.MustCompile(`(?m)^#+ +(.+)$`)
)

// A link within the module leads to a file that exists, and to a heading that it has.
func TestLinksLeadSomewhere(t *testing.T) {
	pages := markdown(t)
	links := 0
	for from, text := range pages {
		for _, m := range linkTo.FindAllStringSubmatch(codeBlock.ReplaceAllString(text, ""), -1) {
			file, anchor, _ := strings.Cut(m[1], "#")
			if strings.Contains(file, "://") {
				continue
			}
			links++
			to := path.Join(path.Dir(from), file)
			if file == "" {
				to = from
			}
			if _, err := os.Stat(filepath.Join("..", "..", filepath.FromSlash(to))); err != nil {
				t.Errorf("%s: the link %s leads to no file", from, m[1])
			} else if anchor != "" && !anchorsOf(pages[to])[anchor] {
				t.Errorf("%s: the link %s leads to no heading", from, m[1])
			}
		}
	}
	if links < 50 {
		t.Errorf("only %d links were found", links)
	}
}

// anchorsOf is the anchors of a page's headings, as GitHub makes them.
func anchorsOf(text string) map[string]bool {
	anchors := map[string]bool{}
	for _, m := range headingIs.FindAllStringSubmatch(codeBlock.ReplaceAllString(text, ""), -1) {
		anchors[strings.Map(inAnchor, strings.ToLower(m[1]))] = true
	}
	return anchors
}

func inAnchor(r rune) rune {
	switch {
	case r == ' ':
		return '-'
	case r == '-' || r == '_' || unicode.IsLetter(r) || unicode.IsDigit(r):
		return r
	}
	return -1
}

// ownName is a name that is ours to give: of a command, a table, a variable, a metric.
var ownName = regexp.MustCompile(`\bnway[a-z]*_[a-z0-9_]*[a-z0-9]`)

// A name of ours that a page has in code is one that the program has. The name may begin one, as in
// nwayacd_journal_*.
func TestPagesNameWhatThereIs(t *testing.T) {
	var sources strings.Builder
	walkModule(t, func(name, relative string) error {
		switch path.Ext(relative) {
		case ".go", ".sql", ".xml", ".toml":
			if strings.HasSuffix(relative, "_test.go") {
				return nil
			}
			text, err := os.ReadFile(name)
			sources.Write(text)
			return err
		}
		return nil
	})
	known, names := sources.String(), 0
	for page, text := range markdown(t) {
		for _, code := range append(codeBlock.FindAllString(text, -1), codeSpan.FindAllString(text, -1)...) {
			for _, name := range ownName.FindAllString(code, -1) {
				names++
				if !strings.Contains(known, name) && !strings.Contains(known, `"`+inCode(name)+`"`) {
					t.Errorf("%s: %s is no name of the program", page, name)
				}
			}
		}
	}
	if names < 250 {
		t.Errorf("only %d names were found", names)
	}
}

// inCode is the name as the code has it, if it is put together: of an agent's status, a metric, or
// a series of a histogram.
func inCode(name string) string {
	name = strings.TrimPrefix(strings.TrimPrefix(name, "nwayacd_"), "nway_agent_")
	return strings.TrimSuffix(strings.TrimSuffix(name, "_bucket"), "_count")
}

var madeTable = regexp.MustCompile(`(?i)CREATE TABLE IF NOT EXISTS (\w+)`)

// Every table is in the page that compares mod_nwayacd with this program, and in docs/database.md.
func TestPagesHaveEveryTable(t *testing.T) {
	pages := markdown(t)
	tables := map[string]bool{"nwayacd_migration": true}
	walkModule(t, func(name, relative string) error {
		if path.Ext(relative) != ".sql" {
			return nil
		}
		text, err := os.ReadFile(name)
		for _, m := range madeTable.FindAllSubmatch(text, -1) {
			tables[string(m[1])] = true
		}
		return err
	})
	if len(tables) < 10 {
		t.Errorf("only %d tables were found", len(tables))
	}
	for table := range tables {
		if !strings.Contains(pages["docs/zh/migration.md"], "`"+table+"`") {
			t.Errorf("docs/zh/migration.md has no table %s", table)
		}
		if !strings.Contains(pages["docs/database.md"], table) {
			t.Errorf("docs/database.md has no table %s", table)
		}
	}
}

var (
	header      = regexp.MustCompile(`"(nwayacd::\w+|nway_\w*[a-z])"`)
	infoStatus  = regexp.MustCompile(`callStatus = "(\w+)"`)
	agentStatus = regexp.MustCompile(`Status\w+ +Status = "(\w+)"`)
)

// Every event, with each of its headers and statuses, is in the page that compares
// mod_nwayacd with this program.
func TestPagesHaveEveryEvent(t *testing.T) {
	page := markdown(t)["docs/zh/migration.md"]
	names := 0
	for file, patterns := range map[string][]*regexp.Regexp{
		"acd/event.go": {header, infoStatus}, "agent/update.go": {agentStatus},
	} {
		text, err := os.ReadFile(filepath.Join("..", "..", filepath.FromSlash(file)))
		if err != nil {
			t.Fatal(err)
		}
		for _, pattern := range patterns {
			for _, m := range pattern.FindAllSubmatch(text, -1) {
				names++
				name := string(m[1])
				if pattern == agentStatus {
					name = "nway_agent_" + name
				}
				if !strings.Contains(page, "`"+name+"`") {
					t.Errorf("docs/zh/migration.md has no %s", name)
				}
			}
		}
	}
	if names < 30 {
		t.Errorf("only %d names were found", names)
	}
}
