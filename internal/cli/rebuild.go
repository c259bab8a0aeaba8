package cli

import (
	"context"
	"fmt"
	"time"

	"nwayacd/store"
)

// RebuildFigures is `nwayacd rebuild-figures`.
type RebuildFigures struct {
	configFile
	From moment `arg:"" help:"Begin, such as 2026-03-01 or 2026-03-01T08:00:00+08:00. A date alone is that of UTC."`
	To   moment `arg:"" help:"End, which is not part of it, in the same form."`
}

// Validate refuses a time without a length.
func (r *RebuildFigures) Validate() error {
	if !r.To.IsZero() && !r.From.Before(r.To.Time) {
		return fmt.Errorf("%s is not before %s", r.From.Format(time.RFC3339), r.To.Format(time.RFC3339))
	}
	return nil
}

// Run makes the figures of the time again from the records.
func (r *RebuildFigures) Run() error {
	options, err := r.storeOptions()
	if err != nil {
		return err
	}
	return store.RebuildFigures(context.Background(), options, r.From.Time, r.To.Time, func(until time.Time) {
		fmt.Println("done up to", until.Format(time.RFC3339))
	})
}

// moment is a time on the command line.
type moment struct{ time.Time }

// UnmarshalText reads a date or a time with its zone.
func (m *moment) UnmarshalText(text []byte) (err error) {
	if m.Time, err = time.Parse(time.DateOnly, string(text)); err == nil {
		return nil
	}
	if m.Time, err = time.Parse(time.RFC3339, string(text)); err != nil {
		return fmt.Errorf("%q is neither a date nor a time, such as 2026-03-01 or 2026-03-01T08:00:00Z", text)
	}
	return nil
}
