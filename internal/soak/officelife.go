package main

import (
	"context"
	"encoding/json"
	"math/rand/v2"
	"strings"
	"sync"
	"time"

	desk "nwayacd/internal/phone"
)

// officeDeed is what the soak did with a talk. The record of the caller's visit with that agent
// must agree with it.
type officeDeed struct {
	caller, agent, to, kind string
	at                      time.Time
	sure                    bool
}

// lives lets people do things with their phones at random, until ctx is done.
func (b *office) lives(ctx context.Context) {
	chance := b.chance("office")
	var doing sync.WaitGroup
	defer doing.Wait()
	deeds := []func(context.Context, *rand.Rand){
		b.refers, b.refers, b.refers, b.connectsTwo, b.connectsTwo, b.connectsTwo, b.guestRefers, b.holds, b.holds,
		b.holds, b.movesOne, b.movesOne, b.commandsTransfer, b.changesState, b.changesState, b.changesDevice,
		b.changesDevice, b.changesDevice,
	}
	for {
		lingers(ctx, time.Duration(chance.ExpFloat64()*float64(300*time.Millisecond)))
		if ctx.Err() != nil {
			return
		}
		deed, own := deeds[chance.IntN(len(deeds))], rand.New(rand.NewPCG(chance.Uint64(), chance.Uint64()))
		doing.Go(func() { deed(ctx, own) }) // ends by itself, after a few limits at the latest
	}
}

// officeTalk is a talk of a caller with a person of the office, as both phones hear it.
type officeTalk struct {
	g    *guest
	w    *seat
	line *desk.Dialog // of the seat
}

// findTalk chooses a talk that goes on now and that no other deed concerns. done ends the deed.
func (b *office) findTalk(chance *rand.Rand, seats []*seat) (t officeTalk, done func(), ok bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, i := range chance.Perm(len(b.guests)) {
		g := b.guests[i]
		if g.busy || g.line.View().State != desk.Answered || time.Since(g.heard) > 200*time.Millisecond {
			continue
		}
		for _, w := range seats {
			if w.number != g.with {
				continue
			}
			for _, d := range w.phone.Dialogs() {
				if v := d.View(); v.State == desk.Answered && v.Hears == g.number && !v.Outgoing {
					g.busy = true
					return officeTalk{g, w, d}, func() { b.frees(g) }, true
				}
			}
		}
	}
	return t, nil, false
}

func (b *office) frees(g *guest) {
	b.mu.Lock()
	defer b.mu.Unlock()
	g.busy = false
}

// did records a deed about a talk.
func (b *office) did(t officeTalk, to, kind string, sure bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.deeds = append(b.deeds,
		officeDeed{caller: t.g.number, agent: t.w.number, to: to, kind: kind, at: time.Now(), sure: sure})
}

func (b *office) marked(lasts time.Duration, lines ...*desk.Dialog) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, d := range lines {
		b.marks[d] = time.Now().Add(lasts)
	}
}

func (b *office) aims(g *guest, to string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	g.aim = to
}

// officeTarget is the destination of a transfer.
func officeTarget(chance *rand.Rand) string {
	return []string{
		groups[chance.IntN(len(groups))], groups[chance.IntN(len(groups))],
		colleague(chance.IntN(colleagues)), menu, lot, park,
	}[chance.IntN(6)]
}

// refers is a blind transfer by the agent's phone.
func (b *office) refers(ctx context.Context, chance *rand.Rand) {
	t, done, ok := b.findTalk(chance, b.seats)
	if !ok {
		return
	}
	defer done()
	to := officeTarget(chance)
	defer b.touches(t.g)()
	t.g.story.add("%s transfers them to %s", t.w.number, to)
	b.aims(t.g, to)
	limited, stop := context.WithTimeout(context.WithoutCancel(ctx), patience)
	defer stop()
	err := t.line.Refer(limited, to)
	b.figures.did("blind transfer by REFER", err == nil)
	if err != nil {
		b.did(t, "", "", false)
		return
	}
	came := t.line.Transferred(limited) == nil && !t.line.View().ByUs && t.g.line.View().State == desk.Answered
	b.did(t, to, "blind", came)
	hangsUp(t.line)
	if to == lot || to == park {
		lingers(ctx, time.Duration(500+chance.IntN(4000))*time.Millisecond)
		b.leaves(t.g, "leaves")
	}
}

// connectsTwo is an attended transfer by an agent or a colleague, to a group or a phone.
func (b *office) connectsTwo(ctx context.Context, chance *rand.Rand) {
	seats := b.seats
	if chance.IntN(3) == 0 {
		seats = b.others
	}
	t, done, ok := b.findTalk(chance, seats)
	if !ok {
		return
	}
	defer done()
	to := groups[chance.IntN(len(groups))]
	if chance.IntN(4) == 0 {
		to = colleague(chance.IntN(colleagues))
	}
	limited, stop := context.WithTimeout(context.WithoutCancel(ctx), 25*time.Second)
	defer stop()
	if t.line.Hold(limited) != nil {
		return
	}
	defer b.touches(t.g)()
	t.g.story.add("%s holds and calls %s", t.w.number, to)
	second, err := t.w.phone.Call(limited, to)
	if err != nil {
		t.line.Unhold(limited)
		return
	}
	b.consults(limited, chance, t, second, to)
}

