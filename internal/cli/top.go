package cli

import (
	"context"
	"os/signal"
	"syscall"

	"nwayacd/internal/top"
)

// Top is `nwayacd top`.
type Top struct{ serverFlags }

// Run shows the floor of a running server until q, Ctrl-C or a signal.
func (t *Top) Run() error {
	at, err := t.target()
	if err != nil {
		return err
	}
	web, err := t.live()
	if err != nil {
		return err
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP)
	defer stop()
	return top.Run(ctx, top.Server{Address: at.Address, Password: at.Password, Dial: at.Dial, HTTP: web})
}
