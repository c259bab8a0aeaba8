package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"time"

	desk "nwayacd/internal/phone"
)

// forwarded is the number to which phones forward. No other call goes to it, so each call there is
// one that followed a forward.
const forwarded = "3900"

// refusals are the codes with which phones refuse.
var refusals = []int{486, 603, 480, 404, 500, 503, 600, 408}

// seat is a person with telephones that are registered most of the time.
type seat struct {
	number string
	phone  *desk.Phone
	main   *desk.Contact
	did    func(what string)
	groups []string // in which the person works

	mu       sync.Mutex // guards what follows; it is not held while the phone is asked
	second   *desk.Contact
	state    state
	good     bool // every call is answered
	chance   *rand.Rand
	here     map[*desk.Contact]bool // the telephones that are registered
	reached  time.Time              // since then one of them is
	absences []absence
	stirs    []span // when something was done that may end a rest or change the agent's state
	stirring int    // such deeds that are under way
}

// absence is a time in which a telephone was not registered. A zero time means that it was not
// registered again.
type absence struct {
	of       *desk.Contact
	from, to time.Time
}

func newSeat(b *office, number string, good bool) *seat {
	w := &seat{
		number: number, phone: desk.New(b.phoneOptions(number)), chance: b.chance("seat " + number), good: good,
		here: map[*desk.Contact]bool{}, did: func(what string) { b.figures.did(what, true) },
	}
	w.phone.Decides(func(desk.View) desk.Behaviour { return w.behaviour() })
	return w
}

// behaviour is how a telephone takes its next call.
func (w *seat) behaviour() desk.Behaviour {
	w.mu.Lock()
	defer w.mu.Unlock()
	ring := time.Duration(w.chance.IntN(900)) * time.Millisecond
	talk := 500*time.Millisecond + time.Duration(w.chance.ExpFloat64()*2500)*time.Millisecond
	if w.chance.IntN(3) == 0 {
		talk += 6 * time.Second
	}
	if w.good {
		return desk.AnswersFor(ring, talk)
	}
	switch w.chance.IntN(24) {
	case 0:
		w.did("phone rings and nobody answers")
		return desk.RingsForever()
	case 1, 2, 3:
		if w.chance.IntN(2) == 0 {
			ring = 0
		}
		code := refusals[w.chance.IntN(len(refusals))]
		w.did(fmt.Sprintf("phone refuses with %d", code))
		return desk.Refuses(code, ring)
	case 4:
		w.did("phone forwards")
		return desk.Forwards(forwarded)
	case 5:
		w.did("phone says nothing")
		return desk.SaysNothing()
	case 6:
		w.did("phone answers and hangs up at once")
		return desk.AnswersFor(ring, time.Duration(w.chance.IntN(100))*time.Millisecond)
	}
	return desk.AnswersFor(ring, talk)
}

// stir records the beginning of a deed that may end a rest of the agent or change its state. The
// function that it returns records the end.
func (w *seat) stir() (over func()) {
	began := time.Now()
	w.mu.Lock()
	defer w.mu.Unlock()
	w.stirring++
	return func() {
		w.mu.Lock()
		defer w.mu.Unlock()
		w.stirring--
		w.stirs = append(w.stirs, span{began, time.Now()})
	}
}

// stirredWithin reports whether there was such a deed in that time.
func (w *seat) stirredWithin(from, to time.Time) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, s := range w.stirs {
		if s.from.Before(to) && s.to.After(from) {
			return true
		}
	}
	return false
}

// registersNew registers one more telephone.
func (w *seat) registersNew(ctx context.Context, transport string) (*desk.Contact, error) {
	defer w.stir()()
	c, err := w.phone.Register(ctx, transport)
	if err == nil {
		w.isHere(c)
	}
	return c, err
}

// registers registers a telephone anew.
func (w *seat) registers(ctx context.Context, c *desk.Contact) error {
	defer w.stir()()
	err := c.Refresh(ctx)
	if err == nil {
		w.isHere(c)
	}
	return err
}

// unregisters removes a telephone.
func (w *seat) unregisters(ctx context.Context, c *desk.Contact) error {
	defer w.stir()()
	err := c.Unregister(ctx)
	if err == nil {
		w.isGone(c)
	}
	return err
}

func (w *seat) isHere(c *desk.Contact) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.here) == 0 {
		w.reached = time.Now()
	}
	w.here[c] = true
	for i := range w.absences {
		if a := &w.absences[i]; a.of == c && a.to.IsZero() {
			a.to = time.Now()
		}
	}
}

func (w *seat) isGone(c *desk.Contact) {
	w.mu.Lock()
	defer w.mu.Unlock()
	delete(w.here, c)
	w.absences = append(w.absences, absence{of: c, from: time.Now()})
}
