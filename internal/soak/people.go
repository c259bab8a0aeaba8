package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"time"

	"nwayacd/sim"
)

// person is an agent. It has a phone on every switch. It logs in and out, and becomes busy and
// ready. It repeats each command until it is confirmed.
type person struct {
	s         *soak
	extension string
	story     story

	mu     sync.Mutex // guards what follows
	phone  *rand.Rand // how the next calls are taken
	absent bool       // the phone is not registered
	two    bool       // a second one is
	good   bool       // the soak is over: every call is answered
	state  state      // as the person left it
}

// state is the state that nwayacd has confirmed to the person.
type state struct {
	up, idle bool
	groups   []string
}

func (st state) String() string {
	return fmt.Sprintf("%s %s in %s", either(st.up, "up", "down"), either(st.idle, "idle", "busy"),
		strings.Join(st.groups, ","))
}

func either(first bool, a, b string) string {
	if first {
		return a
	}
	return b
}

const firstExtension = 2000

func newPerson(s *soak, n int) *person {
	extension := fmt.Sprint(firstExtension + n)
	return &person{s: s, extension: extension, phone: s.chance("phone " + extension)}
}

// specialGroup is the group of the specialists. No caller dials it. They have no callers but those
// of transfers by command, so one of them is free for that most of the time.
const specialGroup = "117"

// specialists is how many of the agents are specialists. They are the first ones.
func (s *soak) specialists() int { return s.opt.Agents / 5 }

func (p *person) isSpecialist() bool {
	return slices.Index(p.s.people, p) < p.s.specialists()
}

// pickUp decides how the phone takes its next call on a switch. It is called when one begins to
// ring.
func (p *person) pickUp(sw *sim.Switch) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.absent {
		return
	}
	sw.Agent(p.extension, p.behaviour())
}

// behaviour needs p.mu to be held.
func (p *person) behaviour() sim.Behaviour {
	b := sim.Behaviour{Do: sim.Answers, After: 50 * time.Millisecond, Talk: 300 * time.Millisecond}
	if p.good {
		return b
	}
	b.After = time.Duration(p.phone.IntN(700)) * time.Millisecond
	b.Talk = time.Duration(p.phone.ExpFloat64()*1500)*time.Millisecond + time.Millisecond
	if p.phone.IntN(3) == 0 {
		b.Talk += time.Duration(2000+p.phone.IntN(6000)) * time.Millisecond
	}
	b.Early = p.phone.IntN(10) == 0
	switch p.phone.IntN(24) {
	case 0, 1:
		b.Do = sim.Misses
	case 2:
		b.Do, b.Code = sim.Refuses, 486
	case 3:
		b.Do, b.Code = sim.Refuses, []int{603, 480, 404, 503, 408}[p.phone.IntN(5)]
	case 4:
		b.Do = sim.AnswersAndDies
	case 5:
		b.Do = sim.DiesOnBridge
	case 6:
		b.Do, b.To = sim.Forwards, colleague(p.phone.IntN(colleagues))
	case 7:
		b.Do, b.Quiet = sim.Misses, true
	}
	return b
}

// register registers or unregisters the phone on all switches.
func (p *person) register(is bool) {
	p.story.add("the phone registers: %t", is)
	p.mu.Lock()
	defer p.mu.Unlock()
	p.absent = !is
	b := p.behaviour()
	if !is {
		b = sim.Behaviour{Do: sim.Unregistered}
	}
	for _, sw := range p.s.switches {
		sw.Agent(p.extension, b)
	}
}

// behave makes the phone answer everything from now on.
func (p *person) behave() {
	p.mu.Lock()
	p.good = true
	p.mu.Unlock()
	p.register(true)
	p.beside(false)
}

// second is the name of a person's second telephone.
const second = "b"

// beside registers a second telephone of the person, or the same one again, or ends its
// registration.
func (p *person) beside(is bool) {
	p.story.add("the second telephone registers: %t", is)
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.two = is; !is {
		for _, sw := range p.s.switches {
			sw.Unregister(p.extension, second)
		}
		return
	}
	for _, sw := range p.s.switches {
		sw.Register(p.extension, second, p.behaviour())
	}
}

