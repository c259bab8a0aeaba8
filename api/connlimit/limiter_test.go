package connlimit

import (
	"net"
	"testing"

	"github.com/rs/zerolog"
)

// from returns a client at that address.
func from(ip string) net.Addr { return &net.TCPAddr{IP: net.ParseIP(ip), Port: 1} }

func TestAConfirmedConnectionStaysAndAnotherMakesRoom(t *testing.T) {
	l := New(Bounds{Total: 4, PerSource: 2}, zerolog.Nop())
	out := map[string]bool{}
	admit := func(name, ip string) *Conn {
		c, admitted := l.Admit(from(ip), func() { out[name] = true })
		if !admitted {
			out[name] = true
		}
		return c
	}
	expect := func(step string, gone ...string) {
		t.Helper()
		for _, name := range gone {
			if !out[name] {
				t.Errorf("%s: %s is still connected", step, name)
			}
			delete(out, name)
		}
		for name := range out {
			t.Errorf("%s: %s was closed", step, name)
		}
		clear(out)
	}
	a1 := admit("a1", "10.0.0.1")
	a1.Confirm()
	a2 := admit("a2", "10.0.0.1")
	admit("b1", "10.0.0.2")
	expect("there is room for all")
	admit("a3", "10.0.0.1")
	expect("a third of one source", "a2")
	a2.Release() // a second call counts once
	a4 := admit("a4", "10.0.0.1")
	expect("a fourth of one source", "a3")
	a4.Confirm()
	admit("a5", "10.0.0.1")
	expect("a source whose connections are all confirmed", "a5")
	b2 := admit("b2", "10.0.0.2")
	b2.Confirm()
	expect("the fourth of all")
	c1 := admit("c1", "10.0.0.3")
	expect("the fifth of all", "b1")
	c1.Confirm()
	admit("c2", "10.0.0.3")
	expect("all are confirmed", "c2")
	a1.Unconfirm()
	admit("c3", "10.0.0.3")
	expect("one of them is between two requests", "a1")
	for _, c := range []*Conn{a4, b2, c1} {
		c.Release()
	}
	if len(l.conns) != 1 || len(l.sources) != 1 {
		t.Errorf("of one connection, %d are counted, from %d sources", len(l.conns), len(l.sources))
	}
}

func TestAnIPv6NetworkIsOneSource(t *testing.T) {
	l := New(Bounds{Total: 10, PerSource: 1}, zerolog.Nop())
	c, _ := l.Admit(from("2001:db8::1"), func() {})
	c.Confirm()
	if _, admitted := l.Admit(from("2001:db8::2"), func() {}); admitted {
		t.Error("a second address of the same network was admitted")
	}
	if _, admitted := l.Admit(from("2001:db8:0:1::1"), func() {}); !admitted {
		t.Error("another network was refused")
	}
}
