package main

import (
	"bytes"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"nwayacd/acd"
	"nwayacd/conf"
)

// TestMain is also the server that a bench under test boots: its binary is this one.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == "serve" {
		main()
		return
	}
	goleak.VerifyTestMain(m)
}

func TestTheDemoAnswersEveryCaller(t *testing.T) {
	demo := &demoCommand{Calls: 30, Agents: 4, Talk: 100 * time.Millisecond, Duration: time.Minute, JSON: true, AnyPort: true, Seed: 1}
	if err := demo.Validate(); err != nil {
		t.Fatal(err)
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
	for key, want := range map[string]float64{"calls": 30, "answered": 30, "abandoned": 0, "missed-offers": 1, "double-offers": 0} {
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

func TestTheDemoOwnsUpToALostCaller(t *testing.T) {
	lost := &tally{result: demoResult{Calls: 2, Answered: 1}}
	if err := lost.report(io.Discard, true); err == nil {
		t.Error("a caller is lost, and the demo is content")
	}
	double := &tally{result: demoResult{Calls: 1, Answered: 1, DoubleOffers: 1}}
	if err := double.report(io.Discard, false); err == nil {
		t.Error("an agent had two calls, and the demo is content")
	}
}

func TestWrongFlagsOfTheDemoAreAllNamed(t *testing.T) {
	err := (&demoCommand{Calls: 0, Agents: -1}).Validate()
	for _, flag := range []string{"--calls", "--agents", "--talk", "--duration"} {
		if err == nil || !strings.Contains(err.Error(), flag) {
			t.Errorf("%s is not named in %v", flag, err)
		}
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

func TestTheExampleConfigurationIsRight(t *testing.T) {
	check := &checkCommand{configFile{Config: "conf/nwayacd.toml"}}
	if err := check.Run(); err != nil {
		t.Error(err)
	}
}

func TestAFaultyConfigurationIsWrongInput(t *testing.T) {
	file := filepath.Join(t.TempDir(), "faulty.toml")
	if err := os.WriteFile(file, []byte("[acd]\nrecover-second = 1\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	err := (&checkCommand{configFile{Config: file}}).Run()
	if err == nil || exitCode(err) != exitWrongInput || !strings.Contains(err.Error(), "recover-second") {
		t.Errorf("exit code %d: %v", exitCode(err), err)
	}
}

func TestSettingsCarryTheConfiguration(t *testing.T) {
	c := conf.Default()
	c.ACD.UseASR, c.ACD.RecoverAuto = true, true
	if s := settings(c); s.ASR != "dsr $1 ab" || s.Floor.Recover != 300*time.Second || s.Floor.Reoffer != 5*time.Second || !s.AutoAnswer {
		t.Errorf("%+v", s)
	}
	if f := settings(c).Floor; f.RestBusy != 15*time.Second || f.RestReject != 10*time.Second || f.RestNoAnswer != 5*time.Second ||
		f.RestUnreachable != 30*time.Second || f.MaxMisses != 0 {
		t.Errorf("rests: %+v", f)
	}
	if s := settings(c); s.Progress != 3*time.Second || s.FollowForward || s.AfterTalk != acd.AfterTalkHangup {
		t.Errorf("phones: %+v", s)
	}
	c.ACD.MaxMisses, c.ACD.FollowForward, c.ACD.AfterTalk = 4, true, "dialplan"
	if s := settings(c); s.Floor.MaxMisses != 4 || !s.FollowForward || s.AfterTalk != acd.AfterTalkDialplan {
		t.Errorf("changed: %+v", s)
	}
	c.ACD.UseASR, c.ACD.RecoverAuto = false, false
	if s := settings(c); s.ASR != "" || s.Floor.Recover != 0 {
		t.Errorf("switched off: %+v", s)
	}
}
