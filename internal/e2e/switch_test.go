package e2e

import (
	"fmt"
	"testing"
	"time"
)

// password is the password of every event socket here.
const password = "ClueCon"

// switchboard is a FreeSWITCH, simulated or real. Whatever the event socket can do is done over the
// event socket, by world and ear. The interface has only what is behind the switch: the phones and
// the people.
type switchboard interface {
	address() string    // of the event socket, host:port
	dialString() string // for [[freeswitch]]
	// phone sets how the phone of ext takes its next calls.
	phone(t testing.TB, ext string, p phone)
	// phoneLeaves lets the phone of ext end its call, which is leg. On the real switch it must be a
	// SIP phone.
	phoneLeaves(t testing.TB, ext, leg string)
	// call lets a caller arrive whose dialplan leads to nwayacd's socket port. It returns the uuid
	// of the caller's own end, which is not always the channel that nwayacd sees.
	call(t testing.TB, c incoming) (far string)
	press(t testing.TB, far, digits string)
	// sipDialString is for [[freeswitch]] if the agents' legs are to be SIP.
	sipDialString() string
	// outside sets how a number behind the gateway takes its next calls. On the simulated switch
	// all of them are one phone.
	outside(t testing.TB, number string, p phone)
	// register registers a phone that refuses every call as busy.
	register(t testing.TB, ext string) registration
}

// registration is a phone that is registered.
type registration interface{ unregister() }

// holdMusic is what the real switch plays to a party on hold.
const holdMusic = "silence_stream://-1,1400"

// registering is the one extension that the real switch has in its directory.
const registering = "sip-agent"

// gateway leads out of the switch.
const gateway = "outside"

// The numbers that callers may dial beside a group's. All others lead to nwayacd by incoming.path.
const (
	ivr         = "ivr"  // answers and plays
	parkingLot  = "lot"  // parks
	patient     = "115"  // a group; its dialplan tries again for 14 s when no server is up
	featureCode = "*124" // logs the caller in to group 110, and goes on
)

// incoming is a caller before the call.
type incoming struct {
	acd     string // host:port of nwayacd's socket port
	number  string
	dialled string
	path    string // of the socket application
}

// deed is what a phone does with a call.
type deed string

const (
	picksUp deed = "answers"
	misses  deed = "misses"  // rings until it is cancelled
	refuses deed = "refuses" // ends the ringing with a cause
	absent  deed = "absent"  // is not registered
	dies    deed = "dies"    // answers, and its leg is gone talk later
	// diesInBridge answers, and its leg ends while it is bridged. On the real switch that is a
	// moment before or after.
	diesInBridge deed = "diesInBridge"
)

// phone is how an agent takes calls.
type phone struct {
	do    deed
	after time.Duration // how long it rings before that
	talk  time.Duration // time after the bridge at which it hangs up; 0 = never
	cause string        // of refuses
}

// usual is how long phones ring unless a test sets another time.
const usual = 60 * time.Millisecond

func answers() phone                      { return phone{do: picksUp, after: usual} }
func answersFor(talk time.Duration) phone { return phone{do: picksUp, after: usual, talk: talk} }
func ringsOn() phone                      { return phone{do: misses} }
func refusesWith(cause string) phone      { return phone{do: refuses, after: usual, cause: cause} }
func isAbsent() phone                     { return phone{do: absent} }

// answersAndDies must not be used if the bridge could be up before later.
func answersAndDies(later time.Duration) phone { return phone{do: dies, after: usual, talk: later} }

// String is the phone in the words of the real switch's dialplan.
func (p phone) String() string {
	return fmt.Sprintf("%s %d %s", p.do, p.after.Milliseconds(), or(p.cause, fmt.Sprint(p.talk.Milliseconds())))
}

// onBoth runs a situation on the simulated switch and on the real one, each with its own nwayacd
// and its own database.
func onBoth(t *testing.T, f floor, situation func(t *testing.T, w *world)) {
	t.Helper()
	t.Parallel()
	t.Run("sim", func(t *testing.T) {
		t.Parallel()
		situation(t, open(t, newSimulated(t), f))
	})
	t.Run("freeswitch", func(t *testing.T) {
		t.Parallel()
		situation(t, open(t, realSwitch(t), f))
	})
}

// onEachAlone is onBoth for a situation that measures time. No other situation runs meanwhile.
func onEachAlone(t *testing.T, f floor, situation func(t *testing.T, w *world)) {
	t.Helper()
	t.Run("sim", func(t *testing.T) { situation(t, open(t, newSimulated(t), f)) })
	t.Run("freeswitch", func(t *testing.T) { situation(t, open(t, realSwitch(t), f)) })
}
