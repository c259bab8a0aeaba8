package conf

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"nwayacd/internal/testcert"
)

// withCertificate loads a configuration whose HTTP port has the certificate of its directory.
func withCertificate(t *testing.T, dir string) *Config {
	t.Helper()
	file := filepath.Join(dir, "c.toml")
	const text = "[http]\ntoken = \"a-long-token\"\nlisten = \"0.0.0.0:8085\"\n" +
		"tls-cert = \"c.pem\"\ntls-key = \"c.key\"\n"
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	c, err := Load(file)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestWhatIsWrongWithACertificate(t *testing.T) {
	ca := testcert.NewCA(t)
	for name, c := range map[string]struct {
		prepare                     func(t *testing.T, cert, key string)
		unusable, refused, warnings string // a part of the only text, or "" for none
	}{
		"a good pair": {prepare: func(t *testing.T, cert, key string) {
			ca.Issue(t, cert, key, time.Now().Add(15*day), "acd.example")
		}},
		"no files": {prepare: func(*testing.T, string, string) {}, unusable: "c.pem: no such file or directory"},
		"no key": {prepare: func(t *testing.T, cert, key string) {
			ca.Issue(t, cert, key, time.Now().Add(90*day), "acd.example")
			os.Remove(key)
		}, unusable: "c.key: no such file or directory"},
		"the key of another": {prepare: func(t *testing.T, cert, key string) {
			ca.Issue(t, cert, key, time.Now().Add(90*day), "acd.example")
			ca.Issue(t, filepath.Join(t.TempDir(), "other"), key, time.Now().Add(90*day), "acd.example")
		}, unusable: "are no pair"},
		"no certificate": {prepare: func(t *testing.T, cert, key string) {
			ca.Issue(t, cert, key, time.Now().Add(90*day), "acd.example")
			os.WriteFile(cert, []byte("text"), 0o600)
		}, unusable: "are no pair"},
		"expired": {prepare: func(t *testing.T, cert, key string) {
			ca.Issue(t, cert, key, time.Now().Add(-time.Minute), "acd.example")
		}, refused: "the certificate has expired at "},
		"13 days": {prepare: func(t *testing.T, cert, key string) {
			ca.Issue(t, cert, key, time.Now().Add(14*day-time.Minute), "acd.example")
		}, warnings: "in 13 days"},
		"a key for everybody": {prepare: func(t *testing.T, cert, key string) {
			ca.Issue(t, cert, key, time.Now().Add(90*day), "acd.example")
			os.Chmod(key, 0o644)
		}, warnings: "everybody on this host can read this key"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			c.prepare(t, filepath.Join(dir, "c.pem"), filepath.Join(dir, "c.key"))
			got := withCertificate(t, dir)
			for what, pair := range map[string][2]string{
				"unusable": {got.Unusable.Error(), c.unusable}, "refused": {got.Refused.Error(), c.refused},
				"warnings": {got.Warnings.Error(), c.warnings},
			} {
				said, want := pair[0], pair[1]
				if (said == "") != (want == "") || !strings.Contains(said, want) || strings.Contains(said, "\n") {
					t.Errorf("%s: %q, want %q", what, said, want)
				}
			}
		})
	}
}

func TestHalfACertificateIsAFault(t *testing.T) {
	for _, c := range [][2]string{{"tls-cert", "tls-key"}, {"tls-key", "tls-cert"}} {
		for _, section := range []string{"control", "http"} {
			_, err := Parse("f", fmt.Appendf(nil, "[%s]\n%s = \"x\"", section, c[0]))
			want := fmt.Sprintf("f:2: %s.%s: is set, but %s.%s is not; set both", section, c[0], section, c[1])
			if err == nil || err.Error() != want {
				t.Errorf("got %v, want %s", err, want)
			}
		}
	}
}

func TestPortsBeyondLoopbackWithoutTLSAreWarnedOf(t *testing.T) {
	const text = "[control]\nlisten = \":8022\"\npassword = \"a long password\"\n" +
		"[http]\nlisten = \":8085\"\ntoken = \"a-long-token\"\n"
	c, err := Parse("f", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	said := c.Warnings.Error()
	if !strings.Contains(said, "f:2: control.listen: other hosts can reach it without TLS") ||
		!strings.Contains(said, "f:5: http.listen: other hosts can reach it without TLS") {
		t.Error(said)
	}
	c, err = Parse("f", []byte(text+"trusted-proxies = [\"10.0.0.9\"]"))
	if err != nil || strings.Contains(c.Warnings.Error(), "http.listen") {
		t.Errorf("behind a proxy: %v %v", c, err)
	}
}
