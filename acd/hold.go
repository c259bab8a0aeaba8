package acd

import (
	"slices"
	"time"

	"nwayacd/esl"
)

// unheldPause is how long after a hold its music is ended. FreeSWITCH also reports the end of a
// hold if the phone hangs up, and does so first. It has transferred the other side before that if
// the phone did.
const unheldPause = 300 * time.Millisecond

// noteHold keeps in mind whose hold is over.
func (t *talk) noteHold(h phoneHold) {
	t.unheld = slices.DeleteFunc(t.unheld, func(uuid string) bool { return uuid == h.uuid })
	if !h.on {
		t.unheld = append(t.unheld, h.uuid)
		t.quiet.Reset(unheldPause)
	}
}

// endHoldMusic ends the music for the other side of each hold that is over. FreeSWITCH ends it by
// itself if it plays. But it only queues the music until it has some frames of the other side's
// phone, and would play it then, without end (switch_ivr_bridge.c, DEFAULT_LEAD_FRAMES).
func (t *talk) endHoldMusic() {
	for _, holder := range t.unheld {
		switch {
		case t.channel().is() != talking:
		case holder == t.leg.uuid:
			t.tell(t.breakAll())
		case holder == t.uuid():
			t.tell(esl.API("uuid_break " + t.leg.uuid + " all"))
		}
	}
	t.unheld = nil
}
