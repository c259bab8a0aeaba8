// Package chaos tests what callers, records and operators see when the things around nwayacd fail:
// its log, its disk, its database, its clock, its host. Each situation runs the program as an
// operator does, with a simulated FreeSWITCH whose callers go on calling.
//
// In each situation the same must hold:
//   - Every caller talks to an agent.
//   - Every call has its record.
//   - /readyz tells within five seconds what is wrong.
//   - The right secrets work all the time.
//
// Package store tests the same faults against its own functions.
package chaos

import (
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"
	"time"
)

// suite is what all situations share.
var suite struct {
	program string        // nwayacd, built with the race detector
	dsn     string        // of the PostgreSQL in which databases are made; "" = there is none
	hold    time.Duration // how long a fault lasts after /readyz has told it
	skipped []string
}

// atOnce is how many situations run at the same time. They wait most of the time.
const atOnce = 3

func TestMain(m *testing.M) {
	flag.Parse()
	if parallel := flag.Lookup("test.parallel"); parallel.Value.String() == parallel.DefValue {
		flag.Set("test.parallel", strconv.Itoa(atOnce)) // a number is never refused
	}
	code, err := play(m)
	if err != nil {
		fmt.Fprintln(os.Stderr, "chaos:", err)
		code = 1
	}
	os.Exit(code)
}

func play(m *testing.M) (code int, err error) {
	dir, err := os.MkdirTemp("", "acd-chaos-")
	if err != nil {
		return 1, err
	}
	defer os.RemoveAll(dir)
	if suite.hold, err = time.ParseDuration(os.Getenv("NWAYACD_CHAOS")); err != nil {
		suite.hold = time.Second
	}
	suite.dsn = os.Getenv("NWAYACD_TEST_DSN")
	if suite.dsn == "" {
		leaveOut("POSTGRESQL (NWAYACD_TEST_DSN IS NOT SET): THE FAULTS OF A DATABASE")
	}
	suite.program = filepath.Join(dir, "under-test")
	if out, err := exec.Command("go", "build", "-race", "-o", suite.program, "nwayacd").CombinedOutput(); err != nil {
		return 1, fmt.Errorf("go build nwayacd: %w\n%s", err, out)
	}
	code = m.Run()
	for _, what := range suite.skipped {
		fmt.Fprintln(os.Stderr, "chaos: LEFT OUT:", what)
	}
	return code, nil
}

// leaveOut reports loudly, before and after the run, that something is not tested.
func leaveOut(what string) {
	suite.skipped = append(suite.skipped, what)
	fmt.Fprintln(os.Stderr, "chaos: LEFT OUT:", what)
}
