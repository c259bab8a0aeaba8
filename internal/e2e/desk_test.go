package e2e

import (
	"context"
	"fmt"
	"io"
	"maps"
	"net"
	"slices"
	"strings"
	"testing"
	"time"

	"nwayacd/esl"
	desk "nwayacd/internal/phone"
)

// longerThanPark is longer than any park_timeout of a talk. A caller who is still there then was
// not forgotten in a park.
const longerThanPark = 4200 * time.Millisecond

// office is a situation on the real switch in which every person has a SIP phone: callers, agents,
// and people who are no agents.
type office struct {
	*world
	fs   *freeswitch
	far  *freeswitch            // the other switch, in situations that have two
	desk map[string]*desk.Phone // by name
	// onTalk makes phones answer when the switch sends "Event: talk".
	onTalk bool
}

// each runs a situation for each of several kinds, all at the same time.
func each[K any](t *testing.T, kinds map[string]K, situation func(t *testing.T, kind K)) {
	t.Helper()
	t.Parallel()
	for what, kind := range kinds {
		t.Run(what, func(t *testing.T) { situation(t, kind) })
	}
}

// openOffice sets up a situation with registered phones for the agents, all of which answer at
// once.
func openOffice(t *testing.T, f floor) *office {
	t.Helper()
	t.Parallel()
	fs := realSwitch(t)
	f.dialString = or(f.dialString, "user/{ext}")
	o := &office{world: open(t, fs, f), fs: fs, desk: map[string]*desk.Phone{}, onTalk: f.onTalk}
	for _, a := range f.agents {
		o.sitsDown(a.name, o.ext[a.name], "udp")
	}
	for _, a := range f.agents {
		eventually(t, patience, a.name+" is known to be registered", func() bool {
			return o.agent(a.name).Reg == "reged"
		})
	}
	return o
}

// sitsDown gives a person a phone, with a contact for each transport.
func (o *office) sitsDown(name, number string, transports ...string) *desk.Phone {
	o.t.Helper()
	return o.sitsDownAs(name, name, number, transports...)
}

// sitsDownAs is sitsDown for a phone that shows another name.
func (o *office) sitsDownAs(name, shown, number string, transports ...string) *desk.Phone {
	o.t.Helper()
	return o.sitsDownAt(o.fs, name, shown, number, transports...)
}

// sitsDownAt is sitsDownAs for a phone of another switch.
func (o *office) sitsDownAt(fs *freeswitch, name, shown, number string, transports ...string) *desk.Phone {
	o.t.Helper()
	p := desk.New(desk.Options{
		Number: number, Name: shown,
		Server: fmt.Sprintf("%s:%d", fs.IP, fs.SIP), WebSocket: fmt.Sprintf("%s:%d", fs.IP, fs.WebSocket),
		OnTalk: o.onTalk,
	})
	p.Takes(desk.Answers(usual))
	o.t.Cleanup(func() {
		ctx, stop := context.WithTimeout(context.Background(), 5*time.Second)
		defer stop()
		for _, d := range p.Dialogs() {
			d.HangUp(ctx)
		}
		p.Close()
	})
	o.desk[name] = p
	for _, transport := range transports {
		if _, err := p.Register(o.soon(), transport); err != nil {
			o.t.Fatal(err)
		}
	}
	return p
}

// colleague gives a phone to a person who is no agent.
func (o *office) colleague(name string, b desk.Behaviour) {
	o.t.Helper()
	o.extend(name)
	o.sitsDown(name, o.ext[name], "udp").Takes(b)
}

// extend gives an extension to a person who is no agent. Agents have the low numbers.
func (o *office) extend(name string) {
	locked(o.ear, func() any { // it looks whose numbers are of this situation
		for person := 7; o.ext[name] == ""; person-- {
			number := fmt.Sprintf("%d%02d", o.id, person)
			if !slices.Contains(slices.Collect(maps.Values(o.ext)), number) {
				o.ext[name] = number
			}
		}
		return nil
	})
	o.noAgent[name] = true
}

