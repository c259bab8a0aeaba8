package bench

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"nwayacd/internal/testlab"
)

// access is how the generator reaches the server's command port and HTTP port.
type access struct {
	trusted *x509.CertPool // nil = the ports speak no TLS
	secret  string         // of the command port
}

// client returns an HTTP client and the scheme of the port.
func (a *access) client() (client *http.Client, scheme string) {
	if a.trusted == nil {
		return http.DefaultClient, "http"
	}
	return &http.Client{Transport: &http.Transport{TLSClientConfig: a.tls(), DisableKeepAlives: true}}, "https"
}

func (a *access) tls() *tls.Config {
	return &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: a.trusted, ServerName: "127.0.0.1"}
}

// dial connects to the command port.
func (a *access) dial(ctx context.Context, address string) (net.Conn, error) {
	dialer := &net.Dialer{Timeout: dialLimit}
	if a.trusted == nil {
		return dialer.DialContext(ctx, "tcp", address)
	}
	return (&tls.Dialer{NetDialer: dialer, Config: a.tls()}).DialContext(ctx, "tcp", address)
}

// secure makes a certificate in dir, and returns the settings with which both ports speak TLS.
func (a *access) secure(dir string) (testlab.Settings, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("bench: a certificate: %w", err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().AddDate(0, 0, 7),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, KeyUsage: x509.KeyUsageDigitalSignature,
		IsCA: true, BasicConstraintsValid: true,
	}
	cert, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		return nil, fmt.Errorf("bench: a certificate: %w", err)
	}
	private, err := x509.MarshalECPrivateKey(key)
	if err != nil {
		return nil, fmt.Errorf("bench: a certificate: %w", err)
	}
	settings := testlab.Settings{}
	for kind, block := range map[string]*pem.Block{
		"cert": {Type: "CERTIFICATE", Bytes: cert}, "key": {Type: "EC PRIVATE KEY", Bytes: private},
	} {
		file := filepath.Join(dir, "tls-"+kind+".pem")
		if err := os.WriteFile(file, pem.EncodeToMemory(block), 0o600); err != nil {
			return nil, fmt.Errorf("bench: a certificate: %w", err)
		}
		for _, port := range []string{"http", "control"} {
			settings[port+".tls-"+kind] = testlab.Quote(file)
		}
	}
	parsed, err := x509.ParseCertificate(cert)
	if err != nil {
		return nil, fmt.Errorf("bench: a certificate: %w", err)
	}
	a.trusted = x509.NewCertPool()
	a.trusted.AddCert(parsed)
	return settings, nil
}

// takeToken makes a token, which is the secret from now on.
func (a *access) takeToken(ctx context.Context, c *commander) error {
	reply, err := c.ask(ctx, "nway_token add bench admin")
	if err != nil {
		return fmt.Errorf("bench: a token: %w", err)
	}
	a.secret = reply[strings.LastIndex(reply, " ")+1:]
	return nil
}
