package acd

import (
	"errors"

	"github.com/rs/zerolog"

	"nwayacd/esl"
)

// debugs reports whether a debug line would be written: some cost more than the call's other work.
func debugs(log zerolog.Logger) bool {
	return max(log.GetLevel(), zerolog.GlobalLevel()) <= zerolog.DebugLevel
}

// trace logs an event that came for the call.
func (c *call) trace(e *esl.Event) {
	if debugs(c.server.log) {
		c.server.log.Debug().Str("uuid", e.Get("Unique-ID")).Str("event", e.Name()).Msg("from FreeSWITCH")
	}
}

// trace logs what an event about the channels of a talk means to a call.
func (d delivery) trace(e *esl.Event) {
	if debugs(d.to.server.log) {
		d.to.server.log.Debug().Str("uuid", d.to.uuid()).Str("event", e.Name()).Str("channel", e.Get("Unique-ID")).
			Stringer("means", d.h.what).Msg("from FreeSWITCH")
	}
}

// traceCommands logs what is sent about the call.
func (c *call) traceCommands(commands []esl.Command) {
	if !debugs(c.log) {
		return
	}
	for _, command := range commands {
		c.log.Debug().Stringer("command", command).Msg("to FreeSWITCH")
	}
}

// noteUnsent logs why commands were not sent; nil is nothing.
func (c *call) noteUnsent(err error) {
	if err == nil {
		return
	}
	if _, ours := errors.AsType[*esl.ArgumentError](err); ours {
		c.log.Error().Err(err).Msg("nothing of this write was sent: an argument cannot be carried")
		return
	}
	c.log.Debug().Err(err).Msg("not sent")
}
