package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"os/signal"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/rs/zerolog"

	"nwayacd/acd"
	"nwayacd/api"
	"nwayacd/conf"
	"nwayacd/queue"
	"nwayacd/store"
)

type serveCommand struct{ configFile }

// Run serves until SIGINT or SIGTERM; a second one ends the process at once. SIGHUP reads the configuration again.
func (s *serveCommand) Run() error {
	config, err := conf.Load(s.Config)
	if err != nil {
		return err
	}
	log := newLog(config, os.Stderr)
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop) // the next signal has its usual effect
	d, err := start(ctx, config, log, daemonOptions{load: func() (*conf.Config, error) { return conf.Load(s.Config) }})
	if err != nil {
		return err
	}
	defer s.reloadOnHangup(ctx, d)()
	<-ctx.Done()
	log.Info().Msg("shutting down: no new calls, waiting callers go back to the dialplan")
	return d.stop()
}

// reloadOnHangup follows SIGHUP until the returned function is called.
func (s *serveCommand) reloadOnHangup(ctx context.Context, d *daemon) (stop func()) {
	hangups := make(chan os.Signal, 1)
	signal.Notify(hangups, syscall.SIGHUP)
	ctx, cancel := context.WithCancel(ctx)
	var following sync.WaitGroup
	following.Go(func() { // ends with ctx
		for {
			select {
			case <-hangups:
				d.reload() // logs what comes of it
			case <-ctx.Done():
				return
			}
		}
	})
	return func() {
		signal.Stop(hangups)
		cancel()
		following.Wait()
	}
}

// daemon is a running server; a test or the demo can boot one as well as main.
type daemon struct {
	log    zerolog.Logger
	config *conf.Config
	load   func() (*conf.Config, error)
	store  *store.Store
	acd    *acd.Server
	// Socket and Control are the addresses served; they tell the port where the configuration left it open.
	Socket, Control net.Addr

	steps []step // of stop, run last in, first out
}

// step is one part of a daemon: its name, and how to end it.
type step struct {
	name string
	end  func() error
}

// daemonOptions are what differs between serving and the demo.
type daemonOptions struct {
	load    func() (*conf.Config, error) // reads the configuration again; nil where there is none
	onOffer func(time.Duration)
	onCDR   func(queue.CDR)
	seed    uint64
}

// start boots a server. When it returns an error, nothing of it is left running.
func start(ctx context.Context, config *conf.Config, log zerolog.Logger, o daemonOptions) (*daemon, error) {
	d := &daemon{log: log, config: config, load: o.load}
	for _, boot := range []func(context.Context, daemonOptions) error{d.openStore, d.loadFloor, d.serveControl, d.serveCalls} {
		if err := boot(ctx, o); err != nil {
			return nil, errors.Join(err, d.stop())
		}
	}
	log.Info().Stringer("socket", d.Socket).Stringer("control", d.Control).Str("version", version).Msg("serving")
	return d, nil
}

// stop ends the parts in reverse order: calls are served until the database is the only thing left.
func (d *daemon) stop() error {
	var faults []error
	for _, s := range slices.Backward(d.steps) {
		if err := s.end(); err != nil {
			faults = append(faults, fmt.Errorf("%s: %w", s.name, err))
		}
	}
	d.steps = nil
	return errors.Join(faults...)
}

func (d *daemon) onStop(name string, end func() error) { d.steps = append(d.steps, step{name, end}) }

// background runs a part of the daemon in a goroutine of its own; the step that ends it waits for it.
func (d *daemon) background(name string, run func(context.Context) error) {
	ctx, cancel := context.WithCancel(context.Background())
	over := make(chan error, 1)
	go func() { over <- run(ctx) }() // ends with ctx; the step below waits
	d.onStop(name, func() error {
		cancel()
		if err := <-over; !errors.Is(err, context.Canceled) {
			return err
		}
		return nil
	})
}

func (d *daemon) openStore(ctx context.Context, _ daemonOptions) (err error) {
	d.store, err = store.Open(ctx, store.Options{
		DSN:         string(d.config.Database.DSN),
		DataDir:     d.config.Database.DataDir,
		AutoMigrate: true,
		OutputSQL:   d.config.Database.OutputSQL,
		Log:         d.log,
		OnEdit:      func(changes []queue.Change) { d.acd.Dispatcher.Edit(changes) },
		OnReload:    func(s queue.Snapshot) { d.acd.Dispatcher.Reload(s) },
	})
	if err == nil {
		d.onStop("store", d.store.Close)
	}
	return err
}

func (d *daemon) loadFloor(ctx context.Context, o daemonOptions) error {
	snapshot, err := d.store.Load(ctx)
	if err != nil {
		return err
	}
	seed := o.seed
	if seed == 0 {
		seed = uint64(time.Now().UnixNano())
	}
	d.acd = acd.New(acd.Options{
		Settings: settings(d.config), Switches: switches(d.config), Journal: d.store, Identity: d.store.Identity(), Log: d.log, Seed: seed,
		Allow: allowed(d.config.Server.Allow), OnOffer: o.onOffer, OnCDR: o.onCDR,
	}, snapshot)
	d.background("database", d.store.Run)
	d.background("dispatcher", d.acd.Run)
	d.log.Info().Int("agents", len(snapshot.Agents)).Int("groups", len(snapshot.Groups)).Msg("floor loaded")
	return nil
}

func (d *daemon) serveControl(ctx context.Context, _ daemonOptions) error {
	ln, err := listen(ctx, "control", d.config.Control.Listen)
	if err != nil {
		return err
	}
	d.Control = ln.Addr()
	port := &api.Port{
		Server:   api.Server{Dispatcher: d.acd.Dispatcher, Reload: d.reload},
		Password: string(d.config.Control.Password), Log: d.log,
	}
	d.background("command port", func(ctx context.Context) error { return port.Serve(ctx, ln) })
	return nil
}

