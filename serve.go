package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"sync"
	"syscall"
	"time"

	"nwayacd/api"
	"nwayacd/conf"
	"nwayacd/store"
)

type serveCommand struct {
	configFile
	Pprof string `hidden:"" placeholder:"ADDRESS" help:"Serve Go's profiles there, such as 127.0.0.1:6060."`
}

// Run serves until SIGINT or SIGTERM; a second one ends the process at once. SIGHUP reads the configuration again.
func (s *serveCommand) Run() error {
	defer carryBallast()()
	spareProcessor()
	config, err := conf.Load(s.Config)
	if err != nil {
		return err
	}
	log := newLog(config, os.Stderr)
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop) // the next signal has its usual effect
	stopPprof, err := servePprof(ctx, s.Pprof)
	if err != nil {
		return err
	}
	defer stopPprof()
	d, err := start(ctx, config, log, daemonOptions{load: func() (*conf.Config, error) { return conf.Load(s.Config) }})
	if err != nil {
		return err
	}
	defer s.reloadOnHangup(ctx, d)()
	var failed error
	select {
	case <-ctx.Done():
		log.Info().Msg("shutting down: no new calls, waiting callers go back to the dialplan")
	case failed = <-d.failed:
		log.Error().Err(failed).Msg("a part of the server ended by itself: shutting down")
	}
	return errors.Join(failed, d.stop())
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
	d.patience.Store(int64(next.Server.Drain))
	setLogLevel(next)
	keys := d.config.Restart(next)
	d.log.Info().Strs("restart-needed", keys).Msg("configuration read again")
	if len(keys) > 0 {
		return "configuration read again; these take a restart: " + strings.Join(keys, ", "), nil
	}
	return "configuration read again", nil
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
