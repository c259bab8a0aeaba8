// Package top is the screen of `nwayacd top`: where the floor is read, the view made of it, and the
// terminal that shows it. The floor comes from the live stream, or from the lists of the command
// port. The package must not know those that run calls.
package top

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"

	"golang.org/x/term"
)

// source is where the floor comes from.
type source interface {
	// lookOnce returns the floor as it is now, over a connection of its own.
	lookOnce(context.Context) (View, error)
	// follow sends view after view until ctx is done.
	follow(context.Context)
	// views receives the views that follow sends.
	views() <-chan View
}

// Run shows the floor of a running server until q, Ctrl-C or the end of ctx. If there is no
// terminal to draw on, it prints the floor once.
func Run(ctx context.Context, server Server) error {
	from, view, err := open(ctx, server)
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
	return live(ctx, from, screen)
}

// open returns the live stream of the server, or its lists if there is no stream for this client.
func open(ctx context.Context, server Server) (from source, view View, err error) {
	from = newStream(server)
	view, noStream := from.lookOnce(ctx)
	if noStream == nil {
		return from, view, nil
	}
	from = newFeed(server)
	if view, err = from.lookOnce(ctx); err != nil {
		return nil, View{}, errors.Join(err, noStream)
	}
	return from, view, nil
}

// live draws view after view. It always restores the terminal before it returns.
func live(ctx context.Context, from source, screen *Screen) (err error) {
	ctx, quit := context.WithCancel(ctx)
	var background sync.WaitGroup
	defer background.Wait()
	defer func() { err = errors.Join(err, screen.close()) }()
	defer quit()
	background.Go(func() { from.follow(ctx) }) // ends with ctx
	background.Go(func() {                     // ends with a key, or with the terminal
		defer quit()
		screen.readKeys()
	})
	var view View
	for {
		select {
		case view = <-from.views():
		case <-screen.resized:
		case <-ctx.Done():
			return nil
		}
		if err := screen.draw(view); err != nil {
			return fmt.Errorf("nwayacd: top: %w", err)
		}
	}
}
