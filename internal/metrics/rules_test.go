package metrics

import (
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"

	"nwayacd/queue"
)

const prometheusFiles = "../../deploy/prometheus"

// promtool runs Prometheus's own checker in the folder of the rules.
func promtool(t *testing.T, args ...string) {
	t.Helper()
	if _, err := exec.LookPath("promtool"); err != nil {
		const left = "PROMTOOL IS NOT IN PATH (Debian: apt-get install prometheus): THE ALERT RULES AND THE EXAMPLE " +
			"OF prometheus.yml ARE NOT TESTED"
		fmt.Fprintln(os.Stderr, "metrics: LEFT OUT:", left)
		t.Skip(left)
	}
	tool := exec.CommandContext(t.Context(), "promtool", args...)
	tool.Dir = prometheusFiles
	if out, err := tool.CombinedOutput(); err != nil {
		t.Errorf("promtool %v: %v\n%s", args, err, out)
	}
}

func TestTheAlertsFireWhenTheyShouldAndOnlyThen(t *testing.T) {
	promtool(t, "check", "rules", "nwayacd.rules.yml")
	promtool(t, "test", "rules", "nwayacd.rules_test.yml", "nwayacd.rules_days_test.yml")
}

func TestTheExampleForPrometheusIsRight(t *testing.T) {
	promtool(t, "check", "config", "--syntax-only", "prometheus.yml")
}

func TestPrometheusReadsOurMetrics(t *testing.T) {
	if _, err := exec.LookPath("promtool"); err != nil {
		t.Skip("promtool is not there; another test has read the metrics with the checker of Go's client")
	}
	check := exec.CommandContext(t.Context(), "promtool", "check", "metrics")
	check.Stdin = strings.NewReader(watch(queue.GroupFigures{Number: "110"}).scrape(t))
	if out, err := check.CombinedOutput(); err != nil {
		t.Errorf("promtool check metrics: %v\n%s", err, out)
	}
}
