// Package metrics shows the server's figures to Prometheus.
//
// It owns the names, labels and buckets. What happens is told to it as it happens (Offered,
// Answered, OfferEnded, CallEnded); what is the case it reads at each scrape, from counts that
// others keep anyway. It decides nothing and must not know of connections, SQL or single calls and
// agents: a label is a group, a switch or a word of a short list, so that 10,000 agents make no
// more series than ten.
//
// Histograms are classic ones with buckets at the limits that call centres promise. There are no
// native ones beside them: a Prometheus that has these switched on drops the classic buckets of the
// same name unless told otherwise, and with them every service level.
package metrics

import (
	"net/http"
	"runtime"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"github.com/rs/zerolog"
)

// Build says what runs.
type Build struct{ Version, Commit string }

// Metrics are the figures of one server.
type Metrics struct {
	registry *prometheus.Registry
	happened *happened
}

// New returns the metrics of a server that has not begun; Watch completes them. The metrics of the
// process and of Go are among them.
func New(b Build) *Metrics {
	m := &Metrics{registry: prometheus.NewRegistry(), happened: newHappened()}
	build := prometheus.NewGauge(prometheus.GaugeOpts{
		Name: "nwayacd_build_info", Help: "What runs; always 1.",
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

// Watch reads the sources at each scrape from now on. It is called once.
func (m *Metrics) Watch(s Sources) {
	m.registry.MustRegister(&floorWatch{sources: s, happened: m.happened})
}

// scrapesAtOnce bounds what clients can make us count at the same time; more get 503.
const scrapesAtOnce = 4

// Handler answers a scrape. What cannot be told is left out and logged; the rest is answered.
func (m *Metrics) Handler(log zerolog.Logger) http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{
		ErrorLog: faultLog{log}, ErrorHandling: promhttp.ContinueOnError, MaxRequestsInFlight: scrapesAtOnce,
	})
}

// faultLog is promhttp's way to our log.
type faultLog struct{ log zerolog.Logger }

// Println logs what could not be told.
func (l faultLog) Println(v ...any) { l.log.Error().Any("fault", v).Msg("some metrics cannot be told") }
