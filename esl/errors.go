package esl

import (
	"errors"
	"fmt"
)

var (
	// ErrClosed says that a connection is over because either side closed it.
	ErrClosed = errors.New("esl: connection closed")
	// ErrOverflow says that a connection was closed because more than Limits.MaxQueue events or
	// commands were queued on it.
	ErrOverflow = errors.New("esl: queue overflow")
	// ErrLate says that a connection was closed because a reply did not come within
	// Options.ReplyTimeout.
	ErrLate = errors.New("esl: no reply")
	// ErrAuth says that FreeSWITCH did not accept the password.
	ErrAuth = errors.New("esl: wrong password")
	// ErrRejected says that FreeSWITCH's access list refuses this address (text/rude-rejection).
	ErrRejected = errors.New("esl: rejected by access list")
)

// ArgumentError says that a command was not sent because of one of its arguments. It names the
// argument and never quotes it.
type ArgumentError struct {
	Argument string // "line", "app", "header Event-Subclass"
	Reason   string
}

func (e *ArgumentError) Error() string { return "esl: " + e.Argument + " " + e.Reason }

// ReplyError is FreeSWITCH's refusal of a command.
type ReplyError struct {
	Command string // its first line, without a password
	Reply   string // "-ERR no such channel"
}

func (e *ReplyError) Error() string { return fmt.Sprintf("esl: %s: %s", e.Command, e.Reply) }

// FrameError says why bytes cannot be read as a frame. Their connection cannot be used any more.
type FrameError struct {
	// "headers too large", "too many headers", "body too large", "bad Content-Length", "body cut
	// short", "not complete in time"
	What  string
	Limit int // in bytes, if a limit was exceeded; else 0
}

func (e *FrameError) Error() string {
	if e.Limit > 0 {
		return fmt.Sprintf("esl: frame: %s (limit %d bytes)", e.What, e.Limit)
	}
	return "esl: frame: " + e.What
}
