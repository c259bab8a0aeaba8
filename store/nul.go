package store

import "bytes"

var escapedNUL = []byte(`\u0000`)

// withoutNUL takes every NUL out of the strings of a JSON text: PostgreSQL cannot keep one. encoding/json writes it as \u0000 and in
// no other way; behind an escaped backslash the same letters are letters.
func withoutNUL(body []byte) []byte {
	if !bytes.Contains(body, escapedNUL) {
		return body
	}
	kept := make([]byte, 0, len(body))
	for i := 0; i < len(body); {
		switch {
		case bytes.HasPrefix(body[i:], escapedNUL):
			i += len(escapedNUL)
		case body[i] == '\\':
			kept = append(kept, body[i:i+2]...)
			i += 2
		default:
			kept = append(kept, body[i])
			i++
		}
	}
	return kept
}
