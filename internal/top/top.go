// Package top is the screen of `nwayacd top`: a feed that reads the floor through the command port,
// the view made of it, and the terminal that shows it. It must not know the packages that run
// calls.
package top

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"

	"golang.org/x/term"
)

// Run shows the floor of a running server until q, Ctrl-C or the end of ctx. If there is no
// terminal to draw on, it prints the floor once.
func Run(ctx context.Context, server Server) error {
	feed := newFeed(server)
	view, err := feed.lookOnce(ctx)
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

// live draws view after view. It always restores the terminal before it returns.
func live(ctx context.Context, feed *Feed, screen *Screen) (err error) {
	ctx, quit := context.WithCancel(ctx)
	var background sync.WaitGroup
	defer background.Wait()
	defer func() { err = errors.Join(err, screen.close()) }()
	defer quit()
	background.Go(func() { feed.follow(ctx) }) // ends with ctx
	background.Go(func() {                     // ends with a key, or with the terminal
		defer quit()
		screen.readKeys()
	})
	var view View
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
