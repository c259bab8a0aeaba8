package cli

import (
	"bytes"
	"context"
	"encoding/csv"
	"errors"
	"strings"
	"testing"

	"github.com/alecthomas/kong"

	"nwayacd/api/cmdport"
	"nwayacd/internal/app/apptest"
)

// desk is an office whose output is kept, and whose terminal types a password.
func desk(t *testing.T, typed string) (o *office, out, notes *bytes.Buffer, at cmdport.Target) {
	t.Helper()
	at = cmdport.Target{Address: apptest.Start(t).Control.String(), Password: apptest.Password}
	out, notes = &bytes.Buffer{}, &bytes.Buffer{}
	return &office{at.Ask, out, notes, func(string) (string, error) { return typed, nil }}, out, notes, at
}

func TestAUserIsAddedWithAPasswordThatIsMade(t *testing.T) {
	o, out, _, _ := desk(t, "")
	sent := o.ask
	var lines []string
	o.ask = func(ctx context.Context, line string) (string, error) {
		lines = append(lines, line)
		return sent(ctx, line)
	}
	c := &UserAdd{Name: "anna", Role: "supervisor", rights: rights{Groups: []string{"110", "120"}}}
	if err := c.add(o); err != nil {
		t.Fatal(err)
	}
	said, password, shown := strings.Cut(strings.TrimSpace(out.String()),
		"\npassword (shown once, to be changed at the first login): ")
	if !shown || said != "+OK user anna added, role supervisor" || len(password) != 23 {
		t.Fatalf("%q", out)
	}
	if strings.Contains(strings.Join(lines, "\n"), password) {
		t.Error("the password itself was sent")
	}
	out.Reset()
	err := o.say("nway_user", "list")
	if err != nil || !strings.Contains(out.String(), "\nanna|supervisor|110,120||false|true|") {
		t.Errorf("%s, %v", out, err)
	}
}

func TestAPasswordIsAskedFor(t *testing.T) {
	o, out, _, _ := desk(t, "a password of one's own")
	c := &UserAdd{Name: "anna", Role: "read", newPassword: newPassword{Ask: true}}
	if err := c.add(o); err != nil || out.String() != "+OK user anna added, role read\n" {
		t.Errorf("%q, %v", out, err)
	}
	short, out, _, _ := desk(t, "short")
	if err := c.add(short); err == nil || out.Len() > 0 {
		t.Errorf("a short password is taken: %q", out)
	}
}

func TestARefusalHasItsExitCode(t *testing.T) {
	o, _, notes, _ := desk(t, "")
	err := o.say("nway_user", "remove", "nosuch")
	if code, _ := errors.AsType[exitStatus](err); code != exitRefused ||
		notes.String() != "-ERR there is no such user\n" {
		t.Errorf("%v, %q", err, notes)
	}
}

func TestEachAgentGetsALogin(t *testing.T) {
	o, out, _, _ := desk(t, "")
	for _, line := range []string{
		"nway_add_group 110 0", "nway_add_ext 1000 pw", "nway_add_ext 1001 pw", "nway_add_ext 1002 pw",
		"nway_login 1000 110",
		"nway_login 1001 110", "nway_user add 1001 read",
	} {
		if _, err := o.do(t.Context(), strings.Fields(line)...); err != nil {
			t.Fatal(line, err)
		}
	}
	out.Reset()
	if err := (&UserAgents{Group: "110"}).add(o); err != nil {
		t.Fatal(err)
	}
	rows, err := csv.NewReader(out).ReadAll()
	if err != nil || len(rows) != 2 || rows[0][0] != "name" || rows[1][0] != "1000" || rows[1][1] != "1000" ||
		len(rows[1][2]) != 23 {
		t.Errorf("%v, %v", rows, err)
	}
	if reply, err := o.do(t.Context(), "nway_user", "list"); err != nil ||
		!strings.Contains(reply, "\n1000|agent||1000|false|true|") || strings.Contains(reply, "1002") {
		t.Errorf("%s, %v", reply, err)
	}
}

func TestATokenIsAddedAndAccepted(t *testing.T) {
	o, out, _, at := desk(t, "")
	if err := (&TokenAdd{Name: "crm", Role: "read", Days: 30}).add(o); err != nil {
		t.Fatal(err)
	}
	_, key, shown := strings.Cut(strings.TrimSpace(out.String()), "\ntoken (shown once): ")
	if !shown || !strings.HasPrefix(key, "nwa_") {
		t.Fatalf("%q", out)
	}
	at.Password = key
	if reply, err := at.Ask(t.Context(), "nway_list_groups"); err != nil || !strings.Contains(reply, "+OK") {
		t.Errorf("%s, %v", reply, err)
	}
	reply, err := at.Ask(t.Context(), "nway_token list")
	if err != nil || !strings.HasPrefix(reply, "-ERR the role read") {
		t.Errorf("%s, %v", reply, err)
	}
}

// TestNoPasswordIsAnArgument looks at every argument and flag of the subcommands.
func TestNoPasswordIsAnArgument(t *testing.T) {
	parser, err := kong.New(&commandLine{}, kong.Vars{"default": ""})
	if err != nil {
		t.Fatal(err)
	}
	for _, words := range [][]string{
		{"user", "add", "anna", "read", "--password=x"}, {"user", "password", "anna", "secret"},
	} {
		if _, err := parser.Parse(words); err == nil {
			t.Errorf("%v is accepted", words)
		}
	}
	words := strings.Fields("user add anna agent --groups=110,120 --extension=1000 --ask")
	if _, err := parser.Parse(words); err != nil {
		t.Error(err)
	}
}
