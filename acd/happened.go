package acd

import (
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"nwayacd/esl"
)

// overVariable is on a caller whose talk is over and whom nobody took. FreeSWITCH sets it itself,
// by a hook of ours.
const overVariable = "nwayacd_over"

// happened is an event about one of the two channels of a call, as the call's goroutine gets it.
type happened struct {
	what     happening
	other    string // uuid of the channel that the caller or the leg is bridged with now
	number   string // number of that channel
	inbound  bool   // whether that channel called in
	held     bool   // of callerFreed: FreeSWITCH parks the caller for us
	parked   bool   // of callerFreed and callerTransferred: the event was CHANNEL_PARK
	cause    string // of a hang-up
	byPhone  bool   // of a hang-up: the channel's own phone ended it
	attended bool   // of a hang-up: the phone connected the other side with its other call
	sequence uint64 // Event-Sequence; FreeSWITCH may deliver events out of that order
	digit    string // of the caller's hang-up: what they pressed when asked for a mark
}

// delivery is a happening on its way to a call.
type delivery struct {
	to *call
	h  happened
}

// hear takes an event about any channel, from a connection's reader, and hands it to the calls that
// it concerns. It does not block. It returns false if the channel is no caller's.
//
// If only is a call, the event counts for that call alone: a connection without a proof brought it.
func (r *registry) hear(e *esl.Event, only *call) (caller bool) {
	var told []delivery
	uuid := e.Get("Unique-ID")
	if only != nil && !r.isOf(only, uuid) && (e.Name() != "CHANNEL_BRIDGE" || !r.isOf(only, otherLeg(e))) {
		return false
	}
	over := r.hearLeg(e, uuid)
	r.mu.Lock()
	switch e.Name() {
	case "CHANNEL_BRIDGE":
		told = r.hearBridge(e, uuid)
	case "CHANNEL_UNBRIDGE", "CHANNEL_PARK":
		told = r.hearParting(e, uuid)
	case "CHANNEL_HANGUP", "CHANNEL_DESTROY": // the second in case that the first was lost
		told = r.hearHangup(e, uuid, over)
	}
	told = append(told, r.hearFar(e, uuid)...)
	held := len(r.silent[uuid]) > 0
	caller = r.callers[uuid] != nil
	r.mu.Unlock()
	if name := e.Name(); held && (name == "CHANNEL_BRIDGE" || name == "CHANNEL_HANGUP") {
		r.exitSilent(uuid)
	}
	for _, d := range told {
		if only == nil || d.to == only {
			d.trace(e)
			d.to.hears(d.h)
		}
	}
	return caller
}

// isOf reports whether the channel is part of the call.
func (r *registry) isOf(c *call, uuid string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.callers[uuid].of() == c || r.legs[uuid].of() == c || r.thirds[uuid].of() == c
}

// hearLeg gives the leg of a channel the event of its telephone. It reports whether the leg is over
// with it.
func (r *registry) hearLeg(e *esl.Event, uuid string) (over bool) {
	switch e.Name() {
	case "CHANNEL_PROGRESS", "CHANNEL_PROGRESS_MEDIA", "CHANNEL_ANSWER", "CHANNEL_HANGUP", "CHANNEL_DESTROY":
	default:
		return false
	}
	r.mu.Lock()
	o := r.legs[uuid]
	r.mu.Unlock()
	return o != nil && o.leg.hear(e)
}

// heardEvents are the Event-Sequence numbers of the last events about a channel, each once.
type heardEvents [8]uint64

// sequenceOf is the number of an event, 0 if it has none.
func sequenceOf(e *esl.Event) uint64 {
	sequence, _ := strconv.ParseUint(e.Get("Event-Sequence"), 10, 64)
	return sequence
}

// fresh reports whether an event has not been heard before, and notes it. FreeSWITCH may deliver
// events out of order if it is busy, so a lower number is no sign that an event is old.
func (h *heardEvents) fresh(e *esl.Event) bool {
	sequence := sequenceOf(e)
	if sequence == 0 {
		return true
	}
	if slices.Contains(h[:], sequence) {
		return false
	}
	copy(h[1:], h[:len(h)-1])
	h[0] = sequence
	return true
}

