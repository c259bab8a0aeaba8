package conf

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"regexp"
	"strings"
	"unicode"
)

// read collects the parameters. It is as lenient as FreeSWITCH's own parser: a lone & in a
// password, a missing root element, and text between elements are accepted.
func (m *module) read(content []byte) error {
	m.gone = map[string]bool{}
	text, err := m.plainText(content)
	if err != nil {
		return err
	}
	decoder := xml.NewDecoder(strings.NewReader(text))
	decoder.Strict = false
	for {
		line, _ := decoder.InputPos()
		token, err := decoder.RawToken()
		switch {
		case errors.Is(err, io.EOF):
			return m.verdict()
		case err != nil:
			return m.broken(err)
		}
		switch t := token.(type) {
		case xml.StartElement:
			m.element(t, line)
		case xml.EndElement:
			if t.Name.Local == "configuration" {
				m.foreign = false
			}
		case xml.Directive:
			if bytes.Contains(t, []byte("ENTITY")) {
				m.entities = true
			}
		}
	}
}

// plainText returns the content as UTF-8 without comments and XML declaration. Every line keeps its
// number. Chinese comments are often in GBK. The bytes of GBK are never taken for markup, so only a
// parameter that contains them is lost.
func (m *module) plainText(content []byte) (string, error) {
	switch {
	case len(content) > tooLong:
		return "", m.fault(0, "is longer than 256 KiB, so it cannot be a configuration")
	case bytes.HasPrefix(content, []byte("\xff\xfe")) || bytes.HasPrefix(content, []byte("\xfe\xff")):
		return "", m.fault(0, "is in UTF-16; save it as UTF-8")
	}
	text := strings.ToValidUTF8(strings.TrimPrefix(string(content), "\ufeff"), "\ufffd")
	text = markup.ReplaceAllStringFunc(text, func(s string) string {
		return strings.Map(func(r rune) rune {
			if r == '\n' {
				return r
			}
			return ' '
		}, s)
	})
	if before, _, open := strings.Cut(text, "<!--"); open {
		return "", m.fault(1+strings.Count(before, "\n"), "begins a comment that does not end")
	}
	return text, nil
}

// markup is removed before the decoder sees it. The decoder fails on -- in a comment, and on any
// encoding but UTF-8; FreeSWITCH accepts both.
var markup = regexp.MustCompile(`(?s)<!--.*?-->|<\?xml\s.*?\?>`)

func (m *module) element(e xml.StartElement, line int) {
	switch e.Name.Local {
	case "configuration":
		name, _ := attribute(e, "name")
		m.foreign = name != "" && !strings.Contains(strings.ToLower(name), "nwayacd")
	case "param":
		if !m.foreign {
			m.param(e, line)
		}
	case "X-PRE-PROCESS":
		m.note(line, "X-PRE-PROCESS", "is for FreeSWITCH only; import does not see what it sets or includes")
	}
}

func (m *module) param(e xml.StartElement, line int) {
	name, named := attribute(e, "name")
	content, valued := attribute(e, "value")
	name = strings.ToLower(strings.TrimSpace(name)) // as the module does
	switch {
	case !named || name == "":
		m.note(line, "param", "has no name")
	case !valued:
		m.note(line, nameable(name), "has no value")
	default:
		m.params = append(m.params, param{name: name, value: content, line: line})
	}
}

// attribute returns the first attribute of that name, which is the one that FreeSWITCH uses.
func attribute(e xml.StartElement, name string) (content string, given bool) {
	for _, a := range e.Attr {
		if a.Name.Local == name && a.Name.Space == "" {
			return a.Value, true
		}
	}
	return "", false
}

func (m *module) verdict() error {
	if len(m.params) == 0 {
		return m.fault(0, `has no parameter of the module: there is no <param name="…" value="…"/>, `+
			`or only those of another module`)
	}
	return nil
}

// broken returns the fault of a file that is not XML. It leaves out the decoder's message, which
// may quote the file and with it a secret.
func (m *module) broken(err error) error {
	line := 0
	if syntax, ok := errors.AsType[*xml.SyntaxError](err); ok {
		line = syntax.Line
		if strings.Contains(syntax.Msg, "EOF") {
			return m.fault(line, "is incomplete: a tag or quote does not end")
		}
	}
	return m.fault(line, "is not XML")
}

func (m *module) fault(line int, text string) error {
	return Faults{{File: m.file, Line: line, Text: text}}
}

// oneLine replaces unprintable characters, which could end a comment or move a terminal's cursor.
func oneLine(s string) string {
	return strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return '?'
		}
		return r
	}, strings.ToValidUTF8(s, "?"))
}
