package app

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"sync/atomic"
	"time"

	"github.com/rs/zerolog"

	"nwayacd/acd"
	"nwayacd/api"
	"nwayacd/api/cmdport"
	"nwayacd/api/connlimit"
	"nwayacd/api/httpapi"
	"nwayacd/api/live"
	"nwayacd/conf"
	"nwayacd/esl"
	"nwayacd/internal/auth"
	"nwayacd/internal/auth/users"
	"nwayacd/internal/console"
	"nwayacd/internal/metrics"
	"nwayacd/queue"
	"nwayacd/store"
)

// Daemon is a running server. Main, the demo and tests start one.
type Daemon struct {
	log    zerolog.Logger
	config *conf.Config
	load   func() (*conf.Config, error)
	store  *store.Store
	acd    *acd.Server
	users  *users.Book
	// metrics counts events, and shows its figures on the HTTP port.
	metrics *metrics.Metrics
	figures *live.Figures // of today
	live    *live.Hub     // the rows of the live streams
	port    *cmdport.Port
	secrets secrets
	// controlCertificate and httpCertificate are nil if the port speaks no TLS.
	controlCertificate, httpCertificate *portCertificate
	// Socket, Control and HTTP are the addresses of the three ports. If the configuration has port
	// 0, they have the port that was chosen.
	Socket, Control, HTTP net.Addr

	failed    chan error   // the reason if a part ended before Stop ended it
	drainTime atomic.Int64 // drain-seconds, in nanoseconds
	steps     []step       // the steps of Stop; the last one runs first
	// crowded is the socket port's listener; nil until there is one.
	crowded atomic.Pointer[connlimit.CappedListener]
}

// step is one part of a daemon: its name, and how to end it.
type step struct {
	name string
	end  func() error
}

// Options are the differences between serve, the demo and tests.
type Options struct {
	Load    func() (*conf.Config, error) // reads the configuration again; nil if that is not possible
	OnOffer func(time.Duration)          // called with the delay of each offer; may be nil
	OnCDR   func(queue.CDR)              // called with each record; may be nil
	Seed    uint64                       // of random choices; 0 = taken from the clock
	// Supervisor gets a sign of life while the dispatcher works.
	Supervisor Supervisor
	// LogStatus says how the log fares; nil = it is not watched.
	LogStatus func() LogStatus
}

// Start starts a server. If it returns an error, no part of the server is running.
func Start(ctx context.Context, config *conf.Config, log zerolog.Logger, o Options) (*Daemon, error) {
	d := &Daemon{
		log: log, config: config, load: o.Load, secrets: newSecrets(config), failed: make(chan error, 1),
		metrics: metrics.New(metrics.Build{Version: version, Commit: revision()}),
		figures: live.NewFigures(zoneOf(config.ACD.TimeZone)),
	}
	if o.LogStatus == nil {
		o.LogStatus = func() LogStatus { return LogStatus{} }
	}
	d.drainTime.Store(int64(config.Server.Drain))
	boots := []func(context.Context, Options) error{
		d.openStore, d.loadFloor, d.showLife, d.followFloor, d.serveControl, d.serveHTTP, d.serveCalls,
	}
	for _, boot := range boots {
		if err := boot(ctx, o); err != nil {
			return nil, errors.Join(err, d.Stop())
		}
	}
	log.Info().Stringer("socket", d.Socket).Stringer("control", d.Control).Stringer("http", d.HTTP).
		Str("version", version).Msg("serving")
	return d, nil
}

// Stop ends the parts of the server in reverse order: calls first, the database last. It returns
// the errors of all parts.
func (d *Daemon) Stop() error {
	var faults []error
	for _, s := range slices.Backward(d.steps) {
		began := time.Now()
		if err := s.end(); err != nil {
			faults = append(faults, fmt.Errorf("%s: %w", s.name, err))
		}
		d.log.Debug().Str("part", s.name).Dur("took", time.Since(began)).Msg("ended")
	}
	d.steps = nil
	return errors.Join(faults...)
}

// Failed returns a channel that receives the reason if a part of the server ends by itself.
func (d *Daemon) Failed() <-chan error { return d.failed }

// Dispatcher returns the owner of the floor of this server.
func (d *Daemon) Dispatcher() *acd.Dispatcher { return d.acd.Dispatcher }

func (d *Daemon) onStop(name string, end func() error) { d.steps = append(d.steps, step{name, end}) }

// background runs a part of the server in its own goroutine. The part's step of Stop waits for it.
func (d *Daemon) background(name string, run func(context.Context) error) {
	ctx, cancel := context.WithCancel(context.Background())
	over := make(chan error, 1)
	go func() { over <- d.watch(ctx, name, run) }() // ends with ctx; the step below waits
	d.onStop(name, func() error {
		cancel()
		if err := <-over; !errors.Is(err, context.Canceled) {
			return err
		}
		return nil
	})
}

