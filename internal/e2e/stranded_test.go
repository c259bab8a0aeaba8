package e2e

import (
	"context"
	"strings"
	"testing"

	"nwayacd/esl"
)

// A program connects the caller of a talk with a channel that hangs up in the same moment.
// FreeSWITCH then ends the caller's call, or leaves the caller in silence. Silence ends: the caller
// waits again, or comes again by the dialplan.
func TestACallerWhosePartnerIsGoneBeforeTheBridgeIsNotLeftInSilence(t *testing.T) {
	f := floor{agents: []agentRow{{name: "anna"}}}
	onBoth(t, f, func(t *testing.T, w *world) {
		for _, name := range []string{"mary", "paul", "rita"} {
			c, boss := w.arrives(name), w.comes("boss", ivr, "")
			c.isInTalk("anna")
			boss.hears("silence_stream://-1")
			ctx, stop := context.WithTimeout(t.Context(), patience)
			replies, err := w.ear.conn.Do(ctx,
				esl.API("uuid_bridge "+boss.uuid+" "+c.uuid), esl.API("uuid_kill "+boss.uuid))
			stop()
			if err != nil || !replies[0].OK() {
				t.Fatal(replies, err)
			}
			again := func() bool {
				answers := 0
				for _, line := range w.ear.story(c.uuid) {
					if strings.HasPrefix(line, "answered "+w.ext["anna"]) {
						answers++
					}
				}
				return answers == 2
			}
			eventually(t, patience, name+" talks to anna again, or is gone", func() bool {
				return c.channel().gone || again()
			})
			c.hangsUp()
			c.isGone()
			tableCatchesUp()
			w.becomes("anna", "reged up idle ready")
		}
		w.cleanAfter()
	})
}
