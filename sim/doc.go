// Package sim is a simulated FreeSWITCH on the real wire. Its socket application connects to the
// ACD for each caller, and its inbound port accepts clients. Its channels live, ring, play, bridge
// and hang up as FreeSWITCH's do: with the same events in the same order, the same replies and the
// same traps.
//
// It owns channels, phones, the commands on them and the two kinds of connections. It must not know
// the program at the other end: no group, no queue, no agent's state. It does only what FreeSWITCH
// does. If a name of FreeSWITCH's source explains an oddity, the comment has it.
//
// All its waits are on Go channels and timers. So a switch runs inside a testing/synctest bubble
// over net.Pipe as well as over TCP.
package sim