// soon is a context for what must not take long.
func (o *office) soon() context.Context {
	ctx, stop := context.WithTimeout(o.t.Context(), patience)
	o.t.Cleanup(stop)
	return ctx
}

// ok ends the situation if a phone could not do what the test asked for.
func (o *office) ok(err error) {
	o.t.Helper()
	if err != nil {
		o.t.Fatal(err)
	}
}

// here are the headers by which the dialplan finds this situation's server.
func (o *office) here() []desk.Header { return []desk.Header{{Name: "X-acd", Value: o.srv.Socket}} }

// guest is a caller with a SIP phone.
type guest struct {
	*call
	o    *office
	line *desk.Dialog
}

// phones lets a caller dial a number of the inbound context and returns when their channel is
// there.
func (o *office) phones(name, dialled string, more ...desk.Header) *guest {
	o.t.Helper()
	p := o.desk[name]
	if p == nil {
		p = o.sitsDown(name, o.numberOf(name))
	}
	line, err := p.Call(o.soon(), dialled, append(o.here(), more...)...)
	o.ok(err)
	c := &call{w: o.world, name: name, number: p.Number(), dialled: dialled}
	c.sentTo, _, _ = strings.Cut(dialled, "*") // the group, where the number says how its dialplan is
	o.calls = append(o.calls, c)
	eventually(o.t, patience, name+" calls in", func() bool {
		ch := o.ear.find(func(ch *channel) bool { return ch.inbound && ch.number == c.number && ch.dest == dialled })
		if ch != nil {
			c.uuid, c.far = ch.uuid, ch.uuid
		}
		return ch != nil
	})
	return &guest{c, o, line}
}

// phonesAs is phones for a caller whose number comes with a name.
func (o *office) phonesAs(name, shown, dialled string) *guest {
	o.t.Helper()
	o.sitsDownAs(name, shown, o.numberOf(name))
	return o.phones(name, dialled)
}

// in is the latest answered call of a person.
func (o *office) in(name string) *desk.Dialog {
	o.t.Helper()
	d, err := o.desk[name].InCall(o.soon())
	o.ok(err)
	return d
}

// rings lets a person at a desk make a call, and returns when it rings at the other end.
func (o *office) rings(name, dialled string) *desk.Dialog {
	o.t.Helper()
	d, err := o.desk[name].Call(o.soon(), dialled, o.here()...)
	o.ok(err)
	o.ok(d.IsRinging(o.soon()))
	return d
}

// consults lets a person make a call, and returns when it is answered.
func (o *office) consults(name, dialled string) *desk.Dialog {
	o.t.Helper()
	d := o.rings(name, dialled)
	o.ok(d.IsAnswered(o.soon()))
	return d
}

// cti lets another program run a command on the switch.
func (o *office) cti(line string) {
	o.t.Helper()
	if reply := o.ear.api(line); strings.HasPrefix(reply, "-") {
		o.t.Fatalf("%s: %s", line, reply)
	}
}

// bye lets a phone hang up.
func (o *office) bye(d *desk.Dialog) {
	o.t.Helper()
	o.ok(d.HangUp(o.soon()))
}

// ends lets the caller hang up and waits until no channel and no call is left.
func (g *guest) ends() {
	g.o.t.Helper()
	g.o.bye(g.line)
	g.isGone()
	g.o.cleanAfter()
}

// program is another outbound-socket program. It plays to each caller for as long as they stay. It
// returns its address.
func (o *office) program() string {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	o.ok(err)
	ctx, stop := context.WithCancel(context.Background())
	over := make(chan error, 1)
	server := &esl.Server{Handler: func(ctx context.Context, conn net.Conn) {
		fmt.Fprint(conn, "connect\n\nmyevents\n\n"+
			"sendmsg\ncall-command: execute\nexecute-app-name: playback\nexecute-app-arg: silence_stream://-1\n\n")
		context.AfterFunc(ctx, func() { conn.Close() })
		io.Copy(io.Discard, conn)
	}}
	go func() { over <- server.Serve(ctx, ln) }() // ends with its context
	o.t.Cleanup(func() { stop(); <-over })
	return ln.Addr().String()
}
