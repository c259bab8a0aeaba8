package cli

import (
	"context"
	"fmt"

	"nwayacd/store"
)

// Backup is `nwayacd backup`.
type Backup struct {
	configFile
	File string `arg:"" help:"The new file."`
}

// Run copies the SQLite database of a server that may be running.
func (b *Backup) Run() error {
	options, err := b.storeOptions()
	if err != nil {
		return err
	}
	if err := store.Backup(context.Background(), options, b.File); err != nil {
		return err
	}
	fmt.Println("written to", b.File)
	return nil
}
