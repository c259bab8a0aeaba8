package main

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"nwayacd/internal/testlab"
)

// TestAServerThatGivesNoListsIsSeen asks an address at which nothing listens.
func TestAServerThatGivesNoListsIsSeen(t *testing.T) {
	for name, situation := range map[string]struct {
		calm time.Duration // since then nothing is broken
		long time.Duration // that the judge looks
		want int
	}{
		"for a moment":   {time.Minute, 10 * time.Second, 0},
		"for long":       {time.Minute, time.Minute, 1},
		"after a fault":  {0, 20 * time.Second, 0},
		"and goes on so": {0, time.Minute, 1},
	} {
		t.Run(name, func(t *testing.T) {
			free, err := testlab.FreeAddresses(1)
			if err != nil {
				t.Fatal(err)
			}
			synctest.Test(t, func(t *testing.T) {
				s := seenSoak(t)
				s.breaker.last = time.Now().Add(-situation.calm)
				for i := range s.consoles {
					s.consoles[i] = &console{testlab.Client{Address: free[0], Password: password}}
				}
				ctx, stop := context.WithTimeout(t.Context(), situation.long)
				defer stop()
				s.looks(ctx, newJudge(s))
				if got := s.figures.Violations["no lists"]; got != situation.want {
					t.Errorf("%d violations, want %d", got, situation.want)
				}
			})
		})
	}
}
