package conf

import (
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// pagesOf reads the documents that contain parts of a configuration.
func pagesOf(t *testing.T) map[string]string {
	t.Helper()
	texts := map[string]string{}
	for _, pattern := range []string{"../README.md", "../README.zh-CN.md", "../docs/*.md", "../docs/zh/*.md"} {
		files, err := filepath.Glob(pattern)
		if err != nil || len(files) == 0 {
			t.Fatalf("no file is %s: %v", pattern, err)
		}
		for _, file := range files {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			texts[file] = string(text)
		}
	}
	return texts
}

var tomlBlock = regexp.MustCompile("(?s)```toml\n(.*?)```")

// nwayacd accepts each configuration in a document.
func TestPagesShowConfigurationsThatWork(t *testing.T) {
	found := 0
	for file, text := range pagesOf(t) {
		for _, m := range tomlBlock.FindAllStringSubmatch(text, -1) {
			found++
			if _, err := Parse(file, []byte(m[1])); err != nil {
				t.Errorf("%s:\n%s\n%v", file, m[1], err)
			}
		}
	}
	if found < 4 {
		t.Errorf("only %d configurations were found", found)
	}
}

var namedKey = regexp.MustCompile("`\\[{1,2}([a-z]+)\\]{1,2} ([a-z][a-z0-9_-]*)")

// A key that a document names with its section must exist.
func TestPagesNameKeysThatThereAre(t *testing.T) {
	c := &Config{FreeSWITCH: make([]FreeSWITCH, 1)}
	known := map[string]bool{}
	for _, s := range append(c.sections(), section{"freeswitch", c.FreeSWITCH[0].keys()}) {
		for _, k := range s.keys {
			known[s.name+" "+k.name] = true
		}
	}
	found := 0
	for file, text := range pagesOf(t) {
		for _, m := range namedKey.FindAllStringSubmatch(text, -1) {
			found++
			if !known[m[1]+" "+m[2]] {
				t.Errorf("%s: [%s] has no key %s", file, m[1], m[2])
			}
		}
	}
	if found < 50 {
		t.Errorf("only %d keys were found", found)
	}
}

// The page that compares mod_nwayacd with this program has a row for each parameter, with the
// section of the parameter here.
func TestTheChinesePageHasEveryParameterOfTheModule(t *testing.T) {
	const page = "../docs/zh/migration.md"
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	for _, section := range slices.Sorted(maps.Keys(moduleParams)) {
		for _, name := range moduleParams[section] {
			row := "| `" + name + "` | `[" + section + "] " + name + "` |"
			if jobDigit.MatchString("prompts." + name) {
				row = "| `jn-0` … `jn-9` | `[prompts] jn-0` … `jn-9` |"
			}
			if !strings.Contains(string(text), "\n"+row) {
				t.Errorf("%s has no row %s", page, row)
			}
		}
	}
}
