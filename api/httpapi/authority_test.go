package httpapi

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/rs/zerolog"

	"nwayacd/api"
	"nwayacd/api/apitest"
	"nwayacd/internal/auth"
	"nwayacd/queue"
)

// officeWeb serves the HTTP port of an office. The client shows no token.
func officeWeb(t *testing.T, token string) (*browser, *archive, *apitest.Audit) {
	t.Helper()
	s, audit := apitest.Office()
	records := &archive{passwords: map[string]string{}}
	h := &Port{Server: s, Database: records, Token: auth.NewSecret(token), Log: zerolog.Nop()}
	h.Metrics = http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "up 1\n") })
	server := httptest.NewServer(h.Handler(t.Context()))
	t.Cleanup(server.Close)
	return &browser{t, h, server.URL, server.Client(), ""}, records, audit
}

// as is the browser with the token of a role.
func (b *browser) as(role auth.Role) *browser {
	other := *b
	other.token = "nwa_" + string(role)
	return &other
}

// rights returns the names by which the table of roles has the operation.
func (o *openAPIOperation) rights() []string {
	if len(o.Commands) > 0 {
		return o.Commands
	}
	return []string{o.OperationID}
}

func TestEveryOperationIsInTheTableOfRoles(t *testing.T) {
	b, _ := web(t, "")
	doc, _ := b.openAPI()
	for _, item := range doc.Paths {
		for _, o := range item {
			for _, name := range o.rights() {
				if auth.RightOf(name) == nil {
					t.Errorf("%s needs a line for %s in internal/auth/rights.go", o.OperationID, name)
				} else if auth.RightOf(name) != auth.RightOf(o.rights()[0]) {
					t.Errorf("%s has commands that need different rights", o.OperationID)
				}
			}
			if len(o.Roles) == 0 {
				t.Errorf("%s has no %s in the document", o.OperationID, roleKey)
			}
		}
	}
}

// A row for something that is not there would let a new operation of that name pass unseen.
func TestEveryRowOfTheTableIsOfSomethingThatIsThere(t *testing.T) {
	b, _ := web(t, "")
	doc, _ := b.openAPI()
	there := map[string]bool{
		auth.OpMetrics: true, auth.OpReadyz: true, auth.OpDirectory: true, auth.OpPassThrough: true,
		auth.OpConsole: true, auth.OpSettings: true,
	}
	for _, c := range api.Commands {
		there[c.Name] = true
	}
	for _, item := range doc.Paths {
		for _, o := range item {
			there[o.OperationID] = true
		}
	}
	for _, name := range auth.Operations() {
		if !there[name] {
			t.Errorf("internal/auth/rights.go has %s, which is neither a command nor an operation", name)
		}
	}
}

// sample has a value for each name of a path, a query or a body. Those of a group and of an agent
// can be another's.
func sample(name string, foreign bool) any {
	if foreign {
		switch name {
		case "extension":
			return "1001"
		case "group":
			return "120"
		case "groups":
			return []string{"120"}
		}
	}
	return map[string]any{
		"extension": "1000", "group": "110", "groups": []string{"110"}, "uuid": "5fa9", "number": "139", "mode": 0,
		"password": "long-enough-secret", "name": "anna", "id": "0af9", "role": "read", "old": "x", "new": "y",
		"registered": true, "say": false, "phone": "0186", "gateway": "gw1",
		"seconds": 30, "code": "lunch", "reason": "lunch",
	}[name]
}

// request returns the path and the body with which an operation is accepted.
func (o *openAPIOperation) request(path string, doc openAPI, foreign bool) (target, body string) {
	var query strings.Builder
	query.WriteString("?")
	for _, p := range o.Parameters {
		switch value, _ := sample(p.Name, foreign).(string); {
		case p.In == "path":
			path = strings.ReplaceAll(path, "{"+p.Name+"}", value)
		case p.In == "query" && p.Name == "group":
			query.WriteString("group=" + value)
		}
	}
	if o.RequestBody == nil {
		return path + query.String(), ""
	}
	content := map[string]any{}
	for name := range fieldsOfBody(o.RequestBody.Content["application/json"], doc) {
		if o.OperationID == "change-group" {
			continue // not for supervisors: TestASupervisorSetsWarningsOnly
		}
		if value := sample(name, foreign); value != nil {
			content[name] = value
		}
	}
	text, _ := json.Marshal(content)
	return path + query.String(), string(text)
}

