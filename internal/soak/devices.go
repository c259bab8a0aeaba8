package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"time"

	desk "nwayacd/internal/phone"
)

// What people do with their telephones beside transfers.

// holds lets one phone of a talk, or both, hold it for a while. During that no other deed ends the
// talk, and the two hear each other again afterwards.
func (b *office) holds(ctx context.Context, chance *rand.Rand) {
	t, done, ok := b.findTalk(chance, b.seats)
	if !ok {
		return
	}
	defer done()
	kind := chance.IntN(3)
	lines := [][]*desk.Dialog{{t.line}, {t.g.line}, {t.line, t.g.line}}[kind]
	name := "hold by " + []string{"the agent's phone", "the caller's phone", "both phones"}[kind]
	limited, stop := context.WithTimeout(context.WithoutCancel(ctx), 2*patience)
	defer stop()
	t.g.story.add("%s", name)
	held := true
	for _, d := range lines {
		held = d.Hold(limited) == nil && held
	}
	b.figures.did(name, held)
	lingers(ctx, time.Duration(200+chance.IntN(6000))*time.Millisecond)
	back := true
	for _, d := range lines {
		back = d.Unhold(limited) == nil && back
	}
	t.g.story.add("unhold: %t", back)
	if held && back {
		b.hearAgain(limited, t)
	}
}

// hearLimit is how long it may take until two phones hear each other after a hold.
const hearLimit = 6 * time.Second

// hearAgain judges a talk after a hold, unless a phone hangs up.
func (b *office) hearAgain(ctx context.Context, t officeTalk) {
	limited, stop := context.WithTimeout(ctx, hearLimit)
	defer stop()
	over := func(v desk.View) bool { return v.State == desk.Over }
	t.g.line.Wait(limited, func(v desk.View) bool { return over(v) || v.Hears == t.w.number })
	t.line.Wait(limited, func(v desk.View) bool { return over(v) || v.Hears == t.g.number })
	mine, theirs := t.line.View(), t.g.line.View()
	switch {
	case over(mine), over(theirs):
	case mine.Hears == t.g.number && theirs.Hears == t.w.number:
		b.figures.did("talk goes on after a hold", true)
	default:
		b.tells("hold without end", fmt.Sprintf("%s hears %q and %s hears %q",
			t.w.number, mine.Hears, t.g.number, theirs.Hears), t.g)
	}
}

// changesDevice lets a person register or unregister a second telephone, or register one anew.
func (b *office) changesDevice(ctx context.Context, chance *rand.Rand) {
	w := b.seats[chance.IntN(len(b.seats))]
	limited, stop := context.WithTimeout(context.WithoutCancel(ctx), patience)
	defer stop()
	w.mu.Lock()
	beside := w.second
	w.second = nil
	w.mu.Unlock()
	switch kind := chance.IntN(4); {
	case kind == 0:
		b.figures.did("re-registration", w.registers(limited, w.main) == nil)
	case kind == 1:
		err := w.unregisters(limited, w.main)
		lingers(ctx, time.Duration(chance.IntN(3000))*time.Millisecond)
		name := either(beside == nil, "phone unregistered and back", "first telephone unregistered beside the second")
		b.figures.did(name, err == nil)
		if w.registers(limited, w.main) != nil {
			b.figures.did("re-registration", false)
		}
	case beside == nil:
		var err error
		beside, err = w.registersNew(limited, []string{"udp", "tcp"}[chance.IntN(2)])
		b.figures.did("second telephone", err == nil)
	default:
		b.figures.did("second telephone unregistered", w.unregisters(limited, beside) == nil)
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.second == nil {
		w.second = beside
	}
}

// testsAgents sends a caller to each agent whose person left them ready.
func (b *office) testsAgents(ctx context.Context) {
	for _, w := range b.seats {
		if w.works() {
			b.testsAgent(ctx, w)
		}
	}
}

func (b *office) testsAgent(ctx context.Context, w *seat) {
	g := b.comes(ctx, testGroup, 2*testLimit)
	if g == nil {
		return
	}
	said := ""
	over := b.within(testLimit, func() bool {
		if uuid := b.uuidOf(ctx, g.number); uuid != "" && !strings.HasPrefix(said, "+OK") {
			var err error
			said, err = b.console(uuid).do(ctx, "nwayacd_transfer "+uuid+" "+w.number)
			g.story.add("transfer to %s: %s %v", w.number, said, err)
		}
		return b.metWith(g) == w.number || g.line.View().State == desk.Over
	})
	if !over || b.metWith(g) != w.number {
		b.tells("stuck agent", fmt.Sprintf("a test call to %s was not answered: %s", w.number, said), g)
	}
	b.leaves(g, "has talked enough")
}

// metWith is the number of the phone that the guest heard last.
func (b *office) metWith(g *guest) string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return g.with
}

// uuidOf is nwayacd's uuid of that caller's call, or "" if there is none.
func (b *office) uuidOf(ctx context.Context, number string) string {
	var calls []listedCall
	if b.list(ctx, "nway_list_calls", &calls) != nil {
		return ""
	}
	for _, c := range calls {
		if c.Caller == number {
			return c.UUID
		}
	}
	return ""
}
