package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/alecthomas/kong"
)

// shell matches a block of shell commands, and started a line in it that starts nwayacd.
var (
	shell   = regexp.MustCompile("(?s)```sh\n(.*?)```")
	started = regexp.MustCompile(`(?m)^\s*(?:\./|/)?(?:nwayacd|go run \.) (.*)$`)
)

// nwayacd accepts each of its command lines in a document.
func TestPagesShowCommandLinesThatWork(t *testing.T) {
	var files []string
	for _, pattern := range []string{"README*.md", "docs/*.md", "docs/*/*.md"} {
		some, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, some...)
	}
	found := 0
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, block := range shell.FindAllSubmatch(text, -1) {
			for _, m := range started.FindAllStringSubmatch(string(block[1]), -1) {
				found++
				if err := parses(m[1]); err != nil {
					t.Errorf("%s: nwayacd %s: %v", file, m[1], err)
				}
			}
		}
	}
	if found < 20 {
		t.Errorf("only %d command lines were found", found)
	}
}

// parses parses a line as a shell would pass it on.
func parses(line string) error {
	line, _, _ = strings.Cut(line, " #")
	var words []string
	for i, part := range strings.Split(line, `"`) {
		if i%2 == 1 {
			words = append(words, part)
		} else {
			words = append(words, strings.Fields(part)...)
		}
	}
	parser, err := kong.New(&commandLine{}, kong.Vars{"default": ""}, kong.Exit(func(int) {}))
	if err != nil {
		return err
	}
	_, err = parser.Parse(words)
	return err
}