// hearBridge understands CHANNEL_BRIDGE, which FreeSWITCH fires for one of the two channels only.
func (r *registry) hearBridge(e *esl.Event, uuid string) (told []delivery) {
	peer := otherLeg(e)
	for _, pair := range [][2]string{{uuid, peer}, {peer, uuid}} {
		caller, leg := r.callers[pair[0]], r.legs[pair[1]]
		if caller == nil || leg == nil || caller.call != leg.call {
			continue
		}
		if caller.seenPeer.fresh(e) {
			told = append(told, delivery{to: caller.call, h: happened{what: bridgedTogether}})
		}
		return told
	}
	own := bridgeSide{uuid, e.Get("Caller-Destination-Number"), e.Get("Call-Direction") == "inbound"}
	other := bridgeSide{peer, e.Get("Other-Leg-Destination-Number"), e.Get("Other-Leg-Direction") == "inbound"}
	for _, sides := range [][2]bridgeSide{{own, other}, {other, own}} {
		told = append(told, r.hearBridgedWith(e, sides[0].uuid, sides[1])...)
	}
	return told
}

// bridgeSide is one of the channels of a bridge.
type bridgeSide struct {
	uuid, number string
	inbound      bool
}

// hearBridgedWith finds the calls for which a channel is bridged with one that is not of the same
// call.
func (r *registry) hearBridgedWith(e *esl.Event, uuid string, with bridgeSide) (told []delivery) {
	h := happened{other: with.uuid, number: r.numberOf(with.uuid, with.number), inbound: with.inbound}
	if o := r.callers[uuid]; o != nil && o.seenPeer.fresh(e) {
		h.what = callerBridged
		told = append(told, delivery{to: o.call, h: h})
	}
	if o := r.legs[uuid]; o != nil && o.seenPeer.fresh(e) {
		h.what = legBridged
		told = append(told, delivery{to: o.call, h: h})
	}
	return told
}

// numberOf is what a record calls a channel that somebody is bridged with. For a leg of ours it is
// the group of that agent's call.
func (r *registry) numberOf(uuid, number string) string {
	if o := r.legs[uuid]; o != nil {
		return o.call.groupNow()
	}
	return number
}

// hearParting understands CHANNEL_UNBRIDGE and CHANNEL_PARK. The channel that an UNBRIDGE names
// beside the caller's says what it means (docs/wire.md):
//   - none: the caller was transferred;
//   - another than the leg: the caller is bridged anew.
func (r *registry) hearParting(e *esl.Event, uuid string) (told []delivery) {
	parked := e.Name() == "CHANNEL_PARK"
	if o := r.callers[uuid]; o != nil && o.seen.fresh(e) {
		h := happened{what: callerTransferred, parked: parked}
		h.number, h.cause = whereTo(e)
		other, leg := e.Get("Other-Leg-Unique-ID"), o.call.legUUID()
		switch {
		case e.Get("variable_"+overVariable) == "true":
			h.what, h.held = callerFreed, true
		case parked, other == "":
		case other != leg:
			h.what, h.other, h.number = callerRebridged, other, r.numberOf(other, e.Get("Other-Leg-Destination-Number"))
		case o.call.goesOn():
			h.what = callerFreed // without our park: the dialplan has the caller
		default:
			return told // the leg is over; CHANNEL_PARK says where the caller is
		}
		told = append(told, delivery{to: o.call, h: h})
	}
	// A leg is parked when it answers, too. A slow link may report that when the talk is up. A leg
	// that somebody transferred may be parked where that leads.
	how, _ := lastMove(e)
	ours := e.Get("variable_last_bridge_to") != "" && how != movedByTransfer
	if o := r.legs[uuid]; o != nil && parked && ours && o.seen.fresh(e) {
		told = append(told, delivery{to: o.call, h: happened{what: legParked}})
	}
	return told
}

