package esl

import (
	"bufio"
	"errors"
	"io"
	"strings"
	"sync"
	"time"
)

// Limits bound how much one peer can make this process hold. Zero fields stand for the defaults.
type Limits struct {
	MaxHeaderBytes int           // of one frame or request; 64 KiB
	MaxHeaders     int           // lines of one frame or request; 4096
	MaxBody        int           // bytes; 4 MiB
	MaxQueue       int           // events not read yet, and commands not answered yet; 4096
	Buffer         int           // size of the read buffer in bytes; 4 KiB
	FrameTime      time.Duration // from a frame's first byte to its last; 30 s
	// Room is the memory that the large frames of several peers share. If it is nil, they share no
	// limit.
	Room *Room
}

func (l Limits) withDefaults() Limits {
	if l.MaxHeaderBytes <= 0 {
		l.MaxHeaderBytes = 64 << 10
	}
	if l.MaxHeaders <= 0 {
		l.MaxHeaders = 4096
	}
	if l.MaxBody <= 0 {
		l.MaxBody = 4 << 20
	}
	if l.MaxQueue <= 0 {
		l.MaxQueue = 4096
	}
	if l.Buffer <= 0 {
		l.Buffer = 4 << 10
	}
	if l.FrameTime <= 0 {
		l.FrameTime = 30 * time.Second
	}
	return l
}

// Reader reads frames or requests from a stream.
type Reader struct {
	deadline frameDeadline
	buffered *bufio.Reader
	limits   Limits
	room     claim // of the frame being read
}

// NewReader returns a Reader of r.
func NewReader(r io.Reader, l Limits) *Reader {
	reader := &Reader{deadline: frameDeadline{from: r}}
	reader.buffered = bufio.NewReaderSize(&reader.deadline, l.withDefaults().Buffer)
	reader.Limit(l)
	return reader
}

// Limit sets other limits for what is read from now on. The size of the buffer stays.
func (r *Reader) Limit(l Limits) {
	r.limits = l.withDefaults()
	r.room.of = l.Room
}

// EnforceFrameTime makes FrameTime count, with the read deadlines of the stream under the Reader.
// From now on nothing else may set those deadlines.
func (r *Reader) EnforceFrameTime(stream interface{ SetReadDeadline(time.Time) error }) {
	r.deadline.stream = stream
}

// Request is one command of a client: the line, then headers and a body. Clients do not encode
// header values.
type Request struct {
	Line string // "api status", "sendmsg UUID", "auth ClueCon"
	Event
}

// ReadFrame returns the next frame: headers up to an empty line, then Content-Length bytes of body.
// Lines end in LF or CRLF, and empty lines before a frame are skipped. Errors: io.EOF between
// frames, io.ErrUnexpectedEOF inside one, *FrameError, and those of the stream.
func (r *Reader) ReadFrame() (*Event, error) {
	defer r.done()
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

// ReadCommand returns the next request of a client. Spaces at the end of its line stay, because the
// completion of fs_cli depends on them. Its errors are those of ReadFrame.
func (r *Reader) ReadCommand() (*Request, error) {
	defer r.done()
	text, err := r.head()
	if err != nil {
		return nil, err
	}
	line, headers, _ := strings.Cut(text, "\n")
	body, err := r.body(headers)
	if err != nil {
		return nil, err
	}
	return &Request{
		Line:  strings.TrimLeft(strings.TrimRight(line, "\r"), " \t"),
		Event: Event{text: headers, body: body, literal: true},
	}, nil
}

// ParseEvent reads the body of a text/event-plain frame: encoded headers, and the event's own body
// if it has a Content-Length. The error is a *FrameError.
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

// done ends a frame, whether it was read or failed.
func (r *Reader) done() {
	r.deadline.end()
	r.room.release()
}

// scratch is shared, because a buffer for each connection would be held while the connection is
// idle.
var scratch = sync.Pool{New: func() any { return new([]byte) }}

// maxScratch bounds the buffers that are kept, in bytes. The buffer of one large frame is not held
// for ever.
const maxScratch = 256 << 10

func putScratch(buffer *[]byte) {
	if cap(*buffer) <= maxScratch {
		scratch.Put(buffer)
	}
}

// head returns the header lines before the next empty line.
func (r *Reader) head() (string, error) {
	for {
		if _, err := r.buffered.Peek(1); err != nil { // waits for data before it takes a scratch buffer
			return "", err
		}
		r.deadline.begin(r.limits.FrameTime)
		text, err := r.lines()
		if text != "" || err != nil {
			return text, err
		}
		r.deadline.end() // it was an empty line; the frame itself may come much later
	}
}

// lines returns the lines before the next empty one, in one allocation. It returns "" if the first
// line is empty.
func (r *Reader) lines() (string, error) {
	buffer := scratch.Get().(*[]byte)
	defer putScratch(buffer)
	*buffer = (*buffer)[:0]
	for start, count := 0, 0; ; {
		chunk, err := r.buffered.ReadSlice('\n')
		*buffer = append(*buffer, chunk...)
		switch {
		case len(*buffer) > r.limits.MaxHeaderBytes:
			return "", &FrameError{What: "headers too large", Limit: r.limits.MaxHeaderBytes}
		case !r.room.take(len(*buffer)):
			return "", errNoRoom
		case errors.Is(err, bufio.ErrBufferFull):
			continue
		case err != nil:
			return "", r.deadline.asFrameError(cutShort(err, len(*buffer)))
		}
		if line := (*buffer)[start:]; isEmptyLine(line) {
			return string((*buffer)[:start]), nil
		}
		start = len(*buffer)
		if count++; count > r.limits.MaxHeaders {
			return "", errManyHeaders
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

// body returns the body that Content-Length in text announces. It allocates as the bytes arrive, so
// a false announcement costs nothing.
func (r *Reader) body(text string) (string, error) {
	left, err := contentLength(text, r.limits.MaxBody)
	if err != nil || left == 0 {
		return "", err
	}
	var body strings.Builder
	body.Grow(min(left, smallFrame))
	for left > 0 {
		chunk, err := r.buffered.Peek(min(left, r.buffered.Size()))
		if err != nil {
			return "", r.deadline.asFrameError(cutShort(err, 1))
		}
		if !r.room.take(len(text) + body.Len() + len(chunk)) {
			return "", errNoRoom
		}
		body.Write(chunk)
		left -= len(chunk)
		if _, err := r.buffered.Discard(len(chunk)); err != nil {
			return "", err
		}
	}
	return body.String(), nil
}

// contentLength returns 0 if there is none. Several different ones are an error, because the end of
// the frame is unknown then.
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
