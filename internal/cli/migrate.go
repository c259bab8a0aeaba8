package cli

import (
	"context"
	"fmt"
	"os"

	"nwayacd/conf"
	"nwayacd/internal/app"
	"nwayacd/store"
)

// Migrate is `nwayacd migrate`.
type Migrate struct{ configFile }

// Run brings the schema up to date.
func (m *Migrate) Run() error {
	config, err := conf.Load(m.Config)
	if err != nil {
		return err
	}
	applied, err := store.Migrate(context.Background(), store.Options{
		DSN: string(config.Database.DSN), DataDir: config.Database.DataDir, Log: app.NewLog(config, os.Stderr),
	})
	if err != nil {
		return err
	}
	if len(applied) == 0 {
		fmt.Println("the schema is up to date")
	}
	for _, name := range applied {
		fmt.Println("applied", name)
	}
	return nil
}
