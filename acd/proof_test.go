package acd

import (
	"cmp"
	"context"
	"net"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"nwayacd/agent"
	"nwayacd/esl"
	"nwayacd/queue"
	"nwayacd/sim"
)

// impostor is a program that connects to the socket port and pretends to be FreeSWITCH with a
// channel. It says +OK to everything, so that the server believes in all that it orders.
type impostor struct {
	c       *centre
	nc      net.Conn
	mu      sync.Mutex
	orders  []string
	lie     func(order string) string // what it answers to a command of api; "" = +OK
	reading sync.WaitGroup
}

// pretends connects for a channel. The headers are what `connect` is answered with, beside the
// uuid, the FreeSWITCH and the route.
func (c *centre) pretends(uuid, core, path string, more ...esl.Header) *impostor {
	c.Helper()
	return c.pretendsAndLies(func(string) string { return "" }, uuid, core, path, more...)
}

// pretendsAndLies is pretends with other answers than +OK.
func (c *centre) pretendsAndLies(lie func(order string) string, uuid, core, path string,
	more ...esl.Header,
) *impostor {
	c.Helper()
	nc, err := c.socket.Load().dial(c.Context())
	if err != nil {
		c.Fatal(err)
	}
	i := &impostor{c: c, nc: nc, lie: lie}
	channel := append([]esl.Header{
		{Name: "Event-Name", Value: "CHANNEL_DATA"},
		{Name: "Unique-ID", Value: uuid},
		{Name: "Core-UUID", Value: core},
		{Name: "variable_socket_path", Value: path},
		{Name: "Caller-Destination-Number", Value: "110"},
		{Name: "Answer-State", Value: "answered"},
		{Name: "Caller-Dialplan", Value: "XML"},
		{Name: "Caller-Context", Value: "default"},
	}, more...)
	i.reading.Go(func() { // ends with the connection
		in := esl.NewReader(nc, esl.Limits{})
		for {
			request, err := in.ReadCommand()
			if err != nil {
				return
			}
			i.mu.Lock()
			i.orders = append(i.orders, request.Line+" Job-UUID: "+request.Get("Job-UUID"))
			i.mu.Unlock()
			i.answer(request.Line, channel)
		}
	})
	return i
}

func (i *impostor) answer(line string, channel []esl.Header) {
	switch {
	case line == "connect":
		reply := append([]esl.Header{
			{Name: "Content-Type", Value: esl.ContentReply},
			{Name: "Reply-Text", Value: "+OK"},
		}, channel...)
		i.nc.Write(esl.AppendFrame(nil, "", reply...))
	case strings.HasPrefix(line, "api "):
		body := cmp.Or(i.lie(line), "+OK") + "\n"
		i.nc.Write(esl.AppendFrame(nil, body, esl.Header{Name: "Content-Type", Value: esl.ContentAPI}))
	default:
		i.nc.Write(esl.AppendFrame(nil, "", esl.Header{Name: "Content-Type", Value: esl.ContentReply},
			esl.Header{Name: "Reply-Text", Value: "+OK"}))
	}
}

// says sends an event.
func (i *impostor) says(name string, headers ...esl.Header) {
	i.reports(name, "", headers...)
}

// reports sends an event with a body.
func (i *impostor) reports(name, text string, headers ...esl.Header) {
	if text != "" {
		headers = append(headers, esl.Header{Name: "Content-Length", Value: strconv.Itoa(len(text))})
	}
	var body strings.Builder
	for _, h := range append([]esl.Header{{Name: "Event-Name", Value: name}}, headers...) {
		body.WriteString(h.Name + ": " + h.Value + "\n")
	}
	body.WriteString("\n" + text)
	i.nc.Write(esl.AppendFrame(nil, body.String(), esl.Header{Name: "Content-Type", Value: esl.ContentEvent}))
}

// closes ends the connection.
func (i *impostor) closes() {
	i.nc.Close()
	i.reading.Wait()
}

// order returns the last command that contains a text, "" if there was none.
func (i *impostor) order(text string) string {
	i.mu.Lock()
	defer i.mu.Unlock()
	for n := len(i.orders) - 1; n >= 0; n-- {
		if strings.Contains(i.orders[n], text) {
			return i.orders[n]
		}
	}
	return ""
}

// core is the Core-UUID of the simulated FreeSWITCH, which everybody on its network can learn.
func (c *centre) core() string {
	uuid, err := c.cti.conn.API(c.Context(), "global_getvar core_uuid")
	if err != nil {
		c.Fatal(err)
	}
	return uuid
}

