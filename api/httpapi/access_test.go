package httpapi

import (
	"bytes"
	"encoding/json"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/rs/zerolog"

	"nwayacd/api/apitest"
	"nwayacd/internal/auth"
)

func TestOnlyTheTokenGivesAccess(t *testing.T) {
	b, _ := web(t, "right")
	for _, c := range []struct {
		path, authorization string
		status              int
	}{
		{"/api/v1/agents", "Bearer right", 200},
		{"/api/v1/agents", "bearer right", 200},
		{"/api/v1/agents", "Basic dTpyaWdodA==", 200}, // u:right
		{"/api/v1/agents", "Basic cmlnaHQ6dQ==", 401}, // right:u
		{"/api/v1/agents", "Bearer righ", 401},
		{"/api/v1/agents", "Bearer ", 401},
		{"/api/v1/agents", "right", 401},
		{"/api/v1/agents", "", 401},
		{"/api/v1/events", "", 401},
		{"/api/v1/nothing", "", 401},
		{"/freeswitch/directory", "", 401},
		{"/metrics", "", 401},
		{"/metrics", "Bearer wrong", 401},
		{"/metrics", "Bearer right", 200},
		{"/metrics", "Basic dTpyaWdodA==", 200},
		{"/openapi.json", "", 200},
		{"/docs", "", 200},
		{"/healthz", "", 200},
		{"/readyz", "", 200},
	} {
		if answer, _ := b.ask("GET", c.path, "", "Authorization", c.authorization); answer.StatusCode != c.status {
			t.Errorf("%s with %q: %d, want %d", c.path, c.authorization, answer.StatusCode, c.status)
		}
	}
}

// The JSON decoder takes Mode for mode. So a value that is checked must not be another one than the
// value that is decoded.
func TestAFieldInAnotherLetterCaseIsRefused(t *testing.T) {
	b, _ := web(t, "")
	for _, c := range []struct{ method, path, body string }{
		{"POST", "/groups", `{"group":"877","mode":0,"Mode":99}`},
		{"POST", "/groups", `{"group":"877","MODE":0}`},
		{"PUT", "/blacklist/888", `{"category":0,"Category":3000000000}`},
		{"PUT", "/blacklist/888", `{"group":"110","Group":"1\n2"}`},
		{"PUT", "/reasons/late", `{"name":"Late","Name":"a\u001b[31m"}`},
		{"PUT", "/reasons/late", `{"position":1,"po\u017fition":-5000000000}`}, // U+017F is a kind of s
	} {
		answer, text := b.ask(c.method, apiPrefix+c.path, c.body)
		if answer.StatusCode != 422 || !strings.Contains(text, "unexpected property") {
			t.Errorf("%s %s %s: %d %s", c.method, c.path, c.body, answer.StatusCode, text)
		}
	}
}

func TestWebPagesOfOtherOriginsAreRefused(t *testing.T) {
	b, _ := web(t, "")
	if answer, _ := b.ask("POST", apiPrefix+
		"/reload", "", "Origin", "http://evil.example", "Sec-Fetch-Site", "cross-site"); answer.StatusCode != 403 {
		t.Errorf("another origin's page reloads: %d", answer.StatusCode)
	}
	if answer, _ := b.ask("GET", apiPrefix+"/agents", "", "Host", "evil.example"); answer.StatusCode != 403 {
		t.Errorf("a name that resolves to this host reads: %d", answer.StatusCode)
	}
	answer, _ := b.ask("OPTIONS", apiPrefix+"/agents", "", "Origin", "http://evil.example",
		"Access-Control-Request-Method", "POST")
	if allowed := answer.Header.Get("Access-Control-Allow-Origin"); allowed != "" {
		t.Errorf("allowed to %s", allowed)
	}
}

func TestRequestsAreLoggedWithoutTheToken(t *testing.T) {
	var log bytes.Buffer
	floor, _ := apitest.Server()
	h := &Port{Server: floor, Database: &archive{}, Token: auth.NewSecret("t0ken"), Log: zerolog.New(&log)}
	r := httptest.NewRequest("GET", apiPrefix+"/cdrs?caller=139", nil)
	r.Header.Set("Authorization", "Bearer t0ken")
	h.Handler(t.Context()).ServeHTTP(httptest.NewRecorder(), r)
	var line struct {
		Path, Method string
		Status       int
	}
	if err := json.Unmarshal(log.Bytes(), &line); err != nil || line.Path != apiPrefix+"/cdrs" || line.Status != 200 {
		t.Errorf("%v: %s", err, &log)
	}
	if strings.Contains(log.String(), "t0ken") || strings.Contains(log.String(), "139") {
		t.Errorf("the log has secrets: %s", &log)
	}
}
