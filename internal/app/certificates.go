package app

import (
	"crypto/tls"
	"fmt"
	"sync/atomic"
	"time"

	"nwayacd/api/httpapi"
	"nwayacd/conf"
)

// portCertificate is the certificate of one port. A reload replaces it; connections that there are
// keep the one that they began with.
type portCertificate struct {
	section string
	current atomic.Pointer[tls.Certificate]
}

// newPortCertificate returns nil if the port speaks no TLS.
func newPortCertificate(section string, c conf.Certificate) (*portCertificate, error) {
	if !c.IsSet() {
		return nil, nil
	}
	pair, err := c.Load()
	if err != nil {
		return nil, fmt.Errorf("[%s] tls-cert: %w", section, err)
	}
	p := &portCertificate{section: section}
	p.current.Store(pair)
	return p, nil
}

// config returns how the port speaks TLS, or nil. HTTP/2 is left out: the limits of the ports are
// for connections with one request at a time.
func (p *portCertificate) config() *tls.Config {
	if p == nil {
		return nil
	}
	return &tls.Config{
		MinVersion:     tls.VersionTLS12,
		NextProtos:     []string{"http/1.1"},
		GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return p.current.Load(), nil },
	}
}

// again reads the pair again and returns what puts it in force. A port without TLS stays so until a
// restart.
func (p *portCertificate) again(c conf.Certificate) (apply func(), err error) {
	if p == nil || !c.IsSet() {
		return func() {}, nil
	}
	pair, err := c.Load()
	if err != nil {
		return nil, fmt.Errorf("[%s] tls-cert: %w; the certificate from before stays", p.section, err)
	}
	return func() { p.current.Store(pair) }, nil
}

// expirySoon is how long before its end a certificate is a warning of /readyz.
const expirySoon = 14 * 24 * time.Hour

// warning returns a notice if the certificate has expired or will soon.
func (p *portCertificate) warning() (n httpapi.Notice, due bool) {
	if p == nil {
		return n, false
	}
	end := p.current.Load().Leaf.NotAfter
	if time.Until(end) > expirySoon {
		return n, false
	}
	return httpapi.Notice{
		Word: httpapi.WordCertificate,
		Text: fmt.Sprintf("the certificate of [%s] ends at %s", p.section, end.UTC().Format(time.RFC3339)),
	}, true
}