// silent is a centre without a welcome, because an impostor plays none to its end.
func silent(moment string) shift {
	s := ordinary("1000")
	s.settings.Prompts.Welcome = ""
	if moment == "on the blacklist" {
		s.settings.Prompts.Blacklist = "refused.wav"
		s.snapshot.Blacklist = []queue.Blacklisted{{Number: "139", Group: "110"}}
	}
	return s
}

// bystander is a call of the same FreeSWITCH that has nothing to do with the server.
func (c *centre) bystander() *sim.Call {
	return c.sw.Call(sim.CallOptions{
		UUID: "bystander", Number: "150", Dialled: "ivr",
		Dialplan: sim.Plan("answer", "park"),
	})
}

// wantBystanderUntouched checks that nothing was done to the bystander's channel.
func (c *centre) wantBystanderUntouched(call *sim.Call) {
	c.Helper()
	if there := c.api("uuid_exists bystander"); there != "true" {
		c.Errorf("the bystander was hung up: %s", call.Cause())
	}
	if actions := call.Actions(); actions[len(actions)-1] != "park" {
		c.Errorf("the bystander was moved: %q", actions)
	}
	for line := range strings.Lines(c.api("uuid_dump bystander plain")) {
		for _, name := range []string{"nway", "socket_resume", "park_", "execute_on_"} {
			if strings.HasPrefix(line, "variable_"+name) {
				c.Errorf("the bystander has %s", line)
			}
		}
	}
}

// An impostor claims the channel of a bystander, goes through a part of a call, and leaves.
// The link knows the bystander's channel, and nothing is done to it.
func TestAnImpostorCannotReachABystander(t *testing.T) {
	for _, place := range []string{"the linked FreeSWITCH", "an unknown FreeSWITCH"} {
		for moment, play := range map[string]func(c *centre, i *impostor){
			"at once":          func(*centre, *impostor) {},
			"on the blacklist": func(*centre, *impostor) {},
			"while waiting":    func(c *centre, _ *impostor) { c.after(3 * time.Second) },
			"hung up":          func(c *centre, i *impostor) { c.after(3 * time.Second); i.hangsUp("bystander") },
			"while it rings":   func(c *centre, i *impostor) { i.rings() },
			"after an answer":  func(c *centre, i *impostor) { i.talks("bystander") },
			"the agent's leg is bridged with the bystander": func(c *centre, i *impostor) {
				leg := i.talks("impostor-2")
				i.says("CHANNEL_BRIDGE", esl.Header{Name: "Unique-ID", Value: leg},
					esl.Header{Name: "Other-Leg-Unique-ID", Value: "bystander"},
					esl.Header{Name: "Other-Leg-Direction", Value: "inbound"})
				i.hangsUp("bystander")
			},
		} {
			t.Run(place+"/"+moment, func(t *testing.T) {
				open(t, silent(moment), func(c *centre) {
					call, core := c.bystander(), c.core()
					if place == "an unknown FreeSWITCH" {
						core = "00000000-0000-0000-0000-000000000000"
					}
					c.after(time.Second)
					i := c.pretends("bystander", core, "nwayacd/110",
						esl.Header{Name: "Caller-Caller-ID-Number", Value: "139"})
					c.after(100 * time.Millisecond)
					play(c, i)
					i.closes()
					c.after(time.Minute)
					c.wantBystanderUntouched(call)
					call.Hangup()
				})
			})
		}
	}
}

func (i *impostor) hangsUp(uuid string) {
	i.says("CHANNEL_HANGUP", esl.Header{Name: "Unique-ID", Value: uuid},
		esl.Header{Name: "Hangup-Cause", Value: "NORMAL_CLEARING"})
	i.c.after(time.Second)
}

// rings waits for the call of an agent, and returns the uuid of the leg.
func (i *impostor) rings() (leg string) {
	i.c.after(3 * time.Second)
	_, rest, _ := strings.Cut(i.order("originate"), "origination_uuid=")
	leg, _, _ = strings.Cut(strings.NewReplacer("}", ",", "]", ",").Replace(rest), ",")
	return strings.Trim(leg, "'")
}

// talks answers for the agent, and lets the leg be bridged.
func (i *impostor) talks(uuid string) (leg string) {
	leg = i.rings()
	_, job, _ := strings.Cut(i.order("originate"), "Job-UUID: ")
	i.says("CHANNEL_ANSWER", esl.Header{Name: "Unique-ID", Value: leg})
	i.reports("BACKGROUND_JOB", "+OK "+leg+"\n", esl.Header{Name: "Job-UUID", Value: job})
	i.c.after(time.Second)
	i.says("CHANNEL_BRIDGE", esl.Header{Name: "Unique-ID", Value: uuid},
		esl.Header{Name: "Other-Leg-Unique-ID", Value: leg})
	i.c.after(time.Second)
	return leg
}

