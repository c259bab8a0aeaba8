package main

import (
	"bytes"
	"os"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// TestAShortSoak is the soak for as long as a gate can wait. `make soak` is the real one.
func TestAShortSoak(t *testing.T) {
	if os.Getenv("NWAYACD_TEST_DSN") == "" {
		t.Skip("THE SOAK IS LEFT OUT: NWAYACD_TEST_DSN is not set, and there may be no PostgreSQL to kill")
	}
	o := defaults()
	o.Time, o.Seed, o.Rate, o.Agents, o.Every, o.Shift = 20*time.Second, 1, 6, 30, 2500*time.Millisecond, 10*time.Second
	var err error
	if o.Dir, err = folder(""); err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(o.Dir)
	if o.Root, err = sources(t.Context()); err != nil {
		t.Fatal(err)
	}
	if o.Program, err = build(t.Context(), o.Root, o.Dir, o.Race); err != nil {
		t.Fatal(err)
	}
	var told bytes.Buffer
	f, err := play(t.Context(), o, &told)
	if err != nil {
		t.Fatal(err)
	}
	t.Log(f.json())
	if f.violated() > 0 {
		t.Errorf("invariants do not hold:\n%s", told.String())
	}
}
