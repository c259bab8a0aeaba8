package acd

import (
	"testing"
	"time"

	"nwayacd/queue"
)

func TestATalkThatTheJournalHadNoRoomForIsWrittenAnew(t *testing.T) {
	open(t, ordinary("1000"), func(c *centre) {
		call := c.caller("139")
		c.after(10 * time.Second)
		c.wantTalk("1000", call.UUID())
		c.journal.forget()
		c.server.Dispatcher.Resync(false)
		c.dies()
		c.comesBack()
		c.settle()
		c.wantTalk("1000", call.UUID())
		c.journal.forget()
		c.server.Dispatcher.Resync(false) // also the rows of an earlier life
		if talks := c.journal.snapshot(c.shift.snapshot).Talks; len(talks) != 1 || talks[0].CDR.UUID != call.UUID() ||
			talks[0].CDR.Leg == "" {
			t.Errorf("the talks written anew are %+v", talks)
		}
		call.Hangup()
		c.settleAll()
		c.wantCDR(call.UUID(), queue.Answered, queue.CallerSide, "")
		c.wantNoTalk()
	})
}

func TestWhatIsOverAndTheJournalHadNoRoomForIsTakenBack(t *testing.T) {
	open(t, ordinary("1000"), func(c *centre) {
		talks := c.caller("139")
		c.after(10 * time.Second)
		waits := c.caller("138")
		c.untilWaiting("call-138")
		c.wantTalk("1000", talks.UUID())
		known := c.journal.length()
		if s := c.journal.snapshot(c.shift.snapshot); len(s.Talks) != 1 || len(s.Waiting) != 1 {
			t.Fatalf("talks %+v, waiting %+v", s.Talks, s.Waiting)
		}
		waits.Hangup()
		talks.Hangup()
		c.settleAll()
		c.journal.forgetBehind(known)
		c.server.Dispatcher.Resync(false)
		if s := c.journal.snapshot(c.shift.snapshot); len(s.Talks) != 0 || len(s.Waiting) != 0 {
			t.Errorf("talks %+v, waiting %+v", s.Talks, s.Waiting)
		}
	})
}

func TestATalkThatATransferEndedIsNotWrittenAnew(t *testing.T) {
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
		if kept := c.journal.snapshot(c.shift.snapshot).Talks; len(kept) != 1 || !kept[0].Requeued {
			t.Errorf("kept: %+v", kept)
		}
		call.Hangup()
		c.settleAll()
		c.wantNoTalk()
	})
}
