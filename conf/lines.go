package conf

import (
	"fmt"
	"strings"

	"github.com/BurntSushi/toml"
)

// maxStatement is how many lines one value may have. Without it, the time of lines would grow with
// the square of its input.
const maxStatement = 500

// places holds the line on which each key and section begins, counted from 1.
type places map[string]int

// lines finds the places in text, which must be TOML. The decoder does not report them, so lines
// decodes each statement (a header, or a key with its value) by itself. A statement ends at the
// first line with which it can be decoded.
func lines(text string) places {
	at := places{}
	tables := map[string]int{}
	rows := strings.SplitAfter(text, "\n")
	section := ""
	for i := 0; i < len(rows); {
		keys, n := statement(rows[i:])
		head := strings.TrimSpace(rows[i])
		for _, key := range keys {
			path := strings.Join(key, ".")
			switch {
			case strings.HasPrefix(head, "[["):
				tables[path]++
				path = fmt.Sprintf("%s[%d]", path, tables[path]-1)
				section = path + "."
			case strings.HasPrefix(head, "["):
				section = path + "."
			default:
				path = section + path
			}
			at.note(path, i+1)
		}
		i += n
	}
	return at
}

// note keeps the first line of a path, and of every section above it that has none yet.
func (p places) note(path string, line int) {
	for ; path != ""; path = parent(path) {
		if _, known := p[path]; !known {
			p[path] = line
		}
	}
}

// of returns the line of path, or of the nearest section above it that has one, or 0.
func (p places) of(path string) int {
	for ; path != ""; path = parent(path) {
		if line, known := p[path]; known {
			return line
		}
	}
	return 0
}

// parent returns the path above: that of "freeswitch[1].name" is "freeswitch[1]", and that of
// "freeswitch[1]" is "freeswitch".
func parent(path string) string {
	return path[:max(strings.LastIndexAny(path, ".["), 0)]
}

// statement returns the keys of the first statement in rows, and the number of its lines.
func statement(rows []string) ([]toml.Key, int) {
	var whole strings.Builder
	for i, row := range rows[:min(len(rows), maxStatement)] {
		whole.WriteString(row)
		var document map[string]any
		if found, err := toml.Decode(whole.String(), &document); err == nil {
			return found.Keys(), i + 1
		}
	}
	return nil, len(rows)
}
