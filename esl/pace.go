package esl

import (
	"errors"
	"io"
	"os"
	"sync/atomic"
	"time"
)

// pace gives each frame one deadline for all of its bytes. Without it, a peer that sends a byte a
// second could take for ever. The deadline is set only if a frame has to wait for more bytes, so a
// frame that came in one piece costs nothing.
type pace struct {
	from   io.Reader
	stream interface{ SetReadDeadline(time.Time) error } // nil: frames have no deadline
	until  time.Time                                     // the deadline of the frame being read; zero between frames
	set    bool                                          // the stream has that deadline
}

func (p *pace) begin(limit time.Duration) {
	if p.stream != nil {
		p.until = time.Now().Add(limit)
	}
}

func (p *pace) end() {
	if p.set {
		p.stream.SetReadDeadline(time.Time{}) // fails only if the stream is closed
	}
	p.until, p.set = time.Time{}, false
}

// Read reads from the stream, with the deadline of the frame.
func (p *pace) Read(b []byte) (int, error) {
	if !p.until.IsZero() && !p.set {
		p.set = p.stream.SetReadDeadline(p.until) == nil // if the stream is closed, Read reports it
	}
	return p.from.Read(b)
}

// asFrameError returns a *FrameError if the deadline of the frame caused err, else err itself.
func (p *pace) asFrameError(err error) error {
	if p.set && errors.Is(err, os.ErrDeadlineExceeded) {
		return &FrameError{What: "not complete in time"}
	}
	return err
}

// smallFrame is the size in bytes up to which a frame takes nothing of its Room. A channel with a
// hundred headers has about 10 KB.
const smallFrame = 16 << 10

// Room bounds the memory, in bytes, of the large frames that all connections of a port are
// receiving. Frames up to 16 KiB always have room.
type Room struct {
	bytes int64
	taken atomic.Int64
}

// NewRoom returns a Room of that many bytes.
func NewRoom(bytes int) *Room { return &Room{bytes: int64(bytes)} }

var (
	errNoRoom      = &FrameError{What: "too many large frames at a time"}
	errManyHeaders = &FrameError{What: "too many headers"}
)

// claim is the part of a Room that one frame takes.
type claim struct {
	of   *Room
	held int64
}

// take makes the claim large enough for a frame of size bytes. It returns false if there is no
// room.
func (c *claim) take(size int) bool {
	more := int64(size-smallFrame) - c.held
	if c.of == nil || more <= 0 {
		return true
	}
	c.held += more
	return c.of.taken.Add(more) <= c.of.bytes
}

func (c *claim) release() {
	if c.held > 0 {
		c.of.taken.Add(-c.held)
		c.held = 0
	}
}
