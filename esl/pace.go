package esl

import (
	"errors"
	"io"
	"os"
	"sync/atomic"
	"time"
)

// pace gives each frame one deadline for all of it, so that a peer that sends a byte a second is as
// slow as one that sends none. A frame that came in one piece costs nothing: the deadline is set
// only where there is more to wait for.
type pace struct {
	from   io.Reader
	stream interface{ SetReadDeadline(time.Time) error } // nil: frames take what they take
	until  time.Time                                     // of the frame being read; zero between frames
	set    bool                                          // the stream has that deadline
}

func (p *pace) begin(limit time.Duration) {
	if p.stream != nil {
		p.until = time.Now().Add(limit)
	}
}

func (p *pace) end() {
	if p.set {
		p.stream.SetReadDeadline(time.Time{}) // fails on a closed stream only
	}
	p.until, p.set = time.Time{}, false
}

// Read is the stream's, within the frame's time.
func (p *pace) Read(b []byte) (int, error) {
	if !p.until.IsZero() && !p.set {
		p.set = p.stream.SetReadDeadline(p.until) == nil // a closed stream says so when it is read
	}
	return p.from.Read(b)
}

// told puts a passed deadline in words.
func (p *pace) told(err error) error {
	if p.set && errors.Is(err, os.ErrDeadlineExceeded) {
		return &FrameError{What: "not complete in time"}
	}
	return err
}

// smallFrame is what every frame may have beside Room, in bytes; a channel's usual hundred headers
// are 10 KB.
const smallFrame = 16 << 10

// Room bounds the memory, in bytes, that the large frames of all connections of a port take while
// they are being received. Frames up to 16 KiB always have room.
type Room struct {
	bytes int64
	taken atomic.Int64
}

// NewRoom returns room for so many bytes.
func NewRoom(bytes int) *Room { return &Room{bytes: int64(bytes)} }

var (
	errNoRoom      = &FrameError{What: "too many large frames at a time"}
	errManyHeaders = &FrameError{What: "too many headers"}
)

// claim is what one frame takes of a Room.
type claim struct {
	of   *Room
	held int64
}

// take makes the claim as large as a frame of so many bytes needs; false where there is no room.
func (c *claim) take(size int) bool {
	more := int64(size-smallFrame) - c.held
	if c.of == nil || more <= 0 {
		return true
	}
	c.held += more
	return c.of.taken.Add(more) <= c.of.bytes
}

func (c *claim) free() {
	if c.held > 0 {
		c.of.taken.Add(-c.held)
		c.held = 0
	}
}
