package acd

import (
	"nwayacd/esl"
	"nwayacd/queue"
)

// An agent's phone may be registered with another FreeSWITCH than the caller's (remote-dial). The
// leg then ends at a channel of that FreeSWITCH, the far channel, which is bridged with the phone
// there. What the phone does with the caller happens to the far channel, and the caller's
// FreeSWITCH sees nothing of it. So the far channel is followed over the link to the agent's
// FreeSWITCH.

// farHeader is a header of the leg's INVITE: the uuid of the leg. The far channel has it as a
// variable.
const farHeader = "sip_h_X-nwayacd-leg"

// farVariable is set on a leg whose far channel left its agent: the leg is not the agent's any
// more.
const farVariable = "nwayacd_left"

// farChannel is the other end of an agent's leg, at another FreeSWITCH.
type farChannel struct {
	call  *call
	phone string // uuid of the channel that it was bridged with first: that of the agent's phone
}

// onFarEvent notes the far channel of a leg, and tells its call what happens to it there. The
// registry is locked.
func (r *registry) onFarEvent(e *esl.Event, uuid string) (deliveries []delivery) {
	far := r.fars[uuid]
	if far == nil && r.callers[uuid] == nil && e.Get("Call-Direction") == "inbound" {
		// It is looked for last, because a search for a header that is missing takes longest.
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

// onFarBridge understands a CHANNEL_BRIDGE in which a far channel is one of the two.
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

// farCall is the call whose leg ends at that channel, nil if there is none.
func (r *registry) farCall(uuid string) *call {
	r.mu.Lock()
	defer r.mu.Unlock()
	if far := r.fars[uuid]; far != nil {
		return far.call
	}
	return nil
}

// leaveFarLeg leaves caller and leg to each other: the agent's phone has passed the far channel on,
// and nothing of ours must act on the two.
func (t *talk) leaveFarLeg() {
	t.far = true
	t.send(t.setVariables(unsetting(talkList)...),
		esl.API("uuid_setvar_multi "+t.leg.uuid+" "+farVariable+"=true;"+legCleanHook+"=;"+legKeepHook+"="))
}

// passedOnFar notes where the far channel went.
func (t *talk) passedOnFar(h happened) {
	kind := queue.TransferBlind
	if h.what == farBridged {
		kind = queue.TransferAttended
	}
	t.passedOn(h.number, kind)
	t.leaveFarLeg()
}
