package lint

import (
	"slices"
	"strings"
	"testing"
)

const someGo = `// Package some says where it is. Nobody is told.
//
//	this is code, where nobody counts anything
//
//   - a list item who
//     goes on here. SELECT 1 WHERE true
package some

//go:generate nobody

/* who
   is it? */
var a = 1 // told at the end of a line, ` + "`where`" + `
`

func TestCommentsOfGo(t *testing.T) {
	source := someGo + "\t// " + strings.Repeat("x", 94) + "\n\t// " + strings.Repeat("y", 93) + "\n" +
		"var b = 2 // " + strings.Repeat("z ", 50) + "\n"
	p, err := readGo("some.go", []byte(source))
	if err != nil {
		t.Fatal(err)
	}
	if len(p.wide) != 1 || p.wide[0].number != 14 {
		t.Errorf("wide lines: %v, want line 14 only", p.wide)
	}
	c := &counts{uses: map[string][]string{}}
	c.add(p)
	for counted, lines := range map[string][]string{
		"where": {"some.go:1"}, "nobody": {"some.go:1"}, "who": {"some.go:5", "some.go:11"},
		"told": {"some.go:1", "some.go:13"},
	} {
		var got []string
		for _, finding := range c.uses[counted] {
			got = append(got, finding[:strings.Index(finding, ": ")])
		}
		if !slices.Equal(got, lines) {
			t.Errorf("%s: in %q, want %q", counted, got, lines)
		}
	}
	if len(c.long) != 1 || !strings.HasPrefix(c.long[0], "some.go:16: 50 words: z z") {
		t.Errorf("long sentences: %q, want that of line 16", c.long)
	}
}

func TestSentencesEnd(t *testing.T) {
	for text, want := range map[string][]int{
		"One two. Three four five.":                 {2, 3},
		"A file, e.g. this one, has no end. It is.": {8, 2},
		"What? `code` is a word. (And so on.) End":  {1, 4, 3, 1},
		"It takes 1.5 s - a dash is no word":        {9},
		"See [the page where it is](where.md#who).": {6},
	} {
		var got []int
		for _, sentence := range sentences(words([]line{{1, text}})) {
			got = append(got, length(sentence))
		}
		if !slices.Equal(got, want) {
			t.Errorf("%q: sentences of %v words, want %v", text, got, want)
		}
	}
}

func TestMarkdown(t *testing.T) {
	wide := strings.Repeat("wide ", 21)
	source := "# A heading who\n\nText goes\non. Here too\n\n* item one\n  goes on\n* item two\n\n```sh\nwhere " +
		wide +
		"\n```\n| cell told | cell two | " + wide + "\n" + wide + "\nhttps://" + strings.Repeat("x", 100) + "\n"
	p := readMarkdown("a.md", []byte(source))
	if len(p.wide) != 1 || p.wide[0].number != 14 {
		t.Errorf("wide lines: %v, want line 14 only", p.wide)
	}
	c := &counts{uses: map[string][]string{}}
	c.add(p)
	if len(c.uses["where"]) != 0 || len(c.uses["who"]) != 1 || len(c.uses["told"]) != 1 {
		t.Errorf("counted %v, want one who and one told", c.uses)
	}
	var blocks []string
	for _, block := range p.blocks {
		blocks = append(blocks, quote(words(block)))
	}
	for _, want := range []string{
		"A heading who", "Text goes on. Here too", "item one goes on", "item two",
		"cell told", "cell two",
	} {
		if !slices.Contains(blocks, want) {
			t.Errorf("no block %q in %q", want, blocks)
		}
	}
}

func TestBudgetsOnlyFall(t *testing.T) {
	found := &counts{
		words: 1000, wide: make([]string, 3),
		uses: map[string][]string{"where": make([]string, 7), "who": make([]string, 2)},
	}
	before := budget{wide: 2, long: 4, where: 9, who: 1, nobody: 3, told: 0.2}
	want := budget{wide: 2, long: 0, where: 7, who: 1, nobody: 0.5, told: 0.2}
	if got := lowered(before, true, found); got != want {
		t.Errorf("lowered to %v, want %v", got, want)
	}
	want = budget{wide: 3, where: 7, who: 2, nobody: 0.5, told: 0.5}
	if got := lowered(budget{}, false, found); got != want {
		t.Errorf("a new package has %v, want %v", got, want)
	}
	if n := allowed(1, 1001); n != 2 {
		t.Errorf("one in 1,000 words allows %d in 1,001, want 2", n)
	}
}
