package acd

import (
	"errors"

	"github.com/rs/zerolog"

	"nwayacd/esl"
)

// debugs reports whether debug lines are written. Some of them cost more than the rest of the
// call's work.
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

// noteUnsent logs why commands were not sent. It does nothing if err is nil.
func (c *call) noteUnsent(err error) {
	if err == nil {
		return
	}
	if _, ours := errors.AsType[*esl.ArgumentError](err); ours {
		c.log.Error().Err(err).Msg("commands were not sent, because an argument contains a forbidden character")
		return
	}
	c.log.Debug().Err(err).Msg("not sent")
}