// The first impostor names an unknown FreeSWITCH and vouches for the second one.
func TestAnImpostorCannotVouchForAnother(t *testing.T) {
	s := silent("on the blacklist")
	open(t, s, func(c *centre) {
		call := c.bystander()
		c.after(time.Second)
		var key atomic.Pointer[string] // of the connection that was made last
		lie := func(order string) string {
			if _, value, set := strings.Cut(order, keyVariable+" "); set {
				key.Store(&value)
			} else if strings.HasSuffix(order, keyVariable) {
				return *key.Load()
			}
			return ""
		}
		first := c.pretendsAndLies(lie, "bystander", "elsewhere", "nwayacd/110")
		c.settle()
		second := c.pretendsAndLies(lie, "bystander", "elsewhere", "nwayacd/110",
			esl.Header{Name: "Caller-Caller-ID-Number", Value: "139"})
		c.after(100 * time.Millisecond)
		second.closes()
		first.closes()
		c.after(time.Minute)
		c.wantBystanderUntouched(call)
		call.Hangup()
	})
}

// An impostor claims the channel of a caller who waits, or whose connection is lost.
func TestAnImpostorCannotTakeAPlace(t *testing.T) {
	for _, place := range []string{"the linked FreeSWITCH", "an unknown FreeSWITCH"} {
		for _, lost := range []bool{false, true} {
			t.Run(place+map[bool]string{true: ", its connection lost"}[lost], func(t *testing.T) {
				open(t, ordinary("1000"), func(c *centre) {
					core := c.core()
					if place == "an unknown FreeSWITCH" {
						core = "00000000-0000-0000-0000-000000000000"
					}
					if err := c.server.Dispatcher.Busy(c.Context(), "1000"); err != nil {
						t.Fatal(err)
					}
					call := c.caller("139")
					c.after(5 * time.Second)
					if lost {
						c.breakConnection("call-139")
					}
					i := c.pretends("call-139", core, "nwayacd/110")
					c.after(time.Second)
					i.hangsUp("call-139")
					i.closes()
					c.after(5 * time.Second)
					if err := c.server.Dispatcher.Ready(c.Context(), "1000"); err != nil {
						t.Fatal(err)
					}
					c.after(5 * time.Second)
					c.wantState("1000", agent.Talking)
					c.wantTalk("1000", "call-139")
					call.Hangup()
					c.after(time.Second)
					if cdrs := c.journal.cdrs(); len(cdrs) != 1 {
						t.Errorf("%d CDRs, want that of the caller: %+v", len(cdrs), cdrs)
					}
				})
			})
		}
	}
}

// An impostor with a channel of its own tells of other channels.
func TestAnImpostorCannotEndAnotherCall(t *testing.T) {
	open(t, silent(""), func(c *centre) {
		call := c.caller("139")
		c.after(4 * time.Second)
		c.wantTalk("1000", "call-139")
		i := c.pretends("impostor", c.core(), "nwayacd/110")
		c.after(time.Second)
		i.hangsUp("call-139")
		i.says("CHANNEL_HANGUP", esl.Header{Name: "Unique-ID", Value: call.Bridged()},
			esl.Header{Name: "Hangup-Cause", Value: "NORMAL_CLEARING"})
		i.says("CHANNEL_BRIDGE", esl.Header{Name: "Unique-ID", Value: "call-139"},
			esl.Header{Name: "Other-Leg-Unique-ID", Value: "impostor"})
		c.after(time.Second)
		c.wantTalk("1000", "call-139")
		i.closes()
		call.Hangup()
		c.after(time.Second)
	})
}

// A place that a server gave back counts as the link reports it.
func TestAnImpostorCannotJumpTheLine(t *testing.T) {
	open(t, silent(""), func(c *centre) {
		if err := c.server.Dispatcher.Busy(c.Context(), "1000"); err != nil {
			t.Fatal(err)
		}
		first := c.caller("139")
		c.after(time.Minute)
		i := c.pretends("impostor", c.core(), "nwayacd/110",
			esl.Header{Name: "variable_" + placeVariable, Value: placeOf("110", time.Now().Add(-time.Hour))})
		c.after(2 * time.Second)
		if err := c.server.Dispatcher.Ready(c.Context(), "1000"); err != nil {
			t.Fatal(err)
		}
		c.after(3 * time.Second)
		c.wantTalk("1000", "call-139")
		i.closes()
		first.Hangup()
		c.after(time.Second)
	})
}

