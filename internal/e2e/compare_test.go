package e2e

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// comparisonDir is the folder into which BenchmarkSideBySide writes its results. If it is "" the
// benchmark is skipped. `make compare` sets it.
var comparisonDir = os.Getenv("NWAYACD_COMPARE")

// BenchmarkSideBySide lets nwayacd and mod_callcenter distribute the same calls on one real
// FreeSWITCH, in turn, one round each in an iteration. It does not test times. It fails if a caller
// is not served.
func BenchmarkSideBySide(b *testing.B) {
	if comparisonDir == "" {
		b.Skip("LEFT OUT: the comparison with mod_callcenter takes minutes and a quiet machine; run `make compare`")
	}
	if testDSN == "" {
		b.Fatal("NWAYACD_TEST_DSN is not set: nwayacd is compared with PostgreSQL, or not at all")
	}
	sw, err := startFreeSWITCH("compare", "compare", firstIP)
	if err != nil {
		b.Fatal(err)
	}
	defer func() {
		if err := sw.stop(); err != nil {
			b.Error(err)
		}
	}()
	c := newComparison()
	for b.Loop() {
		for i := range rivals {
			c.play(b, sw, rivals[(i+c.Rounds)%len(rivals)]) // so that neither is always the first
		}
		c.Rounds++
	}
	c.report(b)
}

// The floor of the comparison.
const comparedAgents, comparedCallers = 20, 80

// The targets: of nwayacd alone, and beside mod_callcenter as its documentation configures it.
const (
	idleGapTarget, firstOfferTarget   = 25.0, 15.0 // p50, milliseconds
	idleGapFactor, firstOfferFactor   = 8.0, 4.0   // so many times shorter, p50
	ourName, theirName                = "nwayacd", "mod_callcenter"
	comparisonTable, comparisonReport = "compare.txt", "compare.json"
)

// comparison collects the measurements, by rival.
type comparison struct {
	Agents  int                `json:"agents"`
	Callers int                `json:"callers"`
	Rounds  int                `json:"rounds"`
	CPUs    int                `json:"cpus"`
	Load    []float64          `json:"load_before_rounds"` // of the whole machine, the last minute's
	Results map[string]*result `json:"results"`
}

// result is the sum of all rounds of one rival.
type result struct {
	IdleGap    figures   `json:"idle_gap"`
	FirstOffer figures   `json:"first_offer"`
	Took       []float64 `json:"rounds_took_s"`
	Overtaken  int       `json:"overtaken"`
}

// figures are times in milliseconds.
type figures struct {
	N   int       `json:"n"`
	P50 float64   `json:"p50_ms"`
	P90 float64   `json:"p90_ms"`
	P99 float64   `json:"p99_ms"`
	Max float64   `json:"max_ms"`
	All []float64 `json:"all_ms"` // as they came
}

func newComparison() *comparison {
	c := &comparison{
		Agents: comparedAgents, Callers: comparedCallers, CPUs: runtime.NumCPU(),
		Results: map[string]*result{},
	}
	for _, r := range rivals {
		c.Results[r.name] = &result{}
	}
	return c
}

// play lets one rival distribute a round's calls.
func (c *comparison) play(b *testing.B, sw *freeswitch, r rival) {
	b.Helper()
	c.Load = append(c.Load, loadAverage())
	agents := make([]string, comparedAgents)
	for i := range agents {
		agents[i] = fmt.Sprintf("20%02d", i+1)
	}
	closes := r.opens(b, sw, agents)
	seen := newRound(sw, r.app, agents, comparedCallers, uint64(c.Rounds)).play(b)
	closes()
	p := seen.replay(agents)
	if p.Served != comparedCallers {
		b.Fatalf("round %d, %s: %d of %d callers talked to an agent", c.Rounds+1, r.name, p.Served, comparedCallers)
	}
	c.Results[r.name].add(p)
	b.Logf("round %d, %s: %d idle gaps and %d first offers in %.1f s, load before it %.1f",
		c.Rounds+1, r.name, len(p.IdleGap), len(p.FirstOffer), p.Took.Seconds(), c.Load[len(c.Load)-1])
}

func (r *result) add(p pace) {
	r.IdleGap.add(p.IdleGap)
	r.FirstOffer.add(p.FirstOffer)
	r.Took = append(r.Took, p.Took.Seconds())
	r.Overtaken += p.Overtaken
}

