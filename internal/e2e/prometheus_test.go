package e2e

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"nwayacd/internal/testlab"
)

const (
	dashboardFile = "../../deploy/grafana/nwayacd.json"
	rulesFile     = "../../deploy/prometheus/nwayacd.rules.yml"
)

// prometheus is a real Prometheus that scrapes one nwayacd and evaluates the alerts.
type prometheus struct {
	t    *testing.T
	base string
}

// prometheusConfig is filled with the rules, the token file and the target.
const prometheusConfig = `
global: {scrape_interval: 1s, scrape_timeout: 1s, evaluation_interval: 1s}
rule_files: [%q]
scrape_configs:
  - job_name: nwayacd
    authorization: {type: Bearer, credentials_file: %q}
    static_configs: [{targets: [%q]}]
`

func newPrometheus(t *testing.T, srv *server) *prometheus {
	t.Helper()
	dir := t.TempDir()
	rules, err := filepath.Abs(rulesFile)
	must(err)
	token := filepath.Join(dir, "token")
	must(os.WriteFile(token, []byte(httpToken), 0o600))
	config := filepath.Join(dir, "prometheus.yml")
	must(os.WriteFile(config, fmt.Appendf(nil, prometheusConfig, rules, token, srv.HTTP), 0o600))
	free, err := testlab.FreeAddresses(1)
	must(err)
	log := filepath.Join(dir, "prometheus.log")
	process, err := testlab.Run(log, "prometheus", "--config.file="+config,
		"--storage.tsdb.path="+filepath.Join(dir, "data"), "--web.listen-address="+free[0])
	must(err)
	t.Cleanup(func() {
		process.Kill()
		if text, _ := os.ReadFile(log); t.Failed() {
			t.Logf("Prometheus says:\n%s", text)
		}
	})
	p := &prometheus{t: t, base: "http://" + free[0] + "/api/v1/"}
	eventually(t, 20*time.Second, "Prometheus has scraped nwayacd", func() bool {
		samples, _ := p.query(`up{job="nwayacd"} == 1 and on (instance) nwayacd_build_info`)
		return len(samples) == 1
	})
	return p
}

// get asks Prometheus's API and reads data.
func (p *prometheus) get(path string, data any) error {
	answer, err := http.Get(p.base + path)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	var all struct {
		Error string
		Data  json.RawMessage
	}
	if err := json.NewDecoder(answer.Body).Decode(&all); err != nil {
		return err
	}
	if all.Error != "" {
		return fmt.Errorf("prometheus: %s", all.Error)
	}
	return json.Unmarshal(all.Data, data)
}

// query evaluates an expression now.
func (p *prometheus) query(expression string) (values []float64, err error) {
	var data struct {
		Result []struct{ Value [2]any }
	}
	err = p.get("query?query="+url.QueryEscape(expression), &data)
	for _, r := range data.Result {
		value, fault := strconv.ParseFloat(fmt.Sprint(r.Value[1]), 64)
		if fault != nil {
			return nil, fault
		}
		values = append(values, value)
	}
	return values, err
}

// dashboard is the tested part of the JSON.
type dashboard struct {
	Title, UID    string
	SchemaVersion int
	Templating    struct{ List []struct{ Name, Type string } }
	Panels        []panel
}

type panel struct {
	ID         int
	Title      string
	Type       string
	GridPos    struct{ X, Y, W, H int }
	Datasource struct{ UID string }
	Targets    []struct {
		RefID string
		Expr  string
	}
}

func readDashboard(t *testing.T) (d dashboard) {
	t.Helper()
	text, err := os.ReadFile(dashboardFile)
	must(err)
	if err := json.Unmarshal(text, &d); err != nil {
		t.Fatal(err)
	}
	return d
}

// chosen sets what a viewer has chosen for the dashboard's variables.
var chosen = strings.NewReplacer("$__rate_interval", "1m", "$__range", "5m", "$instance", ".*", "$group", ".*",
	"$limit", "20")

// expected is what some panels must show of the traffic below: the least and the most.
var expected = map[string][2]float64{
	"Callers waiting":                {1, 1},
	"Longest wait":                   {0.01, 60},
	"Service level, $limit s":        {0.5, 0.9}, // two of three, extrapolated
	"Abandoned":                      {0.1, 0.5}, // one of three
	"Ready":                          {1, 1},
	"Talking":                        {1, 1},
	"Busy":                           {1, 1},
	"Waiting in vain":                {0, 0},
	"FreeSWITCH":                     {1, 1},
	"Database":                       {1, 1},
	"Changes given up":               {0, 0},
	"Panics":                         {0, 0},
	"Agent free to call on the wire": {1e-6, 1},
	"Memory":                         {1 << 20, 1 << 33},
}

func TestEveryPanelAndAlertHasItsFigures(t *testing.T) {
	if _, err := exec.LookPath("prometheus"); err != nil {
		leaveOut(
			"PROMETHEUS IS NOT IN PATH (Debian: apt-get install prometheus): THE DASHBOARD'S EXPRESSIONS ARE NOT " +
				"EVALUATED")
		t.Skip()
	}
	t.Parallel()
	f := floor{
		groups: []groupRow{{number: "120"}},
		agents: []agentRow{{name: "anna"}, {name: "ben", groups: "120"}, {name: "eve", groups: "120"}},
		config: settings{"http.token": fmt.Sprintf("%q", httpToken)},
	}
	w := open(t, newSimulated(t), f)
	p := newPrometheus(t, w.srv)
	w.traffic()
	eventually(t, 30*time.Second, "Prometheus has seen the traffic", func() bool {
		samples, _ := p.query(
			`sum(increase(nwayacd_answer_wait_seconds_count[5m])) > 0 and sum(nwayacd_callers_talking) == 1`)
		return len(samples) == 1
	})
	d := readDashboard(t)
	for _, panel := range d.Panels {
		for _, target := range panel.Targets {
			p.checkPanel(panel.Title, chosen.Replace(target.Expr))
		}
	}
	p.checkRules()
	p.checkNames()
}

