package sim

import (
	"strings"

	"nwayacd/esl"
)

// The escaping is written here a second time on purpose. It follows FreeSWITCH's source and shares
// nothing with package esl, so that it checks that package.

const unsafe = "\r\n \"#%&+:;<=>?@[\\]^`{|}" // SWITCH_URL_UNSAFE

func appendEncoded(dst []byte, headers []esl.Header) []byte {
	for _, h := range headers {
		dst = append(dst, h.Name...)
		dst = append(dst, ": "...)
		dst = appendURL(dst, h.Value)
		dst = append(dst, '\n')
	}
	return dst
}

// appendURL is switch_url_encode. It leaves alone what already looks like %XX.
func appendURL(dst []byte, value string) []byte {
	for i := range len(value) {
		b := value[i]
		if b == '%' && i+2 < len(value) && isHex(value[i+1]) && isHex(value[i+2]) {
			dst = append(dst, b)
			continue
		}
		if b < ' ' || b > '~' || strings.IndexByte(unsafe, b) >= 0 {
			dst = append(dst, '%', "0123456789ABCDEF"[b>>4], "0123456789ABCDEF"[b&15])
			continue
		}
		dst = append(dst, b)
	}
	return dst
}

func isHex(b byte) bool { return '0' <= b && b <= '9' || 'A' <= b && b <= 'F' }

func sameName(a, b string) bool { return len(a) == len(b) && strings.EqualFold(a, b) }

// isTrue is switch_true.
func isTrue(value string) bool {
	switch strings.ToLower(value) {
	case "yes", "on", "true", "t", "enabled", "active", "allow":
		return true
	}
	number := strings.TrimLeft(value, "+-")
	return number != "" && strings.Trim(number, "0123456789") == "" && strings.Trim(number, "0") != ""
}