// whereTo is where a caller was transferred to, by an event or a dump of their channel. cause is
// attendedTransfer if a phone connected them with that. Its inline dialplan is the destination only
// until it begins to run. Then the old number is back, and the last transfer has the inline
// dialplan.
func whereTo(e *esl.Event) (number, cause string) {
	to := e.Get("Caller-Destination-Number")
	if e.Get("variable_"+consultVariable) != "" && !strings.Contains(to, consultVariable+"=") {
		to = "socket:/" + e.Get("variable_socket_path") // to which the inline dialplan has led
		if how, where := lastMove(e); how == movedByTransfer && groupOfChain.MatchString(where) {
			to = where
		}
		return destination(to), attendedTransfer
	}
	switch {
	case strings.Contains(to, consultVariable+"="):
		return destination(to), attendedTransfer
	case waitsForPhone(to):
		return sanitize(e.Get("variable_att_xfer_destination_number")), attendedTransfer
	}
	return destination(to), ""
}

// groupOfChain finds the group in an inline dialplan that leads to our socket port.
var groupOfChain = regexp.MustCompile(`socket:[^ ,|]*/` + appQueue + `/([^ ,|/]+)`)

// destination is where a caller was transferred to, as a record names it: a number, or the group if
// it was our own socket port.
func destination(number string) string {
	if chain := groupOfChain.FindStringSubmatch(number); chain != nil {
		if group, err := url.PathUnescape(chain[1]); err == nil {
			return sanitize(group)
		}
	}
	return sanitize(number)
}

// waitsForPhone reports whether a caller was sent into mod_sofia's own inline dialplan (sofia.c,
// nua_i_refer). There the caller waits for a phone that still rings, because an agent connected
// them with it.
func waitsForPhone(destination string) bool {
	return strings.HasPrefix(destination, "m:") && strings.HasSuffix(strings.TrimRight(destination, `"`), "park")
}

// passedOnAttended reports whether a channel says of itself that its phone sent a REFER with
// Replaces: over this dialog, or over that of its other call (sofia.c, nua_i_refer).
func passedOnAttended(e *esl.Event) bool {
	return e.Get("variable__sofia_replaces_") != "" || e.Get("variable_transfer_disposition") == "replaced"
}

// hearHangup understands CHANNEL_HANGUP.
func (r *registry) hearHangup(e *esl.Event, uuid string, over bool) (told []delivery) {
	if o := r.callers[uuid]; o != nil && o.seen.fresh(e) {
		h := hangupOf(callerHungUp, e)
		h.digit, h.attended = e.Get("variable_"+surveyVariable), passedOnAttended(e)
		told = append(told, delivery{to: o.call, h: h})
	}
	if o := r.legs[uuid]; o != nil && over && o.seen.fresh(e) {
		h := hangupOf(legHungUp, e)
		h.attended = passedOnAttended(e)
		told = append(told, delivery{to: o.call, h: h})
	}
	delete(r.thirds, uuid)
	return told
}

// hangupOf is what a CHANNEL_HANGUP says of either channel.
func hangupOf(what happening, e *esl.Event) happened {
	return happened{what: what, sequence: sequenceOf(e), cause: e.Get("Hangup-Cause"), byPhone: byItsPhone(e)}
}

// byItsPhone reports whether a CHANNEL_HANGUP says that the channel's own phone sent a BYE.
// mod_sofia notes the 200 OK to it before it hangs the channel up (sofia.c,
// sofia_handle_sip_i_bye). At every other end the BYE is yet to be sent to the phone.
func byItsPhone(e *esl.Event) bool { return e.Get("variable_sip_term_status") == "200" }

// otherLeg is the uuid of the channel on the other side of a CHANNEL_BRIDGE.
func otherLeg(e *esl.Event) string {
	if other := e.Get("Other-Leg-Unique-ID"); other != "" {
		return other
	}
	if b := e.Get("Bridge-B-Unique-ID"); b != e.Get("Unique-ID") {
		return b
	}
	return e.Get("Bridge-A-Unique-ID")
}