// traffic leaves one caller in a talk, one waiting, one who gave up, and one who was answered and
// left. Ben is busy.
func (w *world) traffic() {
	w.t.Helper()
	w.srv.must("nway_busy " + w.ext["ben"])
	first := w.arrives("first")
	first.isInTalk("anna")
	impatient := w.arrives("impatient")
	w.measures("while one waits", `nwayacd_callers_waiting{group="110"} 1`)
	impatient.hangsUp()
	impatient.isGone()
	first.hangsUp()
	first.cdr("outcome=answered")
	second := w.arrives("second")
	second.isInTalk("anna")
	w.arrives("third")
	w.measures("while another one waits", `nwayacd_callers_waiting{group="110"} 1`,
		`nwayacd_callers_talking{group="110"} 1`)
}

// checkPanel evaluates a panel's expression. It must show something, and that must be true.
func (p *prometheus) checkPanel(title, expression string) {
	p.t.Helper()
	values, err := p.query(expression)
	switch {
	case err != nil:
		p.t.Errorf("%s: %s: %v", title, expression, err)
	case len(values) == 0 && !strings.Contains(expression, "journal_limit_bytes"):
		// If there is no limit, none is drawn.
		p.t.Errorf("%s shows nothing: %s", title, expression)
	}
	limits, known := expected[title]
	for _, v := range values {
		if v != v || known && len(values) == 1 && (v < limits[0] || v > limits[1]) {
			p.t.Errorf("%s shows %v, not %v: %s", title, v, limits, expression)
		}
	}
}

// checkRules reads the alerts as Prometheus evaluates them. None may be faulty, and nothing may be
// wrong with the server.
func (p *prometheus) checkRules() {
	p.t.Helper()
	var data struct {
		Groups []struct {
			Rules []struct{ Name, State, Health, LastError string }
		}
	}
	if err := p.get("rules", &data); err != nil {
		p.t.Fatal(err)
	}
	seen := 0
	for _, g := range data.Groups {
		for _, r := range g.Rules {
			seen++
			if r.Health != "ok" || r.State == "firing" {
				p.t.Errorf("alert %s is %s, health %s: %s", r.Name, r.State, r.Health, r.LastError)
			}
		}
	}
	if seen < 15 {
		p.t.Errorf("Prometheus knows %d alerts", seen)
	}
}

var metricName = regexp.MustCompile(`\b(?:nwayacd|process|go)_[a-z_]+\b`)

// checkNames looks up every metric that the alerts name. An alert with a misspelt name would never
// fire.
func (p *prometheus) checkNames() {
	p.t.Helper()
	rules, err := os.ReadFile(rulesFile)
	must(err)
	names := metricName.FindAllString(string(rules), -1)
	slices.Sort(names)
	for _, name := range slices.Compact(names) {
		if name == "nwayacd_offer" { // a table, in a description
			continue
		}
		if values, err := p.query("count(" + name + ")"); err != nil || len(values) == 0 {
			p.t.Errorf("the alerts name %s, which there is not: %v", name, err)
		}
	}
}

func TestTheDashboardIsWhatGrafanaTakes(t *testing.T) {
	d := readDashboard(t)
	if d.UID == "" || d.SchemaVersion < 36 {
		t.Errorf("uid %q, schemaVersion %d", d.UID, d.SchemaVersion)
	}
	var variables []string
	for _, v := range d.Templating.List {
		variables = append(variables, v.Name)
	}
	ids := map[int]bool{}
	for i, p := range d.Panels {
		if ids[p.ID] || p.Title == "" || p.GridPos.W == 0 || p.GridPos.H == 0 || p.GridPos.X+p.GridPos.W > 24 {
			t.Errorf("panel %d %q at %+v: each has an id of its own, a title and a place within 24 columns", p.ID,
				p.Title, p.GridPos)
		}
		ids[p.ID] = true
		if p.Type != "row" && (p.Datasource.UID != "${datasource}" || len(p.Targets) == 0) {
			t.Errorf("panel %q asks %q, and %d questions", p.Title, p.Datasource.UID, len(p.Targets))
		}
		for _, other := range d.Panels[:i] {
			if a, b := p.GridPos, other.GridPos; a.X < b.X+b.W && b.X < a.X+a.W && a.Y < b.Y+b.H && b.Y < a.Y+a.H {
				t.Errorf("panels %q and %q overlap", p.Title, other.Title)
			}
		}
		for _, target := range p.Targets {
			for _, used := range regexp.MustCompile(`\$(\w+)`).FindAllStringSubmatch(target.Expr, -1) {
				if name := used[1]; !strings.HasPrefix(name, "__") && !slices.Contains(variables, name) {
					t.Errorf("panel %q uses $%s, which there is not", p.Title, name)
				}
			}
		}
	}
}