func fieldsOfBody(media any, doc openAPI) map[string]any {
	schema, _ := media.(map[string]any)["schema"].(map[string]any)
	if ref, is := schema["$ref"].(string); is {
		schema, _ = doc.Components.Schemas[ref[strings.LastIndexByte(ref, '/')+1:]].(map[string]any)
	}
	fields, _ := schema["properties"].(map[string]any)
	return fields
}

// named returns the kinds of object that the operation names.
func (o *openAPIOperation) named(doc openAPI) (kinds []auth.Kind) {
	of := map[string]auth.Kind{
		"extension": auth.AnAgent, "group": auth.AGroup, "groups": auth.AGroup, "uuid": auth.ACall,
	}
	for _, p := range o.Parameters {
		kinds = append(kinds, of[p.Name])
	}
	if o.RequestBody != nil {
		for name := range fieldsOfBody(o.RequestBody.Content["application/json"], doc) {
			kinds = append(kinds, of[name])
		}
	}
	return kinds
}

// A role may use an operation exactly on what the table of roles says. There are no calls here, so
// only those who may use an operation on everything may use one on a call.
func TestEveryRoleHasExactlyItsOperations(t *testing.T) {
	shared, _, _ := officeWeb(t, "secret")
	unchanged, _, _ := officeWeb(t, "secret") // only looked at
	doc, _ := shared.openAPI()
	for path, item := range doc.Paths {
		if !isPrivate(path) || path == apiPrefix+"/events" || path == apiPrefix+"/live" {
			continue // public, or a stream: TestStreamsShowWhatTheRoleMaySee
		}
		for method, o := range item {
			right, named := auth.RightOf(o.rights()[0]), o.named(doc)
			names := func(kind auth.Kind) bool {
				return slices.Contains(right.On, kind) && slices.Contains(named, kind)
			}
			for _, role := range auth.Roles {
				b, scope := shared, right.Scope(role)
				scoped := scope != auth.None && scope != auth.All
				for _, foreign := range []bool{false, true} {
					if scoped && right.Looks {
						b = unchanged
					} else if scoped {
						b, _, _ = officeWeb(t, "secret") // what others did may have changed the scope
					}
					target, body := o.request(path, doc, foreign)
					answer, text := b.as(role).ask(strings.ToUpper(method), target, body)
					want := scope == auth.None || scoped && (names(auth.ACall) ||
						foreign && (names(auth.AnAgent) || names(auth.AGroup)))
					if forbidden := answer.StatusCode == 403; forbidden != want || answer.StatusCode == 401 {
						t.Errorf("%s: %s %s %s: %d %s", role, method, target, body, answer.StatusCode, text)
					}
					if answer.StatusCode == 422 && scope == auth.All && !strings.Contains(text, "no such") {
						t.Errorf("%s has no right sample: %s", o.OperationID, text)
					}
				}
			}
		}
	}
}

func TestStreamsShowWhatTheRoleMaySee(t *testing.T) {
	b, _, _ := officeWeb(t, "secret")
	d := b.http.Server.ACD.Dispatcher
	for role, want := range map[auth.Role]string{
		auth.Read: "1000", auth.Agent: "1000", auth.Supervisor: "1000", auth.Admin: "1001",
	} {
		events := b.as(role).follow("")
		for _, extension := range []string{"1001", "1000"} {
			if err := d.Busy(t.Context(), extension); err != nil {
				t.Fatal(err)
			}
		}
		if e := events.next(); e.headers["nway_agent_extension"] != want {
			t.Errorf("%s sees an event of %s first", role, e.headers["nway_agent_extension"])
		}
	}
	for _, role := range []auth.Role{auth.Wall, auth.Metrics, auth.Directory} {
		if answer, _ := b.as(role).ask("GET", apiPrefix+"/events", ""); answer.StatusCode != 403 {
			t.Errorf("%s: %d", role, answer.StatusCode)
		}
	}
}

