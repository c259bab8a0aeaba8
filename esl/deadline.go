package esl

import (
	"errors"
	"io"
	"os"
	"time"
)

// frameDeadline gives each frame one deadline for all of its bytes. Without it, a peer that sends a
// byte a second could take for ever. The deadline is set only if a frame has to wait for more
// bytes, so a frame that came in one piece costs nothing.
type frameDeadline struct {
	from   io.Reader
	stream interface{ SetReadDeadline(time.Time) error } // nil: frames have no deadline
	until  time.Time                                     // the deadline of the frame being read; zero between frames
	set    bool                                          // the stream has that deadline
}

func (d *frameDeadline) begin(limit time.Duration) {
	if d.stream != nil {
		d.until = time.Now().Add(limit)
	}
}

func (d *frameDeadline) end() {
	if d.set {
		d.stream.SetReadDeadline(time.Time{}) // fails only if the stream is closed
	}
	d.until, d.set = time.Time{}, false
}

// Read reads from the stream, with the deadline of the frame.
func (d *frameDeadline) Read(b []byte) (int, error) {
	if !d.until.IsZero() && !d.set {
		d.set = d.stream.SetReadDeadline(d.until) == nil // if the stream is closed, Read reports it
	}
	return d.from.Read(b)
}

// asFrameError returns a *FrameError if the deadline of the frame caused err, else err itself.
func (d *frameDeadline) asFrameError(err error) error {
	if d.set && errors.Is(err, os.ErrDeadlineExceeded) {
		return &FrameError{What: "not complete in time"}
	}
	return err
}
