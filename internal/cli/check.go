package cli

import (
	"fmt"

	"nwayacd/conf"
)

// Check is `nwayacd check`.
type Check struct{ configFile }

// Run prints that the configuration is right; its faults are the error.
func (c *Check) Run() error {
	config, err := conf.Load(c.Config)
	if err != nil {
		return err
	}
	if config.File == "" {
		fmt.Println("no configuration file: the defaults are in force")
	} else {
		fmt.Println(config.File + ": right")
	}
	return nil
}
