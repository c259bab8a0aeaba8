package queue

import (
	"maps"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// playModes are the mixes of modes that are played: each mode alone, and all together.
var playModes = map[string][4]Mode{
	"sequence": {Sequence, Sequence, Sequence, RememberSequence},
	"random":   {Random, Random, RememberRandom, Random},
	"cyclic":   {Cyclic, Cyclic, Cyclic, RememberCyclic},
	"mixed":    {Sequence, Random, RememberCyclic, RememberRandom},
}

// rapidDice lets rapid decide, so that it can shrink.
type rapidDice struct{ *rapid.T }

func (d rapidDice) IntN(n int) int { return rapid.IntRange(0, n-1).Draw(d.T, "") }

// TestTheFloorDoesWhatTheRulesSay plays random steps on the floor and on the naive model. A failure
// is shrunk to a few steps.
func TestTheFloorDoesWhatTheRulesSay(t *testing.T) {
	for name, modes := range playModes {
		t.Run(name, func(t *testing.T) {
			rapid.Check(t, func(t *rapid.T) {
				p := newPlay(t, rapidDice{t}, modes, true)
				actions := map[string]func(*rapid.T){}
				for name, a := range p.acts() {
					actions[name] = func(t *rapid.T) {
						p.t, p.m.t, p.ledger.t = t, t, t
						p.pass(time.Duration(rapid.IntRange(0, 2000).Draw(t, "ms")) * time.Millisecond)
						a.do(rapidDice{t})
					}
				}
				t.Repeat(actions)
			})
		})
	}
}

// TestMillionOperations is the same with NWAYACD_OPERATIONS steps. The default is 20,000. Use a
// million before a release.
func TestMillionOperations(t *testing.T) {
	steps := 20_000
	if s := os.Getenv("NWAYACD_OPERATIONS"); s != "" {
		n, err := strconv.Atoi(s)
		if err != nil || n < 1 {
			t.Fatalf("NWAYACD_OPERATIONS: %q is no number of steps", s)
		}
		steps = n
	}
	if testing.Short() {
		steps /= 10
	}
	for i, name := range slices.Sorted(maps.Keys(playModes)) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for n := 0; n < steps/len(playModes); n += shiftLength {
				playShift(t, uint64(i), uint64(n), playModes[name], min(shiftLength, steps/len(playModes)-n))
			}
		})
	}
}

// shiftLength is the number of steps after which a new floor is opened.
const shiftLength = 10_000

func playShift(t *testing.T, mix, from uint64, modes [4]Mode, steps int) {
	d := rand.New(rand.NewPCG(mix, from))
	p := newPlay(t, d, modes, from == 0)
	acts := p.acts()
	var drum []func(dice)
	for _, name := range slices.Sorted(maps.Keys(acts)) {
		for range acts[name].weight {
			drum = append(drum, acts[name].do)
		}
	}
	defer func() {
		if t.Failed() {
			t.Logf("seed %d %d, step %d, after\n%s", mix, from, p.steps, strings.Join(p.story(), "\n"))
		}
	}()
	for range steps {
		p.pass(time.Duration(d.IntN(2000)) * time.Millisecond)
		drum[d.IntN(len(drum))](d)
	}
}
