package store

import (
	"sync"
	"testing"

	"nwayacd/agent"
	"nwayacd/queue"
)

// standby makes the cluster a standby until promote.
func (c *cluster) standby(t *testing.T) (promote func()) {
	t.Helper()
	c.do(t, "demote")
	promote = sync.OnceFunc(func() { c.do(t, "promote") })
	t.Cleanup(promote)
	return promote
}

func TestStartOnAStandbyThatIsNotPromotedYet(t *testing.T) {
	for name, pending := range map[string]bool{"with changes in the journal": true, "without": false} {
		t.Run(name, func(t *testing.T) {
			c := struck(t)
			o := c.options(t)
			var f floor
			stop := f.open(t, o)
			f.s.Write(cdr("before"))
			flush(t, f.s)
			stop()
			promote := c.standby(t)
			if pending {
				s := open(t, o)
				s.Write(cdr("meanwhile"), queue.Change{Agent: &agent.Update{Extension: "1001", Up: new(true)}})
				s.Close()
			}
			var lines logLines
			o.Log = lines.logger()
			f.hear(&o)
			f.s = open(t, o)
			snap := load(t, f.s)
			f.snapshot = snap
			f.whole(t, snap)
			if agentOf(t, snap, "1001").Up != pending || lines.lines("starts with the last known state") != 1 {
				t.Errorf("%+v", snap.Agents)
			}
			start(t, f.s)
			f.s.Write(cdr("later"))
			away(t, f.s)
			t.Log(f.s.Healthy())
			promote()
			f.whole(t, f.reloaded(t))
			flush(t, f.s)
			want := 2
			if pending {
				want = 3
			}
			if n := count(t, f.s, `SELECT count(*) FROM nwayacd_cdr`); n != want {
				t.Errorf("%d CDRs, want %d", n, want)
			}
			eventually(t, "healthy again", func() bool { return f.s.Healthy() == nil })
		})
	}
}

func TestADatabaseBecomesAStandbyAndIsPromoted(t *testing.T) {
	c := struck(t)
	o := c.options(t)
	var f floor
	f.open(t, o)
	flush(t, f.s)
	promote := c.standby(t)
	f.s.Write(cdr("u1"))
	away(t, f.s)
	promote()
	flush(t, f.s)
	if n := count(t, f.s, `SELECT count(*) FROM nwayacd_cdr`); n != 1 || f.s.Status().Rejected != 0 {
		t.Errorf("%d CDRs, %+v", n, f.s.Status())
	}
}
