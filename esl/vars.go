package esl

import (
	"bytes"
	"strings"
	"unicode"
	"unicode/utf8"
)

// apostrophe is carried in place of ', see Clean.
const apostrophe = '’'

// Vars returns the channel variables that go before a dial string: {a='1\,2 3',b='x'}. Values are
// cleaned by Clean, names keep only what a variable's name may have; a pair without name or value
// is left out, since FreeSWITCH drops it too. Nothing to carry is "".
//
// The form is the one that survives both readers on FreeSWITCH's side (switch_separate_string):
// `originate` first splits at spaces, which takes the quotes off, and only then at commas, so that
// a comma needs its own escape.
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

// Clean returns value without what FreeSWITCH would act upon instead of carrying it, as a
// variable's value or as an argument of set and uuid_setvar: control characters, bytes that are no
// UTF-8, backslash, braces, dollar signs, spaces at either end, and the second colon of `:_:`,
// which makes an originate several, wherever it stands. A ' becomes ’: escaped or not it is
// unescaped at the first of the readings, and the next one takes two of them for quotes around all
// that is between them.
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

// isClean reports whether nothing but spaces at the ends has to go: so it is with nearly every
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
