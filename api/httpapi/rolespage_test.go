package httpapi

import (
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"nwayacd/api"
	"nwayacd/internal/auth"
)

var update = flag.Bool("update", false, "write the table of docs/security.md again")

const (
	rolesPage  = "../../docs/security.md"
	rolesBegin = "<!-- roles: made from internal/auth/rights.go -->\n"
	rolesEnd   = "<!-- end of roles -->\n"
)

func TestThePageOfSecurityHasTheTableOfRoles(t *testing.T) {
	b, _ := web(t, "")
	doc, _ := b.openAPI()
	written, err := os.ReadFile(rolesPage)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, begins := strings.Cut(string(written), rolesBegin)
	_, after, ends := strings.Cut(rest, rolesEnd)
	if !begins || !ends {
		t.Fatalf("%s has no place for the table", rolesPage)
	}
	page := before + rolesBegin + rolesTable() + "\n" + operationsTable(doc) + rolesEnd + after
	if *update {
		if err := os.WriteFile(rolesPage, []byte(page), 0o644); err != nil {
			t.Fatal(err)
		}
	} else if page != string(written) {
		t.Errorf("docs/security.md differs from the table; go test ./api/httpapi -run %s -update writes it again",
			t.Name())
	}
}

// rolesTable has a row for each right and a column for each role.
func rolesTable() string {
	roles := slices.DeleteFunc(slices.Clone(auth.Roles), func(r auth.Role) bool { return r == auth.Dialplan })
	var b strings.Builder
	b.WriteString("| may use |")
	for _, role := range roles {
		b.WriteString(" " + string(role) + " |")
	}
	b.WriteString("\n|---|" + strings.Repeat("---|", len(roles)) + "\n")
	for _, right := range auth.Rights() {
		b.WriteString("| " + right.Name + " |")
		for _, role := range roles {
			scope := string(right.Scope(role))
			if scope == "" {
				scope = "-"
			}
			b.WriteString(" " + scope + " |")
		}
		b.WriteString("\n")
	}
	return b.String()
}

// operationsTable has the commands and operations of each right.
func operationsTable(doc openAPI) string {
	var b strings.Builder
	b.WriteString("| right | commands | operations of the HTTP port |\n|---|---|---|\n")
	for _, right := range auth.Rights() {
		var commands, operations []string
		for _, c := range api.Commands {
			if auth.RightOf(c.Name) == right {
				commands = append(commands, "`"+c.Name+"`")
			}
		}
		for path, item := range doc.Paths {
			for method, o := range item {
				if auth.RightOf(o.rights()[0]) == right {
					operations = append(operations, fmt.Sprintf("`%s %s`", strings.ToUpper(method), path))
				}
			}
		}
		operations = append(operations, besides[right.Name]...)
		slices.Sort(operations)
		fmt.Fprintf(&b, "| %s | %s | %s |\n", right.Name, strings.Join(commands, ", "), strings.Join(operations, ", "))
	}
	return b.String()
}

// besides has what is not in the OpenAPI document.
var besides = map[string][]string{
	auth.RightOf(auth.OpMetrics).Name:     {"`GET /metrics`"},
	auth.RightOf(auth.OpDirectory).Name:   {"`POST /freeswitch/directory`"},
	auth.RightOf(auth.OpConsole).Name:     {"pages under `/ui/`"},
	auth.RightOf(auth.OpPassThrough).Name: {"on the command port: pass-through"},
	auth.RightOf("healthz").Name:          {"`GET /docs`", "`GET /openapi.json`", "`GET /openapi.yaml`"},
}
