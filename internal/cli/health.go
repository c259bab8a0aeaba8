package cli

import (
	"context"
	"time"

	"nwayacd/api/cmdport"
	"nwayacd/conf"
)

// Health is `nwayacd health`.
type Health struct{ configFile }

// Run returns nil if the command port greets with auth/request.
func (h *Health) Run() error {
	config, err := conf.Load(h.Config)
	if err != nil {
		return err
	}
	ctx, stop := context.WithTimeout(context.Background(), 3*time.Second)
	defer stop()
	return cmdport.Greeted(ctx, config.Control.DialAddress())
}
