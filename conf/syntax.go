package conf

import (
	"errors"
	"regexp"
	"strings"

	"github.com/BurntSushi/toml"
)

// maxBroken is how many lines may be wrong before decode gives up.
const maxBroken = 50

// decode decodes as much of content as is TOML. The decoder stops at the first fault, so decode
// reports that line, leaves it out, and decodes the rest again.
func (r *reader) decode(content string) map[string]any {
	r.text = strings.TrimPrefix(content, "\ufeff") // some editors put a byte order mark first
	for range maxBroken {
		var document map[string]any
		_, err := toml.Decode(r.text, &document)
		if err == nil {
			return document
		}
		r.broken = true
		broken, ok := errors.AsType[toml.ParseError](err)
		if !ok {
			r.report("", "", "is not TOML")
			break
		}
		if !r.leaveOut(broken) {
			break
		}
	}
	r.text = ""
	return nil
}

var (
	assignment = regexp.MustCompile(`^\s*([\w.-]+)\s*=`)
	header     = regexp.MustCompile(`^\s*\[\[?\s*([\w.-]+)\s*\]`)
)

// leaveOut reports a broken line and blanks it in r.text. It returns false if the rest cannot be
// read without the line.
func (r *reader) leaveOut(broken toml.ParseError) bool {
	rows := strings.Split(r.text, "\n")
	i := broken.Position.Line - 1
	if i < 0 || i >= len(rows) {
		i = len(rows) - 1
	}
	key := assignment.FindStringSubmatch(rows[i])
	if strings.Contains(broken.Message, "end table") {
		// reported one line late; without the header, all keys below would be misread
		i, key = headerAbove(rows, i), nil
	}
	fault := Fault{File: r.file, Line: i + 1, Text: inPlainWords(broken.Message)}
	if key != nil {
		fault.Key = sectionAbove(rows[:i]) + key[1]
	}
	r.faults = append(r.faults, finding{Fault: fault})
	rows[i] = ""
	r.text = strings.Join(rows, "\n")
	return key != nil
}

func headerAbove(rows []string, i int) int {
	for i > 0 && !strings.HasPrefix(strings.TrimSpace(rows[i]), "[") {
		i--
	}
	return i
}

func sectionAbove(rows []string) string {
	for i := len(rows) - 1; i >= 0; i-- {
		if found := header.FindStringSubmatch(rows[i]); found != nil {
			return found[1] + "."
		}
	}
	return ""
}

// plainWords translates the decoder's messages, because they quote the file and with it perhaps a
// secret.
var plainWords = []struct{ said, text string }{
	{"already", "is already set above"},
	{"out of range", "is too large a number"},
	{"end table", "is a section header without a closing bracket"},
	{"unexpected EOF", "is not closed before the end of the file"},
	{"top-level item to end", "has more after its value; a text needs double quotes around it"},
	{"expected value", "has a value that is not TOML; a text needs double quotes around it"},
	{"cannot contain newlines", "is a text without a closing quote"},
	{"escape", `has an unknown escape; write \\ for one \, or put the text in single quotes`},
	{"hexadecimal digits", `has an unknown escape; write \\ for one \, or put the text in single quotes`},
	{"datetime", "looks like a date; a text needs double quotes around it"},
	{"digit", "looks like a number but is not one; a text needs double quotes around it"},
	{"number", "looks like a number but is not one; a text needs double quotes around it"},
	{"nteger", "looks like a number but is not one; a text needs double quotes around it"},
	{"float", "looks like a number but is not one; a text needs double quotes around it"},
	{"comma", "is a list or table that lacks a comma or its closing bracket"},
	{"UTF-8", "is not in UTF-8"},
	{"control characters", "has a control character"},
	{"NULL", "is not in UTF-8"},
}

func inPlainWords(message string) string {
	for _, p := range plainWords {
		if strings.Contains(message, p.said) {
			return p.text
		}
	}
	return "is not TOML"
}
