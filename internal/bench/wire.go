package bench

import (
	"bytes"
	"errors"
	"net"
	"strconv"
	"sync"
	"time"
)

// request is one command of the server: its line, and the header lines after it, each with the line
// break before it. It is valid until the next one is read.
type request struct{ line, headers []byte }

// header returns a header's value, or "" if there is none.
func (r request) header(name string) string {
	for rest := r.headers; ; {
		at := bytes.IndexByte(rest, '\n')
		if at < 0 {
			return ""
		}
		rest = rest[at+1:]
		if value, found := bytes.CutPrefix(rest, []byte(name)); found && bytes.HasPrefix(value, []byte(": ")) {
			value, _, _ = bytes.Cut(value[2:], []byte("\n"))
			return string(value)
		}
	}
}

// requests reads commands from a connection. The server's commands have no bodies.
type requests struct {
	nc     net.Conn
	stamps stamps    // of the kernel, if it has any
	came   time.Time // when the last of what was read arrived
	buffer []byte
	from   int // of what was read and not taken
}

const firstBuffer = 2 << 10

var errTooLong = errors.New("bench: a command without an end")

// fill waits for more bytes.
func (r *requests) fill() error {
	if r.from > 0 {
		r.buffer = append(r.buffer[:0], r.buffer[r.from:]...)
		r.from = 0
	}
	if len(r.buffer) == cap(r.buffer) {
		if len(r.buffer) > 1<<20 {
			return errTooLong
		}
		r.buffer = append(make([]byte, 0, max(firstBuffer, 2*cap(r.buffer))), r.buffer...)
	}
	n, err := r.read(r.buffer[len(r.buffer):cap(r.buffer)])
	r.buffer = r.buffer[:len(r.buffer)+n]
	if n > 0 {
		return nil
	}
	return err
}

func (r *requests) read(into []byte) (n int, err error) {
	if r.stamps.conn != nil {
		n, r.came, err = r.stamps.read(into)
		return n, err
	}
	n, err = r.nc.Read(into)
	r.came = time.Now()
	return n, err
}

// next takes a command from what was read. It returns false if no command is complete.
func (r *requests) next() (request, bool) {
	text, _, whole := bytes.Cut(r.buffer[r.from:], []byte("\n\n"))
	if !whole {
		return request{}, false
	}
	r.from += len(text) + 2
	end := bytes.IndexByte(text, '\n')
	if end < 0 {
		return request{line: text}, true
	}
	return request{line: text[:end], headers: text[end:]}, true
}

// appendReply appends a command/reply.
func appendReply(dst []byte, text string) []byte {
	dst = append(dst, "Content-Type: command/reply\nReply-Text: "...)
	dst = append(dst, text...)
	return append(dst, "\n\n"...)
}

// appendAnswer appends an api/response.
func appendAnswer(dst []byte, text string) []byte {
	dst = append(dst, "Content-Type: api/response\nContent-Length: "...)
	dst = strconv.AppendInt(dst, int64(len(text)), 10)
	dst = append(dst, "\n\n"...)
	return append(dst, text...)
}

// maxPending is how many bytes may wait for a server that does not read. FreeSWITCH also drops a
// listener that lets 100,000 events queue up.
const maxPending = 256 << 20

// wire writes to a connection. A goroutine that comes while another writes leaves its bytes to that
// one, so that nothing waits for another goroutine to be woken.
type wire struct {
	nc      net.Conn
	mu      sync.Mutex
	pending []byte // came while a write was under way
	writing bool
	dead    bool
}

// close ends the connection. Later writes are dropped.
func (w *wire) close() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.dead = true
	if w.nc != nil {
		w.nc.Close()
	}
}

func (w *wire) send(frames []byte) {
	w.mu.Lock()
	defer w.mu.Unlock()
	switch {
	case w.dead:
		return
	case w.writing:
		if w.pending = append(w.pending, frames...); len(w.pending) > maxPending {
			w.dead = true
			w.nc.Close() // the reader ends
		}
		return
	}
	w.writing = true
	for len(frames) > 0 && !w.dead {
		w.mu.Unlock()
		_, err := w.nc.Write(frames)
		w.mu.Lock()
		w.dead = w.dead || err != nil
		frames, w.pending = w.pending, nil
	}
	w.writing = false
}