func TestWhichPathsATokenOpens(t *testing.T) {
	b, records, _ := officeWeb(t, "secret")
	records.passwords["1000"] = "telephone"
	const ask = "section=directory&user=1000&domain=d&action=sip_auth&sip_auth_realm=d"
	for role, want := range map[auth.Role][3]int{ // /metrics, the directory, /api/v1/version
		auth.Admin: {200, 200, 200}, auth.Metrics: {200, 403, 403}, auth.Directory: {403, 200, 403},
		auth.Read: {403, 403, 200}, auth.Wall: {403, 403, 200}, auth.Supervisor: {403, 403, 200},
	} {
		form := []string{"Content-Type", "application/x-www-form-urlencoded"}
		for i, got := range []int{
			status(b.as(role).ask("GET", "/metrics", "")),
			status(b.as(role).ask("POST", "/freeswitch/directory", ask, form...)),
			status(b.as(role).ask("GET", apiPrefix+"/version", "")),
		} {
			if got != want[i] {
				t.Errorf("%s: path %d: %d, want %d", role, i, got, want[i])
			}
		}
	}
	b.http.Server.ACD.Drain()
	for role, detail := range map[auth.Role]bool{auth.Metrics: true, auth.Admin: true, auth.Read: false} {
		if _, text := b.as(role).ask("GET", "/readyz", ""); strings.Contains(text, "shuts down") != detail {
			t.Errorf("%s: %s", role, text)
		}
	}
}

func status(answer *http.Response, _ string) int { return answer.StatusCode }

func TestALocalClientIsRefusedTheDirectory(t *testing.T) {
	b, _, _ := officeWeb(t, "")
	if answer, _ := b.ask("GET", apiPrefix+"/agents", ""); answer.StatusCode != 200 {
		t.Errorf("a local client: %d", answer.StatusCode)
	}
	if answer, _ := b.ask("POST", "/freeswitch/directory", "section=directory&user=1000"); answer.StatusCode != 401 {
		t.Errorf("the directory: %d", answer.StatusCode)
	}
	for token, want := range map[string]int{"nwa_read": 200, "nwa_other": 401, "anything": 200} {
		b.token = token
		if answer, _ := b.ask("GET", apiPrefix+"/agents", ""); answer.StatusCode != want {
			t.Errorf("%s: %d", token, answer.StatusCode)
		}
	}
	b.token = "nwa_read" // not a local client, which could
	if answer, _ := b.ask("POST", apiPrefix+"/reload", ""); answer.StatusCode != 403 {
		t.Errorf("a token that may only read reloads: %d", answer.StatusCode)
	}
}

func TestListsOfTheRolesOfAGroup(t *testing.T) {
	b, _, _ := officeWeb(t, "secret")
	d := b.http.Server.ACD.Dispatcher
	for _, group := range []string{"110", "120", ""} {
		if _, err := d.PutVIP(t.Context(), queue.VIP{Number: "1" + group, Group: group}); err != nil {
			t.Fatal(err)
		}
		entry := queue.Blacklisted{Number: "2" + group, Group: group}
		if _, err := d.PutBlacklisted(t.Context(), entry); err != nil {
			t.Fatal(err)
		}
	}
	for role, want := range map[auth.Role]map[string]string{
		auth.Wall:       {"groups": "110"},
		auth.Read:       {"groups": "110", "agents": "1000 1002", "vips": "1110", "blacklist": "2110"},
		auth.Agent:      {"groups": "110", "agents": "1000"},
		auth.Supervisor: {"groups": "110", "agents": "1000 1002 1003", "vips": "1110", "blacklist": "2110"},
		auth.Admin: {
			"groups": "110 120", "agents": "1000 1001 1002 1003", "vips": "1 1110 1120", "blacklist": "2 2110 2120",
		},
	} {
		for _, list := range []string{"groups", "agents", "vips", "blacklist"} {
			answer, text := b.as(role).ask("GET", apiPrefix+"/"+list, "")
			var page struct{ Items []map[string]any }
			if json.Unmarshal([]byte(text), &page); answer.StatusCode == 200 {
				var names []string
				for _, item := range page.Items {
					for _, key := range []string{"extension", "number", "group"} {
						if name, is := item[key].(string); is {
							names = append(names, name)
							break
						}
					}
				}
				text = strings.Join(names, " ")
			} else {
				text = ""
			}
			if text != want[list] {
				t.Errorf("%s sees the %s %q, want %q", role, list, text, want[list])
			}
		}
	}
}

