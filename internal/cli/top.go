package cli

import (
	"context"
	"os/signal"
	"syscall"

	"nwayacd/conf"
	"nwayacd/internal/top"
)

// Top is `nwayacd top`.
type Top struct{ configFile }

// Run shows the floor of a running server until q, Ctrl-C or a signal.
func (t *Top) Run() error {
	config, err := conf.Load(t.Config)
	if err != nil {
		return err
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP)
	defer stop()
	return top.Run(ctx, config.Control)
}
