// Package httpapi is the HTTP port: the JSON API with its OpenAPI document, the stream of events,
// health and metrics. FreeSWITCH's mod_xml_curl finds the directory of agents here.
package httpapi

import (
	"context"
	"errors"
	"fmt"
	stdlog "log"
	"net"
	"net/http"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/rs/zerolog"

	"nwayacd/api"
	"nwayacd/api/connlimit"
	"nwayacd/queue"
)

// Bounds of the HTTP port.
const (
	headerLimit    = 5 * time.Second
	bodyLimit      = 5 * time.Second
	operationLimit = 30 * time.Second // for one operation, unless it says otherwise
	longestLimit   = 2 * time.Minute  // for a request and its answer, except a stream of events
	idleLimit      = 2 * time.Minute  // between two requests on one connection
	leaveLimit     = 5 * time.Second  // for the requests under way when the server ends
	maxHTTPHeader  = 16 << 10
	maxHTTPBody    = 64 << 10
)

// Database is what the HTTP port asks of what is kept; package store has the one there is.
type Database interface {
	// SearchCDRs returns a page of ended calls and the Before of the next page, 0 after the last.
	SearchCDRs(context.Context, queue.CDRSearch) (page []queue.CDR, next int64, err error)
	// Offers returns the offers of one call that have ended.
	Offers(ctx context.Context, call string) ([]queue.OfferRecord, error)
	// Password is what an extension's phone registers with; ok is false for an unknown one.
	Password(ctx context.Context, extension string) (password string, ok bool, err error)
	// Healthy returns nil, or why the database or the journal is away.
	Healthy() error
}

// Port is the HTTP port.
type Port struct {
	Server   api.Server
	Database Database
	Token    string           // "" = none is asked for; only for loopback, which the configuration sees to
	Bounds   connlimit.Bounds // 1024, and 256 of one source; half of them may be streams of events
	Release  string           // the version the OpenAPI document shows
	Metrics  http.Handler     // answers GET /metrics; nil = there are none
	Log      zerolog.Logger
	// DirectoryToken is good for FreeSWITCH's user directory only; Token is good for it, too. If both
	// are "", nobody gets it, unless DirectoryOpen gives it to all who can reach a port on loopback.
	DirectoryToken string
	DirectoryOpen  bool
	DirectoryClear bool // the directory shows passwords, not the hash over them

	// Warnings are what /readyz tells beside what the port sees itself; nil = nothing.
	Warnings func() []Notice

	panics  atomic.Uint64
	born    string          // tells event IDs of this life of the server from those of another
	leaving context.Context // its end ends the streams of events
	streams atomic.Int32    // under way
	tokens  connlimit.AuthLimiter

	directoryRefused refusedDirectory
}

// Serve serves clients from ln until ctx is done. Then streams of events end at once, and other
// requests have 5 seconds.
func (p *Port) Serve(ctx context.Context, ln net.Listener) error {
	server := &http.Server{
		Handler: p.Handler(ctx), ErrorLog: stdlog.New(p.Log, "", 0), ConnContext: withConn, ConnState: connState,
		ReadHeaderTimeout: headerLimit, ReadTimeout: longestLimit, WriteTimeout: longestLimit, IdleTimeout: idleLimit,
		MaxHeaderBytes: maxHTTPHeader,
	}
	var serving sync.WaitGroup
	over := make(chan error, 1)
	limited := limitedListener{ln, connlimit.New(p.bounds(), p.Log)}
	serving.Go(func() { over <- server.Serve(limited) }) // ends by Shutdown or Close
	defer serving.Wait()
	select {
	case err := <-over:
		return fmt.Errorf("httpapi: %w", err)
	case <-ctx.Done():
	}
	grace, cancel := context.WithTimeout(context.WithoutCancel(ctx), leaveLimit)
	defer cancel()
	if err := server.Shutdown(grace); err != nil {
		return errors.Join(fmt.Errorf("httpapi: some requests were cut off: %w", err), server.Close())
	}
	return context.Cause(ctx)
}

// Handler answers all requests of the port. The end of ctx ends the streams of events.
func (p *Port) Handler(ctx context.Context) http.Handler {
	p.born, p.leaving = strconv.FormatInt(time.Now().UnixNano(), 36), ctx
	mux := http.NewServeMux()
	p.describe(mux, p.operate(mux))
	mux.HandleFunc("POST /freeswitch/directory", p.directory)
	if p.Metrics != nil {
		mux.Handle("GET "+metricsPath, p.Metrics)
	}
	return p.logged(paced(p.guarded(withProblems(mux))))
}

func (p *Port) bounds() connlimit.Bounds { return p.Bounds.Or(1024, 256) }
