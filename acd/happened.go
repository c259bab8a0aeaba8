package acd

import (
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"nwayacd/esl"
)

// overVariable is set on a caller whose talk is over and who was not taken. FreeSWITCH sets it, by
// a hook of ours.
const overVariable = "nwayacd_over"

// happened is an event about one of the two channels of a call, prepared for the call's goroutine.
type happened struct {
	what     happening
	caller   string // of an event of the caller: uuid of that channel
	other    string // uuid of the channel with which the caller or the leg is bridged now
	visit    *call  // of legBridged: the call to which that channel belonged, which may be over by now
	number   string // number of that channel
	inbound  bool   // whether that channel called in
	held     bool   // of callerFreed: FreeSWITCH parks the caller for us
	failed   bool   // of callerFreed: FreeSWITCH reported the bridge, but the leg had gone before it was up
	parked   bool   // of callerFreed and callerTransferred: the event was CHANNEL_PARK
	cause    string // of a hang-up
	byPhone  bool   // of a hang-up: the channel's own phone ended it
	attended bool   // of a hang-up or callerTransferred: the phone connected the other side with its other call
	sequence uint64 // Event-Sequence; FreeSWITCH may deliver events out of that order
	digit    string // of the caller's hang-up: the digit that the caller pressed in the survey
}

// delivery is a happening on its way to a call. If late is true, it is the end of a bridge that
// comes after the begin of the next one. Then the talk looks at its channels, because that end has
// used up their hooks.
type delivery struct {
	to   *call
	h    happened
	late bool
}

