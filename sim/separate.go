package sim

import "strings"

// separate is switch_separate_string. It splits at a delimiter outside single quotes, and then
// removes quotes, escapes and outer spaces from each part. FreeSWITCH applies it three times to the
// values in {…}: at spaces, at commas, at the equals sign.
func separate(text string, delimiter byte) []string {
	var parts []string
	quoted := false
	begin := 0
	for i := 0; i < len(text); i++ {
		switch b := text[i]; {
		case b == '\\':
			i++
		case b == '\'' && (quoted || strings.IndexByte(text[i+1:], '\'') >= 0):
			quoted = !quoted
		case b == delimiter && !quoted:
			parts = append(parts, unquote(text[begin:i], delimiter))
			begin = i + 1
		}
	}
	if begin < len(text) {
		parts = append(parts, unquote(text[begin:], delimiter))
	}
	return parts
}

// unquote is cleanup_separated_string.
func unquote(text string, delimiter byte) string {
	text = strings.TrimLeft(text, " ")
	var out []byte
	end := 0
	quoted := false
	for i := 0; i < len(text); i++ {
		b := text[i]
		if b == '\\' && i+1 < len(text) {
			if e, ok := unescape(text[i+1], delimiter); ok {
				out = append(out, e)
				end = len(out)
				i++
				continue
			}
		}
		if b == '\'' && (quoted || strings.IndexByte(text[i+1:], '\'') >= 0) {
			quoted = !quoted
			if quoted {
				end = len(out)
			}
			continue
		}
		out = append(out, b)
		if b != ' ' || quoted {
			end = len(out)
		}
	}
	return string(out[:end])
}

func unescape(b, delimiter byte) (byte, bool) {
	switch b {
	case '\'', '"', '\\':
		return b, true
	case 'n':
		return '\n', true
	case 'r':
		return '\r', true
	case 't':
		return '\t', true
	case 's':
		return ' ', true
	}
	return b, delimiter != 0 && b == delimiter
}

// brackets removes the channel variables {…} from the front of a dial string
// (switch_event_create_brackets).
func brackets(text string) (vars [][2]string, rest string, ok bool) {
	for strings.HasPrefix(text, "{") {
		end := closing(text)
		if end < 0 {
			return nil, "", false
		}
		vars = append(vars, assignments(text[1:end])...)
		text = strings.TrimLeft(text[end+1:], " ")
	}
	return vars, text, true
}

func assignments(list string) (vars [][2]string) {
	delimiter := byte(',')
	if strings.HasPrefix(list, "^^") && len(list) > 2 {
		delimiter, list = list[2], list[3:]
	}
	for _, pair := range separate(list, delimiter) {
		if parts := splitTwo(pair); len(parts) == 2 {
			vars = append(vars, [2]string{parts[0], parts[1]})
		}
	}
	return vars
}

// splitTwo separates at '=' into two parts at most. The second part keeps further equals signs.
func splitTwo(pair string) []string {
	name, value, found := strings.Cut(pair, "=")
	if !found {
		return []string{pair}
	}
	return []string{unquote(name, '='), unquote(value, '=')}
}

// closing is switch_find_end_paren.
func closing(text string) int {
	depth := 0
	for i := range len(text) {
		switch text[i] {
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
