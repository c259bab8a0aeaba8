package acd

import (
	"nwayacd/esl"
	"nwayacd/queue"
)

// An agent's phone may be registered with another FreeSWITCH than the caller's (remote-dial). The
// leg then ends at a channel of that FreeSWITCH, the far channel, which is bridged with the phone
// there.
//
// If the phone transfers the caller, that happens to the far channel, and the caller's FreeSWITCH
// sees nothing of it. So the far channel is followed over the link to the agent's FreeSWITCH.

// farHeader is a header of the leg's INVITE, with the uuid of the leg. The far channel has it as a
// variable.
const farHeader = "sip_h_X-nwayacd-leg"

// farVariable is set on a leg that belongs to no talk any more and must not be ended. A later
// process finds it there.
const (
	farVariable   = "nwayacd_left"
	farLeft       = "true"  // the far channel has left its agent, so the leg is not the agent's any more
	leftWithAgent = "agent" // the agent's phone is connected with somebody else over the leg
)

// farChannel is the other end of an agent's leg, at another FreeSWITCH.
type farChannel struct {
	call  *call
	phone string // uuid of the channel with which it was bridged first, the agent's phone
}

// onFarEvent finds the far channel of a leg, and returns what happens to it there for the leg's
// call. The registry is locked.
func (r *registry) onFarEvent(e *esl.Event, uuid string) (deliveries []delivery) {
	far := r.fars[uuid]
	if far == nil && r.callers[uuid] == nil && e.Get("Call-Direction") == "inbound" {
		// This comes last, because a search for a header that is missing takes longest.
		leg := e.Get("variable_" + farHeader)
		if o := r.legs[leg]; o != nil && leg != uuid {
			far = &farChannel{call: o.call}
			r.fars[uuid] = far
		}
	}
	switch e.Name() {
	case "CHANNEL_BRIDGE":
		return r.onFarBridge(e, uuid, otherLeg(e))
	case "CHANNEL_UNBRIDGE":
		if far != nil && far.phone != "" && e.Get("Other-Leg-Unique-ID") == "" {
			h := happened{what: farTransferred, number: destination(e.Get("Caller-Destination-Number"))}
			deliveries = append(deliveries, delivery{to: far.call, h: h})
		}
	case "CHANNEL_DESTROY":
		delete(r.fars, uuid)
	}
	return deliveries
}

// onFarBridge handles a CHANNEL_BRIDGE in which one of the two may be a far channel.
func (r *registry) onFarBridge(e *esl.Event, uuid, peer string) (deliveries []delivery) {
	number := e.Get("Other-Leg-Destination-Number")
	far := r.fars[uuid]
	if far == nil {
		if far = r.fars[peer]; far == nil {
			return nil
		}
		peer, number = uuid, e.Get("Caller-Destination-Number")
	}
	switch o := r.legs[peer]; {
	case far.phone == "":
		far.phone = peer
		return nil
	case far.phone == peer:
		return nil
	case o != nil:
		number = o.call.groupNow() // another agent of ours
	}
	return append(deliveries, delivery{to: far.call, h: happened{what: farBridged, other: peer, number: number}})
}

// farCall returns the call whose leg ends at that channel, or nil if there is none.
func (r *registry) farCall(uuid string) *call {
	r.mu.Lock()
	defer r.mu.Unlock()
	if far := r.fars[uuid]; far != nil {
		return far.call
	}
	return nil
}

// leaveFarLeg leaves the caller and the leg alone. The agent's phone has transferred the far
// channel, so no variable of ours may act on the two.
func (t *talk) leaveFarLeg() {
	t.far = true
	t.send(t.setVariables(unsetting(talkList)...),
		esl.API("uuid_setvar_multi "+t.leg.uuid+" "+farVariable+"="+farLeft+";"+legCleanHook+"=;"+legKeepHook+"="))
}

// passedOnFar records the number to which the far channel was transferred.
func (t *talk) passedOnFar(h happened) {
	kind := queue.TransferBlind
	if h.what == farBridged {
		kind = queue.TransferAttended
	}
	t.passedOn(h.number, kind)
	t.leaveFarLeg()
}
