package cli

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"nwayacd/internal/bench"
)

// benched runs a small load against a server in its own process, and fails the test if anything is
// lost.
func benched(t *testing.T, l bench.Load) bench.Result {
	t.Helper()
	if runtime.GOOS != "linux" {
		t.Skip("SKIPPED, NOT PASSED: nwayacd bench measures on Linux only")
	}
	binary, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	l.Groups, l.Ring, l.Seed = 2, time.Millisecond, 1
	result, err := bench.Run(t.Context(),
		bench.Options{
			Load: l, Binary: binary, Secured: l.Scenario == bench.Churn, LogLevel: "warn",
			DSN: os.Getenv("NWAYACD_TEST_DSN"),
		})
	if err != nil {
		t.Fatal(err)
	}
	if len(result.Faults) > 0 {
		t.Errorf("faults: %s", strings.Join(result.Faults, "; "))
	}
	if result.Answered+result.Unanswered != result.Arrived || result.Records != result.Arrived {
		t.Errorf("%d callers came, %d were answered, %d not, and there are %d records", result.Arrived, result.Answered,
			result.Unanswered, result.Records)
	}
	return result
}

func TestABenchOfASteadyLoadCountsEveryCall(t *testing.T) {
	r := benched(t,
		bench.Load{
			Scenario: bench.Steady, Rate: 40, Agents: 10, Callers: 20, Talk: 100 * time.Millisecond,
			Duration: time.Second,
		})
	if r.Answered == 0 || r.FreeToOffer.Count == 0 || r.Wait.Count == 0 || r.Lateness.Count == 0 {
		t.Errorf("answered %d, and measured %d, %d and %d times", r.Answered, r.FreeToOffer.Count, r.Wait.Count,
			r.Lateness.Count)
	}
	if r.SocketWrites < 3 || r.ResidentBytes <= 0 || len(r.Limits) == 0 {
		t.Errorf("%.1f writes a call, %d bytes resident, limits %q", r.SocketWrites, r.ResidentBytes, r.Limits)
	}
}

func TestABenchOfAFloodCountsAllWhoWait(t *testing.T) {
	r := benched(t, bench.Load{Scenario: bench.Flood, Callers: 50, Talk: time.Second, Duration: 100 * time.Millisecond})
	if r.Waiting != 50 || r.Unanswered != 50 {
		t.Errorf("%d waited and %d left without an agent, of 50", r.Waiting, r.Unanswered)
	}
}

func TestABenchOfADrainAnswersEveryCaller(t *testing.T) {
	r := benched(t,
		bench.Load{Scenario: bench.Drain, Callers: 50, Agents: 10, Talk: 50 * time.Millisecond, Duration: time.Minute})
	if r.Answered != 50 || r.LoginToOffer.Count != 10 || r.FreeToOffer.Count != 40 {
		t.Errorf("answered %d of 50; %d offers followed a login, %d a talk", r.Answered, r.LoginToOffer.Count,
			r.FreeToOffer.Count)
	}
}

func TestABenchOfAChurnLosesNoCall(t *testing.T) {
	r := benched(t, bench.Load{
		Scenario: bench.Churn, Rate: 60, Agents: 10, Talk: 100 * time.Millisecond, Duration: 2 * time.Second, Churn: 10,
		Miss: 0.2, Patience: time.Second,
	})
	if r.Missed == 0 || r.Moves == 0 {
		t.Errorf("%d offers were missed and %d agents moved: that is not a churn", r.Missed, r.Moves)
	}
}

func TestWrongFlagsOfABenchAreAllNamed(t *testing.T) {
	err := (&Bench{
		Rate: -1, Agents: 1, Groups: 900, Callers: -1, Ring: time.Millisecond, Talk: time.Second,
		Duration: time.Millisecond, Churn: 1,
	}).Validate()
	if err == nil {
		t.Fatal("accepted")
	}
	for _, flag := range []string{"--rate", "--groups", "--duration"} {
		if !strings.Contains(err.Error(), flag) {
			t.Errorf("%s is not named in %q", flag, err)
		}
	}
}

func TestAFullBenchHasAsManyAgentsAsTheCallsNeed(t *testing.T) {
	b := &Bench{Scenario: "steady", Full: true, Callers: -1, Ring: 50 * time.Millisecond, Talk: 4950 * time.Millisecond}
	if l := b.load(200); l.Agents != 1000 || l.Rate != 200 || l.Callers != 400 {
		t.Errorf("got %+v", l)
	}
}

func TestABenchIsPlotted(t *testing.T) {
	b := &Bench{SVG: filepath.Join(t.TempDir(), "plot.svg"), JSON: true}
	results := []bench.Result{
		{Load: bench.Load{Scenario: bench.Steady, Rate: 10}},
		{Load: bench.Load{Scenario: bench.Steady, Rate: 20}},
	}
	if err := b.plot(results); err != nil {
		t.Fatal(err)
	}
	picture, err := os.ReadFile(b.SVG)
	if err != nil || !bytes.HasPrefix(picture, []byte("<svg")) {
		t.Errorf("%.20q, %v", picture, err)
	}
	if _, err := json.Marshal(results); err != nil {
		t.Error(err)
	}
}
