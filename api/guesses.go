package api

import (
	"net/netip"
	"sync"
	"time"

	"nwayacd/esl"
)

// What a source may get wrong. A forgotten wallboard with an old token stays below it, and is in nobody's way.
const (
	wrongInARow   = 10              // passwords or tokens
	wrongRecovery = time.Second     // until one more is forgiven
	firstBackOff  = time.Second     // in which nothing is looked at, when there were too many; then twice as long each time,
	longBackOff   = time.Minute     // up to this,
	forgiveAfter  = 5 * time.Minute // until so long nothing was wrong
)

// guesses slows down who guesses passwords, each source by itself: others do not notice. The zero value is ready.
type guesses struct {
	mu      sync.Mutex
	sources esl.Sources[guesser]
	reports esl.Reports
}

type guesser struct {
	wrong  int           // not forgiven yet
	last   time.Time     // when it was wrong, or when the last of them was forgiven
	closed time.Time     // until then nothing is looked at
	pause  time.Duration // the last one
}

// try looks at one password or token. Where the source was wrong too often, nothing is looked at, and wait says for how long.
func (g *guesses) try(source netip.Addr, isRight func() bool) (right bool, wait time.Duration) {
	g.mu.Lock()
	defer g.mu.Unlock()
	now, who := time.Now(), g.sources.Of(source)
	if wait := who.closed.Sub(now); wait > 0 {
		return false, wait
	}
	if isRight() {
		return true, 0
	}
	who.isWrong(now)
	return false, 0
}

func (w *guesser) isWrong(now time.Time) {
	if now.Sub(w.last) > forgiveAfter {
		w.pause = 0
	}
	forgiven := min(int(now.Sub(w.last)/wrongRecovery), w.wrong)
	w.wrong += 1 - forgiven
	w.last = now
	if w.wrong >= wrongInARow {
		w.wrong-- // one more try when the pause is over
		w.pause = min(max(2*w.pause, firstBackOff), longBackOff)
		w.closed = now.Add(w.pause)
		w.last = w.closed
	}
}
