package api

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// pages are the documents that contain commands.
var pages = []string{
	"../README.md", "../README.zh-CN.md", "../docs/*.md", "../docs/zh/*.md", "../deploy/freeswitch/README.md",
	"../deploy/freeswitch/dialplan/*.xml",
}

// typed matches a command line in a document: for fs_cli, for nwayacd cmd, or in a dialplan.
var typed = regexp.MustCompile(`fs_cli [^|\n]*?-P 8022 [^|\n]*?-x (?:"([^"\n]+)"|([\w]+))` +
	`|nwayacd cmd (?:-c \S+ )?(?:--json )?(?:"([^"\n]+)"|(nway\w+))` +
	`|/cmd/(nway[^ "\n` + "`" + `]+)`)

// placeholder matches a name in a dialplan that stands for a value.
var placeholder = strings.NewReplacer("${user_name}", "1000", "$1", "110", "/", " ")

// Each command line in a document names a command that exists, with arguments that it accepts.
func TestPagesHaveCommandsThatWork(t *testing.T) {
	found := 0
	for file, text := range readPages(t) {
		for _, m := range typed.FindAllStringSubmatch(text, -1) {
			line := m[1] + m[2] + m[3] + m[4]
			if m[5] != "" {
				line = placeholder.Replace(m[5])
			}
			words, err := split(line)
			if err != nil || len(words) == 0 {
				t.Errorf("%s: %q: %v", file, line, err)
				continue
			}
			found++
			c := Find(words[0])
			if c == nil {
				t.Errorf("%s: %q is not a command", file, line)
			} else if err := c.check(words[1:]); err != nil {
				t.Errorf("%s: %q: %v, the syntax is %s", file, line, err, c.Usage())
			}
		}
	}
	if found < 20 {
		t.Errorf("only %d command lines were found", found)
	}
}

func readPages(t *testing.T) map[string]string {
	t.Helper()
	texts := map[string]string{}
	for _, pattern := range pages {
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

// migrationPage compares mod_nwayacd with this program.
const migrationPage = "../docs/zh/migration.md"

// The Chinese page has a row for each command with the syntax of the table, and no other row.
func TestTheChinesePageHasEveryCommand(t *testing.T) {
	text, err := os.ReadFile(migrationPage)
	if err != nil {
		t.Fatal(err)
	}
	_, table, found := strings.Cut(string(text), "\n## 命令")
	if !found {
		t.Fatal(migrationPage + " has no chapter of commands")
	}
	table, _, _ = strings.Cut(table, "\n## ")
	rows := map[string]bool{}
	for _, m := range regexp.MustCompile("(?m)^\\| `(nway[^`]+)` \\|").FindAllStringSubmatch(table, -1) {
		rows[strings.ReplaceAll(m[1], `\|`, "|")] = true
	}
	for _, c := range Commands {
		if !rows[c.Usage()] {
			t.Errorf("%s has no row for %s", migrationPage, c.Usage())
		}
		delete(rows, c.Usage())
	}
	for usage := range rows {
		t.Errorf("%s has a row for %s, which is not a command", migrationPage, usage)
	}
}
