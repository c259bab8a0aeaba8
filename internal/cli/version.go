package cli

import (
	"fmt"

	"nwayacd/internal/app"
)

// Version is `nwayacd version`.
type Version struct{}

// Run prints the version.
func (Version) Run() error {
	fmt.Println(app.Build())
	return nil
}
