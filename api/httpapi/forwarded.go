package httpapi

import (
	"context"
	"net/http"
	"net/netip"
	"slices"
	"strings"
)

type secureKey struct{}

// forwarded gives a request the address of its client, if a trusted proxy has passed it on:
//   - r.RemoteAddr becomes the client's address, so that throttling, logs and the audit have it;
//   - IsSecure reports whether the client speaks TLS with that proxy.
//
// The headers of everybody else are ignored.
func (p *Port) forwarded(next http.Handler) http.Handler {
	if len(p.TrustedProxies) == 0 {
		return next
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		client, hops := p.clientOf(r)
		if hops == 0 {
			next.ServeHTTP(w, r)
			return
		}
		secure := isForwardedSecure(r, hops)
		r = r.WithContext(context.WithValue(r.Context(), secureKey{}, secure)) // a copy
		r.RemoteAddr = netip.AddrPortFrom(client, 0).String()
		next.ServeHTTP(w, r)
	})
}

// clientOf reads X-Forwarded-For from right to left, because each proxy adds at the right whom it
// serves. The client is the first address that is no trusted proxy. hops is how many proxies have
// passed the request on; 0 means that the client's own address counts.
func (p *Port) clientOf(r *http.Request) (client netip.Addr, hops int) {
	client = peerOf(r)
	said := listOf(r, "X-Forwarded-For")
	for _, text := range slices.Backward(said) {
		if !p.isTrustedProxy(client) {
			break
		}
		next, err := parseForwarded(text)
		if err != nil {
			break // what is further left was not written by a trusted proxy
		}
		client = next
		hops++
	}
	return client, hops
}

func (p *Port) isTrustedProxy(address netip.Addr) bool {
	return slices.ContainsFunc(p.TrustedProxies, func(n netip.Prefix) bool { return n.Contains(address.Unmap()) })
}

// isForwardedSecure reports whether the proxy next to the client got the request by TLS. Only what
// the trusted proxies wrote counts: one entry by each, or one for all.
func isForwardedSecure(r *http.Request, hops int) bool {
	said := listOf(r, "X-Forwarded-Proto")
	if len(said) == 0 {
		return r.TLS != nil
	}
	return strings.EqualFold(said[max(0, len(said)-hops)], "https")
}

// IsSecure reports whether the client speaks TLS, with this port or with a trusted proxy.
func IsSecure(r *http.Request) bool {
	if secure, forwarded := r.Context().Value(secureKey{}).(bool); forwarded {
		return secure
	}
	return r.TLS != nil
}

// listOf returns the entries of all headers of that name, in their order.
func listOf(r *http.Request, name string) (all []string) {
	for entry := range strings.SplitSeq(strings.Join(r.Header.Values(name), ","), ",") {
		if entry = strings.TrimSpace(entry); entry != "" {
			all = append(all, entry)
		}
	}
	return all
}

// parseForwarded reads an address, which some proxies write with a port.
func parseForwarded(text string) (netip.Addr, error) {
	if withPort, err := netip.ParseAddrPort(text); err == nil {
		return withPort.Addr().Unmap(), nil
	}
	address, err := netip.ParseAddr(strings.Trim(text, "[]"))
	return address.Unmap().WithZone(""), err
}

// peerOf returns the address at the other end of the connection.
func peerOf(r *http.Request) netip.Addr {
	at, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return netip.Addr{}
	}
	return at.Addr().Unmap()
}
