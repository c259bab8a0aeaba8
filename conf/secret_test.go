package conf

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func TestTheEnvironmentHasPriorityOverTheFile(t *testing.T) {
	file := filepath.Join(t.TempDir(), "c.toml")
	const content = `
		[[freeswitch]]
		name = "a"
		address = "a:8021"
		password = "file"
		[[freeswitch]]
		name = "b"
		address = "b:8021"
		[control]
		listen = "0.0.0.0:8022"
		[http]
		token = "kept"`
	if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("NWAYACD_DBSTRING", "host=db")
	t.Setenv("NWAYACD_CONTROL_PASSWORD", "control")
	t.Setenv("NWAYACD_FREESWITCH_PASSWORD", "switch")
	c, err := Load(file)
	if err != nil {
		t.Fatal(err)
	}
	got := []Secret{
		c.Database.DSN, c.Control.Password, c.HTTP.Token, c.FreeSWITCH[0].Password,
		c.FreeSWITCH[1].Password,
	}
	if want := []Secret{"host=db", "control", "kept", "switch", "switch"}; !slices.Equal(got, want) {
		t.Errorf("secrets are %q, want %q", stringsOf(got), stringsOf(want))
	}

	t.Setenv("NWAYACD_HTTP_TOKEN", "hunter2 hunter2")
	t.Setenv("NWAYACD_FREESWITCH_PASSWORD", "hunter2\n")
	_, err = Load(file)
	const want = "environment: NWAYACD_FREESWITCH_PASSWORD: begins or ends with a space, which the auth command " +
		"drops\n" +
		"environment: NWAYACD_HTTP_TOKEN: has a space or a character outside ASCII, which an HTTP header cannot carry"
	if err == nil || err.Error() != want {
		t.Errorf("got\n%v\nwant\n%s", err, want)
	}
}

func stringsOf(secrets []Secret) []string {
	plain := make([]string, len(secrets))
	for i, s := range secrets {
		plain[i] = string(s)
	}
	return plain
}

func TestSecretsAreNotShown(t *testing.T) {
	const word = "hunter2"
	c := Default()
	c.FreeSWITCH = []FreeSWITCH{{Password: word}}
	c.Control.Password, c.HTTP.Token, c.Database.DSN = word, word, word
	encoded, err := json.Marshal(c)
	if err != nil {
		t.Fatal(err)
	}
	var shown strings.Builder
	shown.WriteString(c.String() + string(encoded) + fmt.Sprint(c, *c, c.Control))
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
		shown.WriteString(fmt.Sprintf(verb, *c) + fmt.Sprintf(verb, c.Control.Password))
	}
	if strings.Contains(shown.String(), word) || strings.Contains(shown.String(), fmt.Sprintf("%x", word)) {
		t.Errorf("a secret is shown in %s", shown.String())
	}
}
