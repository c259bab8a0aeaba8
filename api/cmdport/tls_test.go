package cmdport

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"nwayacd/api/apitest"
	"nwayacd/api/connlimit"
	"nwayacd/internal/auth"
	"nwayacd/internal/testcert"
)

func TestTheCommandPortSpeaksTLS(t *testing.T) {
	ca := testcert.NewCA(t)
	s, _ := apitest.Server()
	address := served(t, &Port{Server: s, Password: auth.NewSecret("right"), TLS: ca.Server(t), Log: zerolog.Nop()})
	at := Target{Address: address, Password: "right", TLS: ca.Client()}
	if reply, err := at.Ask(t.Context(), "nway_login 1000 110"); err != nil || reply != "+OK 1000 logged in to 110" {
		t.Errorf("%q, %v", reply, err)
	}
	if err := at.Greeted(t.Context()); err != nil {
		t.Error(err)
	}
	stranger := Target{Address: address, Password: "right", TLS: testcert.NewCA(t).Client()}
	if _, err := stranger.Ask(t.Context(), "nwayacd_version"); err == nil {
		t.Error("a client that does not know the authority sends its password")
	} else if _, unknown := errors.AsType[x509.UnknownAuthorityError](err); !unknown {
		t.Error(err)
	}
	old := ca.Client()
	old.MinVersion, old.MaxVersion = tls.VersionTLS11, tls.VersionTLS11
	if _, err := tls.Dial("tcp", address, old); err == nil {
		t.Error("TLS 1.1 is spoken")
	}
}

func TestAClientSaysThatThePortSpeaksNoTLS(t *testing.T) {
	at := Target{Address: port(t, "right"), Password: "right", TLS: testcert.NewCA(t).Client()}
	if _, err := at.Ask(t.Context(), "nwayacd_version"); err == nil ||
		!strings.Contains(err.Error(), "the port speaks no TLS") {
		t.Error(err)
	}
}

// Connections that say nothing must make room at once, also before TLS has begun.
func TestSilentConnectionsOfTLSMakeRoom(t *testing.T) {
	ca := testcert.NewCA(t)
	s, _ := apitest.Server()
	address := served(t, &Port{
		Server: s, Password: auth.NewSecret("right"), TLS: ca.Server(t), Log: zerolog.Nop(),
		Bounds: connlimit.Bounds{PerSource: 2},
	})
	for range 2 {
		nc, err := net.Dial("tcp", address)
		if err != nil {
			t.Fatal(err)
		}
		defer nc.Close()
	}
	began := time.Now()
	at := Target{Address: address, Password: "right", TLS: ca.Client()}
	_, err := at.Ask(t.Context(), "nwayacd_version")
	if err != nil { // on a busy machine the silent ones may be counted last
		_, err = at.Ask(t.Context(), "nwayacd_version")
	}
	if err != nil {
		t.Error(err)
	}
	if took := time.Since(began); took > handshakeLimit/2 {
		t.Errorf("the third one waited %s", took)
	}
}
