package esl

import "sync/atomic"

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
