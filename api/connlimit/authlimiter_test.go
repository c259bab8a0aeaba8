package connlimit

import (
	"net/netip"
	"testing"
	"testing/synctest"
	"time"
)

func TestASourceThatGuessesIsSlowedDownAndOthersAreNot(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var l AuthLimiter
		guesser, other := netip.MustParseAddr("10.0.0.1"), netip.MustParseAddr("10.0.0.2")
		right, wrong := func() bool { return true }, func() bool { return false }
		unhurried := 0
		for end := time.Now().Add(time.Hour); time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
			if _, wait := l.Try(guesser, wrong); wait == 0 {
				unhurried++
			}
			for _, source := range []netip.Addr{other, guesser} {
				if ok, wait := l.Try(source, right); !ok || wait > 0 {
					t.Fatalf("a right one of %s was held up for %s", source, wait)
				}
			}
		}
		if unhurried > 80 { // ten in a row, then one for each pause, up to a minute each
			t.Errorf("%d guesses of an hour were answered at once", unhurried)
		}
		if ok, wait := l.Try(guesser, wrong); ok || wait <= 0 || wait > longBackOff {
			t.Errorf("during the pause: %v, wait %s", ok, wait)
		}
	})
}

func TestAForgottenClientWithAnOldPasswordDoesNotDelayOthers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var l AuthLimiter
		source := netip.MustParseAddr("10.0.0.1") // a reverse proxy, with others behind it
		for range 1000 {
			l.Try(source, func() bool { return false })
			if ok, _ := l.Try(source, func() bool { return true }); !ok {
				t.Fatal("the others are delayed")
			}
			time.Sleep(2 * time.Second)
		}
	})
}