func (f *figures) add(times []time.Duration) {
	for _, t := range times {
		f.All = append(f.All, float64(t.Microseconds())/1000)
	}
	sorted := slices.Sorted(slices.Values(f.All))
	if f.N = len(sorted); f.N > 0 {
		f.P50, f.P90, f.P99, f.Max = nearestRank(sorted, 50), nearestRank(sorted, 90), nearestRank(sorted, 99),
			sorted[f.N-1]
	}
}

// nearestRank is the least of the sorted values that at least percent of them do not exceed.
func nearestRank(sorted []float64, percent int) float64 {
	return sorted[max((len(sorted)*percent+99)/100, 1)-1]
}

// loadAverage is that of the last minute, or -1 if the system does not report it.
func loadAverage() float64 {
	text, _ := os.ReadFile("/proc/loadavg")
	first, _, _ := strings.Cut(string(text), " ")
	load, err := strconv.ParseFloat(first, 64)
	if err != nil {
		return -1
	}
	return load
}

// report writes the results as a table and as JSON, and as the benchmark's own figures.
func (c *comparison) report(b *testing.B) {
	b.Helper()
	for name, r := range c.Results {
		unit := strings.NewReplacer(",", "", " ", "-").Replace(name)
		b.ReportMetric(r.IdleGap.P50, "p50-idle-gap-ms/"+unit)
		b.ReportMetric(r.FirstOffer.P50, "p50-first-offer-ms/"+unit)
	}
	b.ReportMetric(0, "ns/op")
	text, err := json.MarshalIndent(c, "", "  ")
	if err == nil {
		err = os.WriteFile(filepath.Join(comparisonDir, comparisonReport), text, 0o644)
	}
	if err = errors.Join(err,
		os.WriteFile(filepath.Join(comparisonDir, comparisonTable), []byte(c.table()), 0o644)); err != nil {
		b.Fatal(err)
	}
}

func (c *comparison) table() string {
	var text strings.Builder
	fmt.Fprintf(&text,
		"%d agents, %d callers, %d rounds each, %d CPUs, load before the rounds %.1f to %.1f. Milliseconds.\n\n",
		c.Agents, c.Callers, c.Rounds, c.CPUs, slices.Min(c.Load), slices.Max(c.Load))
	text.WriteString("| | | n | p50 | p90 | p99 | max | p50 of nwayacd |\n|---|---|---|---|---|---|---|---|\n")
	for _, measured := range []struct {
		what string
		of   func(*result) figures
	}{
		{"agent hangs up, callers wait -> next leg", func(r *result) figures { return r.IdleGap }},
		{"caller enters, agents free -> leg", func(r *result) figures { return r.FirstOffer }},
	} {
		for _, r := range rivals {
			f := measured.of(c.Results[r.name])
			fmt.Fprintf(&text, "| %s | %s | %d | %.0f | %.0f | %.0f | %.0f | x %.1f |\n",
				measured.what, r.name, f.N, f.P50, f.P90, f.P99, f.Max, f.P50/measured.of(c.Results[ourName]).P50)
		}
	}
	text.WriteString("\n")
	for _, r := range rivals {
		took := slices.Sorted(slices.Values(c.Results[r.name].Took))
		fmt.Fprintf(&text, "%s: a round takes %.1f s (%.1f to %.1f)\n", r.name, took[len(took)/2], took[0],
			took[len(took)-1])
	}
	text.WriteString("\n" + strings.Join(c.targets(), "\n") + "\n")
	return text.String()
}

// targets reports of each target whether it is met.
func (c *comparison) targets() []string {
	ours, theirs := c.Results[ourName], c.Results[theirName]
	verdict := func(met bool, format string, values ...any) string {
		return map[bool]string{true: "met     ", false: "MISSED  "}[met] + fmt.Sprintf(format, values...)
	}
	gap, offer := theirs.IdleGap.P50/ours.IdleGap.P50, theirs.FirstOffer.P50/ours.FirstOffer.P50
	return []string{
		verdict(ours.IdleGap.P50 <= idleGapTarget, "idle gap p50 %.1f ms, target %.0f ms", ours.IdleGap.P50,
			idleGapTarget),
		verdict(ours.FirstOffer.P50 <= firstOfferTarget, "first offer p50 %.1f ms, target %.0f ms", ours.FirstOffer.P50,
			firstOfferTarget),
		verdict(gap >= idleGapFactor, "idle gap %.1f times shorter, target %.0f times", gap, idleGapFactor),
		verdict(offer >= firstOfferFactor, "first offer %.1f times faster, target %.0f times", offer, firstOfferFactor),
	}
}
