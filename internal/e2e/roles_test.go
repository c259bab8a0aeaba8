package e2e

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"nwayacd/internal/testlab"
)

// member is a client of both ports with a token of its own.
type member struct {
	t        *testing.T
	role     string
	token    string
	commands testlab.Client
	http     string
}

// member makes a token of the role.
func (w *world) member(role, groups, extension string) *member {
	w.t.Helper()
	reply := w.srv.command("nway_token add " + strings.Join([]string{role + "-token", role, groups, extension}, " "))
	at := strings.Index(reply, "nwa_")
	if !strings.HasPrefix(reply, "+OK") || at < 0 {
		w.t.Fatalf("a token of the role %s: %s", role, reply)
	}
	m := &member{t: w.t, role: role, token: strings.Fields(reply[at:])[0], http: "http://" + w.srv.HTTP}
	m.commands = testlab.Client{Address: w.srv.Control, Password: m.token}
	w.t.Cleanup(m.commands.Close)
	return m
}

// may runs a command that is not refused for the role. The command itself may fail.
func (m *member) may(line string) (reply string) {
	m.t.Helper()
	if reply = m.command(line); strings.Contains(reply, "may not use") {
		m.t.Errorf("%s is refused %s: %s", m.role, line, reply)
	}
	return reply
}

// mayNot runs commands that are refused for the role.
func (m *member) mayNot(lines ...string) {
	m.t.Helper()
	for _, line := range lines {
		if reply := m.command(line); !strings.HasPrefix(reply, "-ERR the role "+m.role+" may not use ") {
			m.t.Errorf("%s and %s: %s", m.role, line, reply)
		}
	}
}

func (m *member) command(line string) string {
	m.t.Helper()
	ctx, stop := context.WithTimeout(m.t.Context(), 15*time.Second)
	defer stop()
	reply, err := m.commands.Do(ctx, line)
	if err != nil {
		m.t.Fatalf("%s: %s: %v", m.role, line, err)
	}
	return reply
}

// ask sends a request to the HTTP port.
func (m *member) ask(method, path, body string) (status int, text string) {
	m.t.Helper()
	r, err := http.NewRequestWithContext(m.t.Context(), method, m.http+"/api/v1"+path, strings.NewReader(body))
	if err != nil {
		m.t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+m.token)
	r.Header.Set("Content-Type", "application/json")
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		m.t.Fatal(err)
	}
	defer answer.Body.Close()
	content, err := io.ReadAll(answer.Body)
	if err != nil {
		m.t.Fatal(err)
	}
	return answer.StatusCode, string(content)
}

// sees compares the lists of both ports with the values of one column.
func (m *member) sees(command, path, column string, want ...string) {
	m.t.Helper()
	slices.Sort(want)
	var rows []map[string]any
	if err := json.Unmarshal([]byte(m.may(command+" json")), &rows); err != nil {
		m.t.Fatal(err)
	}
	if got := valuesOf(rows, column); !slices.Equal(got, want) {
		m.t.Errorf("%s sees by %s %v, want %v", m.role, command, got, want)
	}
	var page struct{ Items []map[string]any }
	_, text := m.ask("GET", path, "")
	if err := json.Unmarshal([]byte(text), &page); err != nil {
		m.t.Fatal(err)
	}
	if got := valuesOf(page.Items, column); !slices.Equal(got, want) {
		m.t.Errorf("%s sees at %s %v, want %v", m.role, path, got, want)
	}
}

func valuesOf(rows []map[string]any, column string) (values []string) {
	for _, row := range rows {
		value, _ := row[column].(string)
		values = append(values, value)
	}
	slices.Sort(values)
	return values
}

// Mary called the group 110 and talks with anna. Paul and rosa called the group 120, and talk with
// carl and dora. Dora is in both groups.
func TestRolesDoWhatTheirRowSays(t *testing.T) {
	f := floor{
		groups: withCarl,
		agents: []agentRow{
			{name: "anna"}, {name: "carl", groups: "120"}, {name: "dora", groups: "110,120"}, {name: "emil", out: true},
		},
		config: settings{"control.password": `"any"`, "http.token": `"secret"`, "acd.gateways": `["other"]`},
	}
	onBoth(t, f, func(t *testing.T, w *world) {
		w.srv.must("nway_busy " + w.ext["dora"])
		mary, paul := w.arrives("mary"), w.dials("paul", "120")
		mary.isInTalk("anna")
		paul.isInTalk("carl")
		w.srv.must("nway_ready " + w.ext["dora"])
		rosa := w.dials("rosa", "120")
		rosa.isInTalk("dora")
		w.asWall(w.member("wall", "110", "-"))
		read := w.member("read", "110", "-")
		w.asRead(read, mary, paul)
		w.asAgent(w.member("agent", "-", w.ext["anna"]), mary, paul)
		w.asSupervisor(w.member("supervisor", "110", "-"), mary, paul, rosa)
		for _, c := range []*call{mary, paul, rosa} {
			c.hangsUp()
			c.isGone()
		}
		eventually(t, patience, "the first visit of mary is read", func() bool {
			return slices.Equal(read.groupsOfRecords(), []string{"110"})
		})
		admin := w.member("admin", "-", "-")
		eventually(t, patience, "an admin finds all records", func() bool { return len(admin.groupsOfRecords()) >= 3 })
	})
}

