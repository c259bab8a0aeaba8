package httpapi

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rs/zerolog"
	"go.uber.org/goleak"

	"nwayacd/agent"
	"nwayacd/api/apitest"
	"nwayacd/internal/auth"
	"nwayacd/internal/figures"
	"nwayacd/queue"
)

// archive is a Database with a few records.
type archive struct {
	cdrs      []queue.CDR
	offers    []queue.OfferRecord
	passwords map[string]string
	away      error
	asked     queue.CDRSearch
	audit     []auth.Entry
	audited   auth.Search
	log       []agent.LogEntry
	calls     map[figures.CallKey]figures.Calls
	work      map[figures.AgentKey]figures.Agent
}

func (a *archive) AgentLog(context.Context, string, time.Time, time.Time) ([]agent.LogEntry, error) {
	return a.log, a.away
}

func (a *archive) CallFigures(
	_ context.Context, _, _ time.Time, groups []string, take func(figures.CallKey, *figures.Calls),
) error {
	for key, calls := range a.calls {
		if groups == nil || slices.Contains(groups, key.Group) {
			take(key, &calls)
		}
	}
	return a.away
}

func (a *archive) AgentFigures(
	_ context.Context, _, _ time.Time, _ []string, take func(figures.AgentKey, *figures.Agent),
) error {
	for key, work := range a.work {
		take(key, &work)
	}
	return a.away
}

func (a *archive) PauseFigures(context.Context, time.Time, time.Time, func(figures.PauseKey, figures.Pause)) error {
	return a.away
}

func (a *archive) SearchAudit(_ context.Context, q auth.Search) (page []auth.Entry, next int64, err error) {
	a.audited = q
	return a.audit, 9, a.away
}

func (a *archive) SearchCDRs(_ context.Context, q queue.CDRSearch) (page []queue.VisitRecord, next int64, err error) {
	a.asked = q
	for _, c := range a.cdrs {
		if q.Call == "" || c.UUID == q.Call {
			page = append(page, queue.VisitRecord{CDR: c})
		}
	}
	return page, 7, a.away
}

func (a *archive) Unreached(
	_ context.Context, _ time.Time, groups []string, _ int,
) (all []queue.VisitRecord, err error) {
	for _, c := range a.cdrs {
		if c.Outcome == queue.Abandoned && (groups == nil || slices.Contains(groups, c.Group)) {
			all = append(all, queue.VisitRecord{CDR: c})
		}
	}
	return all, a.away
}

func (a *archive) Offers(_ context.Context, call string) (found []queue.OfferRecord, err error) {
	for _, o := range a.offers {
		if o.Call == call {
			found = append(found, o)
		}
	}
	return found, a.away
}

func (a *archive) Password(_ context.Context, extension string) (string, bool, error) {
	password, ok := a.passwords[extension]
	return password, ok, a.away
}

func (a *archive) Healthy() error { return a.away }

// browser is a client of the HTTP port under test.
type browser struct {
	t      *testing.T
	http   *Port
	base   string
	client *http.Client
	token  string
}

// web serves the HTTP port on loopback until the test ends.
func web(t *testing.T, token string, change ...func(*Port)) (*browser, *archive) {
	t.Helper()
	records := &archive{passwords: map[string]string{}}
	floor, _ := apitest.Server()
	h := &Port{Server: floor, Database: records, Token: auth.NewSecret(token), Log: zerolog.Nop()}
	for _, c := range change {
		c(h)
	}
	h.Metrics = http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "up 1\n") })
	ctx, stop := context.WithCancel(context.Background())
	s := httptest.NewServer(h.Handler(ctx))
	t.Cleanup(func() { stop(); s.Close() })
	return &browser{t, h, s.URL, s.Client(), token}, records
}