func TestASupervisorChangesOnlyTheListsOfTheGroup(t *testing.T) {
	b, _, _ := officeWeb(t, "secret")
	d := b.http.Server.ACD.Dispatcher
	for number, group := range map[string]string{"1": "110", "2": "120", "3": ""} {
		if _, err := d.PutBlacklisted(t.Context(), queue.Blacklisted{Number: number, Group: group}); err != nil {
			t.Fatal(err)
		}
	}
	supervisor := b.as(auth.Supervisor)
	for _, c := range []struct {
		method, path, body string
		status             int
	}{
		{"PUT", "/blacklist/1", `{"group":"110"}`, 204},
		{"PUT", "/blacklist/4", `{"group":"110"}`, 201},
		{"PUT", "/blacklist/5", `{"group":"120"}`, 403},
		{"PUT", "/blacklist/5", `{}`, 403},              // for all groups
		{"PUT", "/blacklist/2", `{"group":"110"}`, 403}, // it would replace another group's
		{"PUT", "/blacklist/3", `{"group":"110"}`, 403}, // it would replace one for all groups
		{"DELETE", "/blacklist/2", "", 403},
		{"DELETE", "/blacklist/3", "", 403},
		{"DELETE", "/blacklist/9", "", 404},
		{"DELETE", "/blacklist/1", "", 204},
		{"PUT", "/vips/1?group=110", "", 201},
		{"PUT", "/vips/1?group=120", "", 403},
		{"PUT", "/vips/1", "", 403},
		{"DELETE", "/vips/1", "", 403},
		{"DELETE", "/vips/1?group=110", "", 204},
	} {
		if answer, text := supervisor.ask(c.method, apiPrefix+c.path, c.body); answer.StatusCode != c.status {
			t.Errorf("%s %s %s: %d %s, want %d", c.method, c.path, c.body, answer.StatusCode, text, c.status)
		}
	}
}

func TestRecordsOfTheRolesOfAGroup(t *testing.T) {
	b, records, _ := officeWeb(t, "secret")
	records.offers = []queue.OfferRecord{
		{Call: "a", Group: "110", Agent: "1000"},
		{Call: "a", Group: "110", Agent: "1002"},
		{Call: "a", Group: "120", Agent: "1001"},
		{Call: "b", Group: "120", Agent: "1001"},
	}
	records.cdrs = []queue.CDR{{UUID: "a", Group: "110"}}
	for role, want := range map[auth.Role]struct {
		groups []string
		agent  string
		offers int // of the call a
	}{
		auth.Read: {[]string{"110"}, "", 2}, auth.Supervisor: {[]string{"110"}, "", 2},
		auth.Agent: {nil, "1000", 1}, auth.Admin: {nil, "", 3},
	} {
		if answer, text := b.as(role).ask("GET", apiPrefix+"/cdrs?caller=139", ""); answer.StatusCode != 200 {
			t.Fatal(text)
		}
		if q := records.asked; !slices.Equal(q.Groups, want.groups) || (q.Groups == nil) != (want.groups == nil) ||
			q.Agent != want.agent {
			t.Errorf("%s searches %+v", role, q)
		}
		_, text := b.as(role).ask("GET", apiPrefix+"/calls/a/offers", "")
		if n := strings.Count(text, `"agent"`); n != want.offers {
			t.Errorf("%s sees %d offers: %s", role, n, text)
		}
	}
	if b.as(auth.Agent).ask("GET", apiPrefix+"/cdrs?agent=1001", ""); records.asked.Agent != "1000" ||
		records.asked.Groups == nil {
		t.Errorf("an agent searches another's calls: %+v", records.asked)
	}
}

