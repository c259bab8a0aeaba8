// Package e2e tests the whole: the real program on real ports, its database, and a FreeSWITCH at
// the other end, simulated and real. Every situation is written once and run on both switches.
//
// It owns processes, ports, databases and what is expected of a call. Of the packages inside it may
// know only the wire (esl), the simulated switch (sim) and the SIP phone (internal/phone). It
// asserts what an operator, a CTI or a caller can see.
package e2e

import (
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"
)

// atOnce is how many situations run at the same time. They wait most of the time.
const atOnce = 8

// suite is what all tests share.
var suite struct {
	dir     string // removed at the end
	program string // nwayacd, built with the race detector unless that would spoil a measurement
	skipped []string
}

func TestMain(m *testing.M) {
	flag.Parse()
	if parallel := flag.Lookup("test.parallel"); parallel.Value.String() == parallel.DefValue {
		must(flag.Set("test.parallel", strconv.Itoa(atOnce)))
	}
	code, err := play(m)
	if err != nil {
		fmt.Fprintln(os.Stderr, "e2e:", err)
		code = 1
	}
	os.Exit(code)
}

func play(m *testing.M) (code int, err error) {
	if suite.dir, err = os.MkdirTemp("", "acd-e2e-"); err != nil {
		return 1, err
	}
	defer os.RemoveAll(suite.dir)
	suite.program = filepath.Join(suite.dir, "under-test")
	build := exec.Command("go", "build", fmt.Sprintf("-race=%t", comparisonDir == ""), "-o", suite.program, "nwayacd")
	if out, err := build.CombinedOutput(); err != nil {
		return 1, fmt.Errorf("go build nwayacd: %w\n%s", err, out)
	}
	if err := prepareDatabase(); err != nil {
		return 1, err
	}
	if _, err := exec.LookPath("freeswitch"); err != nil {
		leaveOut("FREESWITCH IS NOT IN PATH: EVERY SITUATION IS PLAYED ON THE SIMULATED SWITCH ONLY")
	}
	defer stopFreeSWITCH()
	code = m.Run()
	for _, what := range suite.skipped {
		fmt.Fprintln(os.Stderr, "e2e: LEFT OUT:", what)
	}
	return code, nil
}

// leaveOut reports loudly, before and after the run, that something is not tested.
func leaveOut(what string) {
	suite.skipped = append(suite.skipped, what)
	fmt.Fprintln(os.Stderr, "e2e: LEFT OUT:", what)
}

func must(err error) {
	if err != nil {
		panic(err)
	}
}
