package main

import (
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// imports is what each package may import of this module, and which libraries.
var imports = map[string]struct{ ours, libraries []string }{
	"nwayacd": {
		ours:      []string{"acd", "api", "bench", "conf", "esl", "metrics", "queue", "sim", "store"},
		libraries: []string{"github.com/alecthomas/kong", "github.com/rs/zerolog", "golang.org/x/term"},
	},
	"nwayacd/acd": {
		ours:      []string{"agent", "esl", "queue"},
		libraries: []string{"github.com/google/uuid", "github.com/rs/zerolog"},
	},
	"nwayacd/agent": {},
	"nwayacd/api": {
		ours:      []string{"acd", "esl", "queue"},
		libraries: []string{"github.com/danielgtaylor/huma/v2", "github.com/google/uuid", "github.com/rs/zerolog"},
	},
	"nwayacd/bench": {
		ours:      []string{"esl", "queue"},
		libraries: []string{"github.com/HdrHistogram/hdrhistogram-go", "github.com/lib/pq", "golang.org/x/sys", "modernc.org/sqlite"},
	},
	"nwayacd/conf": {libraries: []string{"github.com/BurntSushi/toml"}},
	"nwayacd/e2e":  {},
	"nwayacd/esl":  {},
	"nwayacd/internal/phone": {
		libraries: []string{"github.com/emiago/sipgo", "github.com/google/uuid"},
	},
	"nwayacd/internal/switchboard": {ours: []string{"esl"}},
	"nwayacd/metrics": {
		ours:      []string{"acd", "agent", "queue"},
		libraries: []string{"github.com/prometheus/client_golang", "github.com/rs/zerolog"},
	},
	"nwayacd/queue": {
		ours:      []string{"agent"},
		libraries: []string{"github.com/tidwall/btree"},
	},
	"nwayacd/sim": {ours: []string{"esl"}},
	"nwayacd/soak": {
		ours:      []string{"esl", "internal/phone", "internal/switchboard", "sim"},
		libraries: []string{"github.com/lib/pq"},
	},
	"nwayacd/sql": {},
	"nwayacd/store": {
		ours:      []string{"agent", "queue", "sql"},
		libraries: []string{"github.com/lib/pq", "github.com/rs/zerolog", "modernc.org/sqlite"},
	},
}

func TestImportsRunOneWay(t *testing.T) {
	out, err := exec.Command("go", "list", "-f", `{{.ImportPath}}{{range .Imports}} {{.}}{{end}}`, "./...").Output()
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(out)) {
		words := strings.Fields(line)
		allowed, known := imports[words[0]]
		if !known {
			t.Errorf("%s is a package this test does not know: add it, and what it may import, here and in docs/architecture.md", words[0])
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
