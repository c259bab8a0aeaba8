package sim

import (
	"cmp"
	"errors"
	"time"
)

// What people do with their phones while they talk (sofia.c and switch_core_media.c).

// ErrNoCall reports that a phone's move was not possible, because its channel is gone or is not
// bridged.
var ErrNoCall = errors.New("sim: no such call")

// Refer is a blind transfer by the phone of that channel (REFER). The other side goes into the
// dialplan from the number target. FreeSWITCH hangs up the phone's own channel. The error is
// ErrNoCall if the phone's channel is not bridged.
func (s *Switch) Refer(uuid, target string) error {
	leg := s.find(uuid)
	if leg == nil || !leg.up() {
		return ErrNoCall
	}
	peer := leg.partner()
	leg.setVar("transfer_disposition", "recv_replace")
	leg.setVar("transfer_destination", "blind:"+target)
	if peer == nil || !peer.up() {
		leg.setVar("endpoint_disposition", "ATTENDED_TRANSFER_ERROR")
		return ErrNoCall
	}
	leg.setVar("transfer_to", "blind:"+peer.uuid)
	leg.setVar("transfer_fallback_extension", leg.ext)
	leg.setVar("endpoint_disposition", "BLIND_TRANSFER")
	s.referred(peer, leg, target)
	s.transfer(peer, []string{target})
	return nil
}

func (s *Switch) referred(peer, by *channel, target string) {
	peer.setVar("sip_h_Referred-By", "<sip:"+by.ext+"@"+s.domain()+">")
	peer.setVar("sip_refer_to", "<sip:"+target+"@"+s.domain()+">")
}

// The times, counted from the REFER, at which the channels of an attended transfer see it. They
// were measured on 1.10.12.
const (
	heldConsultParks  = 28 * time.Millisecond
	heldLegEnds       = 48 * time.Millisecond
	heldBridges       = 69 * time.Millisecond
	consultLegParks   = 11 * time.Millisecond
	consultCallerGone = 26 * time.Millisecond
	consultParks      = 30 * time.Millisecond
	consultBridges    = 57 * time.Millisecond
	waitingEnds       = 12 * time.Millisecond
	waitingCallerGone = 33 * time.Millisecond
)

// ReferReplaces is an attended transfer (REFER with Replaces). A phone holds one call, has made a
// second one, and connects its two partners with each other. Most phones send the REFER in the
// dialog of the held call, some in the dialog of the consulting call. If the consulting call still
// waits in an application or rings, the held caller takes its place. ReferReplaces returns when
// FreeSWITCH has read the REFER, before any channels are bridged.
func (s *Switch) ReferReplaces(held, consult string, inConsultDialog bool) error {
	a, b := s.find(held), s.find(consult) // the REFER comes in on a, and replaces b
	if inConsultDialog {
		a, b = b, a
	}
	if a == nil || b == nil || !a.up() || !b.up() {
		return ErrNoCall
	}
	a.setVar("transfer_disposition", "recv_replace")
	a.setVar("_sofia_replaces_", b.uuid)
	a.setVar("refer_uuid", b.uuid)
	b.setVar("transfer_disposition", "replaced")
	ofA, ofB := a.partner(), b.partner()
	if rings, err := s.connectRinging(a, b, ofA); rings {
		return err
	}
	switch {
	case ofA != nil && ofB != nil:
		s.connect(a, b, ofA, ofB, inConsultDialog)
		return nil
	case ofA != nil:
		ofA.slow(waitingCallerGone)
		return s.takePlace(a, b, ofA)
	case ofB != nil:
		b.unheld()
		a.unheld()
		ofB.slow(waitingCallerGone)
		b.hangup("ATTENDED_TRANSFER")
		return s.takePlace(b, a, ofB)
	}
	return ErrNoCall
}

