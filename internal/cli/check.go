package cli

import (
	"fmt"

	"nwayacd/conf"
)

// Check is `nwayacd check`.
type Check struct{ configFile }

// Run prints that the configuration has no faults. If it has, they are the error.
func (c *Check) Run() error {
	config, err := conf.Load(c.Config)
	if err != nil {
		return err
	}
	if config.File == "" {
		fmt.Println("no configuration file: all keys have their default")
	} else {
		fmt.Println(config.File + ": no faults")
	}
	return nil
}
