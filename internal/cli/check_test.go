package cli

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestTheExampleConfigurationIsRight(t *testing.T) {
	check := &Check{configFile{Config: "../../conf/nwayacd.toml"}}
	if err := check.Run(); err != nil {
		t.Error(err)
	}
}

func TestCheckRefusesPassThroughWithoutAPassword(t *testing.T) {
	file := filepath.Join(t.TempDir(), "open.toml")
	const text = "[control]\npass-through = \"a\"\n[[freeswitch]]\nname = \"a\"\naddress = \"a:8021\"\n"
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	err := (&Check{configFile{Config: file}}).Run()
	if err == nil || exitCode(err) != ExitWrongInput || !strings.Contains(err.Error(), "needs control.password") {
		t.Errorf("exit code %d: %v", exitCode(err), err)
	}
}

func TestCheckRefusesCommandsThatNoChannelCanRun(t *testing.T) {
	for list, want := range map[string]string{
		`["nway_ready", "nway_rady"]`: `"nway_rady" is not a command`,
		`["nway_token"]`:              `"nway_token" is for administrators`,
		`["nway_ready"]`:              "",
	} {
		file := filepath.Join(t.TempDir(), "commands.toml")
		if err := os.WriteFile(file, []byte("[server]\ncommands = "+list+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		err := (&Check{configFile{Config: file}}).Run()
		if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", list, err)
		}
	}
}

func TestAFaultyConfigurationIsWrongInput(t *testing.T) {
	file := filepath.Join(t.TempDir(), "faulty.toml")
	if err := os.WriteFile(file, []byte("[acd]\nrecover-second = 1\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	err := (&Check{configFile{Config: file}}).Run()
	if err == nil || exitCode(err) != ExitWrongInput || !strings.Contains(err.Error(), "recover-second") {
		t.Errorf("exit code %d: %v", exitCode(err), err)
	}
}
