package app

import (
	"crypto/tls"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"nwayacd/conf"
	"nwayacd/internal/testcert"
	"nwayacd/store"
)

// serialOf returns the number of the certificate that a port shows.
func serialOf(t *testing.T, ca *testcert.CA, address string) *big.Int {
	t.Helper()
	nc, err := tls.Dial("tcp", address, ca.Client())
	if err != nil {
		t.Fatal(err)
	}
	defer nc.Close()
	return nc.ConnectionState().PeerCertificates[0].SerialNumber
}

func TestAReloadReplacesTheCertificates(t *testing.T) {
	ca, dir := testcert.NewCA(t), t.TempDir()
	cert, key := filepath.Join(dir, "c.pem"), filepath.Join(dir, "c.key")
	issue := func(valid time.Duration) { ca.Issue(t, cert, key, time.Now().Add(valid), "127.0.0.1") }
	file := filepath.Join(dir, "c.toml")
	text := `
		[database]
		data-dir = "` + dir + `"
		[server]
		listen = "127.0.0.1:0"
		[control]
		listen = "127.0.0.1:0"
		tls-cert = "c.pem"
		tls-key = "c.key"
		[http]
		listen = "127.0.0.1:0"
		tls-cert = "c.pem"
		tls-key = "c.key"`
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	issue(90 * 24 * time.Hour)
	load := func() (*conf.Config, error) { return conf.Load(file) }
	c, err := load()
	if err != nil {
		t.Fatal(err)
	}
	d, err := Start(t.Context(), c, zerolog.Nop(), Options{Load: load})
	if err != nil {
		t.Fatal(err)
	}
	defer d.Stop()
	ports := []string{d.Control.String(), d.HTTP.String()}
	first := serialOf(t, ca, ports[0])

	issue(13 * 24 * time.Hour)
	if report, err := d.Reload(); err != nil || strings.Contains(report, "restart") {
		t.Fatalf("%s, %v", report, err)
	}
	second := serialOf(t, ca, ports[0])
	if second.Cmp(first) == 0 || serialOf(t, ca, ports[1]).Cmp(second) != 0 {
		t.Error("the ports show the certificate from before")
	}
	if all := d.warnings(LogStatus{}, store.Status{}); len(all) != 2 || all[0].Word.String() != "certificate" {
		t.Errorf("warnings of two certificates that end soon: %v", all)
	}

	os.WriteFile(key, []byte("damaged"), 0o600)
	if _, err := d.Reload(); err == nil || !strings.Contains(err.Error(), "are no pair") {
		t.Errorf("a damaged key: %v", err)
	}
	for _, port := range ports {
		if serialOf(t, ca, port).Cmp(second) != 0 {
			t.Error("a bad pair replaced a good one")
		}
	}
}