func TestACommandNeedsItsChannel(t *testing.T) {
	for name, test := range map[string]struct {
		comes func(c *centre, path string) (reply func() string)
		path  string
		any   bool
		want  string
	}{
		"its own extension": {path: "cmd/nway_busy/1000", comes: loggedIn("1000"), want: "+OK"},
		"another one": {
			path: "cmd/nway_busy/1001", comes: loggedIn("1000"),
			want: "-ERR user 1000 may not run it",
		},
		"any, if the dialplan decides": {
			path: "cmd/nway_busy/1001", any: true, comes: loggedIn("1000"), want: "+OK",
		},
		"a channel that has not logged in": {
			path: "cmd/nway_busy/1000", comes: loggedIn(""),
			want: "-ERR the channel has no user_name",
		},
		"a command that is not in the list": {
			path: "cmd/nway_rm_ext/1000", comes: loggedIn("1000"),
			want: "-ERR \"nway_rm_ext\" is not among",
		},
		"an impostor": {
			path: "cmd/nway_busy/1000", want: "-ERR this connection is not that of its channel",
			comes: func(c *centre, path string) func() string {
				i := c.pretends("bystander", c.core(), path, esl.Header{Name: "variable_user_name", Value: "1000"})
				return func() string {
					_, reply, _ := strings.Cut(i.order(replyVariable), replyVariable+"=")
					i.closes()
					return reply
				}
			},
		},
		"an impostor of an unknown FreeSWITCH": {
			path: "cmd/nway_busy/1000", any: true, want: "-ERR no link",
			comes: func(c *centre, path string) func() string {
				i := c.pretends("bystander", "elsewhere", path, esl.Header{Name: "variable_user_name", Value: "1000"})
				return func() string {
					_, reply, _ := strings.Cut(i.order(replyVariable), replyVariable+"=")
					i.closes()
					return reply
				}
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := ordinary("1000")
			s.settings.Commands, s.settings.AnyExtension = []string{"nway_busy"}, test.any
			open(t, s, func(c *centre) {
				ran := ""
				c.server.options.Command = func(_ context.Context, line string) string {
					ran = line
					return "+OK"
				}
				call := c.bystander()
				reply := test.comes(c, test.path)
				c.after(2 * time.Second)
				got := reply()
				if !strings.HasPrefix(got, test.want) || (ran != "") != (test.want == "+OK") {
					t.Errorf("the reply was %q, ran %q; want %s", got, ran, test.want)
				}
				call.Hangup()
				c.after(time.Second)
			})
		})
	}
}

// loggedIn is a telephone that dials a feature code.
func loggedIn(user string) func(c *centre, path string) (reply func() string) {
	return func(c *centre, path string) func() string {
		call := c.asks("code", "1000", user, path)
		return func() string {
			defer call.Hangup()
			return call.Var(replyVariable)
		}
	}
}

// An impostor claims the channel of a caller whom a program has parked, and whose connection is
// held open. Its end would take the caller out of the park.
func TestAnImpostorCannotEndAHeldConnection(t *testing.T) {
	for name, play := range map[string]func(i *impostor){
		"waits":   func(*impostor) {},
		"hung up": func(i *impostor) { i.hangsUp("call") },
		"bridged": func(i *impostor) {
			i.says("CHANNEL_BRIDGE", esl.Header{Name: "Unique-ID", Value: "call"},
				esl.Header{Name: "Other-Leg-Unique-ID", Value: "other"})
		},
		"handed back": func(i *impostor) { i.c.server.Drain() },
	} {
		t.Run(name, func(t *testing.T) {
			twoLines(t, func(c *centre) {
				c.server.Dispatcher.Busy(c.Context(), "1000")
				call := c.dialsInto("110")
				c.untilWaiting("call")
				c.api("uuid_transfer call park inline")
				c.settle()
				i := c.pretends("call", c.core(), "nwayacd/110")
				c.settle()
				play(i)
				c.after(3 * time.Second)
				if cause, where := call.Cause(), last(call.Actions()); cause != "" || where != "park" {
					t.Errorf("the caller is not in the park any more: %q, %q", cause, call.Actions())
				}
				if !c.server.channels.isHeld("call") {
					t.Error("the connection is not held open any more")
				}
				i.closes()
				call.Hangup()
				c.settleAll()
			})
		})
	}
}

// An impostor claims the channel of an agent's leg, and tells of its end.
func TestAnImpostorCannotEndAnAgentsLeg(t *testing.T) {
	open(t, silent(""), func(c *centre) {
		call := c.caller("139")
		c.untilTalking("call-139")
		c.settle()
		leg := call.Bridged()
		i := c.pretends(leg, c.core(), "nwayacd/110")
		c.settle()
		i.says("CHANNEL_HANGUP", esl.Header{Name: "Unique-ID", Value: leg},
			esl.Header{Name: "variable_sip_term_status", Value: "200"})
		c.settle()
		c.wantTalk("1000", "call-139")
		i.closes()
		call.Hangup()
		c.settleAll()
	})
}
