package bench

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestARunSaysWhatLimitedIt(t *testing.T) {
	quiet := Result{
		Load: Load{Scenario: Steady, Rate: 100, Agents: 1000, Talk: time.Second}, Cores: 2, Offered: 100,
		Completed: 100, ServerCPU: .2, GeneratorCPU: .1,
	}
	for name, test := range map[string]struct {
		change func(*Result)
		want   string
	}{
		"nothing did":               {func(*Result) {}, "nothing"},
		"the generator was late":    {func(r *Result) { r.Lateness.P99 = 5 }, "generator was late"},
		"a generator that eats all": {func(r *Result) { r.GeneratorCPU = .3 }, "generator used more"},
		"the machine is full":       {func(r *Result) { r.MachineBusy = .99 }, "machine"},
		"the server has no more":    {func(r *Result) { r.ServerCPU = 1.9 }, "server's CPU"},
		"all agents talk":           {func(r *Result) { r.Agents = 90 }, "agents: 90"},
		"the database lags":         {func(r *Result) { r.Behind = 500 }, "database"},
		"no connection":             {func(r *Result) { r.Unconnected = 1 }, "connections"},
		"calls pile up":             {func(r *Result) { r.Completed = 50 }, "calls in progress grew"},
	} {
		t.Run(name, func(t *testing.T) {
			r := quiet
			test.change(&r)
			if all := r.limits(); len(all) != 1 || !strings.Contains(all[0], test.want) {
				t.Errorf("got %q", all)
			}
		})
	}
}

func TestFaultsAreCounted(t *testing.T) {
	r := Result{Doubles: 1, Records: 9, Recorded: 8}
	all := r.faults(10)
	want := []string{"1 offers to an agent who had one", "2 calls without a record", "1 records more than calls"}
	if !slices.Equal(all, want) {
		t.Errorf("got %q, want %q", all, want)
	}
}

func TestTheTableNamesWhatWasMeasured(t *testing.T) {
	var out bytes.Buffer
	r := Result{
		Load: Load{Scenario: Churn, Rate: 10}, Completed: 10, FreeToOffer: Percentiles{Count: 3, P50: .25},
		StatementsPerCall: -1, Faults: []string{"7 calls without a record"},
	}
	if err := r.Write(&out); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"agent free -> offer, ms", "0.25", "statements not known", "FAULT",
		"7 calls without a record",
	} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("%q is missing in\n%s", want, &out)
		}
	}
	if strings.Contains(out.String(), "logs in") {
		t.Error("there is a line for what was not measured")
	}
}

func TestPercentilesAreOfWhatWasRecorded(t *testing.T) {
	l := newLatency()
	for i := range 1000 {
		l.record(time.Duration(i+1) * time.Millisecond)
	}
	l.record(-time.Second)
	p := l.percentiles()
	if p.Count != 1001 || p.P50 < 499 || p.P50 > 502 || p.P99 < 988 || p.P99 > 992 || p.Max < 999 || p.Max > 1001 {
		t.Errorf("got %+v", p)
	}
}

func TestADatabaseOfItsOwnIsNamedInBothForms(t *testing.T) {
	for dsn, want := range map[string]string{
		"host=h dbname=old":                            "host=h dbname=old dbname=new",
		"postgres://u:p@h:5432/old?sslmode=disable":    "postgres://u:p@h:5432/new?sslmode=disable",
		"postgresql://h/old?application_name=a%20name": "postgresql://h/new?application_name=a%20name",
	} {
		if got := inDatabase(dsn, "new"); got != want {
			t.Errorf("%s: got %s, want %s", dsn, got, want)
		}
	}
}

func TestPlotsAreWellFormed(t *testing.T) {
	var sweep, decisions bytes.Buffer
	results := []Result{{Load: Load{Scenario: Steady, Rate: 50}}, {Load: Load{Scenario: Steady, Rate: 100}}}
	results[1].FreeToOffer, results[1].Completed = Percentiles{P50: .1, P99: 12, P999: 100}, 100
	if err := PlotSweep(&sweep, results); err != nil {
		t.Fatal(err)
	}
	if err := PlotDecisions(&decisions,
		[]Decision{{Agents: 100, Free: Cost{Mean: 900}}, {Agents: 1000, Free: Cost{Mean: 1100}}}); err != nil {
		t.Fatal(err)
	}
	for name, picture := range map[string]*bytes.Buffer{"sweep": &sweep, "decisions": &decisions} {
		for d := xml.NewDecoder(picture); ; {
			_, err := d.Token()
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
		}
	}
}

func TestAxesEndAtRoundNumbers(t *testing.T) {
	for name, test := range map[string]struct {
		values []float64
		log    bool
		low    float64
		high   float64
		ticks  []string
	}{
		"from zero":         {[]float64{3, 93.7}, false, 0, 100, []string{"0", "20", "40", "60", "80", "100"}},
		"one value":         {[]float64{0}, false, 0, 1, []string{"0", "0.2", "0.4", "0.6", "0.8", "1"}},
		"decades":           {[]float64{0.2, 350}, true, 0.1, 1000, []string{"0.1", "1", "10", "100", "1000"}},
		"a decade":          {[]float64{2, 8}, true, 1, 10, []string{"1", "2", "5", "10"}},
		"thousands":         {[]float64{100, 40_000}, false, 0, 40_000, []string{"0", "10k", "20k", "30k", "40k"}},
		"one of a log axis": {[]float64{10}, true, 10, 100, []string{"10", "20", "50", "100"}},
	} {
		t.Run(name, func(t *testing.T) {
			a := newAxis(test.values, test.log, true)
			var ticks []string
			for _, v := range a.ticks {
				ticks = append(ticks, short(v))
			}
			if a.low != test.low || a.high != test.high || !slices.Equal(ticks, test.ticks) {
				t.Errorf("from %v to %v, %q", a.low, a.high, ticks)
			}
		})
	}
}

func TestALogarithmicChartLeavesOutWhatItCannotShow(t *testing.T) {
	c := Chart{
		LogY:   true,
		Series: []Series{{"nothing", []Point{{1, 0}, {2, -1}}}, {"some", []Point{{2, 5}, {1, 3}, {3, 0}}}},
	}
	all := c.visible()
	if len(all) != 1 || !slices.Equal(all[0].Points, []Point{{1, 3}, {2, 5}}) {
		t.Errorf("got %v", all)
	}
}

func TestDecisionsOfEitherKindAreTimed(t *testing.T) {
	for name, decide := range map[string]func(agents, rounds int) (Cost,
		error){"free": decideFree, "arrival": decideArrival} {
		if cost, err := decide(100, 200); err != nil || cost.Mean <= 0 || cost.P99 < cost.P50 {
			t.Errorf("%s: %+v, %v", name, cost, err)
		}
	}
}
