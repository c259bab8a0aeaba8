package cli

import (
	"cmp"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net"
	"os"

	"nwayacd/api/cmdport"
	"nwayacd/conf"
	"nwayacd/internal/top"
)

// serverFlags are the flags of the subcommands that connect to a running server.
type serverFlags struct {
	configFile
	TLS   bool   `name:"tls" help:"Speak TLS with the server, also if the configuration has no tls-cert in [control]."`
	TLSCA string `name:"tls-ca" placeholder:"FILE" help:"Speak TLS, and trust the certificates in this PEM file too."`
}

// target reads the configuration and returns the command port of its server.
func (f serverFlags) target() (cmdport.Target, error) {
	config, err := conf.Load(f.Config)
	if err != nil {
		return cmdport.Target{}, err
	}
	secure, err := f.clientTLS(config.Control.TLS, config.Control.DialAddress())
	// Without a password any is accepted, but the protocol needs one.
	password := cmp.Or(string(config.Control.Password), "none")
	return cmdport.Target{Address: config.Control.DialAddress(), Password: password, TLS: secure}, err
}

// live returns the HTTP port of the server, for its live stream.
func (f serverFlags) live() (top.HTTP, error) {
	config, err := conf.Load(f.Config)
	if err != nil {
		return top.HTTP{}, err
	}
	at := top.HTTP{URL: "http://" + config.HTTP.DialAddress(), Token: string(config.HTTP.Token)}
	if config.HTTP.TLS.IsSet() {
		at.URL = "https://" + config.HTTP.DialAddress()
		at.TLS, err = f.clientTLS(config.HTTP.TLS, config.HTTP.DialAddress())
	}
	return at, err
}

// clientTLS returns how to speak TLS with the server, or nil if it speaks none. The server's
// certificate must be valid for the host that is dialled, or for the name in tls-cert. These are
// trusted: the authorities of the system, tls-cert, and tls-ca.
func (f serverFlags) clientTLS(own conf.Certificate, address string) (*tls.Config, error) {
	if !f.TLS && f.TLSCA == "" && !own.IsSet() {
		return nil, nil
	}
	trusted, err := x509.SystemCertPool()
	if err != nil {
		trusted = x509.NewCertPool()
	}
	for _, file := range []string{own.Cert, f.TLSCA} {
		if file == "" {
			continue
		}
		text, err := os.ReadFile(file)
		if err != nil {
			return nil, err
		}
		if !trusted.AppendCertsFromPEM(text) {
			return nil, fmt.Errorf("%s has no certificate", file)
		}
	}
	host, _, err := net.SplitHostPort(address)
	if err == nil && own.IsSet() {
		host, err = nameOf(own.Cert, host)
	}
	return &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: trusted, ServerName: host}, err
}

// nameOf returns host if the certificate in the file is for it, else the first name that it is for.
// A server is mostly reached on loopback by its clients, and its certificate has a public name.
func nameOf(file, host string) (string, error) {
	leaf, err := conf.Certificate{Cert: file}.Leaf()
	if err != nil {
		return "", err
	}
	switch {
	case leaf.VerifyHostname(host) == nil:
		return host, nil
	case len(leaf.DNSNames) > 0:
		return leaf.DNSNames[0], nil
	case len(leaf.IPAddresses) > 0:
		return leaf.IPAddresses[0].String(), nil
	}
	return "", fmt.Errorf("%s is for no name and no address", file)
}
