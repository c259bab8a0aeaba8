// Package lint holds what is true of the module as a whole.
package lint

import (
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// imports is what each package may import of this module, and which libraries.
var imports = map[string]struct{ ours, libraries []string }{
	"nwayacd": {ours: []string{"internal/cli"}},
	"nwayacd/acd": {
		ours:      []string{"agent", "esl", "internal/auth", "internal/prompt", "queue"},
		libraries: []string{"github.com/google/uuid", "github.com/rs/zerolog"},
	},
	"nwayacd/agent": {ours: []string{"internal/setting"}},
	"nwayacd/api": {ours: []string{
		"acd", "agent", "esl", "internal/auth", "internal/auth/users", "internal/setting", "queue",
	}},
	"nwayacd/api/apitest": {
		ours:      []string{"acd", "agent", "api", "internal/auth", "internal/auth/users", "queue"},
		libraries: []string{"github.com/rs/zerolog"},
	},
	"nwayacd/api/cmdport": {
		ours:      []string{"acd", "api", "api/connlimit", "esl", "internal/auth", "internal/wait"},
		libraries: []string{"github.com/google/uuid", "github.com/rs/zerolog"},
	},
	"nwayacd/api/connlimit": {
		ours:      []string{"esl"},
		libraries: []string{"github.com/rs/zerolog"},
	},
	"nwayacd/api/httpapi": {
		ours: []string{
			"acd", "agent", "api", "api/connlimit", "api/live", "esl", "internal/auth", "internal/auth/users",
			"internal/prompt", "internal/report", "internal/setting", "internal/story", "internal/wait", "queue",
		},
		libraries: []string{"github.com/danielgtaylor/huma/v2", "github.com/rs/zerolog"},
	},
	"nwayacd/api/live":          {ours: []string{"agent", "internal/auth", "internal/figures", "queue"}},
	"nwayacd/conf":              {ours: []string{"internal/prompt"}, libraries: []string{"github.com/BurntSushi/toml"}},
	"nwayacd/docs/examples/cti": {},
	"nwayacd/esl":               {},
	"nwayacd/internal/app": {
		ours: []string{
			"acd", "api", "api/cmdport", "api/connlimit", "api/httpapi", "api/live", "conf", "esl", "internal/auth",
			"internal/auth/users", "internal/console", "internal/metrics", "internal/wait", "queue", "store",
		},
		libraries: []string{"github.com/rs/zerolog"},
	},
	"nwayacd/internal/app/apptest": {
		ours:      []string{"conf", "internal/app"},
		libraries: []string{"github.com/rs/zerolog"},
	},
	"nwayacd/internal/auth": {},
	"nwayacd/internal/auth/users": {
		ours:      []string{"internal/auth", "queue"},
		libraries: []string{"github.com/rs/zerolog", "golang.org/x/crypto"},
	},
	"nwayacd/internal/bench": {
		ours: []string{"esl", "internal/testlab", "queue"},
		libraries: []string{
			"github.com/HdrHistogram/hdrhistogram-go", "github.com/lib/pq", "golang.org/x/sys",
			"modernc.org/sqlite",
		},
	},
	"nwayacd/internal/chaos": {},
	"nwayacd/internal/chart": {},
	"nwayacd/internal/cli": {
		ours: []string{
			"api/cmdport", "conf", "internal/app", "internal/auth", "internal/auth/users", "internal/bench",
			"internal/demo", "internal/top",
			"store",
		},
		libraries: []string{"github.com/alecthomas/kong", "golang.org/x/term"},
	},
	"nwayacd/internal/console": {
		ours:      []string{"internal/auth", "internal/auth/users", "internal/report", "internal/story"},
		libraries: []string{"github.com/rs/zerolog"},
	},
	"nwayacd/internal/demo": {
		ours:      []string{"agent", "conf", "internal/app", "queue", "sim"},
		libraries: []string{"github.com/rs/zerolog"},
	},
	"nwayacd/internal/e2e":               {},
	"nwayacd/internal/figures":           {ours: []string{"agent", "queue"}},
	"nwayacd/internal/lint":              {},
	"nwayacd/internal/report/reporttest": {},
	"nwayacd/internal/report":            {ours: []string{"agent", "internal/chart", "internal/figures", "queue"}},
	"nwayacd/internal/metrics": {
		ours:      []string{"acd", "agent", "queue"},
		libraries: []string{"github.com/prometheus/client_golang", "github.com/rs/zerolog"},
	},
	"nwayacd/internal/phone": {
		libraries: []string{"github.com/emiago/sipgo", "github.com/google/uuid"},
	},
	"nwayacd/internal/prompt":  {},
	"nwayacd/internal/setting": {},
	"nwayacd/internal/soak": {
		ours:      []string{"esl", "internal/phone", "internal/switchboard", "internal/testlab", "sim"},
		libraries: []string{"github.com/lib/pq"},
	},
	"nwayacd/internal/story":       {ours: []string{"internal/chart", "internal/figures", "queue"}},
	"nwayacd/internal/switchboard": {ours: []string{"esl", "internal/testlab"}},
	"nwayacd/internal/testcert":    {},
	"nwayacd/internal/testlab":     {ours: []string{"esl"}},
	"nwayacd/internal/uitest":      {},
	"nwayacd/internal/top": {
		ours:      []string{"esl", "internal/wait"},
		libraries: []string{"golang.org/x/term"},
	},
	"nwayacd/internal/wait": {},
	"nwayacd/queue": {
		ours:      []string{"agent", "internal/auth", "internal/prompt", "internal/setting"},
		libraries: []string{"github.com/tidwall/btree"},
	},
	"nwayacd/sim": {ours: []string{"esl"}},
	"nwayacd/sql": {},
	"nwayacd/store": {
		ours: []string{
			"agent", "internal/auth", "internal/figures", "internal/setting", "internal/wait", "queue", "sql",
			"store/durable", "store/journal",
		},
		libraries: []string{"github.com/lib/pq", "github.com/rs/zerolog", "modernc.org/sqlite"},
	},
	"nwayacd/store/durable": {},
	"nwayacd/store/journal": {
		ours:      []string{"internal/wait", "store/durable"},
		libraries: []string{"github.com/rs/zerolog"},
	},
}

func TestImportsRunOneWay(t *testing.T) {
	out, err := exec.Command("go", "list", "-f", `{{.ImportPath}}{{range .Imports}} {{.}}{{end}}`, "nwayacd/...").
		Output()
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(out)) {
		words := strings.Fields(line)
		allowed, known := imports[words[0]]
		if !known {
			t.Errorf(
				"%s is a package this test does not know: add it, and what it may import, here and in "+
					"docs/architecture.md", words[0])
		}
		for _, imported := range words[1:] {
			if !mayImport(imported, allowed.ours, allowed.libraries) {
				t.Errorf("%s must not import %s", words[0], imported)
			}
		}
	}
}

func mayImport(path string, ours, libraries []string) bool {
	if own, is := strings.CutPrefix(path, "nwayacd/"); is {
		return slices.Contains(ours, own)
	}
	if first, _, _ := strings.Cut(path, "/"); !strings.Contains(first, ".") {
		return true // the standard library
	}
	return slices.ContainsFunc(libraries, func(library string) bool {
		return path == library || strings.HasPrefix(path, library+"/")
	})
}
