package httpapi

import (
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
	"nwayacd/internal/auth"
	"nwayacd/internal/wait"
)

// guarded passes a request on with its actor in the context:
//   - With a token in the configuration, the request must show it, a token of the server, or the
//     cookie of a session.
//   - Without one, a request that shows nothing comes from a local client. Its Host must be an
//     address or localhost, because a web page could make any name resolve to this host.
//   - A web page of another origin may not change anything.
//
// What the actor may do is checked where the operation begins.
func (p *Port) guarded(next http.Handler) http.Handler {
	origins := http.NewCrossOriginProtection()
	origins.SetDenyHandler(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		writeProblem(w, http.StatusForbidden, "web pages of other origins are not allowed here")
	}))
	next = origins.Handler(next)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if isShort(r.Context()) {
			w.Header().Set("Connection", "close")
		}
		if isDirectory(r.URL.Path) {
			if p.mayReadDirectory(w, r) {
				confirmConn(r)
				next.ServeHTTP(w, r)
			}
			return
		}
		actor, known, wait := p.identify(r)
		switch {
		case known && actor.Role == auth.Local && !isLocal(r.Host):
			writeProblem(w, http.StatusForbidden,
				"without a token in [http], the Host of a request must be an address or localhost")
		case known:
			if isPrivate(r.URL.Path) {
				confirmConn(r)
			}
			next.ServeHTTP(w, r.WithContext(auth.With(r.Context(), actor)))
		case !isPrivate(r.URL.Path):
			next.ServeHTTP(w, r)
		default:
			p.refuse(w, r, wait)
		}
	})
}

// identify returns the actor of a request. known is false if the request shows no right token.
// After too many wrong ones of its source, wait says how long the answer is held back.
func (p *Port) identify(r *http.Request) (actor auth.Actor, known bool, wait time.Duration) {
	source := sourceOf(r)
	given, shown := token(r)
	if session, has, valid := p.session(r); has && !shown {
		return session, valid, 0
	}
	if shown {
		known, wait = p.tokens.Try(source, func() (ok bool) {
			actor, ok = p.holder(given)
			return ok
		})
	} else if !p.Token.IsSet() {
		actor, known = localClient, true
	}
	actor.Way, actor.Source = auth.WayHTTP, source.String()
	return actor, known, wait
}

// session returns the actor with the session that a request shows. A session that has ended had a
// role, which may be less than that of a local client, so such a request has no actor at all.
func (p *Port) session(r *http.Request) (actor auth.Actor, shown, valid bool) {
	if p.Console == nil {
		return auth.Actor{}, false, false
	}
	return p.Console.Actor(r)
}

// localClient is the actor of a request to a port without a token.
var localClient = auth.Actor{Name: "local", Role: auth.Local}

// holder returns the actor with the token.
func (p *Port) holder(given string) (actor auth.Actor, ok bool) {
	if p.Token.Is(given) {
		return auth.Actor{Name: "http", Role: auth.Admin}, true
	}
	if p.Server.Users != nil {
		if actor, ok = p.Server.Users.Authenticate(given); ok {
			return actor, true
		}
	}
	// A token that is wrong now had a role, which may be less than that of a local client.
	if !p.Token.IsSet() && !auth.IsToken(given) {
		return localClient, true
	}
	return auth.Actor{}, false
}

const (
	metricsPath   = "/metrics" // that Prometheus reads
	consolePrefix = "/ui/"     // of the pages for people
	mePath        = apiPrefix + "/me"
)

// isPrivate reports whether the path needs an actor. Health and documentation do not.
func isPrivate(path string) bool {
	return path == metricsPath || strings.HasPrefix(path, apiPrefix+"/")
}

// refuse answers a request without a right token.
func (p *Port) refuse(w http.ResponseWriter, r *http.Request, held time.Duration) {
	if held > 0 {
		wait.Pause(r.Context(), min(held, wrongHold), nil)
		w.Header().Set("Retry-After", strconv.Itoa(int(held.Seconds())+1))
		writeProblem(w, http.StatusTooManyRequests, "too many wrong tokens from this address")
	} else {
		w.Header().Add("WWW-Authenticate", `Bearer realm="nwayacd"`)
		w.Header().Add("WWW-Authenticate", `Basic realm="nwayacd"`)
		writeProblem(w, http.StatusUnauthorized, "the token is missing or wrong")
	}
	_, shown := token(r)
	if shown {
		p.Server.WrongSecret(r.Context(), auth.WayHTTP, sourceOf(r).String())
	}
	if passed, due := p.tokens.ReportDue(sourceOf(r)); shown && due {
		p.Log.Warn().Str("client", r.RemoteAddr).Int("more-like-it", passed).
			Msg("a request on the HTTP port has a wrong token")
	}
}

// wrongHold is how long an answer to a wrong token is held back if its source has sent too many.
const wrongHold = 2 * time.Second

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
				Dur("took", time.Since(began)).Str("client", r.RemoteAddr).Bool("tls", IsSecure(r)).Msg("HTTP request")
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
