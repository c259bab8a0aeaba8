package acd

import (
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"nwayacd/esl"
	"nwayacd/queue"
)

// TestACallerWhoHungUpBeforeTheServerSubscribed has a caller who hangs up while the server asks for
// the channel's number and route, in five commands.
func TestACallerWhoHungUpBeforeTheServerSubscribed(t *testing.T) {
	const notice = "Content-Type: text/disconnect-notice\nControlled-Session-UUID: early\nContent-Disposition: "
	told := func(event string) string {
		return fmt.Sprintf("Content-Type: text/event-plain\nContent-Length: %d\n\n%s", len(event), event)
	}
	for name, early := range map[string]hungUpEarly{
		"before linger: FreeSWITCH ends the connection": {
			at:     "linger",
			before: notice + "disconnect\nContent-Length: 0\n\n", ends: true,
		},
		"before myevents: CHANNEL_HANGUP goes to nobody": {
			at:    "event ",
			after: notice + "linger\nContent-Length: 0\n\n",
		},
		"after myevents: CHANNEL_HANGUP is ahead of a reply": {
			at:     "event ",
			before: told("Event-Name: CHANNEL_HANGUP\nUnique-ID: early\nHangup-Cause: ORIGINATOR_CANCEL\n\n"),
		},
		"before myevents, and the socket application is over": {
			at: "event ",
			after: told(
				"Event-Name: CHANNEL_EXECUTE_COMPLETE\nUnique-ID: early\nAnswer-State: hangup\nApplication: " +
					"socket\n\n"),
		},
	} {
		t.Run(name, func(t *testing.T) {
			open(t, ordinary(), func(c *centre) {
				ours, theirs := net.Pipe()
				var both sync.WaitGroup
				both.Go(func() { c.server.handle(c.Context(), ours) })
				both.Go(func() {
					defer theirs.Close()
					early.play(theirs)
				})
				c.after(3 * time.Second)
				if n := c.server.Calls(); n != 0 {
					t.Errorf("%d callers wait who are gone", n)
				}
				theirs.Close()
				both.Wait()
				if cdrs := c.journal.cdrs(); len(cdrs) != 1 || cdrs[0].Outcome != queue.Abandoned ||
					cdrs[0].Group != "110" {
					t.Errorf("CDRs: %+v", cdrs)
				}
				if row := c.ownEvents(); len(row) != 3 || row[1].Get("nway_queue_operate") != queueAdd ||
					row[2].Get("nway_queue_operate") != queueRemove {
					t.Errorf("events: %+v", row)
				}
				c.wantRest()
			})
		})
	}
}

// FreeSWITCH ends the caller's earlier connection as the next one begins, and that ends the socket
// application of the next one. The caller was not taken, and the place is kept. FreeSWITCH delivers
// the end of an earlier socket application after it.
func TestASocketApplicationThatAnEarlierConnectionEndsAtOnce(t *testing.T) {
	ended := func(sequence string) string {
		event := "Event-Name: CHANNEL_EXECUTE_COMPLETE\nUnique-ID: early\nApplication: socket\nEvent-Sequence: " +
			sequence + "\n\n"
		return fmt.Sprintf("Content-Type: text/event-plain\nContent-Length: %d\n\n%s", len(event), event)
	}
	open(t, ordinary(), func(c *centre) {
		earlier := newChannel()
		earlier.uuid = "early"
		c.server.channels.connected(earlier)
		defer c.server.channels.disconnected(earlier)
		ours, theirs := net.Pipe()
		var both sync.WaitGroup
		both.Go(func() { c.server.handle(c.Context(), ours) })
		both.Go(func() { hungUpEarly{at: "event ", before: ended("11") + ended("1")}.play(theirs) })
		c.after(tableLag / 2) // at its second look the link finds that there is no such channel
		if group, kept := c.server.Dispatcher.keepsPlace("early"); !kept || group != "110" {
			t.Errorf("place in %q kept: %v; CDRs %+v", group, kept, c.journal.cdrs())
		}
		theirs.Close()
		both.Wait()
	})
}

// hungUpEarly is a FreeSWITCH that answers +OK to everything until exit. At one command it reports
// that the channel is down, before or behind the reply.
type hungUpEarly struct {
	at, before, after string
	ends              bool // with what stands before the reply
}

func (h hungUpEarly) play(nc net.Conn) {
	r := esl.NewReader(nc, esl.Limits{})
	for {
		request, err := r.ReadCommand()
		if err != nil {
			return
		}
		text := "Content-Type: command/reply\nReply-Text: +OK\n\n"
		switch {
		case request.Line == "connect":
			text = "Content-Type: command/reply\nReply-Text: +OK\nUnique-ID: early\nCaller-Destination-Number: 110\n\n"
		case strings.HasPrefix(request.Line, "api "):
			text = "Content-Type: api/response\nContent-Length: 3\n\n+OK"
		case strings.HasPrefix(request.Line, h.at) && h.ends:
			io.WriteString(nc, h.before)
			return
		case strings.HasPrefix(request.Line, h.at):
			text = h.before + text + h.after
		}
		if _, err := io.WriteString(nc, text); err != nil || request.Line == "exit" {
			return
		}
	}
}
