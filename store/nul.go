package store

import "bytes"

var escapedNUL = []byte(`\u0000`)

// withoutNUL removes every NUL from the strings of a JSON text, because PostgreSQL cannot store
// one. encoding/json writes it only as \u0000. After an escaped backslash the same letters are
// plain text.
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
