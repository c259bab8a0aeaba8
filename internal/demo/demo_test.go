package demo

import (
	"bytes"
	"encoding/json"
	"io"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestTheDemoAnswersEveryCaller(t *testing.T) {
	demo := &Demo{
		Calls: 30, Agents: 4, Talk: 100 * time.Millisecond, Duration: time.Minute, JSON: true, AnyPort: true,
		Seed: 1,
	}
	counted, err := demo.play(t.Context(), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if err := counted.report(&out, true); err != nil {
		t.Error(err)
	}
	var line map[string]float64
	if err := json.Unmarshal(out.Bytes(), &line); err != nil {
		t.Fatalf("%v: %s", err, &out)
	}
	for key, want := range map[string]float64{
		"calls": 30, "answered": 30, "abandoned": 0, "missed-offers": 1,
		"double-offers": 0,
	} {
		if line[key] != want {
			t.Errorf("%s = %v, want %v (%s)", key, line[key], want, &out)
		}
	}
	for _, key := range []string{"waiting-max", "offer-ms-p50", "offer-ms-p99", "duration-s"} {
		if line[key] <= 0 {
			t.Errorf("%s was not measured: %s", key, &out)
		}
	}
}

func TestTheDemoReportsALostCaller(t *testing.T) {
	lost := &tally{result: result{Calls: 2, Answered: 1}}
	if err := lost.report(io.Discard, true); err == nil {
		t.Error("a caller is lost, and the demo reports no error")
	}
	double := &tally{result: result{Calls: 1, Answered: 1, DoubleOffers: 1}}
	if err := double.report(io.Discard, false); err == nil {
		t.Error("an agent had two calls, and the demo reports no error")
	}
}

func TestPercentiles(t *testing.T) {
	var times []time.Duration
	for n := range 100 {
		times = append(times, time.Duration(n+1)*time.Millisecond)
	}
	if p50, p99 := percentile(times, 50), percentile(times, 99); p50 != 50 || p99 != 99 {
		t.Errorf("p50 %v, p99 %v", p50, p99)
	}
	if p := percentile(nil, 99); p != 0 {
		t.Errorf("of none: %v", p)
	}
}
