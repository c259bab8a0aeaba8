package agent

import (
	"slices"
	"testing"

	"pgregory.net/rapid"
)

func TestExtensionsInTheOrderAnOperatorReadsThem(t *testing.T) {
	want := []string{
		"0", "007", "07", "7", "8", "10", "99", "0999", "999", "1000", "1001", "10000",
		"18446744073709551615", "18446744073709551616", // beyond 64 bits
		"", "+49", "1000a", "10a", "9a", "A", "a", "é",
	}
	for i, a := range want {
		for j, b := range want {
			if got := Less(a, b); got != (i < j) {
				t.Errorf("Less(%q, %q) = %v", a, b, got)
			}
		}
	}
}

func TestExtensionsAreStrictlyAndTotallyOrdered(t *testing.T) {
	extension := rapid.StringMatching(`[0-9]{0,4}|0{0,3}[0-9]{1,2}|[0-9a-c]{0,3}`)
	rapid.Check(t, func(t *rapid.T) {
		a, b, c := extension.Draw(t, "a"), extension.Draw(t, "b"), extension.Draw(t, "c")
		if Less(a, a) {
			t.Fatalf("%q before itself", a)
		}
		if a != b && Less(a, b) == Less(b, a) {
			t.Fatalf("%q and %q: Less is %v both ways", a, b, Less(a, b))
		}
		three := []string{a, b, c}
		slices.SortFunc(three, func(a, b string) int {
			if Less(a, b) {
				return -1
			}
			return 1
		})
		if Less(three[2], three[0]) || Less(three[1], three[0]) || Less(three[2], three[1]) {
			t.Fatalf("not transitive: %q", three)
		}
	})
}

func TestOrderIsLess(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		extension := rapid.OneOf(rapid.StringMatching(`0{0,3}[0-9]{0,4}`), rapid.StringMatching(`[0-9a\x{ff}#]{0,3}`),
			rapid.String())
		a, b := extension.Draw(t, "a"), extension.Draw(t, "b")
		if got, want := SortKey(a) < SortKey(b), Less(a, b); got != want {
			t.Fatalf("%q before %q by its key: %v, should be %v", a, b, got, want)
		}
	})
}

// TestAvailable tries everything that matters: presence, call state and external calls.
func TestAvailable(t *testing.T) {
	for bits := range 1 << 6 {
		on := func(i int) bool { return bits&(1<<i) != 0 }
		for state := range CallState(len(callStateNames)) {
			for outside := range 3 {
				a := Agent{
					Profile:  Profile{WithoutState: on(0)},
					Presence: Presence{Registered: on(1), Up: on(2), Idle: on(3), Locked: on(4), DND: on(5)},
					Call:     state, Outside: outside,
				}
				want := true
				for _, obstacle := range []bool{
					!a.Registered, a.Locked, a.DND, state != Ready, outside > 0,
					!a.Up && !a.WithoutState, !a.Idle && !a.WithoutState,
				} {
					want = want && !obstacle
				}
				if got := a.Available(); got != want {
					t.Fatalf("%+v: available %v, want %v", a, got, want)
				}
			}
		}
	}
}
