package acd

import (
	"testing"
	"time"

	"nwayacd/queue"
)

func TestAResyncWritesTheTalksThatTheJournalLost(t *testing.T) {
	open(t, ordinary("1000"), func(c *centre) {
		call := c.caller("139")
		c.after(10 * time.Second)
		c.wantTalk("1000", call.UUID())
		c.kept.forget()
		c.server.Dispatcher.Resync(false)
		c.dies()
		c.comesBack()
		c.after(time.Second)
		c.wantTalk("1000", call.UUID())
		c.kept.forget()
		c.server.Dispatcher.Resync(false) // including the talks of an earlier process
		if talks := c.kept.snapshot(c.shift.snapshot).Talks; len(talks) != 1 || talks[0].CDR.UUID != call.UUID() ||
			talks[0].CDR.Leg == "" {
			t.Errorf("the talks written again are %+v", talks)
		}
		call.Hangup()
		c.after(time.Minute)
		c.wantCDR(call.UUID(), queue.Answered, queue.CallerSide, "")
		c.wantNoTalk()
	})
}

func TestAResyncRemovesTalksAndWaitingCallersThatAreOver(t *testing.T) {
	open(t, ordinary("1000"), func(c *centre) {
		talks := c.caller("139")
		c.after(10 * time.Second)
		waits := c.caller("138")
		c.after(time.Second)
		c.wantTalk("1000", talks.UUID())
		known := c.kept.length()
		if s := c.kept.snapshot(c.shift.snapshot); len(s.Talks) != 1 || len(s.Waiting) != 1 {
			t.Fatalf("talks %+v, waiting %+v", s.Talks, s.Waiting)
		}
		waits.Hangup()
		talks.Hangup()
		c.after(time.Minute)
		c.kept.forgetBehind(known)
		c.server.Dispatcher.Resync(false)
		if s := c.kept.snapshot(c.shift.snapshot); len(s.Talks) != 0 || len(s.Waiting) != 0 {
			t.Errorf("talks %+v, waiting %+v", s.Talks, s.Waiting)
		}
	})
}

func TestAResyncDoesNotWriteATalkThatATransferEnded(t *testing.T) {
	s := ordinary("1000", "1001")
	open(t, s, func(c *centre) {
		call := c.caller("139")
		c.after(10 * time.Second)
		c.wantTalk("1000", call.UUID())
		if err := c.server.Dispatcher.Transfer(c.Context(), call.UUID(), "1001"); err != nil {
			t.Fatal(err)
		}
		c.after(500 * time.Millisecond) // the second phone rings
		c.server.Dispatcher.Resync(false)
		if kept := c.kept.snapshot(c.shift.snapshot).Talks; len(kept) != 1 || !kept[0].Requeued {
			t.Errorf("kept: %+v", kept)
		}
		call.Hangup()
		c.after(time.Minute)
		c.wantNoTalk()
	})
}