// expires lets the registration of the first telephone run out while the second one is there.
func (p *person) expires() {
	p.story.add("the registration of the first telephone runs out")
	p.mu.Lock()
	defer p.mu.Unlock()
	p.absent = true
	for _, sw := range p.s.switches {
		sw.Expire(p.extension)
	}
}

func (p *person) hasTwo() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.two
}

// logIn is the first thing a person does. It returns false if ctx ended first.
func (p *person) logIn(ctx context.Context, chance *rand.Rand) bool {
	in := slices.Clone(groups)
	chance.Shuffle(len(in), func(i, j int) { in[i], in[j] = in[j], in[i] })
	in = in[:1+chance.IntN(3)]
	slices.Sort(in)
	if p.isSpecialist() {
		in = []string{specialGroup}
	}
	return p.does(ctx, "nway_login "+p.extension+" "+strings.Join(in, ","), func(st *state) {
		*st = state{up: true, idle: true, groups: in}
	})
}

// work is a person's day, until ctx is done.
func (p *person) work(ctx context.Context) {
	chance := p.s.chance("person " + p.extension)
	for {
		select {
		case <-time.After(time.Duration(chance.ExpFloat64() * float64(p.s.opt.Shift))):
		case <-ctx.Done():
			return
		}
		p.changes(ctx, chance)
	}
}

func (p *person) changes(ctx context.Context, chance *rand.Rand) {
	now := p.left()
	switch kind := chance.IntN(16); {
	case kind >= 10:
		p.changesPhones(ctx, chance)
	case !now.up:
		p.logIn(ctx, chance)
	case !now.idle || kind == 0:
		p.does(ctx, "nway_ready "+p.extension, func(st *state) { st.idle = true })
	case kind < 4:
		p.does(ctx, "nway_busy "+p.extension, func(st *state) { st.idle = false })
	case kind < 6:
		p.does(ctx, "nway_logout "+p.extension, func(st *state) { *st = state{idle: st.idle} })
	case kind < 8:
		p.logIn(ctx, chance)
	default:
		p.register(false)
		lingers(ctx, time.Duration(chance.IntN(3000))*time.Millisecond)
		p.register(true)
		p.s.figures.did("phone unregistered and back", true)
	}
}

// changesPhones is what a person does with their telephones beside calls.
func (p *person) changesPhones(ctx context.Context, chance *rand.Rand) {
	switch kind := chance.IntN(4); {
	case kind == 0:
		p.register(true)
		p.s.figures.did("re-registration", true)
	case !p.hasTwo():
		p.beside(true)
		p.s.figures.did("second telephone", true)
	case kind == 1:
		p.beside(false)
		p.s.figures.did("second telephone unregistered", true)
	case kind == 2:
		p.beside(true)
		p.s.figures.did("re-registration of the second telephone", true)
	default:
		p.expires()
		lingers(ctx, time.Duration(chance.IntN(4000))*time.Millisecond)
		p.register(true)
		p.s.figures.did("first telephone expired beside the second", true)
	}
}

// does repeats a command until it is confirmed, also after the day is over. It returns false if the
// soak is broken off.
func (p *person) does(ctx context.Context, command string, then func(*state)) bool {
	for ctx := context.WithoutCancel(ctx); p.s.root.Err() == nil; {
		reply, err := p.s.console(p.extension).do(ctx, command)
		switch {
		case err != nil:
			p.story.add("%s: %v", command, err)
		case strings.HasPrefix(reply, "+OK"):
			p.mu.Lock()
			then(&p.state)
			p.mu.Unlock()
			p.story.add("%s: %s", command, reply)
			return true
		default:
			p.story.add("%s: %s", command, reply)
			p.s.figures.count(&p.s.figures.Refused)
		}
		select {
		case <-time.After(300 * time.Millisecond):
		case <-p.s.root.Done():
		}
	}
	return false
}

func (p *person) left() state {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.state
}
