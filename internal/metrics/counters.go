package metrics

import (
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"nwayacd/queue"
)

// Buckets, in seconds. A service level is the share of one of the buckets of waits, so these have
// the limits that contracts name.
var (
	waitBuckets  = []float64{0.5, 1, 2, 5, 10, 15, 20, 30, 45, 60, 90, 120, 180, 300, 600, 1200}
	talkBuckets  = []float64{10, 30, 60, 120, 180, 300, 600, 1200, 1800, 3600}
	offerBuckets = []float64{0.0001, 0.00025, 0.0005, 0.001, 0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1}
)

var (
	callOutcomes = []queue.Outcome{
		queue.Answered, queue.Abandoned, queue.Refused, queue.TimedOut, queue.Transferred, queue.Taken, queue.Returned,
		queue.Failed, queue.Consult, queue.Moved, queue.Dropped,
	}
	offerOutcomes = []queue.OfferOutcome{
		queue.OfferAnswered, queue.OfferMissed, queue.OfferWithdrawn, queue.OfferExpired,
	}
)

// counters has the counters and histograms. A group has all its series from the first scrape on, at
// 0. Otherwise Prometheus would not see the first call as an increase.
type counters struct {
	freeToOffer prometheus.Histogram
	answerWait  *prometheus.HistogramVec
	abandonWait *prometheus.HistogramVec
	talk        *prometheus.HistogramVec
	calls       *prometheus.CounterVec
	offers      *prometheus.CounterVec
	notAllowed  *prometheus.CounterVec

	mu     sync.Mutex
	groups map[string]bool // the groups that have series
}

func newCounters() *counters {
	ofGroup := func(name, help string, buckets []float64) *prometheus.HistogramVec {
		return prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "nwayacd_" + name, Help: help,
			Buckets: buckets,
		}, []string{"group"})
	}
	byOutcome := func(name, help string) *prometheus.CounterVec {
		return prometheus.NewCounterVec(prometheus.CounterOpts{Name: "nwayacd_" + name, Help: help},
			[]string{"group", "outcome"})
	}
	return &counters{
		freeToOffer: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "nwayacd_free_to_offer_seconds", Buckets: offerBuckets,
			Help: "From the moment when a waiting caller and an available agent both existed until the agent's leg " +
				"was on the wire.",
		}),
		answerWait: ofGroup("answer_wait_seconds",
			"From arrival to the first agent, of callers who were answered; counted when the two are bridged.",
			waitBuckets),
		abandonWait: ofGroup("abandon_wait_seconds",
			"From arrival to hang-up, of callers who hung up before an agent answered.", waitBuckets),
		talk: ofGroup("talk_seconds", "Length of talks, from the bridge to the end; counted when the call ends.",
			talkBuckets),
		calls: byOutcome("calls_ended_total",
			"Visits that ended, by outcome. Calls out, and calls for a group that does not exist, have no group."),
		offers: byOutcome("offers_total",
			"Offers that ended, by outcome; an answered one ends with the talk."),
		notAllowed: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "nwayacd_not_allowed_total",
			Help: "Commands and requests that the role of their client does not allow, by role and way.",
		}, []string{"role", "way"}),
		groups: map[string]bool{},
	}
}

// Offered counts an offer. after is how long the agent and the caller were both available before
// it.
func (m *Metrics) Offered(after time.Duration) { m.counters.freeToOffer.Observe(after.Seconds()) }

// Answered counts a caller whom an agent answered. waited is the time from arrival to the bridge.
func (m *Metrics) Answered(group string, waited time.Duration) {
	m.counters.answerWait.WithLabelValues(label(group)).Observe(waited.Seconds())
}

// OfferEnded counts an offer with its outcome.
func (m *Metrics) OfferEnded(o queue.OfferRecord) {
	m.counters.offers.WithLabelValues(label(o.Group), string(o.Outcome)).Inc()
}

// NotAllowed counts what a client with that role wanted and may not do. way is how it came.
func (m *Metrics) NotAllowed(role, way string) {
	m.counters.notAllowed.WithLabelValues(role, way).Inc()
}

// CallEnded counts a visit with its outcome. It also observes the wait of an abandoned visit, and
// the talk of any other.
func (m *Metrics) CallEnded(c queue.CDR) {
	h, group := m.counters, label(c.Group)
	h.calls.WithLabelValues(group, string(c.Outcome)).Inc()
	switch {
	case c.Group == "": // the caller did not wait for an agent
	case c.Outcome == queue.Abandoned:
		h.abandonWait.WithLabelValues(group).Observe(c.Ended.Sub(c.Arrived).Seconds())
	case !c.Bridged.IsZero():
		h.talk.WithLabelValues(group).Observe(c.Ended.Sub(c.Bridged).Seconds())
	}
}

// follow creates the series of new groups, and deletes those of groups that were removed.
func (h *counters) follow(groups []queue.GroupFigures) {
	h.mu.Lock()
	defer h.mu.Unlock()
	here := make(map[string]bool, len(groups))
	for _, g := range groups {
		group := label(g.Number)
		here[group] = true
		if !h.groups[group] {
			h.begin(group)
		}
	}
	for group := range h.groups {
		if !here[group] {
			h.end(group)
		}
	}
	h.groups = here
}

func (h *counters) begin(group string) {
	for _, waits := range h.histograms() {
		waits.WithLabelValues(group)
	}
	for _, outcome := range callOutcomes {
		h.calls.WithLabelValues(group, string(outcome))
	}
	for _, outcome := range offerOutcomes {
		h.offers.WithLabelValues(group, string(outcome))
	}
}

func (h *counters) end(group string) {
	of := prometheus.Labels{"group": group}
	for _, waits := range h.histograms() {
		waits.DeletePartialMatch(of)
	}
	h.calls.DeletePartialMatch(of)
	h.offers.DeletePartialMatch(of)
}

func (h *counters) histograms() []*prometheus.HistogramVec {
	return []*prometheus.HistogramVec{h.answerWait, h.abandonWait, h.talk}
}

func (h *counters) all() []prometheus.Collector {
	return []prometheus.Collector{h.freeToOffer, h.answerWait, h.abandonWait, h.talk, h.calls, h.offers, h.notAllowed}
}