// watch runs a part and reports if it ends before ctx does, because the server cannot work without
// one of its parts.
func (d *Daemon) watch(ctx context.Context, name string, run func(context.Context) error) error {
	err := run(ctx)
	if ctx.Err() == nil {
		d.fail(fmt.Errorf("%s: ended by itself: %w", name, err))
	}
	return err
}

func (d *Daemon) openStore(ctx context.Context, _ Options) (err error) {
	d.store, err = store.Open(ctx, store.Options{
		DSN:          string(d.config.Database.DSN),
		DataDir:      d.config.Database.DataDir,
		AutoMigrate:  true,
		OutputSQL:    d.config.Database.OutputSQL,
		Retention:    retention(d.config.Database),
		JournalLimit: int64(d.config.Database.JournalLimit) << 20,
		Log:          d.log,
		OnEdit:       d.edited,
		OnReload:     d.reloaded,
		OnMemories:   func(memories []queue.Memory) { d.acd.Dispatcher.Recall(memories) },
		Remember:     d.config.ACD.Remember,
		OnResync:     d.resync,
		OnDeposed:    d.deposed,
		Version:      version,
	})
	if err == nil {
		d.onStop("store", d.store.Close)
	}
	return err
}

// edited hands edits of other programs to the book and to the dispatcher. Both are locked while
// take is called. The book is locked first, everywhere.
func (d *Daemon) edited(take func() []queue.Change) {
	d.users.Edit(func() (changes []queue.Change) {
		d.acd.Dispatcher.Edit(func() []queue.Change { changes = take(); return changes })
		return changes
	})
}

// reloaded is edited for a whole snapshot.
func (d *Daemon) reloaded(take func() queue.Snapshot) {
	d.users.Reload(func() (all queue.Snapshot) {
		d.acd.Dispatcher.Reload(func() queue.Snapshot { all = take(); return all })
		return all
	})
}

// resync writes the state again, for a database that lacks some of it.
func (d *Daemon) resync(whole bool) {
	d.acd.Dispatcher.Resync(whole)
	if whole {
		d.users.Resync()
	}
}

// handBackTime is how long a server whose database was taken has to hand its callers back. The
// other server follows the talks already.
const handBackTime = 2 * time.Second

// deposed ends the server because another one has taken its database.
func (d *Daemon) deposed(why error) {
	d.drainTime.Store(min(d.drainTime.Load(), int64(handBackTime)))
	d.fail(why)
}

// fail reports why the server must end. Only the first reason counts.
func (d *Daemon) fail(why error) {
	select {
	case d.failed <- why:
	default:
	}
}

func (d *Daemon) loadFloor(ctx context.Context, o Options) error {
	snapshot, err := d.store.Load(ctx)
	if err != nil {
		return err
	}
	seed := o.Seed
	if seed == 0 {
		seed = uint64(time.Now().UnixNano())
	}
	d.users = users.New(d.store, d.log, snapshot.Auth)
	d.acd = acd.New(acd.Options{
		Settings: settings(d.config), Switches: switches(d.config, d.secrets), Journal: d.store,
		Identity: d.store.Identity(),
		Log:      d.log, Seed: seed, Allow: allowed(d.config.Server.Allow), Command: d.command,
		OnRefusedCommand: d.commandRefused,
		OnOffer:          both(d.metrics.Offered, o.OnOffer),
		OnCDR:            both(both(d.metrics.CallEnded, d.figures.Ended), o.OnCDR),
		OnAnswer:         d.metrics.Answered, OnOfferEnd: d.metrics.OfferEnded,
	}, snapshot)
	d.background("database", d.store.Run)
	d.addFirstAdmin(ctx)
	d.log.Info().Int("agents", len(snapshot.Agents)).Int("groups", len(snapshot.Groups)).Msg("floor loaded")
	return nil
}

// showLife sends signs of life until the calls have ended. It begins before them and ends after
// them, because the watchdog goes on while a server drains.
func (d *Daemon) showLife(_ context.Context, o Options) error {
	d.background("watchdog", func(ctx context.Context) error {
		return o.Supervisor.watch(ctx, d.acd.Dispatcher.Beat, d.log)
	})
	return nil
}

// command runs one line for a channel that came by the route /cmd.
func (d *Daemon) command(ctx context.Context, line string) string {
	return api.Run(ctx, d.commands(), line)
}

// commands returns what the commands act on. It is the same for both ports and for channels.
func (d *Daemon) commands() api.Server {
	return api.Server{
		ACD: d.acd, Reload: d.Reload, Version: d.version, Users: d.users, Audit: d.users, Book: d.users,
		OnRefusal: func(a auth.Actor) { d.metrics.NotAllowed(string(a.Role), string(a.Way)) },
	}
}

// version returns the reply of nwayacd_version.
func (d *Daemon) version(ctx context.Context) string {
	database, err := d.store.Version(ctx)
	if err != nil {
		database = "the database does not answer"
	}
	return Build() + ", " + database
}

