package httpapi

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"nwayacd/api"
)

// openAPI has the parts of the document that the tests read.
type openAPI struct {
	OpenAPI    string
	Info       struct{ Title, Version string }
	Security   []map[string][]string
	Paths      map[string]map[string]openAPIOperation
	Components struct {
		Schemas         map[string]any
		SecuritySchemes map[string]any
	}
}

type openAPIOperation struct {
	OperationID, Summary string
	Tags                 []string
	Commands             []string          `json:"x-nwayacd-commands"`
	Roles                map[string]string `json:"x-nwayacd-role"`
	Parameters           []struct {
		Name, In string
		Required bool
		Schema   any
	}
	RequestBody *struct {
		Required bool
		Content  map[string]any
	}
	Responses map[string]struct {
		Description string
		Content     map[string]any
	}
}

// openAPI reads the document as a client does.
func (b *browser) openAPI() (doc openAPI, raw any) {
	b.t.Helper()
	answer, text := b.ask("GET", "/openapi.json", "")
	if answer.StatusCode != 200 {
		b.t.Fatal(answer.Status)
	}
	for _, into := range []any{&doc, &raw} {
		if err := json.Unmarshal([]byte(text), into); err != nil {
			b.t.Fatal(err)
		}
	}
	return doc, raw
}

var inBraces = regexp.MustCompile(`\{([^}]+)\}`)

func TestTheOpenAPIDocumentIsValid(t *testing.T) {
	b, _ := web(t, "right")
	doc, _ := b.openAPI()
	if doc.OpenAPI != "3.1.0" || doc.Info.Title == "" || len(doc.Security) != 1 ||
		doc.Components.SecuritySchemes["token"] == nil {
		t.Errorf("%s, %+v, security %v", doc.OpenAPI, doc.Info, doc.Security)
	}
	ids := map[string]string{}
	for path, item := range doc.Paths {
		for method, o := range item {
			at := method + " " + path
			if o.OperationID == "" || o.Summary == "" || len(o.Tags) == 0 {
				t.Errorf("%s lacks an id, a summary or a tag: %+v", at, o)
			}
			if other := ids[o.OperationID]; other != "" {
				t.Errorf("%s and %s have one id", at, other)
			}
			ids[o.OperationID] = at
			checkResponses(t, at, o)
			checkParameters(t, path, at, o)
		}
	}
	if len(ids) < 25 {
		t.Errorf("only %d operations", len(ids))
	}
}

func checkResponses(t *testing.T, at string, o openAPIOperation) {
	t.Helper()
	succeeds := false
	for status, r := range o.Responses {
		succeeds = succeeds || strings.HasPrefix(status, "2")
		if r.Description == "" {
			t.Errorf("%s: %s is not described", at, status)
		}
		if status >= "400" && o.OperationID != "readyz" && r.Content["application/problem+json"] == nil {
			t.Errorf("%s: %s is not a problem+json", at, status)
		}
	}
	if !succeeds {
		t.Errorf("%s never succeeds", at)
	}
}

// checkParameters compares the words in the path with the parameters that are described. A handler
// without the parameter would act on "".
func checkParameters(t *testing.T, path, at string, o openAPIOperation) {
	t.Helper()
	var wanted, described []string
	for _, match := range inBraces.FindAllStringSubmatch(path, -1) {
		wanted = append(wanted, match[1])
	}
	for _, p := range o.Parameters {
		if p.Schema == nil {
			t.Errorf("%s: %s has no schema", at, p.Name)
		}
		if p.In == "path" {
			described = append(described, p.Name)
		}
	}
	if !slices.Equal(wanted, described) {
		t.Errorf("%s describes the parameters %v", at, described)
	}
}

func TestEveryReferenceInTheOpenAPIDocumentResolves(t *testing.T) {
	b, _ := web(t, "")
	_, raw := b.openAPI()
	var walk func(any)
	seen := 0
	walk = func(node any) {
		switch n := node.(type) {
		case map[string]any:
			if ref, is := n["$ref"].(string); is {
				seen++
				if resolve(raw, ref) == nil {
					t.Errorf("%s does not resolve", ref)
				}
			}
			for _, child := range n {
				walk(child)
			}
		case []any:
			for _, child := range n {
				walk(child)
			}
		}
	}
	walk(raw)
	if seen == 0 {
		t.Error("there are no references at all")
	}
}

