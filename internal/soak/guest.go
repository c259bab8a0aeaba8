package main

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	desk "nwayacd/internal/phone"
)

// guest is a caller with a SIP phone, for one call.
type guest struct {
	number, dialled string
	phone           *desk.Phone
	line            *desk.Dialog
	story           story
	patience        time.Duration // without a talk
	leaving         sync.Mutex    // held while the phone hangs up

	// Only the goroutine that follows the guest uses these.
	talk *officeTalk // the last talk, as long as its end is not known
	told bool        // of dead air

	// office.mu guards what follows
	talked  bool
	with    string    // number of the phone that is heard, or was heard last
	heard   time.Time // when it was
	aim     string    // the place to which the soak sent them last
	busy    bool      // a deed is about them
	touched []span    // when one was
	over    time.Time
}

const joined = ","

func join(words []string) string { return strings.Join(words, joined) }

// welcomes lets callers in at random.
func (b *office) welcomes(ctx context.Context) {
	chance := b.chance("guests")
	for {
		lingers(ctx, time.Duration(chance.ExpFloat64()*float64(time.Second)/b.opt.Rate))
		if ctx.Err() != nil {
			return
		}
		to := groups[chance.IntN(len(groups))]
		if chance.IntN(8) == 0 {
			to = colleague(chance.IntN(colleagues))
		}
		b.comes(ctx, to, 4*time.Second+time.Duration(chance.IntN(30))*time.Second)
	}
}

// comes lets one caller call in, and follows the call.
func (b *office) comes(ctx context.Context, to string, patience time.Duration) *guest {
	g := &guest{number: fmt.Sprintf("139%08d", b.serial.Add(1)), dialled: to, aim: to, patience: patience}
	g.phone = desk.New(b.phoneOptions(g.number))
	line, err := g.phone.Call(context.WithoutCancel(ctx), to)
	if err != nil {
		b.violate("harness", err.Error(), nil)
		g.phone.Close()
		return nil
	}
	g.line = line
	g.story.add("%s calls %s", g.number, to)
	b.mu.Lock()
	b.guests = append(b.guests, g)
	b.mu.Unlock()
	b.calling.Go(func() { // ends with the call, which its patience or its longest life ends
		b.follows(g)
		g.leaving.Lock()
		defer g.leaving.Unlock()
		g.phone.Close()
	})
	return g
}

// Bounds of what a caller hears.
const (
	silentBound = 5 * time.Second // no voice, no prompt and no music, while nothing is broken
	longestCall = 90 * time.Second
	partingLag  = 4 * time.Second // from the end of one phone's dialog to that of the other
	wayInLag    = 6 * time.Second // the same if no server can be reached meanwhile: the pauses of the way in are 5 s
)

// follows looks at what the caller hears until the call is over, and judges its end.
func (b *office) follows(g *guest) {
	began, alone := time.Now(), time.Now()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for v := g.line.View(); v.State != desk.Over; v = g.line.View() {
		b.notes(g, v)
		b.looksForCut(g)
		if v.Hears != "" {
			alone = time.Now()
		}
		silent := v.State == desk.Answered && time.Since(v.HeardAt) > silentBound && time.Since(began) > silentBound &&
			!v.Held
		if silent && !g.told && b.breaker.calm() > calmAfter && !b.isBusy(g) {
			g.told = true
			b.tells("dead air", g.number+" hears no voice, no prompt and no music", g)
		}
		if time.Since(alone) > g.patience || time.Since(began) > longestCall {
			b.leaves(g, "loses heart")
		}
		<-tick.C
	}
	b.judges(g)
}

// leaves lets the guest's phone hang up.
func (b *office) leaves(g *guest, why string) {
	g.leaving.Lock()
	defer g.leaving.Unlock()
	g.story.add("%s", why)
	if err := hangsUp(g.line); err != nil {
		g.story.add("hangs up: %v", err)
	}
}

// touches records that a deed concerns the guest. The function that it returns records the end of
// the deed.
func (b *office) touches(g *guest) (over func()) {
	b.mu.Lock()
	defer b.mu.Unlock()
	n := len(g.touched)
	g.touched = append(g.touched, span{time.Now(), time.Now().Add(time.Hour)})
	return func() {
		b.mu.Lock()
		defer b.mu.Unlock()
		g.touched[n].to = time.Now().Add(touchLag)
	}
}

// touchLag is for how long a deed may have consequences.
const touchLag = 6 * time.Second

