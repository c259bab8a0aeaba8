// Package esl speaks FreeSWITCH's Event Socket: frames, commands and their replies, and events. It
// makes connections in both directions: a client dials FreeSWITCH's event socket, and FreeSWITCH's
// socket application dials a Server.
//
// The package owns the bytes:
//   - framing and its limits,
//   - which reply belongs to which command,
//   - the order of events,
//   - the deadlines of writes,
//   - the escaping of headers and channel variables.
//
// It must not know what a call, an agent or a group is. It writes no log: it reports by errors and
// callbacks.
package esl
