// Package esl speaks FreeSWITCH's Event Socket: frames, commands and their replies, events, and the
// two ways a connection comes to be (we dial FreeSWITCH, or its socket application dials us).
//
// It owns the bytes: framing and its limits, pairing of replies with commands, order of events,
// deadlines of writes, escaping of headers and channel variables. It must not know what a call, an
// agent or a group is, and it writes no log: whoever uses it is told by errors and callbacks.
package esl
