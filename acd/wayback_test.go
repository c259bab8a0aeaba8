package acd

import (
	"strings"
	"testing"
	"time"
)

// A caller comes back to a socket line after a talk, which has unset socket_resume. So each socket
// line of ours sets it again. Without it the caller would be in silence if the connection is lost
// at once.
func TestEachSocketLineOfOursHasItsSocketResume(t *testing.T) {
	open(t, ordinary(), func(c *centre) {
		call := c.caller("139")
		c.untilWaiting("call-139")
		waiting := c.served("call-139")
		conn := waiting.channel().conn
		for name, way := range map[string]string{
			"back": c.server.wayBack(conn, "110"), "in": waiting.wayIn("10.0.0.5:8084"),
		} {
			actions := strings.Split(way, ",")
			for i, action := range actions {
				if strings.HasPrefix(action, "socket:") && actions[i-1] != resume {
					t.Errorf("the way %s: %q comes before a socket line", name, actions[i-1])
				}
			}
			if name == "back" && actions[0] != parkForEver {
				t.Errorf("the way back begins with %q", actions[0])
			}
			if n := strings.Count(way, ",socket:"); n < 3 {
				t.Errorf("the way %s has %d socket lines", name, n)
			}
		}
		call.Hangup()
		c.after(time.Minute)
		c.wantRest()
	})
}