// resolve follows a JSON pointer within the document. It returns nil if the pointer does not
// resolve.
func resolve(node any, ref string) any {
	path, local := strings.CutPrefix(ref, "#/")
	if !local {
		return nil
	}
	for step := range strings.SplitSeq(path, "/") {
		object, _ := node.(map[string]any)
		node = object[step]
	}
	return node
}

func TestEveryCommandHasAnOperation(t *testing.T) {
	b, _ := web(t, "")
	doc, _ := b.openAPI()
	done := map[string]bool{}
	for _, item := range doc.Paths {
		for _, o := range item {
			for _, name := range o.Commands {
				done[name] = true
				if api.Find(name) == nil {
					t.Errorf("%s stands for %s, which is not a command", o.OperationID, name)
				}
			}
		}
	}
	for _, c := range api.Commands {
		if !done[c.Name] {
			t.Errorf("%s has no operation", c.Name)
		}
	}
}

// call carries out an operation of which only the id is known, as a generated client does.
func (b *browser) call(doc openAPI, id, body string, parameters ...string) (status int, text string) {
	b.t.Helper()
	for path, item := range doc.Paths {
		for method, o := range item {
			if o.OperationID != id {
				continue
			}
			for i := 0; i < len(parameters); i += 2 {
				path = strings.ReplaceAll(path, "{"+parameters[i]+"}", parameters[i+1])
			}
			answer, text := b.ask(strings.ToUpper(method), path, body)
			return answer.StatusCode, text
		}
	}
	b.t.Fatalf("no operation %s", id)
	return 0, ""
}

func TestAClientOfTheDocumentLogsAnAgentInAndFollowsIt(t *testing.T) {
	b, _ := web(t, "right")
	doc, _ := b.openAPI()
	events := b.follow("")
	for _, step := range []struct {
		status        int
		id, body, ext string
	}{
		{201, "add-group", `{"group":"130","mode":0}`, ""},
		{201, "add-agent", `{"extension":"1003","password":"s3cret"}`, ""},
		{200, "login-agent", `{"groups":["130"]}`, "1003"},
		{200, "make-agent-busy", "", "1003"},
		{200, "logout-agent", "", "1003"},
	} {
		if status, text := b.call(doc, step.id, step.body, "extension", step.ext); status != step.status {
			t.Fatalf("%s: %d %s", step.id, status, text)
		}
	}
	for _, want := range []string{"nway_agent_login", "nway_agent_busy", "nway_agent_logout"} {
		if e := events.next(); e.headers["nway_agent_status"] != want || e.headers["nway_agent_extension"] != "1003" {
			t.Errorf("%+v, want %s", e, want)
		}
	}
}

func TestTheDocumentIsThereAsYAML(t *testing.T) {
	b, _ := web(t, "")
	answer, text := b.ask("GET", "/openapi.yaml", "")
	if answer.StatusCode != 200 || !strings.Contains(text, "\nopenapi: 3.1.0") {
		t.Errorf("%d %.100s", answer.StatusCode, text)
	}
}

func TestThePageShowsEveryOperationAndFetchesNothing(t *testing.T) {
	b, _ := web(t, "")
	doc, _ := b.openAPI()
	answer, page := b.ask("GET", "/docs", "")
	if !strings.HasPrefix(answer.Header.Get("Content-Type"), "text/html") {
		t.Error(answer.Header.Get("Content-Type"))
	}
	for path, item := range doc.Paths {
		for _, o := range item {
			if !strings.Contains(page, fmt.Sprintf("<details id=%q>", o.OperationID)) ||
				!strings.Contains(page, "<code>"+path+"</code>") {
				t.Errorf("%s %s is not shown", o.OperationID, path)
			}
		}
	}
	for _, foreign := range []string{"<script", "<link", "<img", "http://", "https://", "@import"} {
		if strings.Contains(page, foreign) {
			t.Errorf("the page has %s", foreign)
		}
	}
	if policy := answer.Header.Get("Content-Security-Policy"); !strings.Contains(policy, "default-src 'none'") {
		t.Errorf("policy %q", policy)
	}
}
