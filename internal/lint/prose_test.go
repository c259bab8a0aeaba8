package lint

import (
	"go/ast"
	"go/parser"
	"go/token"
	"regexp"
	"strings"
	"unicode/utf8"
)

// tabWidth is how wide a tab counts.
const tabWidth = 4

// line is one line of prose: a comment without its slashes, or a line of Markdown.
type line struct {
	number int
	text   string
}

// page is the prose of one file.
type page struct {
	file   string
	wide   []line   // full lines that are over maxColumns
	blocks [][]line // each block is a piece of text that no sentence leaves: a paragraph, a list item, a table cell
}

// columns is how many columns a line takes on the screen.
func columns(text string) int {
	return utf8.RuneCountInString(text) + strings.Count(text, "\t")*(tabWidth-1)
}

// readGo finds the comments of a Go file. Directives and indented code are no prose.
func readGo(name string, source []byte) (page, error) {
	p := page{file: name}
	files := token.NewFileSet()
	parsed, err := parser.ParseFile(files, name, source, parser.ParseComments|parser.SkipObjectResolution)
	if err != nil {
		return p, err
	}
	lines := strings.Split(string(source), "\n")
	for _, group := range parsed.Comments {
		var text []line
		for _, comment := range group.List {
			first := files.Position(comment.Pos())
			for i, row := range commentRows(comment) {
				number := first.Line + i
				alone := i > 0 || strings.TrimSpace(lines[number-1][:first.Column-1]) == ""
				if alone && columns(lines[number-1]) > maxColumns {
					p.wide = append(p.wide, line{number, strings.TrimSpace(lines[number-1])})
				}
				text = append(text, line{number, row})
			}
		}
		p.blocks = append(p.blocks, paragraphs(text)...)
	}
	return p, nil
}

// commentRows is the text of a comment, line by line; directives such as //go:embed are empty.
func commentRows(comment *ast.Comment) []string {
	text, isLine := strings.CutPrefix(comment.Text, "//")
	if isLine {
		if directive.MatchString(text) {
			return []string{""}
		}
		return []string{strings.TrimPrefix(text, " ")}
	}
	return strings.Split(strings.TrimSuffix(strings.TrimPrefix(text, "/*"), "*/"), "\n")
}

var (
	directive = regexp.MustCompile(`^[a-z]+:[a-z]`)
	listItem  = regexp.MustCompile(`^\s*([-*+]|[0-9]+[.)])\s+`)
	heading   = regexp.MustCompile(`^#+\s`)
	fence     = regexp.MustCompile("^\\s*```")
	cells     = regexp.MustCompile(`\s*\|\s*`)
)

// paragraphs cuts lines of a comment or of Markdown into blocks. A blank line, a list item and a
// heading each begin one. Indented lines that belong to no list item are code.
func paragraphs(text []line) [][]line {
	var all [][]line
	var block []line
	flush := func() {
		if len(block) > 0 {
			all = append(all, block)
		}
		block = nil
	}
	inList := false
	for _, l := range text {
		indented := strings.HasPrefix(l.text, "\t") || strings.HasPrefix(l.text, "  ")
		switch {
		case strings.TrimSpace(l.text) == "":
			flush()
			continue
		case listItem.MatchString(l.text):
			flush()
			inList = true
			l.text = listItem.ReplaceAllString(l.text, "")
		case heading.MatchString(l.text):
			flush()
			inList = false
			all = append(all, []line{{l.number, heading.ReplaceAllString(l.text, "")}})
			continue
		case indented && !inList:
			flush()
			continue
		case !indented:
			inList = inList && len(block) > 0
		}
		block = append(block, l)
	}
	flush()
	return all
}

// readMarkdown finds the text of a Markdown file. Fenced code is no prose; tables may be wide.
func readMarkdown(name string, source []byte) page {
	p := page{file: name}
	var text []line
	code := false
	for i, row := range strings.Split(string(source), "\n") {
		l := line{i + 1, row}
		switch {
		case fence.MatchString(row):
			code = !code
			text = append(text, line{i + 1, ""})
			continue
		case code:
			continue
		case strings.HasPrefix(strings.TrimSpace(row), "|"):
			for _, cell := range cells.Split(strings.Trim(row, "| \t"), -1) {
				p.blocks = append(p.blocks, []line{{i + 1, cell}})
			}
			continue
		case columns(row) > maxColumns && strings.Contains(strings.TrimSpace(row), " "):
			p.wide = append(p.wide, l)
		}
		text = append(text, l)
	}
	p.blocks = append(p.blocks, paragraphs(text)...)
	return p
}

// word is one word of prose, with the line it is on.
type word struct {
	number int
	text   string
}

var (
	inlineCode = regexp.MustCompile("`[^`]*`")
	link       = regexp.MustCompile(`\]\([^)]*\)`)
	letters    = regexp.MustCompile(`[\p{L}\p{N}]`)
	ends       = regexp.MustCompile("[.!?][)\"'`*_’”]*$")
	// opens is what a sentence begins with.
	opens = regexp.MustCompile("^[(\"'`*_‘“\\[]*[\\p{Lu}\\p{N}`]")
)

// words cuts a block into words. Inline code is one word, of no letters that count.
func words(block []line) []word {
	var all []word
	for _, l := range block {
		text := link.ReplaceAllString(inlineCode.ReplaceAllString(l.text, "`0`"), "]")
		for w := range strings.FieldsSeq(text) {
			all = append(all, word{l.number, w})
		}
	}
	return all
}

// sentences cuts words into sentences. A full stop ends one if the next word has a capital.
func sentences(all []word) [][]word {
	var cut [][]word
	start := 0
	for i, w := range all {
		if i+1 == len(all) || ends.MatchString(w.text) && opens.MatchString(all[i+1].text) {
			cut = append(cut, all[start:i+1])
			start = i + 1
		}
	}
	return cut
}

// length is how many words a sentence has; a lone dash or sign is none.
func length(sentence []word) int {
	n := 0
	for _, w := range sentence {
		if letters.MatchString(w.text) {
			n++
		}
	}
	return n
}

// plain is a word in small letters without what stands around it. Words in capitals, such as
// SQL's WHERE, are nothing.
func plain(text string) string {
	text = strings.TrimFunc(text, func(r rune) bool { return !letters.MatchString(string(r)) })
	if len(text) > 1 && strings.ToUpper(text) == text {
		return ""
	}
	return strings.ToLower(text)
}

// quote is the sentence as text.
func quote(sentence []word) string {
	texts := make([]string, len(sentence))
	for i, w := range sentence {
		texts[i] = w.text
	}
	return strings.Join(texts, " ")
}
