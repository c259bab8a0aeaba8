package esl

import (
	"net"
	"net/netip"
	"testing"
	"testing/synctest"
	"time"
)

func TestSourceOfAConnection(t *testing.T) {
	for remote, want := range map[string]string{
		"10.0.0.1:5": "10.0.0.1", "[::ffff:10.0.0.1]:5": "10.0.0.1",
		"[2001:db8:0:1:2:3:4:5]:5": "2001:db8:0:1::", "[fe80::1%lo]:5": "fe80::",
	} {
		if got := Source(net.TCPAddrFromAddrPort(netip.MustParseAddrPort(remote))); got.String() != want {
			t.Errorf("%s counts for %s, not %s", remote, got, want)
		}
	}
	pipe, other := net.Pipe()
	defer other.Close()
	defer pipe.Close()
	if got := Source(pipe.RemoteAddr()); got.IsValid() {
		t.Error(got)
	}
}

// stranger returns the nth of many addresses.
func stranger(n int) netip.Addr {
	return netip.AddrFrom4([4]byte{10, byte(n >> 16), byte(n >> 8), byte(n)})
}

func TestOnlySoManySourcesAreRemembered(t *testing.T) {
	var seen Sources[int]
	regular := stranger(0)
	*seen.Get(regular) = 7
	for n := range 5 * maxSources {
		*seen.Get(stranger(n + 1)) = 1
		if *seen.Get(regular) != 7 {
			t.Fatalf("a source that was seen all the time was dropped after %d others", n)
		}
	}
	if len(seen.bySource) != maxSources || seen.latest.Len() != maxSources {
		t.Errorf("%d sources are kept", len(seen.bySource))
	}
	if *seen.Get(stranger(1)) != 0 {
		t.Error("the first source is still kept")
	}
}

func TestOneSourceCannotFillTheLog(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var r Reports
		if _, due := r.Due(stranger(1)); !due {
			t.Error("the first line was held back")
		}
		for range 1000 {
			if _, due := r.Due(stranger(1)); due {
				t.Fatal("a second line within the minute")
			}
		}
		if _, due := r.Due(stranger(2)); !due {
			t.Error("another source was held back")
		}
		time.Sleep(reportPause)
		if passed, due := r.Due(stranger(1)); !due || passed != 1000 {
			t.Errorf("a minute later: %v, standing for %d more", due, passed)
		}
	})
}

func TestManySourcesCannotFillTheLog(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var r Reports
		lines := 0
		for n := range 100_000 {
			if _, due := r.Due(stranger(n)); due {
				lines++
			}
		}
		if lines != maxReports {
			t.Errorf("%d lines", lines)
		}
		time.Sleep(reportPause)
		if _, due := r.Due(stranger(7)); !due {
			t.Error("no report is due a minute later")
		}
	})
}
