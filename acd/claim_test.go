package acd

import (
	"testing"

	"github.com/rs/zerolog"

	"nwayacd/queue"
)

// A call may come before the link to its FreeSWITCH is up. A link to another FreeSWITCH cannot
// follow it. There the call's channels are unknown, which does not mean that they are over.
func TestACallThatComesBeforeTheLinkToItsSwitch(t *testing.T) {
	server := New(Options{Journal: &memoryJournal{}, Log: zerolog.Nop(), Switches: []Switch{
		{Name: "a", Address: "x"}, {Name: "b", Address: "y"}, {Name: "c", Address: "z"},
	}}, queue.Snapshot{})
	knows := func(i int, up bool, core string) {
		server.links[i].become(func(s *LinkState) { s.Up, s.CoreUUID = up, core })
	}
	is := func(step, want string) {
		t.Helper()
		if got := server.switchOf("core-b").Name; got != want {
			t.Errorf("%s: it is taken for %q, not %q", step, got, want)
		}
	}
	is("no link has been up", "a")
	knows(0, true, "core-a")
	is("one that was never up", "b")
	knows(1, true, "core-of-before")
	knows(2, true, "core-c")
	knows(1, false, "core-of-before")
	is("one that may have restarted", "b")
	knows(1, true, "core-b")
	is("known", "b")

	ch := newChannel()
	ch.uuid, ch.core = "caller", "core-b"
	ch.isAt(server.switchNamed("a"))
	server.channels.connected(ch)
	server.claim(server.switchNamed("c"), "core-c")
	if ch.at().Name != "a" {
		t.Errorf("claimed by %q", ch.at().Name)
	}
	server.claim(server.switchNamed("b"), "core-b")
	if ch.at().Name != "b" {
		t.Errorf("it is still taken for %q", ch.at().Name)
	}
}