// serveCalls takes calls. Its end drains first: waiting callers go back to the dialplan, talks have drain-seconds to end.
func (d *daemon) serveCalls(ctx context.Context, _ daemonOptions) error {
	ln, err := listen(ctx, "server", d.config.Server.Listen)
	if err != nil {
		return err
	}
	d.Socket = ln.Addr()
	calls, cut := context.WithCancel(context.Background())
	over := make(chan error, 1)
	go func() { over <- d.acd.Serve(calls, ln) }() // ends by Drain, or with calls; the step below waits
	d.onStop("calls", func() error {
		defer cut()
		d.acd.Drain()
		patience := time.NewTimer(d.config.Server.Drain)
		defer patience.Stop()
		select {
		case <-over:
			return nil
		case <-patience.C:
		}
		d.log.Warn().Int("calls", d.acd.Calls()).Msg("drain-seconds are over; the talks that are left go on without us")
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

// reload reads the configuration again, puts in force what can change while calls run, and says what takes a restart. A faulty file
// changes nothing.
func (d *daemon) reload() (report string, err error) {
	if d.load == nil {
		return "", errors.New("there is no configuration to read again")
	}
	next, err := d.load()
	if err != nil {
		d.log.Error().Err(err).Msg("the configuration stays as it was")
		return "", err
	}
	d.acd.Configure(settings(next))
	keys := d.config.Restart(next)
	d.log.Info().Strs("restart-needed", keys).Msg("configuration read again")
	if len(keys) > 0 {
		return "configuration read again; these take a restart: " + strings.Join(keys, ", "), nil
	}
	return "configuration read again", nil
}

// settings are the configuration in the words of package acd.
func settings(c *conf.Config) acd.Settings {
	s := acd.Settings{
		Floor: queue.Settings{
			Reoffer: c.ACD.Reoffer, Remember: c.ACD.Remember,
			NoAnswerToReady: c.ACD.NoAnswerToReady, TypingAuto: c.ACD.TypingAuto,
		},
		AutoAnswer: c.ACD.AutoAnswer, VideoCodecs: c.ACD.VideoCodecs,
		BusyRepeat: c.ACD.BusyRepeat, MaxWait: c.ACD.MaxWait, MaxCalls: c.Server.MaxCalls, RecordPath: c.ACD.RecordPath,
		Prompts: acd.Prompts{
			JobPrefix: c.Prompts.JobPrefix, JobSuffix: c.Prompts.JobSuffix, JobDigits: c.Prompts.JobDigits,
			Blacklist: c.Prompts.Blacklist, Busy: c.Prompts.Busy, Transfer: c.Prompts.Transfer,
			Welcome: c.Prompts.Welcome, Hold: c.Prompts.HoldMusic, Survey: c.Prompts.Survey,
		},
	}
	if c.ACD.RecoverAuto {
		s.Floor.Recover = c.ACD.Recover
	}
	if c.ACD.UseASR {
		s.ASR = c.ACD.ASRString
	}
	return s
}

func switches(c *conf.Config) (all []acd.Switch) {
	for _, f := range c.FreeSWITCH {
		all = append(all, acd.Switch{
			Name: f.Name, Address: f.Address, Password: string(f.Password),
			LocalIP: f.LocalIP, DialString: f.DialString, RemoteDial: f.RemoteDial,
		})
	}
	return all
}

// allowed is the rule of [server] allow; without one everybody may connect, which the configuration permits on loopback only.
func allowed(networks []netip.Prefix) func(netip.Addr) bool {
	if len(networks) == 0 {
		return nil
	}
	return func(source netip.Addr) bool {
		source = source.Unmap()
		return slices.ContainsFunc(networks, func(n netip.Prefix) bool { return n.Contains(source) })
	}
}

func newLog(c *conf.Config, to io.Writer) zerolog.Logger {
	format := c.Log.Format
	if format == "auto" {
		format = "json"
		if f, ok := to.(*os.File); ok && isTerminal(f) {
			format = "console"
		}
	}
	if format == "console" {
		to = zerolog.ConsoleWriter{Out: to, TimeFormat: "15:04:05.000"}
	}
	level, err := zerolog.ParseLevel(strings.ToLower(c.LogLevel()))
	if err != nil {
		level = zerolog.InfoLevel
	}
	zerolog.TimeFieldFormat = "2006-01-02T15:04:05.000Z07:00"
	return zerolog.New(to).Level(level).With().Timestamp().Logger()
}

func isTerminal(f *os.File) bool {
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}

type migrateCommand struct{ configFile }

// Run brings the schema up to date.
func (m *migrateCommand) Run() error {
	config, err := conf.Load(m.Config)
	if err != nil {
		return err
	}
	applied, err := store.Migrate(context.Background(), store.Options{
		DSN: string(config.Database.DSN), DataDir: config.Database.DataDir, Log: newLog(config, os.Stderr),
	})
	if err != nil {
		return err
	}
	if len(applied) == 0 {
		fmt.Println("the schema is up to date")
	}
	for _, name := range applied {
		fmt.Println("applied", name)
	}
	return nil
}

type healthCommand struct{ configFile }

// Run dials the command port, which greets with auth/request.
func (h *healthCommand) Run() error {
	config, err := conf.Load(h.Config)
	if err != nil {
		return err
	}
	ctx, stop := context.WithTimeout(context.Background(), 3*time.Second)
	defer stop()
	return api.Greeted(ctx, config.Control.DialAddress())
}