// onEvent handles an event about any channel and passes it to the calls that it concerns. The
// reader of a connection calls it, so it does not block. It returns false if the channel is not a
// caller's.
//
// If only is not nil, the event counts for that call alone, because a connection without a proof
// brought it.
func (r *registry) onEvent(e *esl.Event, only *call) (caller bool) {
	var deliveries []delivery
	uuid := e.Get("Unique-ID")
	if only != nil && !r.isOf(only, uuid) && (e.Name() != "CHANNEL_BRIDGE" || !r.isOf(only, otherLeg(e))) {
		return false
	}
	r.mu.Lock()
	leg := r.legs[uuid].of()
	r.mu.Unlock()
	over := (only == nil || leg == nil || leg == only) && r.onLegEvent(e, uuid)
	r.mu.Lock()
	switch e.Name() {
	case "CHANNEL_BRIDGE":
		deliveries = r.onBridge(e, uuid)
	case "CHANNEL_UNBRIDGE", "CHANNEL_PARK":
		deliveries = r.onUnbridge(e, uuid)
	case "CHANNEL_HANGUP", "CHANNEL_DESTROY": // the second in case the first was lost
		deliveries = r.onHangup(e, uuid, over)
	}
	deliveries = append(deliveries, r.onFarEvent(e, uuid)...)
	holds := len(r.held[uuid]) > 0
	caller = r.callers[uuid] != nil
	r.mu.Unlock()
	if name := e.Name(); holds && only == nil && (name == "CHANNEL_BRIDGE" || name == "CHANNEL_HANGUP") {
		r.exitHeld(uuid)
	}
	for _, d := range deliveries {
		switch {
		case only != nil && d.to != only:
		case d.late:
			d.to.signal(lookAgain{})
		default:
			d.trace(e)
			d.to.onHappened(d.h)
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

// onLegEvent passes an event about a telephone to its leg. over is true if the leg has ended with
// it.
func (r *registry) onLegEvent(e *esl.Event, uuid string) (over bool) {
	switch e.Name() {
	case "CHANNEL_HOLD", "CHANNEL_UNHOLD":
		r.onHold(uuid, e.Name() == "CHANNEL_HOLD")
		return false
	case "CHANNEL_PROGRESS", "CHANNEL_PROGRESS_MEDIA", "CHANNEL_ANSWER", "CHANNEL_HANGUP", "CHANNEL_DESTROY":
	default:
		return false
	}
	r.mu.Lock()
	o := r.legs[uuid]
	r.mu.Unlock()
	return o != nil && o.leg.onEvent(e)
}

// onHold handles that a phone of a talk holds it, or does so no more. It records the holds of the
// agent.
func (r *registry) onHold(uuid string, hold bool) {
	r.mu.Lock()
	both := []*owner{r.legs[uuid], r.callers[uuid]} // two calls, for a leg that was transferred into a group
	r.mu.Unlock()
	for _, o := range both {
		if o == nil {
			continue
		}
		if o.leg != nil {
			if place := o.leg.talkPlace.Load(); place != nil {
				place.held(o.leg.offer, hold)
			}
		}
		if o.call.channel().is() == talking {
			o.call.signal(phoneHold{uuid, hold})
		}
	}
}

// recentEvents has the Event-Sequence numbers of the last events about a channel, each once.
type recentEvents [8]uint64

// sequenceOf returns the number of an event, or 0 if it has none.
func sequenceOf(e *esl.Event) uint64 {
	sequence, _ := strconv.ParseUint(e.Get("Event-Sequence"), 10, 64)
	return sequence
}

// fresh returns true if the event is new, and notes it. A busy FreeSWITCH may deliver events out of
// order, so a lower number does not mean that an event is old.
func (h *recentEvents) fresh(e *esl.Event) bool {
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

// beforeBridge reports whether FreeSWITCH fired the event before it bridged caller and leg.
func (o *owner) beforeBridge(e *esl.Event) bool {
	sequence := sequenceOf(e)
	return sequence != 0 && sequence < o.bridged
}

// beforeVisit reports whether FreeSWITCH fired the event before it made the caller's connection. A
// slow link may report the last talk's bridge when the caller waits in the next group.
func (o *owner) beforeVisit(e *esl.Event) bool {
	sequence := sequenceOf(e)
	return sequence != 0 && sequence < o.call.channel().since.Load()
}

// onBridge handles CHANNEL_BRIDGE. FreeSWITCH fires it for only one of the two channels.
func (r *registry) onBridge(e *esl.Event, uuid string) (deliveries []delivery) {
	peer := otherLeg(e)
	for _, pair := range [][2]string{{uuid, peer}, {peer, uuid}} {
		caller, leg := r.callers[pair[0]], r.legs[pair[1]]
		if caller == nil || leg == nil || caller.call != leg.call {
			continue
		}
		if caller.seenPeer.fresh(e) {
			caller.bridged = max(caller.bridged, sequenceOf(e))
			deliveries = append(deliveries, delivery{to: caller.call, h: happened{what: bridgedTogether}})
		}
		return deliveries
	}
	own := bridgeSide{uuid, e.Get("Caller-Destination-Number"), e.Get("Call-Direction") == "inbound"}
	other := bridgeSide{peer, e.Get("Other-Leg-Destination-Number"), e.Get("Other-Leg-Direction") == "inbound"}
	for _, sides := range [][2]bridgeSide{{own, other}, {other, own}} {
		deliveries = append(deliveries, r.onBridgedWith(e, sides[0].uuid, sides[1])...)
	}
	return deliveries
}

// bridgeSide is one of the channels of a bridge.
type bridgeSide struct {
	uuid, number string
	inbound      bool
}

// onBridgedWith finds the calls for which a channel is bridged with one of another call, or of
// none.
func (r *registry) onBridgedWith(e *esl.Event, uuid string, with bridgeSide) (deliveries []delivery) {
	h := happened{
		other: with.uuid, number: r.numberOf(with.uuid, with.number), inbound: with.inbound,
		visit: r.callers[with.uuid].of(),
	}
	if o := r.callers[uuid]; o != nil && o.seenPeer.fresh(e) && !o.beforeVisit(e) {
		h.what, h.caller = callerBridged, uuid
		deliveries = append(deliveries, delivery{to: o.call, h: h})
	}
	if o := r.legs[uuid]; o != nil && o.seenPeer.fresh(e) {
		h.what, h.caller = legBridged, ""
		deliveries = append(deliveries, delivery{to: o.call, h: h})
	}
	return deliveries
}

// numberOf returns how a record names a channel with which a caller or leg is bridged. For a leg of
// ours it is the group of that agent's call.
func (r *registry) numberOf(uuid, number string) string {
	if o := r.legs[uuid]; o != nil {
		return o.call.groupNow()
	}
	return number
}

// onUnbridge handles CHANNEL_UNBRIDGE and CHANNEL_PARK. An UNBRIDGE of a caller may name another
// channel (docs/wire.md):
//   - If it names none, the caller was transferred.
//   - If it names a channel other than the leg, the caller is bridged with that one.
//
// The socket application parks a caller, too. A slow link may report that, or the end of an earlier
// bridge, when the caller is bridged already.
func (r *registry) onUnbridge(e *esl.Event, uuid string) (deliveries []delivery) {
	parked := e.Name() == "CHANNEL_PARK"
	if o := r.callers[uuid]; o != nil && o.seen.fresh(e) {
		switch {
		case !o.beforeBridge(e):
		case parked:
			return nil
		default:
			return []delivery{{to: o.call, late: true}}
		}
		h := happened{what: callerTransferred, caller: uuid, parked: parked, attended: connectsOthers(e)}
		h.number, h.cause = whereTo(e)
		other, leg := e.Get("Other-Leg-Unique-ID"), o.call.legUUID()
		switch {
		case e.Get("variable_"+overVariable) == "true":
			h.what, h.held = callerFreed, true
		case !parked && bridgeFailed(e):
			h.what, h.held, h.failed = callerFreed, true, true
		case parked, other == "":
		case other != leg:
			h.what, h.other, h.number = callerRebridged, other, r.numberOf(other, e.Get("Other-Leg-Destination-Number"))
		case o.call.goesOn():
			h.what = callerFreed // the caller is not parked for us, but goes on in the dialplan
		default:
			return deliveries // the leg is over; CHANNEL_PARK follows for the caller
		}
		deliveries = append(deliveries, delivery{to: o.call, h: h})
	}
	// A leg is also parked when it answers, and a slow link may report that after the talk has
	// begun. A leg that somebody transferred may be parked at the destination.
	if o := r.legs[uuid]; o != nil && parked && keptByUs(e) && o.seen.fresh(e) {
		deliveries = append(deliveries, delivery{to: o.call, h: happened{what: legParked}})
	}
	return deliveries
}

// bridgeFailed reports whether the CHANNEL_UNBRIDGE of a caller is of a bridge that was never up,
// because the leg had gone. The hooks of a bridge that was up are used up. A caller whom somebody
// transferred in that moment was taken.
func bridgeFailed(caller *esl.Event) bool {
	how, _ := lastMove(caller)
	return caller.Get("variable_"+cleanHook) != "" && how != movedByTransfer
}

// keptByUs reports whether a leg that is parked was in a talk, and nobody transferred it since.
func keptByUs(leg *esl.Event) bool {
	how, _ := lastMove(leg)
	return leg.Get("variable_last_bridge_to") != "" && how != movedByTransfer
}

// whereTo returns the destination of a transfer of the caller, from an event or a dump of the
// channel. The cause is attendedTransfer if a phone connected the caller with it.
//
// Caller-Destination-Number has the inline dialplan of such a transfer only until that begins to
// run. Then the old number is back, and only transfer_source has the inline dialplan.
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

// destination returns how a record names the destination of a transfer: the number, or the group if
// the destination is our own socket port.
func destination(number string) string {
	if chain := groupOfChain.FindStringSubmatch(number); chain != nil {
		if group, err := url.PathUnescape(chain[1]); err == nil {
			return sanitize(group)
		}
	}
	return sanitize(number)
}

// waitsForPhone reports whether the caller was sent into mod_sofia's own inline dialplan (sofia.c,
// nua_i_refer). There a caller waits for a phone that still rings, because an agent connected the
// two.
func waitsForPhone(destination string) bool {
	return strings.HasPrefix(destination, "m:") && strings.HasSuffix(strings.TrimRight(destination, `"`), "park")
}

// passedOnAttended reports whether the channel's phone sent a REFER with Replaces, over this dialog
// or over that of its other call (sofia.c, sofia_handle_sip_i_refer). If FreeSWITCH does not know
// that other call, it sets the variable of the first case on the channel of the other side.
func passedOnAttended(e *esl.Event) bool {
	switch e.Get("variable_transfer_disposition") {
	case "recv_replace": // after any REFER
		return e.Get("variable__sofia_replaces_") != ""
	case "replaced":
		return true
	}
	return false
}

// connectsOthers reports whether a channel's talk is over because its phone connected the other
// side with its other call. FreeSWITCH parks such a channel, and nobody has transferred it.
func connectsOthers(e *esl.Event) bool {
	how, _ := lastMove(e)
	return passedOnAttended(e) && how != movedByTransfer
}

// onHangup handles CHANNEL_HANGUP. over is true if a leg has ended with it.
func (r *registry) onHangup(e *esl.Event, uuid string, over bool) (deliveries []delivery) {
	if o := r.callers[uuid]; o != nil && o.seen.fresh(e) {
		h := hangupOf(callerHungUp, e)
		h.caller = uuid
		h.digit, h.attended = e.Get("variable_"+surveyVariable), passedOnAttended(e)
		deliveries = append(deliveries, delivery{to: o.call, h: h})
	}
	if o := r.legs[uuid]; o != nil && over && o.seen.fresh(e) {
		h := hangupOf(legHungUp, e)
		h.attended = passedOnAttended(e)
		deliveries = append(deliveries, delivery{to: o.call, h: h})
	}
	delete(r.thirds, uuid)
	return deliveries
}

// hangupOf returns what a CHANNEL_HANGUP of the caller or the leg means.
func hangupOf(what happening, e *esl.Event) happened {
	return happened{what: what, sequence: sequenceOf(e), cause: e.Get("Hangup-Cause"), byPhone: byItsPhone(e)}
}

// byItsPhone reports whether a CHANNEL_HANGUP came because the channel's own phone sent a BYE.
// mod_sofia records the 200 OK to the BYE before it hangs the channel up (sofia.c,
// sofia_handle_sip_i_bye). In all other cases the BYE is yet to be sent to the phone.
func byItsPhone(e *esl.Event) bool { return e.Get("variable_sip_term_status") == "200" }

// otherLeg returns the uuid of the other channel of a CHANNEL_BRIDGE.
func otherLeg(e *esl.Event) string {
	if other := e.Get("Other-Leg-Unique-ID"); other != "" {
		return other
	}
	if b := e.Get("Bridge-B-Unique-ID"); b != e.Get("Unique-ID") {
		return b
	}
	return e.Get("Bridge-A-Unique-ID")
}
