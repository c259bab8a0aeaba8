package app

import (
	"context"
	"time"

	"nwayacd/api/live"
	"nwayacd/internal/wait"
)

// followFloor starts the goroutine that reads the floor for all live streams.
func (d *Daemon) followFloor(context.Context, Options) error {
	d.live = live.New(d.acd.Dispatcher, d.figures)
	d.background("live stream", d.live.Run)
	began := time.Now()
	d.background("figures of today", func(ctx context.Context) error {
		d.loadFigures(ctx, began)
		<-ctx.Done()
		return context.Cause(ctx)
	})
	return nil
}

// loadFigures counts the visits of today that ended before the server started. It tries until the
// database answers.
func (d *Daemon) loadFigures(ctx context.Context, began time.Time) {
	for backoff := (wait.Backoff{}); ; {
		visits, err := d.store.Visits(ctx, d.figures.Today(), began)
		if err == nil {
			d.figures.Load(visits)
			return
		}
		if !backoff.Sleep(ctx) {
			return
		}
	}
}