// groupsOfRecords returns the groups of all records that the search finds.
func (m *member) groupsOfRecords() []string {
	m.t.Helper()
	var page struct{ Items []map[string]any }
	_, text := m.ask("GET", "/cdrs", "")
	if err := json.Unmarshal([]byte(text), &page); err != nil {
		m.t.Fatal(err)
	}
	return valuesOf(page.Items, "group")
}

func (w *world) asWall(m *member) {
	w.t.Helper()
	m.sees("nway_list_groups", "/groups", "group", "110")
	m.mayNot("nway_list_exts", "nway_list_calls", "nway_busy "+w.ext["anna"], "nway_reload", "nway_token list")
	for path, want := range map[string]int{
		"/agents": 403, "/calls": 403, "/cdrs": 403, "/groups/110": 200, "/groups/120": 403,
	} {
		if status, text := m.ask("GET", path, ""); status != want {
			w.t.Errorf("a wall at %s: %d %s", path, status, text)
		}
	}
}

func (w *world) asRead(m *member, mary, paul *call) {
	w.t.Helper()
	m.sees("nway_list_groups", "/groups", "group", "110")
	m.sees("nway_list_exts", "/agents", "extension", w.ext["anna"], w.ext["dora"])
	m.sees("nway_list_calls", "/calls", "caller", w.number["mary"])
	m.mayNot("nway_busy "+w.ext["anna"], "nway_uuid_hold "+mary.uuid, "nwayacd_transfer "+mary.uuid+" "+w.ext["dora"],
		"nwayacd "+mary.uuid+" 110", "nway_add_group 130 0", "nway_threeway "+mary.uuid+" 1 other")
	for path, want := range map[string]int{"/calls/" + mary.uuid: 200, "/calls/" + paul.uuid: 404} {
		if status, text := m.ask("GET", path, ""); status != want {
			w.t.Errorf("read at %s: %d %s", path, status, text)
		}
	}
}

func (w *world) asAgent(m *member, mary, paul *call) {
	w.t.Helper()
	m.sees("nway_list_groups", "/groups", "group", "110") // of which anna is a member now
	m.sees("nway_list_exts", "/agents", "extension", w.ext["anna"])
	m.sees("nway_list_calls", "/calls", "caller", w.number["mary"])
	m.mayNot("nway_busy "+w.ext["carl"], "nway_login "+w.ext["dora"]+" 110",
		"nwayacd_transfer "+paul.uuid+" "+w.ext["anna"],
		"nwayacd "+paul.uuid+" 110", "nway_threeway "+mary.uuid+" 1 other")
	if reply := m.may("nway_busy " + w.ext["anna"]); !strings.HasPrefix(reply, "+OK") {
		w.t.Errorf("an agent makes itself busy: %s", reply)
	}
	m.may("nway_ready " + w.ext["anna"])
	m.may("nway_uuid_hold " + mary.uuid) // a switch without SIP cannot hold
	m.may("nway_uuid_unhold " + mary.uuid)
	if status, text := m.ask("POST", "/agents/"+w.ext["carl"]+"/busy", ""); status != 403 {
		w.t.Errorf("an agent makes another busy: %d %s", status, text)
	}
}

func (w *world) asSupervisor(m *member, mary, paul, rosa *call) {
	w.t.Helper()
	m.sees("nway_list_groups", "/groups", "group", "110")
	m.sees("nway_list_exts", "/agents", "extension", w.ext["anna"], w.ext["dora"], w.ext["emil"])
	m.sees("nway_list_calls", "/calls", "caller", w.number["mary"], "hidden") // rosa is with dora
	m.mayNot("nway_logout "+w.ext["carl"], "nway_login "+w.ext["carl"]+" 110", "nway_login "+w.ext["emil"]+" 120",
		"nwayacd "+paul.uuid+" 110", "nwayacd_transfer "+rosa.uuid+" "+w.ext["anna"], "nway_add_ext 4711 x",
		"nway_set_ring_group 110 - - - -", "nway_token list", "nway_reload", "nway_threeway "+rosa.uuid+" 1 other")
	if reply := m.may("nway_threeway " + mary.uuid + " 1 gw1"); !strings.Contains(reply, "gateways of [acd]") {
		w.t.Errorf("a gateway that is not listed: %s", reply)
	}
	if reply := m.may("nway_login " + w.ext["emil"] + " 110"); !strings.HasPrefix(reply, "+OK") {
		w.t.Errorf("an agent of no group is logged in: %s", reply)
	}
	mary.sentTo = "120"
	if reply := m.may("nwayacd " + mary.uuid + " 120"); !strings.HasPrefix(reply, "+OK") { // any target
		w.t.Errorf("a call of the own group is moved: %s", reply)
	}
	eventually(w.t, patience, "mary is in the group 120", func() bool {
		return !strings.Contains(m.may("nway_list_calls"), mary.uuid)
	})
}
