package esl

import "strings"

const hexDigits = "0123456789ABCDEF"

// mustEscape holds the characters of SWITCH_URL_UNSAFE (switch_utils.h) and every byte that is not
// printable ASCII.
var mustEscape = func() (unsafe [256]bool) {
	for b := range unsafe {
		unsafe[b] = b < ' ' || b > '~'
	}
	for _, b := range []byte("\r\n #%&+:;<=>?@[\\]^`{|}\"") {
		unsafe[b] = true
	}
	return unsafe
}()

// appendEscaped escapes as switch_url_encode does, with one exception. FreeSWITCH leaves alone what
// already looks like an escape, so its clients read the value `50%25` as `50%`. Here every value
// comes out as it went in.
func appendEscaped(dst []byte, value string) []byte {
	if value == "" {
		return append(dst, undefined...)
	}
	start := 0 // of what can be copied as it is
	for i := range len(value) {
		if b := value[i]; mustEscape[b] {
			dst = append(dst, value[start:i]...)
			dst = append(dst, '%', hexDigits[b>>4], hexDigits[b&15])
			start = i + 1
		}
	}
	return append(dst, value[start:]...)
}

// unescape reverses appendEscaped. A % that begins no escape stays as it is, and so does a plus
// sign.
func unescape(value string) string {
	first := strings.IndexByte(value, '%')
	if first < 0 {
		return value
	}
	var out strings.Builder
	out.Grow(len(value))
	out.WriteString(value[:first])
	for i := first; i < len(value); i++ {
		if value[i] == '%' && i+2 < len(value) {
			high, low := unhex(value[i+1]), unhex(value[i+2])
			if high >= 0 && low >= 0 {
				out.WriteByte(byte(high<<4 | low))
				i += 2
				continue
			}
		}
		out.WriteByte(value[i])
	}
	return out.String()
}

func unhex(b byte) int {
	switch {
	case '0' <= b && b <= '9':
		return int(b - '0')
	case 'a' <= b && b <= 'f':
		return int(b-'a') + 10
	case 'A' <= b && b <= 'F':
		return int(b-'A') + 10
	}
	return -1
}
