package acd

import (
	"testing"
	"time"
)

// TestACallerIsTransferredAsTheyConnect has a program that transfers a caller to another group at
// some moment of the connection's first 60 milliseconds. The second connection may be faster or
// slower than the first one, and its answers may be late. The caller is served in the second group,
// and each visit has a number of its own.
func TestACallerIsTransferredAsTheyConnect(t *testing.T) {
	for name, delay := range map[string]struct{ first, second, late time.Duration }{
		"both slow":       {5 * time.Millisecond, 5 * time.Millisecond, 0},
		"the second slow": {0, 5 * time.Millisecond, 0},
		"the second late": {5 * time.Millisecond, 0, 40 * time.Millisecond},
		"the first slow":  {5 * time.Millisecond, 0, 0},
	} {
		for moment := time.Duration(0); moment < 60*time.Millisecond; moment += 500 * time.Microsecond {
			t.Run(name+" "+moment.String(), func(t *testing.T) {
				twoLines(t, func(c *centre) {
					c.server.Dispatcher.Busy(c.Context(), "1000")
					c.server.Dispatcher.Busy(c.Context(), "1001")
					c.wires.slowNext(delay.first)
					call := c.dialsInto("110")
					c.after(moment)
					c.wires.slowNext(delay.second)
					c.wires.lateNext(delay.late)
					c.api("uuid_transfer call 120")
					c.after(20 * time.Second)
					c.server.Dispatcher.Ready(c.Context(), "1001")
					c.after(10 * time.Second)
					c.wantTalk("1001", "call")
					call.Hangup()
					c.settleAll()
					visits := c.journal.cdrs()
					for i, cdr := range visits {
						if cdr.VisitNumber() != i+1 {
							t.Errorf("visit %d of %d in group %s is number %d", i+1, len(visits), cdr.Group, cdr.VisitNumber())
						}
					}
					if n := len(visits); n == 0 || visits[n-1].Group != "120" {
						t.Errorf("%+v", visits)
					}
					c.wantRest()
				})
			})
		}
	}
}
