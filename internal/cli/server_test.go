package cli

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"nwayacd/conf"
	"nwayacd/internal/app"
	"nwayacd/internal/testcert"
)

// withTLS starts a server whose command port speaks TLS with the certificate of the directory. It
// returns the configuration with the port in it.
func withTLS(t *testing.T, dir string) (file string) {
	t.Helper()
	file = filepath.Join(dir, "c.toml")
	write := func(control string) *conf.Config {
		t.Helper()
		text := "[database]\ndata-dir = \"" + dir + "\"\n" +
			"[server]\nlisten = \"127.0.0.1:0\"\n[http]\nlisten = \"127.0.0.1:0\"\n" +
			"[control]\npassword = \"a long password\"\ntls-cert = \"c.pem\"\ntls-key = \"c.key\"\nlisten = \"" +
			control + "\"\n"
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		c, err := conf.Load(file)
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	d, err := app.Start(t.Context(), write("127.0.0.1:0"), zerolog.Nop(), app.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { d.Stop() })
	write(d.Control.String())
	return file
}

func TestClientsSpeakTLSAsTheConfigurationSays(t *testing.T) {
	ca, dir := testcert.NewCA(t), t.TempDir()
	cert, key := filepath.Join(dir, "c.pem"), filepath.Join(dir, "c.key")
	ca.Issue(t, cert, key, time.Now().Add(90*24*time.Hour), "acd.example") // not for the address
	file := withTLS(t, dir)
	for _, c := range []struct {
		name, ca, wrong string
		other           bool // another certificate is in the file than the server shows
	}{
		{name: "the server's own certificate"},
		{name: "with its authority", ca: ca.File()},
		{name: "a file without a certificate", ca: key, wrong: "has no certificate"},
		{name: "a renewed one of the authority", ca: ca.File(), other: true},
		{name: "a renewed one", other: true, wrong: "unknown authority"},
	} {
		t.Run(c.name, func(t *testing.T) {
			flags := serverFlags{configFile: configFile{Config: file}, TLSCA: c.ca}
			if c.other {
				ca.Issue(t, cert, key, time.Now().Add(90*24*time.Hour), "acd.example")
			}
			at, err := flags.target()
			var out bytes.Buffer
			if err == nil {
				err = (&Cmd{Words: []string{"nwayacd_version"}}).ask(t.Context(), &out, at)
			}
			said := out.String()
			if err != nil {
				said += err.Error()
			}
			if (err == nil) != (c.wrong == "") || !strings.Contains(said, c.wrong) {
				t.Errorf("%v: %s", err, &out)
			}
			if h := (&Health{serverFlags: flags}).Run(); (h == nil) != (c.wrong == "") {
				t.Errorf("health: %v", h)
			}
		})
	}
}

func TestCheckRefusesACertificateThatDoesNotWork(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "c.toml")
	os.WriteFile(file, []byte("[http]\ntls-cert = \"c.pem\"\ntls-key = \"c.key\"\n"), 0o600)
	check := &Check{configFile{Config: file}}
	if err := check.Run(); err == nil || exitCode(err) != ExitWrongInput ||
		!strings.Contains(err.Error(), ":2: http.tls-cert: open ") {
		t.Errorf("no files: %v", err)
	}
	if err := (&Serve{configFile: configFile{Config: file}}).Run(); err == nil || exitCode(err) != ExitWrongInput {
		t.Errorf("serve without the files: %v", err)
	}
	ca := testcert.NewCA(t)
	ca.Issue(t, filepath.Join(dir, "c.pem"), filepath.Join(dir, "c.key"), time.Now().Add(-time.Hour), "acd.example")
	if err := check.Run(); err == nil || !strings.Contains(err.Error(), "has expired") {
		t.Errorf("expired: %v", err)
	}
	ca.Issue(t, filepath.Join(dir, "c.pem"), filepath.Join(dir, "c.key"), time.Now().Add(90*24*time.Hour),
		"acd.example")
	if err := check.Run(); err != nil {
		t.Error(err)
	}
}
