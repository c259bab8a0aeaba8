package cli

import (
	"context"
	"fmt"

	"nwayacd/conf"
	"nwayacd/store"
)

// Backup is `nwayacd backup`.
type Backup struct {
	configFile
	File string `arg:"" help:"The new file."`
}

// Run copies the SQLite database of a server that may be running.
func (b *Backup) Run() error {
	config, err := conf.Load(b.Config)
	if err != nil {
		return err
	}
	o := store.Options{DSN: string(config.Database.DSN), DataDir: config.Database.DataDir}
	if err := store.Backup(context.Background(), o, b.File); err != nil {
		return err
	}
	fmt.Println("written to", b.File)
	return nil
}
