package httpapi

import (
	"crypto/tls"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"testing"
)

func TestWhoTheClientBehindAProxyIs(t *testing.T) {
	p := &Port{TrustedProxies: []netip.Prefix{
		netip.MustParsePrefix("10.0.0.0/30"), netip.MustParsePrefix("::1/128"),
	}}
	type headers []string
	for name, c := range map[string]struct {
		peer       string
		withTLS    bool
		forwarded  headers
		proto      headers
		wantClient string
		wantSecure bool
	}{
		"a stranger's headers": {
			"192.0.2.1:5", false,
			headers{"198.51.100.7"},
			headers{"https"},
			"192.0.2.1:5", false,
		},
		"a stranger who speaks TLS": {
			"192.0.2.1:5", true, nil,
			headers{"http"},
			"192.0.2.1:5", true,
		},
		"one proxy": {
			"10.0.0.1:5", false,
			headers{"198.51.100.7"},
			headers{"https"},
			"198.51.100.7:0", true,
		},
		"a client who invents the rest": {
			"10.0.0.1:5", false,
			headers{"127.0.0.1, 198.51.100.7"},
			nil,
			"198.51.100.7:0", false,
		},
		"two proxies": {
			"10.0.0.1:5", false,
			headers{"6.6.6.6, 198.51.100.7, 10.0.0.2"},
			nil,
			"198.51.100.7:0", false,
		},
		"two headers": {
			"10.0.0.1:5", false,
			headers{"198.51.100.7", "10.0.0.2"},
			nil,
			"198.51.100.7:0", false,
		},
		"only proxies": {
			"10.0.0.1:5", false,
			headers{"10.0.0.2"},
			nil,
			"10.0.0.2:0", false,
		},
		"no header": {
			"10.0.0.1:5", false, nil,
			headers{"https"},
			"10.0.0.1:5", false,
		},
		"garbage beside the proxy": {
			"10.0.0.1:5", false,
			headers{"198.51.100.7, unknown"},
			nil,
			"10.0.0.1:5", false,
		},
		"garbage further left": {
			"10.0.0.1:5", false,
			headers{"<x>, 10.0.0.2"},
			nil,
			"10.0.0.2:0", false,
		},
		"with ports": {
			"[::1]:5", false,
			headers{"[2001:db8::7]:1234"},
			nil,
			"[2001:db8::7]:0", false,
		},
		"in brackets": {
			"[::1]:5", false,
			headers{"[2001:db8::7]"},
			nil,
			"[2001:db8::7]:0", false,
		},
		"an IPv4 address in IPv6": {
			"[::ffff:10.0.0.1]:5", false,
			headers{"::ffff:198.51.100.7"},
			nil,
			"198.51.100.7:0", false,
		},
		"TLS from the proxy": {
			"10.0.0.1:5", true,
			headers{"198.51.100.7"},
			headers{"http"},
			"198.51.100.7:0", false,
		},
		"TLS from the proxy, no proto": {
			"10.0.0.1:5", true,
			headers{"198.51.100.7"},
			nil,
			"198.51.100.7:0", true,
		},
		"a proto that a client invented": {
			"10.0.0.1:5", false,
			headers{"198.51.100.7"},
			headers{"https, http"},
			"198.51.100.7:0", false,
		},
		"a proto of each of two proxies": {
			"10.0.0.1:5", false,
			headers{"198.51.100.7, 10.0.0.2"},
			headers{"http, https, http"},
			"198.51.100.7:0", true,
		},
	} {
		t.Run(name, func(t *testing.T) {
			r := httptest.NewRequest("GET", "/", nil)
			r.RemoteAddr = c.peer
			if c.withTLS {
				r.TLS = &tls.ConnectionState{}
			}
			for _, text := range c.forwarded {
				r.Header.Add("X-Forwarded-For", text)
			}
			for _, text := range c.proto {
				r.Header.Add("X-Forwarded-Proto", text)
			}
			p.forwarded(http.HandlerFunc(func(_ http.ResponseWriter, seen *http.Request) {
				if seen.RemoteAddr != c.wantClient || IsSecure(seen) != c.wantSecure {
					t.Errorf("client %s, TLS %t; want %s, %t", seen.RemoteAddr, IsSecure(seen), c.wantClient,
						c.wantSecure)
				}
			})).ServeHTTP(httptest.NewRecorder(), r)
		})
	}
}

// Somebody who guesses behind the proxy slows down only himself.
func TestWrongTokensBehindAProxyAreOneSourceForEachClient(t *testing.T) {
	b, _ := web(t, "right", func(p *Port) { p.TrustedProxies = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")} })
	guess := func(client string) int {
		answer, _ := b.ask("GET", apiPrefix+"/agents", "", "Authorization", "Bearer wrong", "X-Forwarded-For", client)
		return answer.StatusCode
	}
	last := 0
	for range 60 { // one is forgiven each second
		if last == http.StatusTooManyRequests {
			break
		}
		last = guess("198.51.100.7")
	}
	if last != http.StatusTooManyRequests {
		t.Errorf("the client who guesses: %d", last)
	}
	if status := guess("198.51.100.8"); status != http.StatusUnauthorized {
		t.Errorf("another client: %d", status)
	}
}
