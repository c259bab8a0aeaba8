package httpapi

import (
	"crypto/subtle"
	"encoding/json"
	"errors"
	"net"
	"net/http"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"nwayacd/esl"
)

// guarded passes a request on if it may use the port:
//   - With a token in the configuration, the request must have the token.
//   - Without one, the request's Host must be an address or localhost. A web page could make any
//     name resolve to this host.
//   - A web page of another origin may not change anything.
func (p *Port) guarded(next http.Handler) http.Handler {
	origins := http.NewCrossOriginProtection()
	origins.SetDenyHandler(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		writeProblem(w, http.StatusForbidden, "web pages of other origins are not allowed here")
	}))
	next = origins.Handler(next)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case p.Token == "" && !isLocal(r.Host):
			writeProblem(w, http.StatusForbidden,
				"without a token in [http], the Host of a request must be an address or localhost")
		case !isPrivate(r.URL.Path):
			next.ServeHTTP(w, r)
		case p.authorized(w, r):
			confirmConn(r)
			next.ServeHTTP(w, r)
		}
	})
}

// metricsPath is the path that Prometheus reads.
const metricsPath = "/metrics"

// isPrivate reports whether the path needs the token. Health and documentation do not.
func isPrivate(path string) bool {
	return path == metricsPath || strings.HasPrefix(path, apiPrefix+"/") || strings.HasPrefix(path, "/freeswitch/")
}

// authorized reports whether the request has the token. If it has not, authorized answers it.
func (p *Port) authorized(w http.ResponseWriter, r *http.Request) bool {
	given, shown := token(r)
	right, wait := p.Token == "", time.Duration(0)
	if shown && !right {
		right, wait = p.tokens.Try(sourceOf(r), func() bool {
			return subtle.ConstantTimeCompare([]byte(given), []byte(p.Token)) == 1
		})
	}
	switch {
	case right:
		return true
	case wait > 0:
		w.Header().Set("Retry-After", strconv.Itoa(int(wait.Seconds())+1))
		writeProblem(w, http.StatusTooManyRequests, "too many wrong tokens from this address")
	default:
		w.Header().Add("WWW-Authenticate", `Bearer realm="nwayacd"`)
		w.Header().Add("WWW-Authenticate", `Basic realm="nwayacd"`)
		writeProblem(w, http.StatusUnauthorized, "the token is missing or wrong")
	}
	if passed, due := p.tokens.ReportDue(sourceOf(r)); shown && due {
		p.Log.Warn().Str("client", r.RemoteAddr).Int("more-like-it", passed).
			Msg("a request on the HTTP port has a wrong token")
	}
	return false
}

// token returns the token in the request: a bearer token, or the password of any user, because
// mod_xml_curl can send only the latter.
func token(r *http.Request) (given string, shown bool) {
	if _, password, basic := r.BasicAuth(); basic {
		return password, true
	}
	scheme, given, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	return given, strings.EqualFold(scheme, "Bearer")
}

func sourceOf(r *http.Request) netip.Addr {
	at, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return netip.Addr{}
	}
	return esl.Source(net.TCPAddrFromAddrPort(at))
}

func isLocal(host string) bool {
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	_, err := netip.ParseAddr(strings.Trim(host, "[]"))
	return err == nil || strings.EqualFold(host, "localhost")
}

// logged logs each request at debug, without headers and query, because they have secrets and
// callers' numbers.
func (p *Port) logged(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		answer, began := &statusWriter{ResponseWriter: w, status: http.StatusOK}, time.Now()
		defer p.countPanic()
		defer func() {
			p.Log.Debug().Str("method", r.Method).Str("path", r.URL.Path).Int("status", answer.status).
				Dur("took", time.Since(began)).Str("client", r.RemoteAddr).Msg("HTTP request")
		}()
		next.ServeHTTP(answer, r)
	})
}

// countPanic counts a request that ends in a panic, and panics again, so that net/http ends and
// logs the request.
func (p *Port) countPanic() {
	if reason := recover(); reason != nil {
		// ErrAbortHandler is how a handler closes its connection
		if err, is := reason.(error); !is || !errors.Is(err, http.ErrAbortHandler) {
			p.panics.Add(1)
		}
		panic(reason)
	}
}

// Panics returns how many requests ended in a panic.
func (p *Port) Panics() uint64 { return p.panics.Load() }

// statusWriter keeps the status for the log.
type statusWriter struct {
	http.ResponseWriter
	status int
}

// WriteHeader keeps the status and passes it on.
func (w *statusWriter) WriteHeader(status int) {
	w.status = status
	w.ResponseWriter.WriteHeader(status)
}

// Unwrap serves http.ResponseController.
func (w *statusWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// withProblems answers the requests that the mux refuses (404, 405) in the form of all other
// errors.
func withProblems(mux *http.ServeMux) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if refuse, pattern := mux.Handler(r); pattern == "" {
			refuse.ServeHTTP(&problemWriter{ResponseWriter: w}, r)
			return
		}
		mux.ServeHTTP(w, r)
	})
}

// problemWriter keeps the status and the headers of a plain refusal, and writes a problem in place
// of its text.
type problemWriter struct{ http.ResponseWriter }

// WriteHeader writes the whole answer if status is an error.
func (w *problemWriter) WriteHeader(status int) {
	if status < http.StatusBadRequest { // the mux redirects to the cleaned path
		w.ResponseWriter.WriteHeader(status)
		return
	}
	writeProblem(w.ResponseWriter, status, "/docs lists all operations")
}

// Write discards the text.
func (w *problemWriter) Write(text []byte) (int, error) { return len(text), nil }

// writeProblem answers with an application/problem+json document.
func writeProblem(w http.ResponseWriter, status int, detail string) {
	w.Header().Set("Content-Type", "application/problem+json")
	w.WriteHeader(status)
	json.NewEncoder(w).Encode(huma.NewError(status, detail)) // fails only if the client is gone
}
