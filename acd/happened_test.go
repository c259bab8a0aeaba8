package acd

import (
	"strconv"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"nwayacd/esl"
	"nwayacd/queue"
)

// A caller who takes over the place of a consulting call comes with a connection of their own. It
// may report that their new socket application has parked them before the link reports that they
// left the talk.
func TestParkOfTheNextSocketApplicationNamesItsGroup(t *testing.T) {
	r := newRegistry(nil)
	k := &call{server: &Server{log: zerolog.Nop()}, signals: make(chan signal, signalsBound)}
	ch := &channel{uuid: "caller"}
	ch.become(talking)
	k.callerChannel.Store(ch)
	if _, ok := r.addCall(k, 0); !ok {
		t.Fatal("the caller has a call already")
	}
	r.onEvent(esl.NewEvent("",
		esl.Header{Name: "Event-Name", Value: "CHANNEL_PARK"}, esl.Header{Name: "Unique-ID", Value: "caller"},
		esl.Header{Name: "Caller-Destination-Number", Value: "110"},
		esl.Header{Name: "variable_" + consultVariable, Value: "consult"},
		esl.Header{Name: "variable_socket_path", Value: "nwayacd/120"}), nil)
	h, _ := (<-k.signals).(happened)
	if h.what != callerTransferred || h.number != "120" || h.cause != attendedTransfer {
		t.Errorf("heard %s of %q, cause %q", h.what, h.number, h.cause)
	}
}

// A caller takes over the place of a consulting call. What is read of their channel may be the old
// number that they had dialled: before the transfer has set the new one, and again when the inline
// dialplan runs. The record names the group.
func TestAttendedTransferIsReadFromAChannelThatHasItsOldNumberBack(t *testing.T) {
	chain := "set:" + consultVariable + "=consult,set:socket_resume=true,socket:10.0.0.5:8084/nwayacd/120 async full"
	header := func(name, value string) esl.Header { return esl.Header{Name: name, Value: value} }
	moved := header("variable_transfer_source", "1790000000:0f:bl_xfer:"+chain+"/default/inline")
	consults := header("variable_"+consultVariable, "consult")
	for name, test := range map[string]struct {
		headers []esl.Header
		to      string
		kind    string
	}{
		"the destination is the chain": {
			[]esl.Header{header("Caller-Destination-Number", chain), moved},
			"120",
			attendedTransfer,
		},
		"the chain has begun": {[]esl.Header{
			header("Caller-Destination-Number", "110"), moved, consults, header("variable_socket_path", "nwayacd/110"),
		}, "120", attendedTransfer},
		"the chain has led to the socket": {[]esl.Header{
			header("Caller-Destination-Number", "110"), consults, header("variable_socket_path", "nwayacd/120"),
		}, "120", attendedTransfer},
		"a blind transfer": {[]esl.Header{
			header("Caller-Destination-Number", "120"),
			header("variable_transfer_source", "1790000000:0f:bl_xfer:120/default/XML"),
		}, "120", ""},
	} {
		t.Run(name, func(t *testing.T) {
			if to, cause := whereTo(esl.NewEvent("", test.headers...)); to != test.to || cause != test.kind {
				t.Errorf("sent to %q, cause %q", to, cause)
			}
		})
	}
}

// A command transfers the caller of a talk to another group. The event of that may still have the
// number that the caller had dialled, and so may the channel. The record has the group of the
// command.
func TestATransferByCommandIsRecordedWithTheGroupOfTheCommand(t *testing.T) {
	for _, dialled := range []string{"110", "120"} {
		k := newCall(&Server{}, t.Context())
		ch := newChannel()
		ch.become(talking)
		k.callerChannel.Store(ch)
		k.isFor(caller{dialled: dialled})
		group := "120"
		k.orderedTo.Store(&group)
		tk := &talk{call: k, timer: time.NewTimer(never)}
		tk.on(happened{what: callerTransferred, number: "110"})
		tk.askWhereTo()
		if tk.to != "120" || tk.kind != queue.TransferBlind {
			t.Errorf("dialled %s: recorded %q, %s", dialled, tk.to, tk.kind)
		}
	}
}

// An originate parks a leg when it answers. A slow link reports that when the talk is up. It does
// not mean that the agent is to be kept.
func TestParkOfAnAnsweredLegIsNotTheEndOfItsTalk(t *testing.T) {
	r := newRegistry(nil)
	k := &call{server: &Server{log: zerolog.Nop()}, signals: make(chan signal, signalsBound)}
	ch := &channel{uuid: "caller"}
	ch.become(talking)
	k.callerChannel.Store(ch)
	r.legs["leg"] = &owner{call: k}
	for i, with := range []string{"", "caller"} {
		r.onEvent(esl.NewEvent("",
			esl.Header{Name: "Event-Name", Value: "CHANNEL_PARK"}, esl.Header{Name: "Unique-ID", Value: "leg"},
			esl.Header{Name: "Event-Sequence", Value: strconv.Itoa(i + 1)},
			esl.Header{Name: "variable_last_bridge_to", Value: with}), nil)
	}
	words := len(k.signals)
	if words != 1 {
		t.Errorf("%d words of a leg that was parked once after its talk", words)
	}
}