// ask sends a request and returns the status and the answer.
func (b *browser) ask(method, path, body string, headers ...string) (*http.Response, string) {
	b.t.Helper()
	var content io.Reader
	if body != "" {
		content = strings.NewReader(body)
	}
	r, err := http.NewRequestWithContext(b.t.Context(), method, b.base+path, content)
	if err != nil {
		b.t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/json")
	if b.token != "" {
		r.Header.Set("Authorization", "Bearer "+b.token)
	}
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	if host := r.Header.Get("Host"); host != "" {
		r.Host = host
	}
	answer, err := b.client.Do(r)
	if err != nil {
		b.t.Fatal(err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		b.t.Fatal(err)
	}
	return answer, strings.TrimSpace(string(text))
}

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestEveryOperationAnswersWithItsStatus(t *testing.T) {
	b, records := web(t, "")
	records.cdrs = []queue.CDR{{UUID: "ended", Outcome: queue.Abandoned}, {
		UUID: "moved", Visit: 2, CameFrom: "110", Direction: queue.Outbound, CallerName: "Li", Outcome: queue.Moved,
		TransferredTo: "130", TransferKind: queue.TransferBlind, Recording: "b.wav",
		Recordings: []string{"a.wav", "b.wav"},
	}, {UUID: "old", Outcome: queue.Answered, Recording: "a.wav"}}
	records.offers = []queue.OfferRecord{{Call: "served", Agent: "1000", Visit: 2, Recording: "b.wav"}}
	long := strings.Repeat("1", 10_000)
	for _, c := range []struct {
		method, path, body string
		status             int
		has                string // text in the answer
	}{
		{"POST", "/groups", `{"group":"120","mode":2}`, 201, `"mode_name":"cyclic"`},
		{"POST", "/groups", `{"group":"120","mode":2}`, 409, "group 120: exists already"},
		{"POST", "/groups", `{"group":"120","mode":2}`, 409, `"type":"urn:nwayacd:exists"`},
		{"POST", "/groups", `{"group":"121","mode":6}`, 422, "body.mode"},
		{"POST", "/groups", `{"group":"1;2","mode":0}`, 422, "1 to 32 letters, digits or _.+*#- are allowed"},
		{"POST", "/groups", `{"group":"` + long + `","mode":0}`, 422, "body.group"},
		{"POST", "/groups", `{"group":"121"}`, 422, "mode"},
		{"POST", "/groups", `{"group":"121","mode":0,"mood":1}`, 422, "unexpected property"},
		{"POST", "/groups", `{"group":`, 400, ""},
		{"POST", "/groups", `"` + strings.Repeat("x", maxHTTPBody+1) + `"`, 413, ""},
		{"GET", "/groups", "", 200, `"group":"110"`},
		{"GET", "/groups/120", "", 200, `"group":"120"`},
		{"GET", "/groups/999", "", 404, "group 999: no such group"},
		{"PATCH", "/groups/120/prompts", `{"welcome":"w.wav","busy":""}`, 200, `"welcome":"w.wav"`},
		{
			"PATCH", "/groups/120/prompts", `{"transfer":"t.wav"}`, 200,
			`"welcome":"w.wav","blacklist":"","busy":"","transfer":"t.wav"`,
		},
		{"PATCH", "/groups/120/prompts", `{"welcome":"a\u0000b"}`, 422, "control characters"},
		{"PATCH", "/groups/120", `{"busy":"${x}"}`, 422, `"location":"body.busy"`},
		{"PATCH", "/groups/120/prompts", `{"busy":"http://h/a.wav"}`, 422, "http:// is not allowed"},
		{"PATCH", "/groups/999/prompts", `{}`, 404, "no such group"},
		{"PATCH", "/groups/120", `{"caller_prefix":"销售: "}`, 200, `"caller_prefix":"销售: "`},
		{"PATCH", "/groups/120", `{}`, 200, `"caller_prefix":"销售: "`},
		{"PATCH", "/groups/120", `{"caller_prefix":"a\nb"}`, 422, "body.caller_prefix"},
		{"PATCH", "/groups/120", `{"caller_prefix":"` + strings.Repeat("x", 65) + `"}`, 422, "body.caller_prefix"},
		{"PATCH", "/groups/120", `{"caller_prefix":""}`, 200, `"caller_prefix":""`},
		{"PATCH", "/groups/999", `{"caller_prefix":"x"}`, 404, "no such group"},

		{"POST", "/agents", `{"extension":"1001","password":"s3cret"}`, 201, `"call_state":"ready"`},
		{"POST", "/agents", `{"extension":"1001","password":"s3cret"}`, 409, "exists already"},
		{"POST", "/agents", `{"extension":"1'or'1","password":"x"}`, 422, "body.extension"},
		{"POST", "/agents", `{"extension":"1002","password":""}`, 422, "body.password"},
		{"GET", "/agents", "", 200, `"extension":"1001"`},
		{"GET", "/agents/1001", "", 200, `"seat_state":"down"`},
		{"GET", "/agents/9", "", 404, "extension 9: no such extension"},
		{"POST", "/agents/1001/login", `{"groups":["110","120"]}`, 200, `"groups":["110","120"]`},
		{"POST", "/agents/1001/login", `{"groups":["110","999"]}`, 422, "group 999: no such group"},
		{"POST", "/agents/9/login", `{"groups":["110"]}`, 404, "no such extension"},
		{"POST", "/agents/1001/login", `{"groups":[]}`, 422, "body.groups"},
		{"POST", "/agents/1001/login", ``, 400, ""},
		{"GET", "/agents?group=120", "", 200, `{"items":[{"extension":"1001"`},
		{"GET", "/agents?group=999", "", 200, `{"items":[]}`},
		{"POST", "/agents/1001/busy", "", 200, `"seat_status":"busy"`},
		{"POST", "/agents/1001/busy", `{}`, 200, `"seat_status":"busy"`},
		{"POST", "/agents/1001/busy", `{"reason":"lunch"}`, 200, `"pause_reason":"lunch","paused_since":"`},
		{"POST", "/agents/1001/busy", `{"reason":"siesta"}`, 422, "there are break, lunch, training, meeting"},
		{"POST", "/agents/1001/busy", `{"reason":"lunch break"}`, 422, "body.reason"},
		{"POST", "/agents/9/busy", `{"reason":"lunch"}`, 404, "no such extension"},
		{"POST", "/agents/1001/wrap", `{"seconds":30}`, 409, "not in wrap-up"},
		{"POST", "/agents/1001/wrap", `{"seconds":3601}`, 422, "body.seconds"},
		{"POST", "/agents/1001/wrap", ``, 400, ""},
		{"POST", "/agents/1001/ready", "", 200, `"seat_status":"idle"`},
		{"DELETE", "/groups/120/members/1001", "", 204, ""},
		{"DELETE", "/groups/120/members/1001", "", 404, "not a member of the group"},
		{"GET", "/agents/1001", "", 200, `"groups":["110"]`},
		{"PUT", "/groups/120/members/1001", "", 204, ""},
		{"PUT", "/groups/120/members/1001", "", 204, ""},
		{"PUT", "/groups/999/members/1001", "", 404, "no such group"},
		{"PUT", "/groups/120/members/9", "", 404, "no such extension"},
		{"GET", "/agents/1001", "", 200, `"groups":["110","120"]`},

		{"PATCH", "/agents/1001", `{"name":"李豪","wrap_up_seconds":-1,"dnd":true}`, 200, `"wrap_up_seconds":-1`},
		{"PATCH", "/agents/1001", `{"name":"Ann","wrap_up_seconds":-2}`, 422, "body.wrap_up_seconds"},
		{"GET", "/agents/1001", "", 200, `"name":"李豪"`}, // all or nothing
		{"PATCH", "/agents/1001", `{"wrap_up_seconds":null,"dnd":null}`, 200, `"wrap_up_seconds":null`},
		{"PATCH", "/agents/1001", `{"wrap_up_seconds":"30"}`, 422, "body.wrap_up_seconds"},
		{"PATCH", "/agents/1001", `{"wrap_up":30}`, 422, "body.wrap_up"},
		{"PATCH", "/agents/1001", `{"say_job_number":true}`, 422, "there is no job number to say"},
		{"PATCH", "/agents/1001", `{"allowed_groups":"110,999"}`, 422, "group 999: no such group"},
		{"PATCH", "/agents/1001", `{"allowed_groups":"110,120"}`, 200, `"allowed_groups":"110,120"`},
		{"PATCH", "/agents/1001", `{"dial_string":"{x=1}user/{ext}"}`, 422, "body.dial_string"},
		{
			"PATCH", "/agents/1001", `{"dial_string":"sofia/gateway/gw1/{ext}"}`, 200,
			`"dial_string":"sofia/gateway/gw1/{ext}"`,
		},
		{"PATCH", "/agents/9", `{"name":"x"}`, 404, "no such extension"},
		{
			"PATCH", "/groups/120", `{"service_level_seconds":30,"service_level_formula":"all","mode":2}`, 200,
			`"service_level_formula":"all"`,
		},
		{"PATCH", "/groups/120", `{"service_level_formula":"mine"}`, 422, "body.service_level_formula"},
		{"PATCH", "/groups/120", `{"mode":0,"ring_seconds":0}`, 422, "body.ring_seconds"},
		{"GET", "/groups/120", "", 200, `"mode":2`},
		{"PATCH", "/groups/120", `{"mode":null}`, 200, `"mode":5`},
		{"PATCH", "/groups/120", `{"welcome":"a${b}.wav"}`, 422, "without ${"},
		{"GET", "/settings", "", 200, `"key":"ring_seconds","type":"seconds","minimum":1,"maximum":3600,"default":15`},
		{"GET", "/settings", "", 200, `"help":{"en":"do not disturb: the agent is offered nothing","zh":"免打扰`},

		{
			"GET", "/reasons", "", 200,
			`{"items":[{"code":"break","name":"Break","paid":true,"active":true,"position":1}`,
		},
		{"PUT", "/reasons/prayer", `{"paid":true,"position":5}`, 201, ""},
		{"GET", "/reasons/prayer", "", 200, `"name":"prayer","paid":true,"active":true,"position":5`},
		{"PUT", "/reasons/prayer", `{"name":"Prayer","active":false}`, 204, ""},
		{"POST", "/agents/1001/busy", `{"reason":"prayer"}`, 422, "no such reason"},
		{"PUT", "/reasons/a%20b", `{}`, 422, "path.code"},
		{"DELETE", "/reasons/prayer", "", 204, ""},
		{"DELETE", "/reasons/prayer", "", 404, "no such reason"},
		{"GET", "/reasons/prayer", "", 404, "no such reason"},
		{
			"PUT", "/agents/1001/job-number", `{"number":"1024","say":true}`, 200,
			`"job_number":"1024","say_job_number":true`,
		},
		{"PUT", "/agents/1001/job-number", `{"number":"","say":true}`, 422, "there is no job number to say"},
		{"PUT", "/agents/1001/registered", `{"registered":false}`, 200, `"reg_state":"unreg"`},
		{"PUT", "/agents/9/registered", `{"registered":true}`, 404, ""},
		{"POST", "/agents/1001/logout", "", 200, `"groups":[]`},
		{"DELETE", "/agents/1001", "", 204, ""},
		{"DELETE", "/agents/1001", "", 404, "no such extension"},
		{"DELETE", "/groups/120", "", 204, ""},
		{"DELETE", "/groups/120", "", 404, "no such group"},

		{"GET", "/calls", "", 200, `{"items":[]}`},
		{"GET", "/calls?phase=wait&group=110", "", 200, `{"items":[]}`},
		{"GET", "/calls/nobody", "", 404, "nobody: no such call"},
		{"POST", "/calls/nobody/transfer", `{"extension":"1000"}`, 404, "nobody: no such call"},
		{"DELETE", "/calls/nobody", "", 404, "nobody: no such call"},
		{"POST", "/calls/nobody/hold", "", 409, "not in a talk"},
		{"POST", "/calls/nobody/unhold", "", 409, "not in a talk"},
		{"POST", "/calls/nobody/three-way", `{"phone":"139","gateway":"g"}`, 409, "not in a talk"},
		{"POST", "/calls/nobody/three-way", `{"phone":"139 &","gateway":"g"}`, 422, "body.phone"},
		{"POST", "/calls", `{"uuid":"a","group":"110"}`, 503, "no link to a FreeSWITCH"},
		{"POST", "/calls", `{"uuid":"a","group":"999"}`, 422, "group 999: no such group"},

		{"GET", "/cdrs", "", 200, `"next":7`},
		{"GET", "/cdrs?uuid=ended", "", 200, `"uuid":"ended","visit":1,"direction":"in"`},
		{"GET", "/cdrs?uuid=ended", "", 200, `"recordings":[]`},
		{
			"GET", "/cdrs?uuid=moved&outcome=moved", "", 200,
			`"visit":2,"came_from":"110","direction":"out","caller":"","caller_name":"Li"`,
		},
		{
			"GET", "/cdrs?uuid=moved", "", 200,
			`"transferred_to":"130","transfer_kind":"blind","recording":"b.wav","recordings":["a.wav","b.wav"]`,
		},
		{"GET", "/cdrs?uuid=old", "", 200, `"recordings":["a.wav"]`},
		{"GET", "/calls/ended/story", "", 200, `{"visits":[{"uuid":"ended"`},
		{"GET", "/calls/ended/story?format=svg", "", 200, `<metadata>{&#34;visits&#34;:[{&#34;uuid&#34;:`},
		{"GET", "/calls/nobody/story?format=svg", "", 404, "nobody"},
		{"GET", "/calls/ended/story?format=png", "", 422, "query.format"},
		{"GET", "/calls/ended/story?format=svg&zone=Nowhere/Else", "", 422, "there is no such time zone"},
		{"GET", "/cdrs?outcome=lost", "", 422, "query.outcome"},
		{"GET", "/cdrs?limit=501", "", 422, "query.limit"},
		{"GET", "/cdrs?gruop=110", "", 422, "query.gruop"},
		{"GET", "/cdrs?from=yesterday", "", 422, "query.from"},
		{"GET", "/calls/served/offers", "", 200, `"agent":"1000"`},
		{"GET", "/calls/served/offers", "", 200, `"visit":2,"number":0,"recording":"b.wav"`},
		{"GET", "/calls/ended/offers", "", 200, `{"items":[]}`},
		{"GET", "/calls/nobody/offers", "", 404, "no such call"},

		{"PUT", "/blacklist/139", `{}`, 201, ""},
		{"PUT", "/blacklist/139", `{"category":2,"group":"110","expires":"2030-01-01T00:00:00Z"}`, 204, ""},
		{"PUT", "/blacklist/13%209", `{}`, 422, "path.number"},
		{"PUT", "/blacklist/139", `{"category":3000000000}`, 422, "body.category"},
		{"PUT", "/blacklist/139", `{"expires":"0000-01-01T00:00:00Z"}`, 422, "body.expires"},
		{"PUT", "/blacklist/139", `{"expires":"9999-12-31T23:59:59-12:00"}`, 422, "body.expires"},
		{"PUT", "/blacklist/139", `{"expires":"0001-01-01T00:00:01Z"}`, 422, "body.expires"},
		{"GET", "/cdrs?from=0000-01-01T00:00:00Z", "", 422, "query.from"},
		{
			"GET", "/blacklist", "", 200,
			`{"items":[{"number":"139","category":2,"group":"110","expires":"2030-01-01T00:00:00Z"}]}`,
		},
		{"DELETE", "/blacklist/139", "", 204, ""},
		{"DELETE", "/blacklist/139", "", 404, "not on the list"},
		{"PUT", "/vips/139", "", 201, ""},
		{"PUT", "/vips/139", "", 204, ""},
		{"PUT", "/vips/139?group=110", "", 201, ""},
		{"GET", "/vips", "", 200, `{"items":[{"number":"139","group":"110"},{"number":"139"}]}`},
		{"DELETE", "/vips/139", "", 204, ""},
		{"DELETE", "/vips/139", "", 404, "not on the list"},

		{"GET", "/version", "", 200, `{"version":"nwayacd 1.2.3, `},
		{"POST", "/reload", "", 200, `{"report":"read again"}`},
		{"GET", "/nothing", "", 404, ""},
		{"PUT", "/groups", "", 405, ""},
	} {
		answer, text := b.ask(c.method, apiPrefix+c.path, c.body)
		if answer.StatusCode != c.status || !strings.Contains(text, c.has) {
			t.Errorf("%s %.60s %.60s\n got  %d %.300s\n want %d …%s…", c.method, c.path, c.body, answer.StatusCode,
				text, c.status, c.has)
		}
		if mime := answer.Header.Get("Content-Type"); c.status >= 400 && mime != "application/problem+json" {
			t.Errorf("%s %s: a refusal of type %s", c.method, c.path, mime)
		}
	}
}

func TestWhatWasMadeIsAtItsLocation(t *testing.T) {
	b, _ := web(t, "")
	made, _ := b.ask("POST", apiPrefix+"/agents", `{"extension":"*10#","password":"x"}`)
	if answer, text := b.ask("GET", made.Header.Get("Location"), ""); answer.StatusCode != 200 ||
		!strings.Contains(text, `"*10#"`) {
		t.Errorf("at %s: %d %s", made.Header.Get("Location"), answer.StatusCode, text)
	}
}

func TestACDRSearchUsesEveryParameterOfTheQuery(t *testing.T) {
	b, records := web(t, "")
	b.ask("GET",
		apiPrefix+"/cdrs?from=2026-01-31T08:00:00%2B08:00&to=2026-02-01T00:00:00Z&group=110&agent=1000&caller=139"+
			"&outcome=answered&uuid=u&cursor=9&limit=3", "")
	want := queue.CDRSearch{
		Group: "110", Agent: "1000", Caller: "139", Call: "u", Outcome: queue.Answered, Before: 9, Limit: 3,
	}
	from, to := records.asked.From, records.asked.To
	records.asked.From, records.asked.To = time.Time{}, time.Time{}
	if !reflect.DeepEqual(records.asked, want) || !from.Equal(time.Date(2026, 1, 31, 0, 0, 0, 0, time.UTC)) ||
		to.IsZero() {
		t.Errorf("%+v from %v to %v", records.asked, from, to)
	}
	if b.ask("GET", apiPrefix+"/cdrs", ""); !reflect.DeepEqual(records.asked, queue.CDRSearch{Limit: 50}) {
		t.Errorf("without a filter: %+v", records.asked)
	}
}

func TestWithTheDatabaseAwayTheRecordsAreUnavailable(t *testing.T) {
	b, records := web(t, "")
	records.away = errors.New("dial tcp 10.1.2.3: refused")
	for _, path := range []string{"/cdrs", "/calls/x/offers"} {
		if answer, text := b.ask("GET", apiPrefix+path, ""); answer.StatusCode != 503 ||
			strings.Contains(text, "10.1.2.3") {
			t.Errorf("%s: %d %s", path, answer.StatusCode, text)
		}
	}
	if answer, text := b.ask("GET", "/readyz", ""); answer.StatusCode != 503 || !strings.Contains(text, "refused") {
		t.Errorf("readyz: %d %s", answer.StatusCode, text)
	}
	if answer, _ := b.ask("GET", "/healthz", ""); answer.StatusCode != 200 {
		t.Errorf("healthz: %d", answer.StatusCode)
	}
	records.away = nil
	if answer, text := b.ask("GET", "/readyz", ""); answer.StatusCode != 200 || text != `{"ok":true}` {
		t.Errorf("readyz, when the database is back: %d %s", answer.StatusCode, text)
	}
}

func TestAServerThatDrainsIsNotReady(t *testing.T) {
	b, _ := web(t, "")
	b.http.Server.ACD.Drain()
	if answer, text := b.ask("GET", "/readyz", ""); answer.StatusCode != 503 || !strings.Contains(text, "draining") {
		t.Errorf("readyz: %d %s", answer.StatusCode, text)
	}
	if answer, _ := b.ask("GET", "/healthz", ""); answer.StatusCode != 200 {
		t.Errorf("healthz: %d", answer.StatusCode)
	}
}

func TestARequestThatPanicsIsCounted(t *testing.T) {
	b, _ := web(t, "")
	for _, reason := range []any{"fault", http.ErrAbortHandler} {
		func() {
			defer func() {
				if recover() != reason {
					t.Error("the panic does not reach net/http")
				}
			}()
			h := b.http.logged(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic(reason) }))
			h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/", nil))
		}()
	}
	if n := b.http.Panics(); n != 1 {
		t.Errorf("counted %d", n)
	}
}

func TestTheHTTPPortEndsWithItsContext(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	floor, _ := apitest.Server()
	h := &Port{Server: floor, Database: &archive{}, Log: zerolog.Nop()}
	ctx, stop := context.WithCancel(t.Context())
	over := make(chan error, 1)
	go func() { over <- h.Serve(ctx, ln) }()
	transport := &http.Transport{}
	defer transport.CloseIdleConnections()
	b := &browser{t, h, "http://" + ln.Addr().String(), &http.Client{Transport: transport}, ""}
	events := b.follow("")
	events.login("1000")
	events.next()
	stop()
	select {
	case err := <-over:
		if !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
	case <-time.After(10 * time.Second):
		t.Fatal("a stream of events keeps the port from ending")
	}
	if line, err := events.line(); err == nil {
		t.Errorf("the stream goes on: %s", line)
	}
}

// The description of the operations takes a while, for which the end of a server must not wait.
func TestAPortThatNobodyAskedEndsWithoutDescribingItself(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	stop()
	p := &Port{Log: zerolog.Nop()}
	if err := p.Serve(ctx, ln); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	if p.stopping != nil {
		t.Error("it made its operations")
	}
}
