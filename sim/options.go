package sim

import (
	"context"
	"net"
	"time"
)

// Options are the options of a simulated switch. The zero value is a switch that connects over TCP
// and whose files last a second.
type Options struct {
	Name     string // FreeSWITCH-Hostname and switchname; "" = "sim"
	Password string // of the inbound port; "" = "ClueCon", FreeSWITCH's own default
	// Domain is the global variable `domain`. Without it user/EXT finds no phone, as on a real
	// switch; "" = "sim.local", "-" = none.
	Domain string
	Seed   uint64 // makes the UUIDs repeatable

	// Dial connects the socket application; nil = TCP.
	Dial func(ctx context.Context, addr string) (net.Conn, error)
	// PlayTime is how long a file lasts; a negative time never ends; nil = one second each.
	PlayTime func(file string) time.Duration
	// OnOriginate is called with each leg to an extension when it begins to ring. It must not
	// block.
	OnOriginate func(ext string, at time.Time)
	// Swallow names what the switch does without reporting it. It is an event, which is not fired,
	// or a command by its first two words (`api uuid_bridge`). In such a command the connection
	// hangs, and sends no reply and no event any more. nil = it reports everything.
	Swallow func(what string) bool
	// OnEvent is called with each channel's events, in the channel's order and before any listener
	// on the wire receives them. It must not block. It may be nil.
	OnEvent func(ChannelEvent)
	// Trace is called with what happens, one line each, by any goroutine. It must not block. It may
	// be nil.
	Trace func(line string)
}

// Deed is what a phone does with a call that rings it.
type Deed int

// Answers is the zero Deed: an extension is a phone that picks up.
const (
	Answers        Deed = iota
	Misses              // rings until the timeout or until it is cancelled
	Refuses             // ends the ringing with Behaviour.Cause
	Unregistered        // is not registered: SUBSCRIBER_ABSENT at once
	AnswersAndDies      // hangs up right after answering, before any bridge
	DiesOnBridge        // hangs up right after the +OK of uuid_bridge, before CHANNEL_BRIDGE
	DiesInBridge        // hangs up right after CHANNEL_BRIDGE, before FreeSWITCH has locked its channel
	Forwards            // answers 302 with the number Behaviour.To
)

// Behaviour is how a phone takes calls.
type Behaviour struct {
	Do    Deed
	After time.Duration // how long it rings before that
	Cause string        // of Refuses; "" = that of Code, or USER_BUSY
	Code  int           // SIP's number for what Refuses does; 0 = there is none
	Quiet bool          // it sends no 180 before that. With Misses it is a phone that is dead
	Early bool          // it sends 183 with media instead of 180
	To    string        // the number to which Forwards leads
	Late  time.Duration // how long FreeSWITCH takes from the +OK of uuid_bridge to CHANNEL_BRIDGE
	Talk  time.Duration // time after the bridge at which it hangs up; 0 = never
}

// Action is one line of a dialplan.
type Action struct{ App, Data string }

// CallOptions describes a caller.
type CallOptions struct {
	UUID     string // "" = a new one
	Number   string // caller's number; "" = anonymous
	Name     string // caller's name; "" = the number
	User     string // the extension whose registered phone calls (variable user_name); "" = from outside
	Dialled  string // destination number
	Vars     map[string]string
	Dialplan []Action      // see Plan
	Patience time.Duration // hangs up if it is not bridged by then; 0 = endless
	Talk     time.Duration // time after the bridge at which it hangs up; 0 = never
	Digits   string        // pressed, one after another, when digits are asked for
}

// ChannelState is one live channel, as `show channels` lists it.
type ChannelState struct {
	UUID, Name, Direction  string // Direction is inbound or outbound, seen from the switch
	Extension              string // of the phone that it leads to or comes from; "" = none
	Device                 string // which telephone of the extension it leads to; "" = the one that Agent sets
	CallState              string // DOWN, RINGING, EARLY, ACTIVE, HELD or HANGUP
	App                    string // the application it runs
	Peer                   string // UUID with which it is bridged; ""
	Answered, Bridged      bool
	Controlled             bool // it has a connection of its socket application
	PresenceData, Number   string
	Created, AnsweredSince time.Time
}

// ChannelEvent is one event of one channel, for an observer inside the process.
type ChannelEvent struct {
	Name, UUID   string
	Extension    string // of the phone that it leads to or comes from; "" = none
	Outbound     bool
	App, Data    string // of CHANNEL_EXECUTE and CHANNEL_EXECUTE_COMPLETE
	Peer         string // UUID with which it is bridged; ""
	Cause        string // of CHANNEL_HANGUP and what follows it
	ByPhone      bool   // then: the channel's own phone hung up
	Device       string // which telephone of the extension it leads to
	PresenceData string
	Originate    uint64 // number of the originate that made the channel, on this switch; 0 = it called in
}

// Counts are the numbers of what happened on a switch since it began.
type Counts struct {
	Calls        int // callers that came in
	Originates   int // legs asked for
	Answers      int // of those, answered
	Bridges      int
	DoubleOffers int // legs to an extension that already had a live one
	Live         int // channels now
}
