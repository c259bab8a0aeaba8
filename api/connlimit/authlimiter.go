package connlimit

import (
	"net/netip"
	"sync"
	"time"

	"nwayacd/esl"
)

// Limits for wrong passwords from one source. A wallboard that was forgotten with an old token
// stays below them, so it does not slow down others at its address.
const (
	maxWrong      = 10              // passwords or tokens that are not forgiven yet
	wrongRecovery = time.Second     // for each one that is forgiven
	firstBackOff  = time.Second     // the first pause after too many; each next one is twice as long
	longBackOff   = time.Minute     // the longest pause
	forgiveAfter  = 5 * time.Minute // without a wrong password, after which pauses are short again
)

// AuthLimiter slows down the answers to wrong passwords of a source that guesses. A right password
// is never held up, also if it comes from the same source. The zero value is ready to use.
type AuthLimiter struct {
	mu      sync.Mutex
	sources esl.Sources[attempts]
	reports esl.Reports
}

// attempts are the wrong passwords of one source.
type attempts struct {
	wrong  int           // not forgiven yet
	last   time.Time     // of the last wrong one, or the end of the last pause
	closed time.Time     // until then the source is in a pause
	pause  time.Duration // the last one
}

// Try checks one password or token with isRight. A wrong one has to wait: for how long is 0 unless
// the source is in a pause after too many wrong ones.
func (l *AuthLimiter) Try(source netip.Addr, isRight func() bool) (right bool, wait time.Duration) {
	if isRight() {
		return true, 0
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	now, a := time.Now(), l.sources.Get(source)
	if wait := a.closed.Sub(now); wait > 0 {
		return false, wait
	}
	a.addWrong(now)
	return false, 0
}

// ReportDue reports whether a wrong password of this source is worth a log line. passed is the
// number of those without a line since the last one.
func (l *AuthLimiter) ReportDue(source netip.Addr) (passed int, due bool) {
	return l.reports.Due(source)
}

func (a *attempts) addWrong(now time.Time) {
	if now.Sub(a.last) > forgiveAfter {
		a.pause = 0
	}
	forgiven := min(int(now.Sub(a.last)/wrongRecovery), a.wrong)
	a.wrong += 1 - forgiven
	a.last = now
	if a.wrong >= maxWrong {
		a.wrong-- // one more try after the pause
		a.pause = min(max(2*a.pause, firstBackOff), longBackOff)
		a.closed = now.Add(a.pause)
		a.last = a.closed
	}
}
