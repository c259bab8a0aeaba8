package bench

import (
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
)

// counts are of the whole run. All may be written by any goroutine.
type counts struct {
	arrived, unconnected, connected atomic.Int64 // callers: came to the server, found no server, got a connection
	offers, missed, doubles         atomic.Int64 // originates; refused by the phone; to a phone that had a leg
	completed, unanswered           atomic.Int64 // calls that are over, with a talk and without
	broken                          atomic.Int64 // connections that the server lost or closed without exit
	moves                           atomic.Int64 // commands of a churn
	segments                        atomic.Int64 // of data that the server sent on the connections of completed calls
	mistakes                        atomic.Int64 // commands that this FreeSWITCH does not have

	mu    sync.Mutex
	notes []string // the first faults in words
}

const notesKept = 8

func (c *counts) note(format string, args ...any) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.notes) < notesKept {
		c.notes = append(c.notes, fmt.Sprintf(format, args...))
	}
}

// mistake counts a command that is not carried out, and returns FreeSWITCH's answer to it.
func (c *counts) mistake(line string) string {
	c.mistakes.Add(1)
	c.note("not understood: %.120s", line)
	verb, _, _ := strings.Cut(line, " ")
	return "-ERR " + verb + " command not found"
}

// figures are the latencies of the time that is measured.
type figures struct {
	lateness     *latency // of the generator: from when a caller was due until it connected
	readLateness *latency // the same: from when an originate arrived until it was read
	enterToOffer *latency // from when a caller was due until its agent's originate came, if it never had to wait
	wait         *latency // the same of all callers
	freeToOffer  *latency // from an agent's hang-up until its next originate came, if callers waited
	loginToOffer *latency // from nway_login until the originate, if callers waited
}

func newFigures() *figures {
	return &figures{newLatency(), newLatency(), newLatency(), newLatency(), newLatency(), newLatency()}
}

// reset removes the latencies of the warm-up.
func (f *figures) reset() {
	for _, l := range []*latency{f.lateness, f.readLateness, f.enterToOffer, f.wait, f.freeToOffer, f.loginToOffer} {
		l.mu.Lock()
		l.histogram.Reset()
		l.mu.Unlock()
	}
}

const (
	longest = 10 * time.Minute // the range that a histogram distinguishes
	digits  = 3                // its precision
)

// latency is a histogram of times.
type latency struct {
	mu        sync.Mutex
	histogram *hdrhistogram.Histogram // in microseconds
}

func newLatency() *latency {
	return &latency{histogram: hdrhistogram.New(1, longest.Microseconds(), digits)}
}

func (l *latency) record(d time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.histogram.RecordValue(min(max(d, 0), longest).Microseconds()) // in range by construction
}

// Percentiles are in milliseconds.
type Percentiles struct {
	Count int64   `json:"count"`
	P50   float64 `json:"p50-ms"`
	P90   float64 `json:"p90-ms"`
	P99   float64 `json:"p99-ms"`
	P999  float64 `json:"p99.9-ms"`
	Max   float64 `json:"max-ms"`
}

func (l *latency) percentiles() Percentiles {
	l.mu.Lock()
	defer l.mu.Unlock()
	at := func(q float64) float64 { return float64(l.histogram.ValueAtQuantile(q)) / 1000 }
	return Percentiles{
		Count: l.histogram.TotalCount(), P50: at(50), P90: at(90), P99: at(99), P999: at(99.9),
		Max: float64(l.histogram.Max()) / 1000,
	}
}

// newNanoseconds returns a histogram for times of less than a second.
func newNanoseconds() *hdrhistogram.Histogram {
	return hdrhistogram.New(1, time.Second.Nanoseconds(), digits)
}
