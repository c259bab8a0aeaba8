package cli

import (
	"context"
	"fmt"
	"os"

	"nwayacd/conf"
	"nwayacd/internal/app"
	"nwayacd/store"
)

// RetryRejected is `nwayacd retry-rejected`.
type RetryRejected struct{ configFile }

// Run tries the changes in nwayacd_rejected again.
func (r *RetryRejected) Run() error {
	config, err := conf.Load(r.Config)
	if err != nil {
		return err
	}
	done, err := store.RetryRejected(context.Background(), store.Options{
		DSN: string(config.Database.DSN), DataDir: config.Database.DataDir, Log: app.NewLog(config, os.Stderr),
	})
	fmt.Printf("%d changes are written now, %d are left in nwayacd_rejected\n", done.Written, done.Left)
	return err
}
