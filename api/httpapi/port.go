// Package httpapi is the HTTP port: the JSON API with its OpenAPI document, the stream of events,
// health and metrics. FreeSWITCH's mod_xml_curl reads the directory of agents from it.
package httpapi

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	stdlog "log"
	"net"
	"net/http"
	"net/netip"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/rs/zerolog"

	"nwayacd/agent"
	"nwayacd/api"
	"nwayacd/api/connlimit"
	"nwayacd/api/live"
	"nwayacd/internal/auth"
	"nwayacd/internal/report"
	"nwayacd/internal/story"
	"nwayacd/queue"
)

// Time and size limits of the HTTP port.
const (
	headerLimit    = 5 * time.Second
	bodyLimit      = 5 * time.Second
	operationLimit = 30 * time.Second // for one operation, unless it says otherwise
	longestLimit   = 2 * time.Minute  // for a request and its answer, except a stream of events
	idleLimit      = 2 * time.Minute  // between two requests on one connection
	stopLimit      = 5 * time.Second  // for the requests that are being answered when the server ends
	maxHTTPHeader  = 16 << 10
	maxHTTPBody    = 64 << 10
)

// Database has what the HTTP port reads from the database. Package store implements it.
type Database interface {
	// SearchCDRs returns a page of ended visits and the Before of the next page, 0 after the last.
	SearchCDRs(context.Context, queue.CDRSearch) (page []queue.VisitRecord, next int64, err error)
	// Unreached returns the visits since a time whose callers hung up before an answer and to whom
	// no agent has talked since. If groups is not nil, only visits to these groups count.
	Unreached(ctx context.Context, since time.Time, groups []string, limit int) ([]queue.VisitRecord, error)
	// SearchAudit returns a page of the audit log and the Before of the next page. That is 0 after
	// the last one.
	SearchAudit(context.Context, auth.Search) (page []auth.Entry, next int64, err error)
	// Offers returns the offers of one call that have ended.
	Offers(ctx context.Context, call string) ([]queue.OfferRecord, error)
	// AgentLog returns the entries of the agent's log from one time to another.
	AgentLog(ctx context.Context, extension string, from, to time.Time) ([]agent.LogEntry, error)
	// CallFigures and its like are what reports are made of.
	report.Source
	// Password returns the password with which an extension's phone registers. ok is false if the
	// extension is unknown.
	Password(ctx context.Context, extension string) (password string, ok bool, err error)
	// Healthy returns nil, or why the database or the journal does not work.
	Healthy() error
}

// Console has the pages for people. Package console implements it.
type Console interface {
	http.Handler
	// Actor returns the user or token whose session a request has. shown reports whether there is a
	// cookie of a session, and ok whether the session is valid.
	Actor(r *http.Request) (a auth.Actor, shown, ok bool)
}

// Port is the HTTP port.
type Port struct {
	Server   api.Server
	Database Database
	Zone     *time.Location   // of reports that name none; nil = UTC
	Token    *auth.Secret     // not set: requests need none, which the configuration allows only on loopback
	Bounds   connlimit.Bounds // default: 1024, and 256 from one source; at most half may be streams of events
	Release  string           // the version in the OpenAPI document
	Metrics  http.Handler     // answers GET /metrics; nil = there are no metrics
	Live     *live.Hub        // the rows of the live stream
	Console  Console          // answers what is under /ui/; nil = there is no console
	// ReportTexts returns the words of a report's charts in a language; nil = they have none.
	ReportTexts func(language string) report.Texts
	// StoryTexts returns the words of the picture of a call.
	StoryTexts func(language string) story.Texts
	Log        zerolog.Logger
	TLS        *tls.Config // nil = the port speaks no TLS
	// DirectoryToken is for FreeSWITCH's user directory only, which accepts Token, too. If neither
	// is set, the directory is closed. DirectoryOpen opens it without a token.
	DirectoryToken *auth.Secret
	DirectoryOpen  bool
	DirectoryClear bool // the directory shows passwords, not the hash over them
	// TrustedProxies are the networks whose X-Forwarded-For and X-Forwarded-Proto count.
	TrustedProxies []netip.Prefix

	// Warnings are what /readyz tells beside what the port sees itself; nil = nothing.
	Warnings func() []Notice

	panics   atomic.Uint64
	instance string          // part of each event ID; it differs after a restart of the server
	stopping context.Context // when it is done, the streams of events end
	streams  atomic.Int32    // how many are open
	tokens   connlimit.AuthLimiter

	directoryRefused refusedDirectory
}

// Serve serves clients from ln until ctx is done. Then streams of events end at once, and other
// requests have 5 seconds. It returns the cause of ctx, or what went wrong.
func (p *Port) Serve(ctx context.Context, ln net.Listener) error {
	// The first request waits until the operations are described. The end of the server does not.
	handler := sync.OnceValue(func() http.Handler { return p.Handler(ctx) })
	server := &http.Server{
		Handler:  http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { handler().ServeHTTP(w, r) }),
		ErrorLog: stdlog.New(&errorLog{log: p.Log}, "", 0), ConnContext: withConn, ConnState: connState,
		ReadHeaderTimeout: headerLimit, ReadTimeout: longestLimit, WriteTimeout: longestLimit, IdleTimeout: idleLimit,
		MaxHeaderBytes: maxHTTPHeader,
	}
	var serving sync.WaitGroup
	over := make(chan error, 1)
	ln = limitedListener{ln, connlimit.New(p.bounds(), p.Log)}
	if p.TLS != nil {
		ln = tls.NewListener(ln, p.TLS)
	}
	serving.Go(func() { over <- server.Serve(ln) }) // ends by Shutdown or Close
	defer serving.Wait()
	select {
	case err := <-over:
		return fmt.Errorf("httpapi: %w", err)
	case <-ctx.Done():
	}
	grace, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopLimit)
	defer cancel()
	if err := server.Shutdown(grace); err != nil {
		return errors.Join(fmt.Errorf("httpapi: some requests were cut off: %w", err), server.Close())
	}
	return context.Cause(ctx)
}

// Handler answers all requests of the port. Streams of events end when ctx is done.
func (p *Port) Handler(ctx context.Context) http.Handler {
	p.instance, p.stopping = strconv.FormatInt(time.Now().UnixNano(), 36), ctx
	mux := http.NewServeMux()
	p.serveDocs(mux, p.registerAll(mux))
	mux.HandleFunc("POST /freeswitch/directory", p.directory)
	home := "/docs"
	if p.Console != nil {
		home = consolePrefix
		mux.Handle(consolePrefix, p.Console)
	}
	mux.Handle("GET /{$}", http.RedirectHandler(home, http.StatusFound))
	if p.Metrics != nil {
		mux.Handle("GET "+metricsPath, p.allowed(auth.OpMetrics, p.Metrics))
	}
	return p.forwarded(p.logged(withHeaders(withBodyDeadline(p.guarded(withProblems(mux))))))
}

func (p *Port) bounds() connlimit.Bounds {
	bounds := p.Bounds.Or(1024, 256)
	bounds.Shared = p.isTrustedProxy
	return bounds
}
