package cli

import (
	"context"
	"fmt"

	"nwayacd/store"
)

// RetryRejected is `nwayacd retry-rejected`.
type RetryRejected struct{ configFile }

// Run tries the changes in nwayacd_rejected again.
func (r *RetryRejected) Run() error {
	options, err := r.storeOptions()
	if err != nil {
		return err
	}
	done, err := store.RetryRejected(context.Background(), options)
	fmt.Printf("%d changes are written now, %d are left in nwayacd_rejected\n", done.Written, done.Left)
	for _, extension := range done.NoPassword {
		fmt.Printf("extension %s: its password is not kept there; add it with nway_add_ext, and run this again\n",
			extension)
	}
	return err
}
