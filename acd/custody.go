package acd

import "fmt"

// custody says where a caller's channel is in FreeSWITCH. During a talk it also says where the
// agent's leg is. The call decides by it what an event means. docs/call.md has the chart, and a
// test compares the two.
type custody uint8

// The places of a caller's channel.
const (
	// inSocket: our socket application holds the caller. If it ends, the caller hung up or was
	// taken.
	inSocket custody = iota
	// recalled: the caller is on the way to our socket port again, after a bridge ended the socket
	// application.
	recalled
	// bridging: uuid_bridge is ordered.
	bridging
	// talking: caller and leg are bridged.
	talking
	// legOver: the leg hung up. It is not known yet where the caller is.
	legOver
	// callerFree: the talk is over and FreeSWITCH parked the caller for us. The leg has yet to hang
	// up.
	callerFree
	// callerOver: the caller hung up. The leg has yet to hang up.
	callerOver
	// callerAway: the caller was taken. The leg has yet to hang up, or to be parked because its
	// agent is kept.
	callerAway
	// callerMoving: FreeSWITCH is about to bridge the caller with another channel.
	callerMoving
	// legKept: the caller is away for a while, and the leg waits for them (nwayacd_keep_agent).
	legKept
	// legAway: the caller's phone transferred the agent. The leg is with another channel.
	legAway
	// agentEnded: the talk ended on the agent's side, and the caller is parked for us.
	agentEnded
	// callerEnded: the caller hung up and the leg is over.
	callerEnded
	// takenBlind: the caller was transferred and no longer belongs to the call.
	takenBlind
	// takenAttended: the caller talks with another channel and no longer belongs to the call.
	takenAttended
	// takenByCaller: the leg that the caller's phone transferred is over.
	takenByCaller
	// callingOut: FreeSWITCH's own bridge application has the channel.
	callingOut
	// released: the call gave the channel back or hung it up. No event about the channel concerns
	// the call.
	released
)

var custodyNames = [...]string{
	"inSocket", "recalled", "bridging", "talking", "legOver", "callerFree", "callerOver", "callerAway",
	"callerMoving", "legKept", "legAway", "agentEnded", "callerEnded", "takenBlind", "takenAttended",
	"takenByCaller", "callingOut", "released",
}

// String returns the name that docs/call.md uses.
func (c custody) String() string {
	if int(c) < len(custodyNames) {
		return custodyNames[c]
	}
	return fmt.Sprintf("custody(%d)", uint8(c))
}

// over reports whether the talk has ended.
func (c custody) over() bool { return c >= agentEnded && c <= takenByCaller }

// talks reports whether the channels are in a talk, or were in one that the call has not finished
// yet.
func (c custody) talks() bool { return c >= bridging && c <= takenByCaller }

// happening is something that FreeSWITCH reports about the two channels of a talk.
type happening uint8

// The happenings, each with the event that reports it.
const (
	bridgedTogether   happening = iota // CHANNEL_BRIDGE of caller and leg
	callerBridged                      // CHANNEL_BRIDGE of the caller and another channel
	legBridged                         // CHANNEL_BRIDGE of the leg and another channel
	callerFreed                        // CHANNEL_UNBRIDGE or CHANNEL_PARK of the caller with nwayacd_over
	callerTransferred                  // CHANNEL_UNBRIDGE of the caller that names no other channel
	callerRebridged                    // CHANNEL_UNBRIDGE of the caller that names a channel other than the leg
	callerReturned                     // a new connection of the caller's channel
	callerHungUp                       // CHANNEL_HANGUP of the caller
	legParked                          // CHANNEL_PARK of the leg, unless somebody transferred it
	legHungUp                          // CHANNEL_HANGUP of the leg
	farTransferred                     // CHANNEL_UNBRIDGE, at the agent's FreeSWITCH, of the far channel
	farBridged                         // CHANNEL_BRIDGE of that channel and another than the agent's phone
	happenings                         // how many there are
)

var happeningNames = [...]string{
	"bridgedTogether", "callerBridged", "legBridged", "callerFreed", "callerTransferred", "callerRebridged",
	"callerReturned", "callerHungUp", "legParked", "legHungUp", "farTransferred", "farBridged",
}

// String returns the name that docs/call.md uses.
func (h happening) String() string { return happeningNames[h] }

// same stands in talkMoves for a happening that changes nothing.
const same custody = 255

// talkMoves says what each happening does to a talk. It has a row for each place of the channels
// and a column for each happening. A talk begins in talking and ends in one of the places for which
// over returns true.
var talkMoves = map[custody][happenings]custody{
	// The columns: bridgedTogether, callerBridged, legBridged, callerFreed, callerTransferred,
	// callerRebridged, callerReturned, callerHungUp, legParked, legHungUp, farTransferred,
	// farBridged.
	talking: {
		same, takenAttended, legAway, callerFree, callerAway, callerMoving,
		takenBlind, callerOver, same, legOver, takenBlind, takenAttended,
	},
	legOver: {
		same, takenAttended, same, agentEnded, takenBlind, callerMoving,
		takenBlind, agentEnded, same, same, same, same,
	},
	callerFree: {
		talking, takenAttended, legAway, same, callerAway, callerMoving,
		takenBlind, callerOver, same, agentEnded, same, same,
	},
	callerOver: {
		same, same, legAway, same, same, same,
		same, same, same, callerEnded, same, same,
	},
	callerAway: {
		talking, takenBlind, legAway, same, same, same,
		takenBlind, takenBlind, legKept, takenBlind, same, same,
	},
	callerMoving: {
		talking, takenAttended, same, same, same, same,
		takenBlind, takenAttended, same, same, same, same,
	},
	legKept: {
		talking, same, legAway, same, same, same,
		takenBlind, takenBlind, same, takenBlind, same, same,
	},
	legAway: {
		talking, same, same, same, same, same,
		takenBlind, same, same, takenByCaller, same, same,
	},
}

// after returns the place of the channels of a talk after the happening.
func (c custody) after(h happening) custody {
	row, talks := talkMoves[c]
	if !talks || row[h] == same {
		return c
	}
	return row[h]
}