// consults connects the caller with the person whom the seat calls with its second line. It does so
// after that person has answered, or before. The REFER is in either dialog.
func (b *office) consults(limited context.Context, chance *rand.Rand, t officeTalk, second *desk.Dialog, to string) {
	waits, stopWaiting := context.WithTimeout(limited, time.Duration(300+chance.IntN(6000))*time.Millisecond)
	second.Wait(waits, func(v desk.View) bool { return v.Hears != "" || v.State == desk.Over })
	stopWaiting()
	with := second.View().Hears
	first, then := t.line, second
	if chance.IntN(3) == 0 && with != "" {
		first, then = second, t.line
	}
	b.aims(t.g, to)
	err := first.ReferReplacing(limited, then)
	b.figures.did("attended transfer, "+either(with != "", "answered", "not yet"), err == nil)
	t.g.story.add("%s connects them with %s %s: %v", t.w.number, to, with, err)
	if err != nil {
		b.did(t, "", "", false)
		t.line.Unhold(limited)
		hangsUp(second)
		return
	}
	came := first.Transferred(limited) == nil
	if with != "" {
		heard, stopHearing := context.WithTimeout(limited, 3*time.Second)
		came = t.g.line.Wait(heard, func(v desk.View) bool { return v.Hears == with || v.State == desk.Over }) == nil &&
			t.g.line.View().Hears == with
		stopHearing()
	}
	b.did(t, to, "attended", came && isGroup(to) && with != "")
	hangsUp(second)
	hangsUp(t.line)
}

// guestRefers lets the caller's phone transfer the agent to a colleague.
func (b *office) guestRefers(ctx context.Context, chance *rand.Rand) {
	t, done, ok := b.findTalk(chance, b.seats)
	if !ok {
		return
	}
	defer done()
	to := colleague(chance.IntN(colleagues))
	limited, stop := context.WithTimeout(context.WithoutCancel(ctx), patience)
	defer stop()
	b.marked(30*time.Second, t.g.line, t.line)
	defer b.touches(t.g)()
	err := t.g.line.Refer(limited, to)
	t.g.story.add("the caller's phone transfers %s to %s: %v", t.w.number, to, err)
	b.figures.did("agent transferred by the caller's phone", err == nil)
	b.did(t, to, "by-caller", false)
	t.g.line.Transferred(limited)
	b.leaves(t.g, "leaves the others to themselves")
}

// hangsUp ends a dialog. It has a limit of its own, because a BYE that is not sent leaves a channel
// on FreeSWITCH for ever.
func hangsUp(d *desk.Dialog) error {
	ctx, stop := context.WithTimeout(context.Background(), patience)
	defer stop()
	return d.HangUp(ctx)
}

// listed is one of nwayacd's calls, at random.
func (b *office) listed(ctx context.Context, chance *rand.Rand) (uuid, caller, phase, agent string) {
	reply, err := b.console("judge").do(ctx, "nway_list_calls json")
	var calls []struct{ UUID, Caller, Phase, Agent string }
	if err != nil || json.Unmarshal([]byte(reply), &calls) != nil || len(calls) == 0 {
		return "", "", "", ""
	}
	c := calls[chance.IntN(len(calls))]
	return c.UUID, c.Caller, c.Phase, c.Agent
}

// movesOne is a command that sends a caller to another group.
func (b *office) movesOne(ctx context.Context, chance *rand.Rand) {
	b.commanded(ctx, chance, "move", "nwayacd", groups[chance.IntN(len(groups))])
}

// commandsTransfer is a command that offers a caller to an agent, mostly to a specialist.
func (b *office) commandsTransfer(ctx context.Context, chance *rand.Rand) {
	among := b.seats[:b.specialists()]
	if len(among) == 0 || chance.IntN(4) == 0 {
		among = b.seats
	}
	b.commanded(ctx, chance, "transfer by command", "nwayacd_transfer", among[chance.IntN(len(among))].number)
}

func (b *office) commanded(ctx context.Context, chance *rand.Rand, name, verb, to string) {
	uuid, caller, phase, agent := b.listed(ctx, chance)
	g := b.guestOf(caller)
	if g == nil || b.isBusy(g) {
		return
	}
	defer b.touches(g)()
	reply, err := b.console(uuid).do(ctx, verb+" "+uuid+" "+to)
	g.story.add("%s %s while %s with %s: %s %v", verb, to, phase, agent, reply, err)
	b.figures.did(name+", "+phase, err == nil && strings.HasPrefix(reply, "+OK"))
	b.mu.Lock()
	defer b.mu.Unlock()
	b.deeds = append(b.deeds, officeDeed{caller: caller, at: time.Now()})
}

func (b *office) guestOf(number string) *guest {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, g := range b.guests {
		if g.number == number {
			return g
		}
	}
	return nil
}

// commands repeats a command about an agent until it is confirmed.
func (b *office) commands(ctx context.Context, w *seat, command string, then func(*state)) {
	defer w.stir()()
	for ctx := context.WithoutCancel(ctx); b.root.Err() == nil; b.pause(300 * time.Millisecond) {
		if reply, err := b.console(w.number).do(ctx, command); err == nil && strings.HasPrefix(reply, "+OK") {
			w.mu.Lock()
			then(&w.state)
			w.mu.Unlock()
			return
		}
	}
}

// changesState lets an agent leave work and come back.
func (b *office) changesState(ctx context.Context, chance *rand.Rand) {
	w := b.seats[chance.IntN(len(b.seats))]
	w.mu.Lock()
	now := w.state
	w.mu.Unlock()
	switch {
	case !now.up:
		b.logsIn(ctx, w)
	case !now.idle:
		b.commands(ctx, w, "nway_ready "+w.number, func(st *state) { st.idle = true })
	case chance.IntN(3) == 0:
		b.commands(ctx, w, "nway_logout "+w.number, func(st *state) { *st = state{idle: st.idle} })
	default:
		b.commands(ctx, w, "nway_busy "+w.number, func(st *state) { st.idle = false })
	}
	b.figures.did("agent comes and goes", true)
}
