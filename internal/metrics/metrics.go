// Package metrics shows the server's figures to Prometheus.
//
// It owns the names, labels and buckets. Package acd reports events as they happen (Offered,
// Answered, OfferEnded, CallEnded). Counts of the present state are read at each scrape from the
// packages that have them. This package decides nothing, and must not know connections, SQL, or
// single calls and agents. A label is a group, a switch or a word of a short list, so 10,000 agents
// have no more series than ten.
//
// Histograms are classic ones, with buckets at the limits that call centres promise. There are no
// native histograms beside them. A Prometheus that ingests native histograms drops the classic
// buckets of the same name unless it is configured otherwise, and with them every service level.
package metrics

import (
	"net/http"
	"runtime"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"github.com/rs/zerolog"
)

// Build names the program that runs.
type Build struct{ Version, Commit string }

// Metrics are the figures of one server.
type Metrics struct {
	registry *prometheus.Registry
	counters *counters
}

// New returns the metrics of a server that has not started. Watch completes them. They include the
// metrics of the process and of Go.
func New(b Build) *Metrics {
	m := &Metrics{registry: prometheus.NewRegistry(), counters: newCounters()}
	build := prometheus.NewGauge(prometheus.GaugeOpts{
		Name: "nwayacd_build_info", Help: "Version, commit and Go version of the program; always 1.",
		ConstLabels: prometheus.Labels{
			"version": label(b.Version), "revision": label(b.Commit),
			"goversion": runtime.Version(),
		},
	})
	build.Set(1)
	m.registry.MustRegister(build, collectors.NewGoCollector(),
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return m
}

// Watch adds the metrics of the sources, which are read at each scrape. It is called once.
func (m *Metrics) Watch(s Sources) {
	m.registry.MustRegister(&floorWatch{sources: s, counters: m.counters})
}

// scrapesAtOnce bounds how many scrapes run at the same time. Further ones get 503.
const scrapesAtOnce = 4

// Handler answers a scrape. Metrics that cannot be collected are left out and logged.
func (m *Metrics) Handler(log zerolog.Logger) http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{
		ErrorLog: faultLog{log}, ErrorHandling: promhttp.ContinueOnError, MaxRequestsInFlight: scrapesAtOnce,
	})
}

// faultLog lets promhttp write to our log.
type faultLog struct{ log zerolog.Logger }

// Println logs which metrics could not be collected.
func (l faultLog) Println(v ...any) {
	l.log.Error().Any("fault", v).Msg("some metrics could not be collected")
}
