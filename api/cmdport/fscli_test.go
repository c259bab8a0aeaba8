package cmdport

import (
	"context"
	"io"
	"net"
	"os/exec"
	"strings"
	"testing"
	"time"
)

// fsCLI returns the real fs_cli, ready to connect to the port.
func fsCLI(t *testing.T, address, password string, args ...string) *exec.Cmd {
	t.Helper()
	path, err := exec.LookPath("fs_cli")
	if err != nil {
		t.Skip("FS_CLI IS NOT IN PATH: the command port was not tried with FreeSWITCH's own client")
	}
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithTimeout(context.Background(), 30*time.Second)
	t.Cleanup(stop)
	return exec.CommandContext(ctx, path, append([]string{"-H", host, "-P", port, "-p", password}, args...)...)
}

func TestTheRealFSCLIGivesEveryCommand(t *testing.T) {
	address := port(t, "secret")
	for _, c := range []struct{ command, reply string }{
		{"nway_add_group 120 0", "+OK group 120 added, mode sequence\n\n"},
		{"nway_add_ext 1001 pw", "+OK extension 1001 added\n\n"},
		{"nway_set_ring_group 120 '/my files/w.wav' - - -", "+OK prompts of group 120 set\n\n"},
		{"nway_login 1001 110,120", "+OK 1001 logged in to 110,120\n\n"},
		{
			"nway_list_groups",
			"group|name|mode|current_ext_number|members|available|waiting|talking|longest_wait\n" +
				"110||2||1001|1|0|0|\n120|120|0||1001|1|0|0|\n\n+OK\n\n",
		},
		{"nway_list_exts json", `[{"extension":"1000"`},
		{"nway_list_calls", "uuid|caller|dialled|group|vip|phase|agent|switch|seconds|phase_seconds\n\n+OK\n\n"},
		{"nway_busy 1001", "+OK 1001 busy\n\n"},
		{"nway_ready 1001", "+OK 1001 ready\n\n"},
		{"nway_set_ext_jobnumber 1001 8001 true", "+OK 1001 has job number"},
		{"nway_set_reged_ext 1001", "+OK 1001 registered\n\n"},
		{"nway_set_unreg_ext 1001", "+OK 1001 unregistered\n\n"},
		{"nway_logout 1001", "+OK 1001 logged out\n\n"},
		{"nway_rm_ext 1001", "+OK extension 1001 removed\n\n"},
		{"nway_rm_group 120", "+OK group 120 removed\n\n"},
		{"nwayacd 5fa9 110", "-ERR "},
		{"nwayacd_transfer 5fa9 1000", "-ERR 5fa9: no such call\n\n"},
		{"nway_uuid_hold 5fa9", "-ERR "},
		{"nway_uuid_unhold 5fa9", "-ERR "},
		{"nway_threeway 5fa9 018621575908 gw1", "-ERR "},
		{"nway_threeway 5fa9", "-USAGE: nway_threeway UUID PHONE GATEWAY\n\n"},
		{"nwayacd_version", "+OK nwayacd 1.2.3"},
		{"nway_reload", "+OK read again\n\n"},
		{"nosuch", "-ERR nosuch command not found\n\n"},
	} {
		out, err := fsCLI(t, address, "secret", "-x", c.command).CombinedOutput()
		if err != nil || !strings.HasPrefix(string(out), c.reply) {
			t.Errorf("%s: %v\n got  %q\n want %q", c.command, err, out, c.reply)
		}
	}
}

func TestTheRealFSCLIGetsNothingWithAWrongPassword(t *testing.T) {
	address := port(t, "secret")
	out, err := fsCLI(t, address, "guess", "-x", "nway_list_exts").CombinedOutput()
	if err == nil || strings.Contains(string(out), "extension|") {
		t.Errorf("%v: %s", err, out)
	}
}

func TestTheRealFSCLIInteractively(t *testing.T) {
	cli := fsCLI(t, port(t, "secret"), "secret", "-b") // batch mode: no terminal
	keyboard, screen := typewriter(t, cli)
	for _, step := range []struct{ typed, shown string }{
		{"", "+OK log level"},
		{"nway_list_groups", "110||2|"},
		{"/event plain CUSTOM nwayacd::agent", "+OK event listener enabled plain"},
		{"nway_busy 1000", "nway_agent_status: nway_agent_busy"},
		{"/noevents", "+OK no longer listening for events"},
		{"/filter a b", "+OK filter added. [a]=[b]"},
		{"nosuch", "-ERR nosuch command not found"},
	} {
		if step.typed != "" {
			io.WriteString(keyboard, step.typed+"\n")
		}
		screen.until(t, step.shown)
	}
	io.WriteString(keyboard, "/exit\n")
	if err := cli.Wait(); err != nil {
		t.Error(err)
	}
}

// terminal collects what a program shows.
type terminal struct {
	out   chan string
	shown strings.Builder
}

func typewriter(t *testing.T, cli *exec.Cmd) (io.Writer, *terminal) {
	t.Helper()
	keyboard, err := cli.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	screen := &terminal{out: make(chan string, 1024)}
	cli.Stdout = screen
	if err := cli.Start(); err != nil {
		t.Fatal(err)
	}
	return keyboard, screen
}

// Write takes what the program prints.
func (s *terminal) Write(text []byte) (int, error) {
	select {
	case s.out <- string(text):
	default: // the test reads no more
	}
	return len(text), nil
}

// until waits for a text and skips what comes before it.
func (s *terminal) until(t *testing.T, want string) {
	t.Helper()
	limit := time.After(10 * time.Second)
	for !strings.Contains(s.shown.String(), want) {
		select {
		case text := <-s.out:
			s.shown.WriteString(text)
		case <-limit:
			t.Fatalf("%q was not shown, but\n%s", want, s.shown.String())
		}
	}
	_, after, _ := strings.Cut(s.shown.String(), want)
	s.shown.Reset()
	s.shown.WriteString(after)
}