// connect bridges the two parties with whom the phone talks.
func (s *Switch) connect(a, b, ofA, ofB *channel, inConsultDialog bool) {
	takes := heldBridges
	if inConsultDialog {
		b.slow(consultLegParks)
		ofB.slow(consultCallerGone)
		a.slow(consultParks)
		takes = consultBridges
	} else {
		b.slow(heldConsultParks)
		a.slow(heldLegEnds)
	}
	ofB.setVar("transfer_disposition", "bridge")
	a.setVar("transfer_to", "att:"+ofB.uuid)
	s.arrange(ofA, ofB, takes)
	b.setVar("endpoint_disposition", "ATTENDED_TRANSFER")
	b.unheld()
	b.setVar("park_timeout", "2:attended_transfer")
	b.redirect(b.parked)
}

// takePlace sends a caller into the dialplan of the waiting channel, and hangs up that channel.
func (s *Switch) takePlace(by, waiting, caller *channel) error {
	target := []string{waiting.getVar("destination_number")}
	if chain := waiting.getVar("inline_destination"); chain != "" {
		target = []string{chain, "inline"}
	}
	s.referred(caller, by, target[0])
	caller.reroute(target)
	by.pauseOnSwitch(waitingEnds)
	waiting.hangup("ATTENDED_TRANSFER")
	return nil
}

// connectRinging is for a consulting call whose dialplan still lets another phone ring. The caller
// is parked with music until that phone answers. It returns false if no phone rings, or does not
// ring any more.
func (s *Switch) connectRinging(a, b, caller *channel) (rings bool, err error) {
	b.referring.Lock()
	defer b.referring.Unlock()
	if !b.originating {
		return false, nil
	}
	if caller == nil || !caller.up() {
		return true, ErrNoCall
	}
	b.setVar("transfer_to", "satt:"+caller.uuid)
	b.setVar("endpoint_disposition", "ATTENDED_TRANSFER")
	b.setVar("holding_uuid", caller.uuid)
	caller.setVar("att_xfer_kill_uuid", b.uuid)
	b.mu.Lock()
	number := b.dialled
	b.mu.Unlock()
	caller.setVar("att_xfer_destination_number", number)
	a.unheld()
	ringing := "park"
	if music := s.music(caller); music != "" {
		ringing = `m:":endless_playback:` + music + `"park`
	}
	caller.reroute([]string{ringing, "inline"})
	return true, nil
}

// slow sets when the channel sees the end of its bridge.
func (c *channel) slow(lag time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.lag = lag
}

// pauseOnSwitch lets time pass as long as the switch is up.
func (c *channel) pauseOnSwitch(d time.Duration) { elapse(c.s.ctx, d) }

// Hold lets the phone of that channel hold its call with a re-INVITE. The other side hears music.
// The error is ErrNoCall if there is nothing to hold.
func (s *Switch) Hold(uuid string) error { return s.reinvite(uuid, true) }

// Unhold lets the phone take its call back.
func (s *Switch) Unhold(uuid string) error { return s.reinvite(uuid, false) }

func (s *Switch) reinvite(uuid string, hold bool) error {
	c := s.find(uuid)
	if c == nil || !c.hold(hold) {
		return ErrNoCall
	}
	return nil
}

// hold puts the other side on hold, with music, or takes it back. It returns
// false if that is so already, or if the channel is not answered.
func (c *channel) hold(on bool) bool {
	c.mu.Lock()
	if c.answeredAt.IsZero() || c.cause != "" || on == c.held { // a second time is refused
		c.mu.Unlock()
		return false
	}
	name := "CHANNEL_UNHOLD"
	c.held, c.callState = on, "ACTIVE"
	if on {
		name, c.callState = "CHANNEL_HOLD", "HELD"
	}
	c.mu.Unlock()
	if peer := c.partner(); peer != nil && peer.up() {
		if on {
			peer.broadcast(cmp.Or(c.s.music(c), "local_stream://moh"), -1)
		} else {
			peer.stopBroadcast()
		}
	}
	c.fire(name)
	c.fire("CHANNEL_CALLSTATE")
	return true
}

// holds reports whether the channel's phone holds its call.
func (c *channel) holds() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.held
}

// unheld clears the channel's hold, without an event.
func (c *channel) unheld() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.held = false
}

// music is what the party on hold hears; "" = nothing.
func (s *Switch) music(c *channel) string {
	return cmp.Or(c.getVar("hold_music"), s.global("hold_music"))
}
