package cli

import (
	"bytes"
	"context"
	"errors"
	"net"
	"strings"
	"testing"

	"github.com/rs/zerolog"

	"nwayacd/conf"
	"nwayacd/internal/app"
)

// booted is a server on ports of its own, until the test ends.
func booted(t *testing.T) *app.Daemon {
	t.Helper()
	c := conf.Default()
	c.Database.DataDir = t.TempDir()
	c.Server.Listen, c.Control.Listen, c.HTTP.Listen = "127.0.0.1:0", "127.0.0.1:0", "127.0.0.1:0"
	c.Control.Password = "secret"
	d, err := app.Start(t.Context(), c, zerolog.Nop(), app.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := d.Stop(); err != nil {
			t.Error(err)
		}
	})
	return d
}

func TestCommandsFromTheShell(t *testing.T) {
	at := conf.Control{Listen: booted(t).Control.String(), Password: "secret"}
	wrong := conf.Control{Listen: at.Listen, Password: "guess"}
	nobody := conf.Control{Listen: free(t), Password: "secret"}
	for _, c := range []struct {
		words string // with | between them
		json  bool
		at    conf.Control
		out   string
		code  int
	}{
		{"nway_add_group 110 2", false, at, "+OK group 110 added, mode cyclic\n", 0},
		{"nway_add_ext|1000|pw", false, at, "+OK extension 1000 added\n", 0},
		{"nway_login 1000 110", true, at, `{"ok":true,"reply":"+OK 1000 logged in to 110"}` + "\n", 0},
		{"nway_set_ring_group|110|/my files/it's.wav|-|-|", false, at, "+OK prompts of group 110 set\n", 0},
		{"nway_list_exts json", false, at, `[{"extension":"1000"`, 0},
		{"nway_login 1000 999", false, at, "-ERR group 999: no such group\n", 1},
		{"nosuch", true, at, `{"ok":false,"reply":"-ERR nosuch command not found"}` + "\n", 1},
		{"nway_login\n1000 110", false, at, "-ERR control characters in the command\n", 1},
		{"nway_login 1000", true, at, `{"ok":false,"reply":"-USAGE: nway_login EXT GROUP[,GROUP…]"}` + "\n", 2},
		{"nwayacd_version", false, wrong, "-ERR no reply from", 3},
		{"nwayacd_version", true, nobody, `{"ok":false,"reply":"-ERR no reply from`, 3},
	} {
		var out bytes.Buffer
		cmd := &Cmd{JSON: c.json, Words: strings.Split(c.words, "|")}
		err := cmd.ask(context.Background(), &out, c.at)
		if code, _ := errors.AsType[exitStatus](err); int(code) != c.code || !strings.HasPrefix(out.String(), c.out) {
			t.Errorf("%s\n got  %d %s\n want %d %s", c.words, code, &out, c.code, c.out)
		}
		if strings.Contains(out.String(), "guess") {
			t.Error("the password is shown")
		}
	}
}

// free is an address where nobody listens.
func free(t *testing.T) string {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	return ln.Addr().String()
}