func (d *Daemon) serveControl(ctx context.Context, _ Options) (err error) {
	if d.controlCertificate, err = newPortCertificate("control", d.config.Control.TLS); err != nil {
		return err
	}
	ln, err := listen(ctx, "control", d.config.Control.Listen)
	if err != nil {
		return err
	}
	d.Control = ln.Addr()
	d.port = &cmdport.Port{
		Server:   d.commands(),
		Password: d.secrets.control, PassThrough: passThrough(d.config, d.secrets), Log: d.log,
		Bounds: connlimit.Bounds{Total: d.config.Control.Max, PerSource: d.config.Control.MaxSource},
		TLS:    d.controlCertificate.config(),
	}
	d.background("command port", func(ctx context.Context) error { return d.port.Serve(ctx, ln) })
	return nil
}

func (d *Daemon) serveHTTP(ctx context.Context, o Options) (err error) {
	if d.httpCertificate, err = newPortCertificate("http", d.config.HTTP.TLS); err != nil {
		return err
	}
	ln, err := listen(ctx, "http", d.config.HTTP.Listen)
	if err != nil {
		return err
	}
	d.HTTP = ln.Addr()
	port := &httpapi.Port{
		Server: d.commands(), Database: d.store, Token: d.secrets.http, Release: version, Log: d.log,
		DirectoryToken: d.secrets.directory, DirectoryOpen: d.config.HTTP.DirectoryOpen,
		DirectoryClear: d.config.HTTP.DirectoryPassword == "clear", TrustedProxies: d.config.HTTP.TrustedProxies,
		Live: d.live, Console: d.console(), Zone: zoneOf(d.config.ACD.TimeZone),
		ReportTexts: console.ReportTexts, StoryTexts: console.StoryTexts,
		Metrics:  d.metrics.Handler(d.log),
		Warnings: func() []httpapi.Notice { return d.warnings(o.LogStatus(), d.store.Status()) },
		TLS:      d.httpCertificate.config(),
		Bounds:   connlimit.Bounds{Total: d.config.HTTP.Max, PerSource: d.config.HTTP.MaxSource},
	}
	d.metrics.Watch(metrics.Sources{
		Figures: d.acd.Figures, Links: d.acd.Links, Store: d.storeStatus,
		Panics: func() uint64 { return d.port.Panics() + port.Panics() },
		Beyond: func() uint64 {
			if ln := d.crowded.Load(); ln != nil {
				return ln.Refused()
			}
			return 0
		},
		Log: func() metrics.LogStatus {
			s := o.LogStatus()
			return metrics.LogStatus{
				DroppedLines: s.DroppedLines, DroppedRecords: s.DroppedRecords, Faulty: s.Fault != "",
			}
		},
	})
	d.background("HTTP port", func(ctx context.Context) error { return port.Serve(ctx, ln) })
	return nil
}

// both returns a function that calls first and then second, which may be nil.
func both[T any](first, second func(T)) func(T) {
	if second == nil {
		return first
	}
	return func(what T) {
		first(what)
		second(what)
	}
}

// serveCalls accepts calls, and starts the links to FreeSWITCH, which now have an address to which
// callers can be recalled. Its step of Stop drains first: waiting callers go back to the dialplan,
// and talks have drain-seconds to end.
func (d *Daemon) serveCalls(ctx context.Context, _ Options) error {
	ln, err := esl.Listen(ctx, d.config.Server.Listen)
	if err != nil {
		return fmt.Errorf("[server] listen: %w", err)
	}
	d.Socket = ln.Addr()
	bound := socketBound(d.config, fileLimit())
	if bound < d.config.Server.Max {
		d.log.Info().Int("max-connections", d.config.Server.Max).Int("in-force", bound).
			Msg("the process may open too few files (LimitNOFILE) for all of max-connections of [server]")
	}
	capped := connlimit.NewCapped(ln, bound, d.log)
	d.crowded.Store(capped)
	d.acd.Advertise(advertised(d.config, ln.Addr()))
	d.background("dispatcher", d.acd.Run)
	calls, cut := context.WithCancel(context.Background())
	over := make(chan error, 1)
	stopping, stop := context.WithCancel(calls)
	go func() { // ends by Drain, or with calls; the step below waits
		over <- d.watch(stopping, "socket port", func(context.Context) error { return d.acd.Serve(calls, capped) })
	}()
	d.onStop("calls", func() error {
		defer cut()
		stop()
		d.acd.Drain()
		limit := time.NewTimer(time.Duration(d.drainTime.Load()))
		defer limit.Stop()
		select {
		case <-over:
			return nil
		case <-limit.C:
		}
		d.log.Warn().Int("calls", d.acd.Calls()).
			Msg("drain-seconds are over; the remaining talks go on in FreeSWITCH")
		cut()
		<-over
		return nil
	})
	return nil
}

func listen(ctx context.Context, section, address string) (net.Listener, error) {
	ln, err := (&net.ListenConfig{}).Listen(ctx, "tcp", address)
	if err != nil {
		return nil, fmt.Errorf("[%s] listen: %w", section, err)
	}
	return ln, nil
}
