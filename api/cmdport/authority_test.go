package cmdport

import (
	"net"
	"slices"
	"strings"
	"testing"

	"github.com/rs/zerolog"

	"nwayacd/api"
	"nwayacd/api/apitest"
	"nwayacd/esl"
	"nwayacd/internal/auth"
)

// officePort serves the command port of an office.
func officePort(t *testing.T, password string) (address string, s api.Server) {
	t.Helper()
	s, _ = apitest.Office()
	return served(t, &Port{Server: s, Password: auth.NewSecret(password), Log: zerolog.Nop()}), s
}

// The port refuses a role all commands that the table of roles does not give it, and no other.
func TestATokenHasTheCommandsOfItsRole(t *testing.T) {
	for _, role := range auth.Roles {
		address, _ := officePort(t, "secret")
		d := dial(t, address, "nwa_"+string(role))
		for _, c := range api.Commands {
			if c.Name == "nway_reload" || c.Name == "nwayacd" {
				continue // they have an effect without arguments, or need a switch
			}
			want := "-ERR the role " + string(role) + " may not use " + c.Name
			_, needed := c.Arguments()
			if auth.May(auth.Actor{Role: role}, c.Name) {
				if needed == 0 {
					continue // TestWhatTheRolesOfAGroupSee reads these lists
				}
				want = "-USAGE"
			}
			d.say("api "+c.Name, want)
		}
	}
}

func TestWhoAClientIs(t *testing.T) {
	for _, c := range []struct{ password, auth, reply string }{
		{"secret", "auth secret", "+OK accepted"},
		{"secret", "auth nwa_read", "+OK accepted"},
		{"secret", "userauth nwa_agent:password of nwa_agent", "+OK accepted"},
		{"secret", "userauth nwa_agent:wrong", "-ERR invalid"},
		{"secret", "userauth nwa_agent", "-ERR invalid"},
		{"secret", "userauth secret", "-ERR invalid"},
		{"secret", "auth nwa_other", "-ERR invalid"},
		{"secret", "auth ", "-ERR invalid"},
		{"", "auth anything", "+OK accepted"},
		{"", "auth nwa_read", "+OK accepted"},
		{"", "auth nwa_other", "-ERR invalid"}, // it had a role, which may be less than a local client's
		{"", "userauth a:b", "-ERR invalid"},
	} {
		address, _ := officePort(t, c.password)
		nc, err := net.Dial("tcp", address)
		if err != nil {
			t.Fatal(err)
		}
		d := &dialogue{t: t, nc: nc, in: esl.NewReader(nc, esl.Limits{})}
		d.read()
		d.say(c.auth, c.reply)
		nc.Close()
	}
}

func TestALocalClientDoesAllButWhatIsAboutSecrets(t *testing.T) {
	far := far(t, func(*esl.Request) (string, bool) { return okReply, false })
	s, _ := apitest.Office()
	address := served(t, &Port{
		Server: s, Log: zerolog.Nop(),
		PassThrough: &PassThrough{Name: "lab", Address: far.address, Password: auth.NewSecret("ClueCon")},
	})
	d := dial(t, address, "x")
	d.say("api nway_add_group 130 0", "+OK")
	d.say("api sofia status", "-ERR the role local may not use pass-through")
	d.say("sendevent HEARTBEAT", "-ERR the role local may not use pass-through")
	far.mu.Lock()
	defer far.mu.Unlock()
	if far.connections != 0 {
		t.Error("the FreeSWITCH behind the port was reached")
	}
}

func TestWhatTheRolesOfAGroupSee(t *testing.T) {
	for role, want := range map[auth.Role]struct{ agents, groups string }{
		auth.Read:       {"1000 1002", "110"},
		auth.Agent:      {"1000", "110"},
		auth.Supervisor: {"1000 1002 1003", "110"},
		auth.Admin:      {"1000 1001 1002 1003", "110 120"},
	} {
		address, _ := officePort(t, "secret")
		d := dial(t, address, "nwa_"+string(role))
		if got := d.firstCells("nway_list_exts"); got != want.agents {
			t.Errorf("%s sees the agents %s", role, got)
		}
		if got := d.firstCells("nway_list_groups"); got != want.groups {
			t.Errorf("%s sees the groups %s", role, got)
		}
		if got := d.completed("nway_busy "); got != want.agents && role != auth.Read {
			t.Errorf("%s may complete %s", role, got)
		}
		if got := d.completed("nway_login 1000 "); got != want.groups && role != auth.Read {
			t.Errorf("%s may complete %s", role, got)
		}
	}
}

// firstCells returns the first cell of each row of a list.
func (d *dialogue) firstCells(command string) string {
	var cells []string
	for i, line := range strings.Split(d.ask("api "+command), "\n") {
		if cell, _, row := strings.Cut(line, "|"); row && i > 0 {
			cells = append(cells, cell)
		}
	}
	return strings.Join(cells, " ")
}

// completed returns the words that fs_cli offers after the line.
func (d *dialogue) completed(line string) string {
	var words []string
	for cell := range strings.SplitSeq(d.ask("api console_complete "+line), "[") {
		if word, _, found := strings.Cut(cell, "]"); found {
			words = append(words, strings.TrimSpace(word))
		}
	}
	return strings.Join(words, " ")
}

func TestEventsAndJobsGoToThoseWhoMaySeeThem(t *testing.T) {
	address, s := officePort(t, "secret")
	boss, reader := dial(t, address, "secret"), dial(t, address, "nwa_read")
	for _, d := range []*dialogue{boss, reader} {
		d.say("event plain CUSTOM nwayacd::agent", "+OK event listener enabled plain")
		d.say("event plain BACKGROUND_JOB", "+OK event listener enabled plain")
	}
	boss.say("bgapi nway_list_exts", "+OK Job-UUID: ")
	boss.say("api nway_busy 1001", "+OK")
	reader.say("bgapi nway_list_groups", "+OK Job-UUID: ")
	if err := s.ACD.Dispatcher.Busy(t.Context(), "1000"); err != nil {
		t.Fatal(err)
	}
	var got []string
	for range 2 {
		e := reader.event()
		got = append(got, e.Get("Job-Command")+e.Get("nway_agent_extension"))
	}
	slices.Sort(got)
	if want := []string{"1000", "nway_list_groups"}; !slices.Equal(got, want) {
		t.Errorf("the reader has %v, want %v", got, want)
	}
	dial(t, address, "nwa_wall").say("event plain ALL", "-ERR the role wall may not use follow-events")
}
