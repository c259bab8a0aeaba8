package cli

import (
	"context"
	"errors"
	"os"
	"os/signal"
	"slices"
	"sync"
	"syscall"

	"nwayacd/conf"
	"nwayacd/internal/app"
)

// Serve is `nwayacd serve`.
type Serve struct {
	configFile
	Pprof string `hidden:"" placeholder:"ADDRESS" help:"Serve Go's profiles on this address, such as 127.0.0.1:6060."`
}

// Run serves until SIGINT or SIGTERM. A second signal ends the process at once. SIGHUP reads the
// configuration again.
func (s *Serve) Run() error {
	defer app.CarryBallast()()
	app.SpareProcessor()
	config, err := conf.Load(s.Config)
	if err != nil {
		return err
	}
	if len(config.Unusable) > 0 {
		return config.Unusable
	}
	signal.Ignore(syscall.SIGPIPE) // a log whose reader is gone ends no calls
	log, queue := app.NewServerLog(config, os.Stderr)
	defer queue.Close()
	for _, w := range config.Warnings {
		log.Warn().Str("setting", w.Error()).Msg("the configuration is dangerous")
	}
	for _, off := range slices.Concat(config.Refused, app.CheckCommands(config)) {
		log.Error().Str("setting", off.Error()).Msg("the server runs, but `nwayacd check` refuses the configuration")
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop) // the next signal has its usual effect
	stopPprof, err := app.ServePprof(ctx, s.Pprof)
	if err != nil {
		return err
	}
	defer stopPprof()
	systemd := app.FindSupervisor(os.Getenv)
	d, err := app.Start(ctx, config, log,
		app.Options{
			Load: func() (*conf.Config, error) { return conf.Load(s.Config) }, LogStatus: queue.Status,
			Supervisor: systemd,
		})
	if err != nil {
		return err
	}
	systemd.Ready(log)
	defer s.reloadOnHangup(ctx, d)()
	var failed error
	select {
	case <-ctx.Done():
		log.Info().Msg("shutting down: no new calls, waiting callers go back to the dialplan")
	case failed = <-d.Failed():
		log.Error().Err(failed).Msg("a part of the server ended by itself: shutting down")
	}
	systemd.Stopping(log)
	return errors.Join(failed, d.Stop())
}

// reloadOnHangup reloads the configuration on SIGHUP, until stop is called.
func (s *Serve) reloadOnHangup(ctx context.Context, d *app.Daemon) (stop func()) {
	hangups := make(chan os.Signal, 1)
	signal.Notify(hangups, syscall.SIGHUP)
	ctx, cancel := context.WithCancel(ctx)
	var following sync.WaitGroup
	following.Go(func() { // ends with ctx
		for {
			select {
			case <-hangups:
				d.Reload() // logs the result
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
