package e2e

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	desk "nwayacd/internal/phone"
)

// sipExchange is all phones and numbers that a switch calls at one fixed address, and the callers
// who only call. The number decides what is done with its calls.
type sipExchange struct {
	all    *desk.Phone
	device *desk.Contact

	mu      sync.Mutex
	phones  map[string]phone // by number
	callers []*desk.Phone
}

func newSIPExchange() (*sipExchange, error) {
	x := &sipExchange{phones: map[string]phone{}}
	x.all = desk.New(desk.Options{Number: "exchange"})
	x.all.Decides(x.takes)
	var err error
	x.device, err = x.all.Open(context.Background(), "udp")
	return x, err
}

func (x *sipExchange) close() {
	x.all.Close()
	x.mu.Lock()
	defer x.mu.Unlock()
	for _, caller := range x.callers {
		caller.Close()
	}
	x.callers = nil
}

func (x *sipExchange) port() int { return x.device.Port() }

// set sets how the phone with that number takes its next calls.
func (x *sipExchange) set(number string, p phone) {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.phones[number] = p
}

// takes is how a number takes a call.
func (x *sipExchange) takes(v desk.View) desk.Behaviour {
	x.mu.Lock()
	defer x.mu.Unlock()
	p, known := x.phones[v.Dialled]
	switch {
	case !known || p.do == absent:
		return desk.Refuses(480, 0)
	case p.do == misses:
		return desk.RingsForever()
	case p.do == refuses && p.cause == "CALL_REJECTED":
		return desk.Refuses(603, p.after)
	case p.do == refuses:
		return desk.Refuses(486, p.after)
	case p.talk > 0:
		return desk.AnswersFor(p.after, p.talk)
	default:
		return desk.Answers(p.after)
	}
}

// call is the latest call to the number, or nil if there was none.
func (x *sipExchange) call(number string) (latest *desk.Dialog) {
	for _, d := range x.all.Dialogs() {
		if d.View().Dialled == number {
			latest = d
		}
	}
	return latest
}

// hangsUp lets the phone with that number end its call.
func (x *sipExchange) hangsUp(t testing.TB, number string) {
	t.Helper()
	d := x.call(number)
	if d == nil {
		return
	}
	ctx, stop := context.WithTimeout(t.Context(), 10*time.Second)
	defer stop()
	if err := d.HangUp(ctx); err != nil {
		t.Error(err)
	}
}

// dial makes a call from a phone to a number on a switch. from is the user of its address, escaped
// as a URI requires.
func (x *sipExchange) dial(t testing.TB, from, to string, sw *freeswitch, headers ...desk.Header) {
	t.Helper()
	caller := desk.New(desk.Options{Number: from, Server: fmt.Sprintf("%s:%d", sw.IP, sw.SIP)})
	x.mu.Lock()
	x.callers = append(x.callers, caller)
	x.mu.Unlock()
	ctx, stop := context.WithTimeout(t.Context(), 10*time.Second)
	defer stop()
	if _, err := caller.Call(ctx, to, headers...); err != nil {
		t.Fatal(err)
	}
}

// busyPhone is registered, and refuses every call as busy.
type busyPhone struct {
	t      testing.TB
	device *desk.Contact
}

func newBusyPhone(t testing.TB, ext string, sw *freeswitch) busyPhone {
	t.Helper()
	p := desk.New(desk.Options{Number: ext, Server: fmt.Sprintf("%s:%d", sw.IP, sw.SIP)})
	t.Cleanup(p.Close)
	p.Takes(desk.Refuses(486, 0))
	ctx, stop := context.WithTimeout(t.Context(), 10*time.Second)
	defer stop()
	device, err := p.Register(ctx, "udp")
	if err != nil {
		t.Fatal(err)
	}
	return busyPhone{t, device}
}

func (p busyPhone) unregister() {
	p.t.Helper()
	ctx, stop := context.WithTimeout(p.t.Context(), 10*time.Second)
	defer stop()
	if err := p.device.Unregister(ctx); err != nil {
		p.t.Fatal(err)
	}
}
