package conf

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"path/filepath"
	"time"
)

// Certificate is the pair of tls-cert and tls-key: the paths of two PEM files. Both are empty if
// the port speaks no TLS.
type Certificate struct {
	Cert string // the certificate, and behind it those between it and its root
	Key  string
}

// IsSet reports whether the port speaks TLS.
func (c Certificate) IsSet() bool { return c.Cert != "" }

// Load reads the pair. Its error names the file that is wrong.
func (c Certificate) Load() (*tls.Certificate, error) {
	cert, _, err := readLimited(c.Cert, tooLong)
	if err != nil {
		return nil, err
	}
	key, _, err := readLimited(c.Key, tooLong)
	if err != nil {
		return nil, err
	}
	pair, err := tls.X509KeyPair(cert, key)
	if err != nil {
		return nil, fmt.Errorf("%s and %s are no pair: %w", c.Cert, c.Key, err)
	}
	return &pair, nil
}

// Leaf reads the certificate without its key, as clients of the server do.
func (c Certificate) Leaf() (*x509.Certificate, error) {
	text, _, err := readLimited(c.Cert, tooLong)
	if err != nil {
		return nil, err
	}
	for block, rest := pem.Decode(text); block != nil; block, rest = pem.Decode(rest) {
		if block.Type == "CERTIFICATE" {
			return x509.ParseCertificate(block.Bytes)
		}
	}
	return nil, fmt.Errorf("%s has no certificate", c.Cert)
}

// expiresSoon is how long before its end a certificate is warned of.
const expiresSoon = 14 * day

var errExpired = errors.New("so clients refuse it")

// validity returns nil, what will be wrong with the certificate soon, or an errExpired.
func validity(leaf *x509.Certificate, now time.Time) error {
	const form = "2006-01-02 15:04 MST"
	switch left := leaf.NotAfter.Sub(now); {
	case left <= 0:
		return fmt.Errorf("the certificate has expired at %s, %w", leaf.NotAfter.UTC().Format(form), errExpired)
	case now.Before(leaf.NotBefore):
		return fmt.Errorf("the certificate is valid from %s only, %w", leaf.NotBefore.UTC().Format(form), errExpired)
	case left < expiresSoon:
		return fmt.Errorf("the certificate expires at %s, in %d days", leaf.NotAfter.UTC().Format(form), int(left/day))
	}
	return nil
}

// certificateKeys are tls-cert and tls-key of a section. A reload reads the files again.
func certificateKeys(c *Certificate) []key {
	return []key{
		{name: "tls-cert", value: text(&c.Cert, isPlain), onOff: true},
		{name: "tls-key", value: text(&c.Key, isPlain), onOff: true},
	}
}

// settleCertificate makes the paths start at the directory of the configuration.
func (r *reader) settleCertificate(section string, c *Certificate) {
	cert, privateKey := section+".tls-cert", section+".tls-key"
	switch {
	case c.Cert == "" && c.Key != "":
		r.require(privateKey, cert, "is set, but "+cert+" is not; set both")
	case c.Cert != "" && c.Key == "":
		r.require(cert, privateKey, "is set, but "+privateKey+" is not; set both")
	case c.Cert != "":
		c.Cert, c.Key = r.besideFile(c.Cert), r.besideFile(c.Key)
	}
}

// besideFile returns the path of a file that the configuration names.
func (r *reader) besideFile(path string) string {
	if filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(filepath.Dir(r.file), path)
}

// lookAtCertificate finds what is wrong with the files. It is no fault of the configuration,
// because a client such as `nwayacd cmd` reads the same file and needs no key.
func (r *reader) lookAtCertificate(section string, c Certificate) {
	if !c.IsSet() {
		return
	}
	at := section + ".tls-cert"
	pair, err := c.Load()
	if err != nil {
		r.unusable = append(r.unusable, r.found(at, err.Error()))
		return
	}
	switch err := validity(pair.Leaf, time.Now()); {
	case errors.Is(err, errExpired):
		r.refused = append(r.refused, r.found(at, err.Error()))
	case err != nil:
		r.warnings = append(r.warnings, r.found(at, err.Error()))
	}
	if _, mode, err := readLimited(c.Key, tooLong); err == nil && mode.Perm()&0o004 != 0 {
		r.warn(Fault{File: c.Key, Text: "everybody on this host can read this key; chmod 600"})
	}
}
