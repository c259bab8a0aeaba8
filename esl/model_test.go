package esl

import "strings"

// This is a model of how FreeSWITCH reads {} in a dial string. It follows switch_separate_string
// with its clean-up (switch_utils.c) and switch_event_create_brackets (switch_event.c) line by
// line.

// readOriginate reads args as `api originate` does: it splits at spaces, then reads the dial
// string. It returns ok=false after a usage error or a parse error, or if the dial string became
// several.
func readOriginate(args string) (vars map[string]string, rest []string, ok bool) {
	argv := separateBlank(args, 10)
	if len(argv) < 2 || len(argv) > 7 {
		return nil, nil, false
	}
	vars, dial, ok := readDialString(argv[0])
	return vars, append([]string{dial}, argv[1:]...), ok
}

// readDialString reads s as switch_ivr_originate does. The application `bridge` does nothing else
// to it.
func readDialString(s string) (vars map[string]string, dial string, ok bool) {
	if strings.Contains(s, ":_:") || strings.HasPrefix(s, "<") {
		return nil, "", false
	}
	vars = map[string]string{}
	for strings.HasPrefix(s, "{") {
		end := findEndParen(s)
		if end < 0 {
			return nil, "", false
		}
		for _, pair := range separateChar(s[1:end], ',', 1024) {
			if kv := separateChar(pair, '=', 2); len(kv) == 2 {
				vars[kv[0]] = kv[1]
			}
		}
		s = s[end+1:]
	}
	return vars, s, true
}

func findEndParen(s string) int {
	depth := 0
	for i := range len(s) {
		switch s[i] {
		case '{':
			depth++
		case '}':
			if depth--; depth == 0 {
				return i
			}
		}
	}
	return -1
}

func separateBlank(s string, most int) (fields []string) {
	for s != "" && len(fields) < most {
		end, quoted := strings.IndexFunc(s, func(r rune) bool { return r != ' ' }), false
		for end = max(end, 0); end < len(s) && (s[end] != ' ' || quoted); end++ {
			switch s[end] {
			case '\\':
				end++
			case '\'':
				quoted = !quoted
			}
		}
		end = min(end, len(s))
		if len(fields) == most-1 {
			end = len(s)
		}
		fields = append(fields, cleanUp(s[:end], 0))
		s = strings.TrimLeft(s[end:], " ")
	}
	return fields
}

func separateChar(s string, delim byte, most int) (fields []string) {
	if len(s) > 3 && s[:2] == "^^" {
		s, delim = s[3:], s[2]
	}
	for s != "" && len(fields) < most {
		end, quoted := 0, false
		for ; end < len(s) && (s[end] != delim || quoted); end++ {
			switch {
			case s[end] == '\\':
				end++
			case s[end] == '\'' && (quoted || strings.Contains(s[end+1:], "'")):
				quoted = !quoted
			}
		}
		end = min(end, len(s))
		if len(fields) == most-1 {
			end = len(s)
		}
		fields = append(fields, cleanUp(s[:end], delim))
		s = s[min(end+1, len(s)):]
	}
	return fields
}

func cleanUp(s string, delim byte) string {
	s = strings.TrimLeft(s, " ")
	var out []byte
	end, quoted := -1, false
	for i := 0; i < len(s); i++ {
		if s[i] == '\\' && i+1 < len(s) {
			next := s[i+1]
			if plain := strings.IndexByte("nrts", next); plain >= 0 {
				next = "\n\r\t "[plain]
			}
			if next != s[i+1] || next == '\'' || next == '"' || next == '\\' || delim != 0 && next == delim {
				out = append(out, next)
				end = len(out)
				i++
				continue
			}
		}
		if s[i] == '\'' && (quoted || strings.Contains(s[i+1:], "'")) {
			if quoted = !quoted; quoted {
				end = len(out)
			}
			continue
		}
		out = append(out, s[i])
		if s[i] != ' ' || quoted {
			end = len(out)
		}
	}
	if end >= 0 {
		out = out[:end]
	}
	return string(out)
}