// notes records what is heard.
func (b *office) notes(g *guest, v desk.View) {
	if v.Hears == "" {
		return
	}
	if t := g.talk; t == nil || t.w.number != v.Hears || t.line.View().State == desk.Over {
		if t != nil {
			b.judgesCut(g, t)
		}
		g.talk = b.talkWith(g, v.Hears)
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if g.with != v.Hears || time.Since(g.heard) > time.Second {
		g.story.add("hears %s", v.Hears)
	}
	g.with, g.heard, g.talked = v.Hears, time.Now(), true
}

// talkWith is the guest's talk with the phone of that number, or nil if that phone does not hear
// them.
func (b *office) talkWith(g *guest, number string) *officeTalk {
	for _, w := range append(b.seats[:len(b.seats):len(b.seats)], b.others...) {
		if w.number != number {
			continue
		}
		for _, d := range slices.Backward(w.phone.Dialogs()) {
			if v := d.View(); v.State == desk.Answered && v.Hears == g.number {
				return &officeTalk{g, w, d}
			}
		}
	}
	return nil
}

// looksForCut looks for a talk that is over although the guest is still there. The guest's phone
// should have got a BYE by then.
func (b *office) looksForCut(g *guest) {
	if t := g.talk; t != nil {
		if v := t.line.View(); v.State == desk.Over && time.Since(v.Ended) > partingLag {
			g.talk = nil
			b.judgesCut(g, t)
		}
	}
}

// judgesCut judges the end of a talk. The guest is still there, so they did not hang up.
func (b *office) judgesCut(g *guest, t *officeTalk) {
	v := t.line.View()
	if v.State != desk.Over || v.ByUs || b.wasTouched(g, v.Ended) ||
		b.srv.diedIn(v.Ended.Add(-time.Second), v.Ended.Add(time.Second)) {
		return
	}
	b.tells("talk cut", fmt.Sprintf("%s was hung up (%s) while it talked with %s, who is still there",
		t.w.number, v.Reason, g.number), g)
}

// wasTouched reports whether a deed concerned the guest at that time.
func (b *office) wasTouched(g *guest, at time.Time) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.ContainsFunc(g.touched, func(s span) bool { return s.from.Before(at) && s.to.After(at) })
}

// judges reports whether the call was ended by a party that may end it.
func (b *office) judges(g *guest) {
	v := g.line.View()
	b.mu.Lock()
	g.over = time.Now()
	with, aim, marked := g.with, g.aim, time.Now().Before(b.marks[g.line])
	b.mu.Unlock()
	g.story.add("over: by us %t, %d %s", v.ByUs, v.Code, v.Reason)
	switch {
	case v.ByUs, marked, aim == menu, v.Code >= 300:
	case strings.Contains(v.Reason, thrownOut):
		b.tells("lost caller", g.number+" was thrown out of "+aim, g)
	case b.leftAround(g.number, with, v.Ended):
	default:
		b.tells("lost caller",
			fmt.Sprintf("%s was hung up (%s), and neither phone did it; heard %s last%s", g.number, v.Reason, with,
				b.dialogsOf(with, v.Ended)), g)
	}
}

// dialogsOf describes the dialogs of a phone in the half minute before that time, a line each.
func (b *office) dialogsOf(number string, at time.Time) (lines string) {
	for _, w := range append(b.seats[:len(b.seats):len(b.seats)], b.others...) {
		for _, d := range w.phone.Dialogs() {
			v := d.View()
			if w.number != number || !v.Ended.IsZero() && at.Sub(v.Ended) > 30*time.Second {
				continue
			}
			lines += fmt.Sprintf("\n      %s with %s: %s, ended by us %t, %s before, %s",
				number, v.Number, v.State, v.ByUs, at.Sub(v.Ended).Round(time.Millisecond), v.Reason)
		}
	}
	return lines
}

// leftAround reports whether the phone that the caller heard last, or one that was called for them,
// hung up a talk at about that time. A caller who came to the talk by a way in of ours goes on with
// the rest of that afterwards. The next server that they reach ends the call.
func (b *office) leftAround(caller, with string, at time.Time) bool {
	lag := partingLag
	if b.srv.diedIn(at.Add(-wayInLag), at) {
		lag = wayInLag
	}
	for _, w := range append(b.seats[:len(b.seats):len(b.seats)], b.others...) {
		for _, d := range w.phone.Dialogs() {
			v := d.View()
			if v.State == desk.Over && v.ByUs && (w.number == with || v.Number == caller) &&
				at.Sub(v.Ended) < lag && v.Ended.Sub(at) < time.Second {
				return true
			}
		}
	}
	return false
}

// tells reports a violation, with the caller's story.
func (b *office) tells(kind, what string, g *guest) {
	if g != nil {
		what += "\n  the story of " + g.number + "\n" + g.story.between(b.began, time.Time{}, time.Now())
		for _, line := range b.srv.logged(g.number, 30) {
			what += "    " + line + "\n"
		}
	}
	b.violate(kind, what, nil)
}

func (b *office) isBusy(g *guest) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return g.busy
}
