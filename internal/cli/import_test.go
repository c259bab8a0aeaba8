package cli

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"nwayacd/conf"
)

const moduleXML = `<configuration name="nwayacd.conf"><settings>
<param name="dbstring" value="host=db user=postgres password=Nway2017 sslmode=disable"/>
<param name="recover-seconds" value="60"/>
<param name="recover-secs" value="60"/>
</settings></configuration>`

func TestImportWritesAFileThatServes(t *testing.T) {
	dir := t.TempDir()
	source, target := filepath.Join(dir, "nwayacd.conf.xml"), filepath.Join(dir, "nwayacd.toml")
	if err := os.WriteFile(source, []byte(moduleXML), 0o600); err != nil {
		t.Fatal(err)
	}
	var out, said bytes.Buffer
	if err := (&Import{File: source, Output: target}).run(nil, &out, &said); err != nil {
		t.Fatal(err)
	}
	c, err := conf.Load(target)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(c.Database.DSN), "Nway2017") || len(c.FreeSWITCH) != 1 {
		t.Errorf("%v", c)
	}
	if !strings.Contains(said.String(), source+":4: recover-secs: ") || strings.Contains(said.String(), "Nway2017") ||
		out.Len() > 0 {
		t.Errorf("on standard error:\n%s\non standard output:\n%s", &said, &out)
	}
	if info, err := os.Stat(target); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("a file with a password has mode %v (%v)", info.Mode(), err)
	}
	if entries, err := os.ReadDir(dir); err != nil || len(entries) != 2 {
		t.Errorf("a draft is left: %v (%v)", entries, err)
	}
}

func TestImportOverwritesOnlyWithForce(t *testing.T) {
	target := filepath.Join(t.TempDir(), "nwayacd.toml")
	if err := os.WriteFile(target, []byte("mine"), 0o600); err != nil {
		t.Fatal(err)
	}
	command := &Import{File: "-", Output: target}
	err := command.run(strings.NewReader(moduleXML), io.Discard, io.Discard)
	if err == nil || !strings.Contains(err.Error(), "--force") {
		t.Errorf("%v", err)
	}
	if content, _ := os.ReadFile(target); string(content) != "mine" {
		t.Errorf("overwritten with %q", content)
	}
	command.Force = true
	if err := command.run(strings.NewReader(moduleXML), io.Discard, io.Discard); err != nil {
		t.Fatal(err)
	}
	if _, err := conf.Load(target); err != nil {
		t.Error(err)
	}
	if entries, err := os.ReadDir(filepath.Dir(target)); err != nil || len(entries) != 1 {
		t.Errorf("a draft is left: %v (%v)", entries, err)
	}
}

func TestAnImportThatFailsWritesNothing(t *testing.T) {
	target := filepath.Join(t.TempDir(), "nwayacd.toml")
	err := (&Import{File: "-", Output: target}).run(strings.NewReader("no XML"), io.Discard, io.Discard)
	if err == nil || exitCode(err) != ExitWrongInput {
		t.Errorf("exit code %d: %v", exitCode(err), err)
	}
	if _, err := os.Stat(target); err == nil {
		t.Error("a file is there")
	}
}
