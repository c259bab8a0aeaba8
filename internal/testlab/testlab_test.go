package testlab

import (
	"bytes"
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/signal"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"

	"nwayacd/conf"
)

// TestMain is also the program that the tests run. With an address it listens there until SIGTERM.
// With the word deaf it ignores SIGTERM. With the word ports it prints free ports.
func TestMain(m *testing.M) {
	switch {
	case len(os.Args) == 3 && os.Args[1] == "listen":
		listen(os.Args[2])
	case len(os.Args) == 2 && os.Args[1] == "deaf":
		signal.Ignore(syscall.SIGTERM)
		fmt.Println("deaf")
		select {}
	case len(os.Args) == 2 && os.Args[1] == "ports":
		ports, err := FreePorts("127.0.0.1", manyPorts)
		fmt.Println(ports, err)
	case len(os.Args) == 2 && os.Args[1] == "fail":
		fmt.Println("a faulty configuration")
		os.Exit(3)
	default:
		goleak.VerifyTestMain(m)
	}
}

func listen(address string) {
	over := make(chan os.Signal, 1)
	signal.Notify(over, syscall.SIGTERM)
	ln, err := net.Listen("tcp", address)
	if err != nil {
		panic(err)
	}
	<-over
	ln.Close()
}

// run starts this test's own program.
func run(t *testing.T, s *Server, args ...string) *Process {
	t.Helper()
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	p, err := Run(s.LogFile(), program, args...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Kill)
	return p
}

func newServer(t *testing.T) *Server {
	t.Helper()
	s, err := NewServer("nwayacd", t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestAProcessIsAwaitedAndStopped(t *testing.T) {
	s := newServer(t)
	p := run(t, s, "listen", s.Socket)
	if err := s.Await(t.Context(), p, s.Socket); err != nil {
		t.Fatal(err)
	}
	if err := p.Stop(10 * time.Second); err != nil {
		t.Error(err)
	}
	if printed := s.Goroutines(); printed != nil {
		t.Errorf("it ended in time and printed %s", printed)
	}
}

func TestAProcessThatEndsAsItStartsSaysWhy(t *testing.T) {
	s := newServer(t)
	err := s.Await(t.Context(), run(t, s, "fail"), s.Socket)
	for _, want := range []string{"exit status 3", "a faulty configuration"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v: there is no %q", err, want)
		}
	}
}

func TestAProcessThatDoesNotStopPrintsItsGoroutines(t *testing.T) {
	s := newServer(t)
	p := run(t, s, "deaf")
	deadline := time.Now().Add(10 * time.Second)
	for ; !bytes.Contains(s.Log(), []byte("deaf")); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("it does not start")
		}
	}
	if err := p.Stop(50 * time.Millisecond); err == nil || !strings.Contains(err.Error(), "did not end within 50ms") {
		t.Errorf("stopped with %v", err)
	}
	if !bytes.Contains(s.Goroutines(), []byte("goroutine 1")) {
		t.Errorf("no goroutines are in the log:\n%s", s.Log())
	}
}

func TestTheConfigurationIsWhatTheServerReads(t *testing.T) {
	s := newServer(t)
	err := s.Configure(Settings{"server.drain-seconds": "7", "http.listen": `"127.0.0.1:1"`, "log.level": `"debug"`},
		Switch{Name: "a", Address: "127.0.0.1:8021", Password: `p"w`},
		Switch{Name: "b", Address: "127.0.0.2:8021", Password: "p", DialString: "user/{ext}", LocalIP: "127.0.0.2"})
	if err != nil {
		t.Fatal(err)
	}
	c, err := conf.Load(s.ConfigFile())
	if err != nil {
		t.Fatal(err)
	}
	if c.Server.Listen != s.Socket || c.HTTP.Listen != "127.0.0.1:1" || c.Database.DataDir != s.DataDir() {
		t.Errorf("%+v", c)
	}
	if len(c.FreeSWITCH) != 2 || string(c.FreeSWITCH[0].Password) != `p"w` || c.FreeSWITCH[1].LocalIP != "127.0.0.2" {
		t.Errorf("%+v", c.FreeSWITCH)
	}
}

// manyPorts are more than one block.
const manyPorts = 2 * blockSize

// TestEachProcessHasPortsOfItsOwn starts other processes one after another. The ports of all of
// them are free, so chance alone would give some of them twice.
func TestEachProcessHasPortsOfItsOwn(t *testing.T) {
	ports, err := FreePorts("127.0.0.1", manyPorts)
	if err != nil {
		t.Fatal(err)
	}
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	for range 5 {
		printed, err := exec.CommandContext(t.Context(), program, "ports").Output()
		if err != nil || !bytes.HasSuffix(printed, []byte("<nil>\n")) {
			t.Fatal(string(printed), err)
		}
		others := strings.Fields(strings.Trim(string(printed), "[]<nil>\n "))
		if len(others) != manyPorts {
			t.Fatalf("%d ports: %s", len(others), printed)
		}
		for _, port := range ports {
			if slices.Contains(others, strconv.Itoa(port)) {
				t.Errorf("two processes have port %d", port)
			}
		}
	}
}

func TestNoPortIsGivenTwice(t *testing.T) {
	seen := map[int]bool{}
	for range 10 {
		ports, err := FreePorts("127.0.0.1", 20)
		if err != nil {
			t.Fatal(err)
		}
		for _, port := range ports {
			if seen[port] {
				t.Errorf("%d was given twice", port)
			}
			seen[port] = true
		}
	}
}
