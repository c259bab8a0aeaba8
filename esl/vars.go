package esl

import (
	"bytes"
	"strings"
	"unicode"
	"unicode/utf8"
)

// apostrophe replaces ' in values (see Clean).
const apostrophe = '’'

// Vars returns the channel variables in the form that precedes a dial string: {a='1\,2 3',b='x'}.
// Clean cleans the values. Names keep only the characters that a variable's name may have. A pair
// without name or value is left out, because FreeSWITCH drops it too. If no pair is left, Vars
// returns "".
//
// This form survives both parsers of FreeSWITCH (switch_separate_string). `originate` first splits
// at spaces, which removes the quotes, and then at commas, so a comma needs its own escape.
func Vars(pairs ...Header) string {
	var out strings.Builder
	out.Grow(64 * len(pairs))
	separator := byte('{')
	for _, pair := range pairs {
		name, value := cleanName(pair.Name), Clean(pair.Value)
		if name == "" || value == "" {
			continue
		}
		out.WriteByte(separator)
		separator = ','
		out.WriteString(name)
		out.WriteString("='")
		out.WriteString(strings.ReplaceAll(value, ",", `\,`))
		out.WriteByte('\'')
	}
	if out.Len() == 0 {
		return ""
	}
	out.WriteByte('}')
	return out.String()
}

// Clean returns value without the parts that FreeSWITCH would act on, for the value of a variable
// or an argument of set and uuid_setvar. It removes:
//   - control characters and bytes that are not UTF-8
//   - backslash, braces and dollar signs
//   - spaces at either end
//   - the second colon of `:_:`, which makes several originates of one, wherever it is
//
// A ' becomes ’. Escaped or not, the first parser removes its escape, and the next one takes two of
// them as quotes around the text between.
func Clean(value string) string {
	if isClean(value) {
		return strings.Trim(value, " ")
	}
	out := make([]byte, 0, len(value)+8)
	for _, r := range value {
		switch {
		case r == utf8.RuneError, unicode.IsControl(r), strings.ContainsRune(`\{}$`, r):
		case r == ':' && bytes.HasSuffix(out, []byte(":_")):
		case r == '\'':
			out = utf8.AppendRune(out, apostrophe)
		default:
			out = utf8.AppendRune(out, r)
		}
	}
	return strings.Trim(string(out), " ")
}

// isClean reports whether only spaces at the ends may have to go, which is true of nearly every
// value.
func isClean(value string) bool {
	for i := range len(value) {
		switch b := value[i]; {
		case b < ' ', b > '~', b == '\\', b == '{', b == '}', b == '$', b == '\'', b == ':':
			return false
		}
	}
	return true
}

func cleanName(name string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case 'a' <= r && r <= 'z', 'A' <= r && r <= 'Z', '0' <= r && r <= '9', r == '_', r == '-', r == '.':
			return r
		}
		return -1
	}, name)
}
