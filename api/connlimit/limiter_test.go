package connlimit

import (
	"net"
	"net/netip"
	"slices"
	"strconv"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rs/zerolog"
)

// from returns a client at that address.
func from(ip string) net.Addr { return &net.TCPAddr{IP: net.ParseIP(ip), Port: 1} }

func TestAConfirmedConnectionStaysAndAnotherMakesRoom(t *testing.T) {
	l := New(Bounds{Total: 4, PerSource: 2}, zerolog.Nop())
	out := map[string]bool{}
	admit := func(name, ip string) *Conn {
		c := l.Admit(from(ip), func() { out[name] = true })
		if c.IsShort() {
			out[name] = true
			c.Release()
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
	c := l.Admit(from("2001:db8::1"), func() {})
	c.Confirm()
	second := l.Admit(from("2001:db8::2"), func() {})
	defer second.Release()
	if !second.IsShort() {
		t.Error("a second address of the same network was admitted")
	}
	if l.Admit(from("2001:db8:0:1::1"), func() {}).IsShort() {
		t.Error("another network was refused")
	}
}

func inReserve(l *Limiter) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.shorts)
}

func TestTheReserveServesAShortWhileAndMakesRoomInOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := New(Bounds{Total: 100, PerSource: 1}, zerolog.Nop())
		l.Admit(from("10.0.0.1"), func() { t.Error("a confirmed one was evicted") }).Confirm()
		var mu sync.Mutex
		var out []int
		for n := range reservePerSource + 2 {
			c := l.Admit(from("10.0.0.1"), func() {
				mu.Lock()
				defer mu.Unlock()
				out = append(out, n)
			})
			c.Confirm()
			if !c.IsShort() {
				t.Fatalf("%d is not short", n)
			}
		}
		if !slices.Equal(out, []int{0, 1}) {
			t.Errorf("evicted: %v", out)
		}
		time.Sleep(shortLife)
		synctest.Wait()
		mu.Lock()
		defer mu.Unlock()
		if len(out) != reservePerSource+2 || inReserve(l) != 0 {
			t.Errorf("after their time: %v, %d are counted", out, inReserve(l))
		}
		for n := range 2 * reserve {
			l.Admit(from("10.0.0.1"), func() {}).Confirm()
			ip := "10.0.1." + strconv.Itoa(n)
			l.Admit(from(ip), func() {}).Confirm()
			l.Admit(from(ip), func() {})
		}
		if inReserve(l) > reserve {
			t.Errorf("%d are in the reserve", inReserve(l))
		}
		time.Sleep(shortLife)
	})
}

func TestAnAddressOfManyClientsHasNoBoundOfItsOwn(t *testing.T) {
	proxy := netip.MustParseAddr("2001:db8::9") // others of its network of 64 bits are no proxies
	l := New(Bounds{Total: 5, PerSource: 1, Shared: func(a netip.Addr) bool { return a == proxy }}, zerolog.Nop())
	admit := func(ip string) *Conn {
		c := l.Admit(from(ip), func() { t.Errorf("a connection of %s was closed", ip) })
		c.Confirm()
		return c
	}
	for range 3 {
		if admit("2001:db8::9").IsShort() {
			t.Error("the proxy is bounded like one client")
		}
	}
	admit("10.0.0.1")
	if second := admit("10.0.0.1"); !second.IsShort() {
		t.Error("a client that is no proxy is not bounded")
	} else {
		second.Release()
	}
	if beyond := admit("2001:db8::9"); beyond.IsShort() {
		t.Error("the port is not full yet")
	}
	if beyond := admit("2001:db8::9"); !beyond.IsShort() {
		t.Error("the proxy is not bounded at all")
	} else {
		beyond.Release()
	}
}
