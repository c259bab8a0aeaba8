package esl

import (
	"strconv"
	"strings"
)

// AppendFrame appends a frame to dst: the headers, a Content-Length if there is a body, and the
// body. It writes values unescaped, but replaces CR, LF and NUL by spaces, because they would end
// the header.
func AppendFrame(dst []byte, body string, headers ...Header) []byte {
	for _, h := range headers {
		dst = append(dst, h.Name...)
		dst = append(dst, ": "...)
		dst = appendOneLine(dst, h.Value)
		dst = append(dst, '\n')
	}
	if body != "" {
		dst = appendLength(dst, len(body))
	}
	dst = append(dst, '\n')
	return append(dst, body...)
}

// AppendEvent appends the text/event-plain frame of an event to dst, escaped as FreeSWITCH does it.
// A body is inside the event and has its own Content-Length.
func AppendEvent(dst []byte, body string, headers ...Header) []byte {
	buffer := scratch.Get().(*[]byte)
	defer putScratch(buffer)
	inner := appendEncoded((*buffer)[:0], headers)
	if body != "" {
		inner = appendLength(inner, len(body))
	}
	inner = append(inner, '\n')
	*buffer = inner
	dst = appendLength(dst, len(inner)+len(body))
	dst = append(dst, "Content-Type: "+ContentEvent+"\n\n"...)
	dst = append(dst, inner...)
	return append(dst, body...)
}

func appendEncoded(dst []byte, headers []Header) []byte {
	for _, h := range headers {
		dst = append(dst, h.Name...)
		dst = append(dst, ": "...)
		dst = appendEscaped(dst, h.Value)
		dst = append(dst, '\n')
	}
	return dst
}

func appendLength(dst []byte, n int) []byte {
	dst = append(dst, "Content-Length: "...)
	dst = strconv.AppendInt(dst, int64(n), 10)
	return append(dst, '\n')
}

func appendOneLine(dst []byte, value string) []byte {
	start := len(dst)
	dst = append(dst, value...)
	if !hasLineBreak(value) {
		return dst
	}
	for i, b := range dst[start:] {
		if strings.IndexByte(lineBreakers, b) >= 0 {
			dst[start+i] = ' '
		}
	}
	return dst
}
