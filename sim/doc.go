// Package sim is a simulated FreeSWITCH that speaks the real wire: its socket
// application dials the ACD for each caller, its inbound port takes clients,
// and its channels live, ring, play, bridge and hang up as FreeSWITCH's do,
// with the same events in the same order, the same replies and the same traps.
//
// It owns channels, phones, the commands on them and the two kinds of
// connections. It must not know what runs at the other end: no group, no
// queue, no agent's state. What it does is FreeSWITCH's doing; where a name
// of FreeSWITCH's source explains an oddity, the comment names it.
//
// Everything waits on channels and timers only, so that a switch runs inside a
// testing/synctest bubble over net.Pipe as well as over TCP.
package sim
