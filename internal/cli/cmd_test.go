package cli

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"testing"

	"nwayacd/api/cmdport"
	"nwayacd/internal/app/apptest"
	"nwayacd/internal/testlab"
)

func TestCommandsFromTheShell(t *testing.T) {
	at := cmdport.Target{Address: apptest.Start(t).Control.String(), Password: apptest.Password}
	wrong := cmdport.Target{Address: at.Address, Password: "guess"}
	free, err := testlab.FreeAddresses(1)
	if err != nil {
		t.Fatal(err)
	}
	nobody := cmdport.Target{Address: free[0], Password: apptest.Password}
	for _, c := range []struct {
		words string // with | between them
		json  bool
		at    cmdport.Target
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
