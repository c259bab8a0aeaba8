package main

import (
	"fmt"
	"slices"
	"time"

	desk "nwayacd/internal/phone"
)

// Bounds of what may be wrong for a while, beside those of judge.go.
const (
	regBound  = 10 * time.Second // a telephone is registered, and the agent is not
	goneBound = 3 * time.Second  // a telephone is unregistered, and called
)

// officeJudge compares nwayacd's lists with what the people did and what their phones see.
type officeJudge struct {
	b      *office
	doubts *doubts
}

func (j *officeJudge) unsure() *doubts { return j.doubts }

func (j *officeJudge) look(agents []listedAgent, calls []listedCall) {
	for _, a := range agents {
		if i := slices.IndexFunc(j.b.seats, func(w *seat) bool { return w.number == a.Extension }); i >= 0 {
			j.looksAt(j.b.seats[i], a, calls)
		}
	}
}

// looksAt judges one agent.
func (j *officeJudge) looksAt(w *seat, a listedAgent, calls []listedCall) {
	reached, works := w.isReached(), w.works()
	j.wrong(w.number, "", reached && a.Reg != "reged", regBound, "agent unregistered beside a telephone",
		fmt.Sprintf("a telephone of %s is registered, and the agent is %+v", w.number, a))
	busy := a.Call == "ring" || a.Call == "talking"
	j.wrong(w.number, "", busy && !w.hasCall(), stuckBound, "stuck agent",
		fmt.Sprintf("%s is %s for %s and its telephones have no call", w.number, a.Call, a.UUID))
	back, free := w.backAt()
	if !free || !reached || !works || time.Now().Before(back) {
		return
	}
	for _, c := range calls {
		if !slices.Contains(w.groups, c.Group) {
			continue
		}
		kind := either(a.Available, "a caller waits for an idle agent", "agent out of service")
		j.wrong(w.number, c.UUID, c.Phase == "wait", idleBound, kind,
			fmt.Sprintf("%s waits in group %s, and %s should be back since %s: %+v",
				c.UUID, c.Group, w.number, time.Since(back), a))
	}
}

// wrong reports something that is not as it should be with an agent, once, if it lasts longer than
// the bound.
func (j *officeJudge) wrong(agent, call string, is bool, bound time.Duration, kind, what string) {
	if is && j.doubts.lasts(kind+" "+agent+" "+call, bound) && j.doubts.isNew(kind+" "+agent) {
		j.b.tells(kind, what, nil)
	}
}

// isReached reports whether a telephone of the seat is registered, and no deed about it is under
// way.
func (w *seat) isReached() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return len(w.here) > 0 && w.stirring == 0
}

// works reports whether the agent takes calls, as its person left it, and no deed about it is under
// way.
func (w *seat) works() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.state.up && w.state.idle && w.stirring == 0
}

// hasCall reports whether a telephone has a call of any kind.
func (w *seat) hasCall() bool {
	return slices.ContainsFunc(w.phone.Dialogs(), func(d *desk.Dialog) bool { return d.View().State != desk.Over })
}

// checksDevices checks that no telephone is called that is not registered.
func (b *office) checksDevices(w *seat) {
	w.mu.Lock()
	absences := slices.Clone(w.absences)
	w.mu.Unlock()
	for _, d := range w.phone.Dialogs() {
		v := d.View()
		for _, a := range absences {
			if v.Outgoing || d.Contact() != a.of || v.Began.Before(a.from.Add(goneBound)) ||
				!a.to.IsZero() && v.Began.After(a.to) {
				continue
			}
			b.tells("call to a telephone that is gone",
				fmt.Sprintf("a telephone of %s is called %s after it unregistered: %+v",
					w.number, v.Began.Sub(a.from), v), b.guestOf(v.Number))
		}
	}
}

// checksForwards checks that no forward is followed.
func (b *office) checksForwards() {
	for _, w := range b.others {
		if w.number != forwarded {
			continue
		}
		for _, d := range w.phone.Dialogs() {
			v := d.View()
			b.tells("forwarded call followed", fmt.Sprintf("%s was called: %+v", forwarded, v), b.guestOf(v.Number))
		}
	}
}
