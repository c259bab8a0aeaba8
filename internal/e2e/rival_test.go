package e2e

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"nwayacd/esl"
)

// rival distributes the calls of a round.
type rival struct {
	name  string
	app   string // the number that callers dial, and the application that the dialplan runs for them then
	opens func(t testing.TB, sw *freeswitch, agents []string) (closes func())
}

// rivals are compared. The second is configured as its documentation says. The third has a setting
// for another purpose. It removes the whole second that a mod_callcenter agent is idle at least,
// because its times have no fractions.
var rivals = []rival{
	{name: "nwayacd", app: "socket", opens: openNwayacd},
	{name: "mod_callcenter", app: "callcenter", opens: openCallcenter("0")},
	{name: "mod_callcenter, wrap-up -1", app: "callcenter", opens: openCallcenter("-1")},
}

// openNwayacd runs the program with a PostgreSQL database of its own.
func openNwayacd(t testing.TB, sw *freeswitch, agents []string) func() {
	t.Helper()
	srv := newServer(t, sw, newDatabase(t), floor{sip: true, config: settings{"log.level": `"info"`}})
	t.Cleanup(srv.stop)
	srv.start()
	srv.must("nway_add_group " + group + " 2")
	for _, agent := range agents {
		srv.must("nway_add_ext " + agent + " secret")
		srv.must("nway_login " + agent + " " + group)
	}
	sw.api(t, "global_setvar acd="+srv.Socket)
	return func() {
		t.Helper()
		srv.stop()
		keepLog(srv.LogFile(), "compare-nwayacd.log")
	}
}

// openCallcenter loads the module, with its database in a file of FreeSWITCH's own.
func openCallcenter(wrapUp string) func(testing.TB, *freeswitch, []string) func() {
	return func(t testing.TB, sw *freeswitch, agents []string) func() {
		t.Helper()
		sw.api(t, "load mod_callcenter")
		sw.expect(t, "module_exists mod_callcenter", "true") // else there is nothing to compare with
		for _, agent := range agents {
			contact := strings.ReplaceAll(sw.sipDialString(), "{ext}", agent)
			for _, line := range []string{
				"agent add " + agent + " callback",
				"agent set contact " + agent + " " + contact,
				"agent set wrap_up_time " + agent + " " + wrapUp,
				"agent set status " + agent + " 'Available'",
				fmt.Sprintf("tier add compare %s 1 1", agent),
			} {
				sw.expect(t, "callcenter_config "+line, "+OK")
			}
		}
		return func() {
			t.Helper()
			sw.expect(t, "unload mod_callcenter", "+OK")
		}
	}
}

// expect runs a command whose answer has to begin with that text.
func (s *freeswitch) expect(t testing.TB, line, want string) {
	t.Helper()
	ctx, stop := context.WithTimeout(t.Context(), 30*time.Second)
	defer stop()
	replies, err := s.Conn.Do(ctx, esl.API(line))
	if err != nil {
		t.Fatalf("%s: %v", line, err)
	}
	if answer := replies[0].Text(); !strings.HasPrefix(answer, want) {
		t.Fatalf("FreeSWITCH: %s: %s", line, answer)
	}
}
