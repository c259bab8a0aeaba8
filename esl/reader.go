package esl

import (
	"bufio"
	"errors"
	"io"
	"strings"
	"sync"
)

// Limits bound what one peer may make us hold. Zero fields stand for the defaults.
type Limits struct {
	MaxHeaderBytes int // of one frame or request; 64 KiB
	MaxBody        int // bytes; 4 MiB
	MaxQueue       int // events not read yet, and commands not answered yet; 4096
}

func (l Limits) withDefaults() Limits {
	if l.MaxHeaderBytes <= 0 {
		l.MaxHeaderBytes = 64 << 10
	}
	if l.MaxBody <= 0 {
		l.MaxBody = 4 << 20
	}
	if l.MaxQueue <= 0 {
		l.MaxQueue = 4096
	}
	return l
}

// Reader takes frames or requests off a stream.
type Reader struct {
	buffered *bufio.Reader
	limits   Limits
}

// NewReader returns a Reader of r.
func NewReader(r io.Reader, l Limits) *Reader {
	return &Reader{buffered: bufio.NewReader(r), limits: l.withDefaults()}
}

// Request is one command of a client: the line, then headers and a body, which clients do not encode.
type Request struct {
	Line string // "api status", "sendmsg UUID", "auth ClueCon"
	Event
}

// ReadFrame returns the next frame: headers up to an empty line, then Content-Length bytes of body. Lines end in LF or
// CRLF; empty lines before a frame are skipped. Errors: io.EOF between frames, io.ErrUnexpectedEOF inside one,
// *FrameError, and those of the stream.
func (r *Reader) ReadFrame() (*Event, error) {
	text, err := r.head()
	if err != nil {
		return nil, err
	}
	body, err := r.body(text)
	if err != nil {
		return nil, err
	}
	return &Event{text: text, body: body}, nil
}

// ReadCommand returns the next request of a client. Spaces at the end of its line stay: completion goes by them. Errors as ReadFrame's.
func (r *Reader) ReadCommand() (*Request, error) {
	text, err := r.head()
	if err != nil {
		return nil, err
	}
	line, headers, _ := strings.Cut(text, "\n")
	body, err := r.body(headers)
	if err != nil {
		return nil, err
	}
	return &Request{Line: strings.TrimLeft(strings.TrimRight(line, "\r"), " \t"), Event: Event{text: headers, body: body, literal: true}}, nil
}

// ParseEvent reads the body of a text/event-plain frame: encoded headers, and the event's own body where it has a
// Content-Length. The error is a *FrameError.
func ParseEvent(body string) (*Event, error) {
	text, rest := splitHead(body)
	length, err := contentLength(text, len(body))
	if err != nil {
		return nil, err
	}
	if length > len(rest) {
		return nil, &FrameError{What: "body cut short"}
	}
	return &Event{text: text, body: rest[:length]}, nil
}

func splitHead(s string) (head, rest string) {
	for at := 0; at < len(s); {
		line, _, found := strings.Cut(s[at:], "\n")
		if found && (line == "" || line == "\r") {
			return s[:at], s[at+len(line)+1:]
		}
		at += len(line) + 1
	}
	return s, ""
}

// scratch is shared, because a buffer of its own would stay with every idle connection.
var scratch = sync.Pool{New: func() any { return new([]byte) }}

// head returns the header lines before the next empty line, in one allocation.
func (r *Reader) head() (string, error) {
	if _, err := r.buffered.Peek(1); err != nil { // wait before taking a scratch buffer, not while holding it
		return "", err
	}
	buffer := scratch.Get().(*[]byte)
	defer scratch.Put(buffer)
	*buffer = (*buffer)[:0]
	for start := 0; ; {
		chunk, err := r.buffered.ReadSlice('\n')
		*buffer = append(*buffer, chunk...)
		switch {
		case len(*buffer) > r.limits.MaxHeaderBytes:
			return "", &FrameError{What: "headers too large", Limit: r.limits.MaxHeaderBytes}
		case errors.Is(err, bufio.ErrBufferFull):
			continue
		case err != nil:
			return "", cutShort(err, len(*buffer))
		}
		switch line := (*buffer)[start:]; {
		case !isEmptyLine(line):
			start = len(*buffer)
		case start > 0:
			return string((*buffer)[:start]), nil
		default: // an empty line before the frame
			*buffer = (*buffer)[:0]
		}
	}
}

func isEmptyLine(line []byte) bool {
	return len(line) == 1 || len(line) == 2 && line[0] == '\r'
}

func cutShort(err error, got int) error {
	if errors.Is(err, io.EOF) && got > 0 {
		return io.ErrUnexpectedEOF
	}
	return err
}

// body returns what Content-Length in text announces; memory grows with what has come, not with what is announced.
func (r *Reader) body(text string) (string, error) {
	left, err := contentLength(text, r.limits.MaxBody)
	if err != nil || left == 0 {
		return "", err
	}
	var body strings.Builder
	body.Grow(min(left, 64<<10))
	for left > 0 {
		chunk, err := r.buffered.Peek(min(left, r.buffered.Size()))
		if err != nil {
			return "", cutShort(err, 1)
		}
		body.Write(chunk)
		left -= len(chunk)
		if _, err := r.buffered.Discard(len(chunk)); err != nil {
			return "", err
		}
	}
	return body.String(), nil
}

// contentLength returns 0 when there is none. Several that differ are an error: the frame's end is unknown then.
func contentLength(text string, limit int) (int, error) {
	const name = "Content-Length"
	length := -1
	for text != "" {
		var line string
		line, text, _ = strings.Cut(text, "\n")
		if len(line) <= len(name) || line[len(name)] != ':' || !strings.EqualFold(line[:len(name)], name) {
			continue
		}
		n, err := parseLength(strings.TrimSpace(line[len(name)+1:]), limit)
		if err != nil {
			return 0, err
		}
		if length >= 0 && n != length {
			return 0, &FrameError{What: "differing Content-Length"}
		}
		length = n
	}
	return max(length, 0), nil
}

func parseLength(value string, limit int) (int, error) {
	if value == "" {
		return 0, &FrameError{What: "bad Content-Length"}
	}
	n := 0
	for i := range len(value) {
		if value[i] < '0' || value[i] > '9' {
			return 0, &FrameError{What: "bad Content-Length"}
		}
		if n = n*10 + int(value[i]-'0'); n > limit {
			return 0, &FrameError{What: "body too large", Limit: limit}
		}
	}
	return n, nil
}