func TestAnOperationIsInTheAuditLog(t *testing.T) {
	b, _, audit := officeWeb(t, "secret")
	b.as(auth.Admin).ask("POST", apiPrefix+"/agents", `{"extension":"2001","password":"zebra"}`)
	b.as(auth.Admin).ask("POST", apiPrefix+"/agents", `{"extension":"2001","password":"zebra"}`)
	b.as(auth.Read).ask("DELETE", apiPrefix+"/agents/2001", "")
	b.as(auth.Supervisor).ask("PUT", apiPrefix+"/vips/139?group=110", "")
	b.as(auth.Admin).ask("GET", apiPrefix+"/agents", "")
	want := []string{
		`token:admin nway_add_ext 2001 map[password:***] ok `,
		`token:admin nway_add_ext 2001 map[password:***] refused extension 2001: exists already`,
		`token:read nway_rm_ext  map[] refused the role read may not use nway_rm_ext; it needs the role admin`,
		`token:supervisor put-vip 139 map[group:110] ok `,
	}
	entries := audit.Take()
	if len(entries) != len(want) {
		t.Fatalf("%+v", entries)
	}
	for i, e := range entries {
		got := strings.Join([]string{
			e.Actor, e.Action, e.Object, mapText(e.Detail), string(e.Outcome), strings.TrimPrefix(e.Reason, "queue: "),
		}, " ")
		if got != want[i] || e.Source == "" || e.Way != auth.WayHTTP {
			t.Errorf("%s from %s by %s\nwant %s", got, e.Source, e.Way, want[i])
		}
	}
}

func mapText(m map[string]string) string {
	var words []string
	for name, value := range m {
		words = append(words, name+":"+value)
	}
	slices.Sort(words)
	return "map[" + strings.Join(words, " ") + "]"
}

// TestASupervisorSetsTheWarningsOfTheOwnGroupsOnly goes through the table of settings, as the desk
// does.
func TestASupervisorSetsTheWarningsOfTheOwnGroupsOnly(t *testing.T) {
	b, _, _ := officeWeb(t, "secret")
	supervisor := b.as(auth.Supervisor)
	var table settingsShown
	if _, text := supervisor.ask("GET", "/api/v1/settings", ""); json.Unmarshal([]byte(text), &table) != nil {
		t.Fatal(text)
	}
	var own []string
	for _, s := range table.Groups {
		if s.Role == "supervisor" {
			own = append(own, s.Key)
		}
	}
	if want := "warn_waiting alert_waiting warn_wait_seconds alert_wait_seconds"; strings.Join(own, " ") != want {
		t.Errorf("a supervisor may set %v, should be %s", own, want)
	}
	const all = `{"warn_waiting":7,"alert_waiting":null,"warn_wait_seconds":0,"alert_wait_seconds":90}`
	for _, c := range []struct {
		role   auth.Role
		group  string
		body   string
		status int
	}{
		{auth.Supervisor, "110", all, 200},
		{auth.Supervisor, "120", all, 403},
		{auth.Supervisor, "110", `{"service_level_goal":1}`, 403},
		{auth.Supervisor, "110", `{"warn_waiting":1,"ring_seconds":20}`, 403}, // all of it, or nothing
		{auth.Supervisor, "110", `{"warn_waiting":-1}`, 422},
		{auth.Read, "110", all, 403},
		{auth.Agent, "110", all, 403},
		{auth.Admin, "120", all, 200},
	} {
		answer, text := b.as(c.role).ask("PATCH", "/api/v1/groups/"+c.group, c.body)
		if answer.StatusCode != c.status {
			t.Errorf("%s sets %s of %s: %d %s", c.role, c.body, c.group, answer.StatusCode, text)
		}
	}
	_, text := supervisor.ask("GET", "/api/v1/groups/110", "")
	for _, want := range []string{
		`"warn_waiting":7`, `"alert_waiting":null`, `"warn_wait_seconds":0`, `"alert_wait_seconds":90`,
		`"ring_seconds":0`,
	} {
		if !strings.Contains(text, want) {
			t.Errorf("group 110 has no %s: %s", want, text)
		}
	}
}
