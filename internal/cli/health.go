package cli

import (
	"context"
	"time"
)

// Health is `nwayacd health`.
type Health struct{ serverFlags }

// Run returns nil if the command port greets with auth/request.
func (h *Health) Run() error {
	at, err := h.target()
	if err != nil {
		return err
	}
	ctx, stop := context.WithTimeout(context.Background(), 3*time.Second)
	defer stop()
	return at.Greeted(ctx)
}
