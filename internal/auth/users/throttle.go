package users

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"time"
)

// Wrong passwords cost time, and do not lock a user out.
const (
	freeTries   = 5                // wrong ones of a name from a source, before it has to wait
	tryPause    = 5 * time.Second  // from then on, one try in this time for that name and source
	forgetAfter = 15 * time.Minute // without a wrong one, after which the count begins again

	strangeTries = 10 // a minute for a name, from sources that never logged it in
	sourceTries  = 60 // wrong ones a minute from a source, for all names that it never logged in
	knownSources = 16 // that are remembered for a name, the newest ones
	mostTracked  = 8192
)

// SlowError says that a try was not looked at, and when the next one may be.
type SlowError struct{ Wait time.Duration }

// ErrSlow is the kind of every SlowError.
var ErrSlow = errors.New("too many wrong passwords")

// Is reports whether the target is ErrSlow.
func (SlowError) Is(target error) bool { return target == ErrSlow }

// Error tells a person what to do.
func (e SlowError) Error() string {
	return fmt.Sprintf("too many wrong passwords: try again in %d s", int(max(e.Wait, time.Second).Seconds()+0.5))
}

// pair is a name and a source: an address, or a secret of the user that the client has shown.
type pair struct{ name, source string }

// tries are the wrong passwords of a pair.
type tries struct {
	wrong int
	next  time.Time // no try before this
	last  time.Time
}

// throttle says whether a password may be looked at. The Book's lock guards it.
type throttle struct {
	pairs     map[pair]*tries
	strangers buckets             // by name
	sources   buckets             // by source: a password costs a core some 30 ms, also of a made-up name
	known     map[string][]string // sources that logged a name in, the newest last
}

// bucket has tokens for tries, and fills up in a minute.
type bucket struct {
	tokens float64
	at     time.Time
}

type buckets map[string]*bucket

func newThrottle() throttle {
	return throttle{map[pair]*tries{}, buckets{}, buckets{}, map[string][]string{}}
}

// try is one password that may be looked at.
type try struct {
	pair
	proved bool // the client has shown a secret of the user; the source is that secret, and no address
	lane   lane
	paid   []*bucket // in which the try has a token
	// veil is what a stranger would have got instead. A wrong password of a known pair gets the
	// same answer, so that it does not show which names have logged in from the address.
	veil error
}

// begin returns a try if the password of the pair may be looked at now. It counts the try as a
// wrong one. right and undo take that back.
func (t *throttle) begin(p pair, proved bool, now time.Time) (this try, err error) {
	one := t.pairs[p]
	if one != nil && now.Sub(one.last) > forgetAfter {
		delete(t.pairs, p)
		one = nil
	}
	this = try{pair: p, proved: proved, lane: known}
	if !proved {
		this.paid, this.veil = t.pay(p, now)
		if !t.knows(p) {
			this.lane = strangers
		}
	}
	if this.lane == strangers && this.veil != nil {
		return this, this.veil
	}
	if one != nil && one.wrong >= freeTries && now.Before(one.next) {
		this.giveBack()
		return this, cmp.Or(this.veil, error(SlowError{one.next.Sub(now)}))
	}
	if one == nil {
		makeRoom(t.pairs, func(t *tries) time.Time { return t.last })
		one = &tries{}
		t.pairs[p] = one
	}
	one.wrong++
	one.last, one.next = now, now.Add(tryPause)
	return this, nil
}

// pay takes from the source and the name what a try of a stranger costs. It returns what was taken,
// and an error if it was not enough.
func (t *throttle) pay(p pair, now time.Time) (paid []*bucket, err error) {
	source, wait := t.sources.take(p.source, sourceTries, now)
	if wait > 0 { // so that a source without tries takes none of the name's
		return nil, SlowError{wait}
	}
	name, wait := t.strangers.take(p.name, strangeTries, now)
	if wait > 0 {
		return []*bucket{source}, SlowError{wait}
	}
	return []*bucket{source, name}, nil
}

// undo takes back a try whose password was not looked at.
func (t *throttle) undo(this try) {
	if one := t.pairs[this.pair]; one != nil {
		one.wrong--
		one.next = time.Time{}
	}
	this.giveBack()
}

// giveBack takes back that a try counted as a wrong one of a stranger.
func (this *try) giveBack() {
	for _, b := range this.paid {
		b.tokens++
	}
}

// knows reports whether the source has logged the name in.
func (t *throttle) knows(p pair) bool { return slices.Contains(t.known[p.name], p.source) }

// take takes a token for a try, and returns from which bucket. It returns how long to wait if there
// is none.
func (all buckets) take(key string, most float64, now time.Time) (from *bucket, wait time.Duration) {
	b := all[key]
	if b == nil {
		makeRoom(all, func(b *bucket) time.Time { return b.at })
		b = &bucket{most, now}
		all[key] = b
	}
	each := time.Duration(float64(time.Minute) / most)
	b.tokens = min(most, b.tokens+float64(now.Sub(b.at))/float64(each))
	b.at = now
	if b.tokens < 1 {
		return nil, time.Duration((1 - b.tokens) * float64(each))
	}
	b.tokens--
	return b, 0
}

// right forgets the wrong passwords of the pair. It remembers an address from which the name logged
// in.
func (t *throttle) right(this try) {
	delete(t.pairs, this.pair)
	this.giveBack()
	if !this.proved {
		t.know(this.pair)
	}
}

func (t *throttle) know(p pair) {
	known := slices.DeleteFunc(t.known[p.name], func(source string) bool { return source == p.source })
	known = append(known, p.source)
	t.known[p.name] = known[max(0, len(known)-knownSources):]
}

// forget forgets a name that is no user any more.
func (t *throttle) forget(name string) { delete(t.known, name) }

// makeRoom removes the oldest entry if there are mostTracked.
func makeRoom[K comparable, V any](entries map[K]V, at func(V) time.Time) {
	if len(entries) < mostTracked {
		return
	}
	var oldest K
	var when time.Time
	for key, entry := range entries {
		if when.IsZero() || at(entry).Before(when) {
			oldest, when = key, at(entry)
		}
	}
	delete(entries, oldest)
}
