package cli

import (
	"context"
	"fmt"

	"nwayacd/store"
)

// Migrate is `nwayacd migrate`.
type Migrate struct{ configFile }

// Run brings the schema up to date, and does the work on tables that an upgrade leaves for later.
func (m *Migrate) Run() error {
	options, err := m.storeOptions()
	if err != nil {
		return err
	}
	applied, err := store.Migrate(context.Background(), options)
	if err != nil {
		return err
	}
	if len(applied) == 0 {
		fmt.Println("the schema is up to date")
	}
	for _, name := range applied {
		fmt.Println("applied", name)
	}
	return store.FinishJobs(context.Background(), options, func(name string) { fmt.Println("done", name) })
}
