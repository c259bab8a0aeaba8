package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"sync"
	"syscall"

	"golang.org/x/term"

	"nwayacd/conf"
)

type topCommand struct{ configFile }

// Run shows the floor of a running server until q, Ctrl-C or a signal; where there is no terminal to draw on, it prints it once.
func (t *topCommand) Run() error {
	config, err := conf.Load(t.Config)
	if err != nil {
		return err
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP)
	defer stop()
	feed := newTopFeed(config.Control)
	view, err := feed.once(ctx)
	if err != nil {
		return fmt.Errorf("nwayacd: top: %w", err)
	}
	screen := openScreen()
	if screen == nil {
		width, _, err := term.GetSize(int(os.Stdout.Fd()))
		if err != nil {
			width = 0
		}
		_, err = fmt.Print(view.render(width, 0))
		return err
	}
	return live(ctx, feed, screen)
}

// live draws view after view. However it ends, the terminal is given back first.
func live(ctx context.Context, feed *topFeed, screen *topScreen) (err error) {
	ctx, quit := context.WithCancel(ctx)
	var background sync.WaitGroup
	defer background.Wait()
	defer func() { err = errors.Join(err, screen.close()) }()
	defer quit()
	background.Go(func() { feed.follow(ctx) }) // ends with ctx
	background.Go(func() {                     // ends with a key, or the terminal
		defer quit()
		screen.readKeys()
	})
	var view topView
	for {
		select {
		case view = <-feed.shown:
		case <-screen.resized:
		case <-ctx.Done():
			return nil
		}
		if err := screen.draw(view); err != nil {
			return fmt.Errorf("nwayacd: top: %w", err)
		}
	}
}
