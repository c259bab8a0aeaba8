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
		looked := 0
		for end := time.Now().Add(time.Hour); time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
			if _, wait := l.Try(guesser, wrong); wait == 0 {
				looked++
			}
			if ok, _ := l.Try(other, right); !ok {
				t.Fatal("another source was delayed")
			}
		}
		if looked > 80 { // ten in a row, then one for each pause, up to a minute each
			t.Errorf("%d guesses in an hour", looked)
		}
		if ok, wait := l.Try(guesser, right); ok || wait <= 0 || wait > longBackOff {
			t.Errorf("during the pause: %v, wait %s", ok, wait)
		}
		time.Sleep(longBackOff)
		if ok, _ := l.Try(guesser, right); !ok {
			t.Error("the right password is refused after the pause")
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
