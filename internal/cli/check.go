package cli

import (
	"fmt"
	"slices"

	"nwayacd/conf"
	"nwayacd/internal/app"
)

// Check is `nwayacd check`.
type Check struct{ configFile }

// Run prints that the configuration has no faults, and what is dangerous in it. If it has faults,
// they are the error.
func (c *Check) Run() error {
	config, err := conf.Load(c.Config)
	if err != nil {
		return err
	}
	for _, w := range config.Warnings {
		fmt.Println("warning:", w)
	}
	if wrong := slices.Concat(config.Unusable, config.Refused, app.CheckCommands(config)); len(wrong) > 0 {
		return wrong
	}
	if config.File == "" {
		fmt.Println("no configuration file: all keys have their default")
	} else {
		fmt.Println(config.File + ": no faults")
	}
	return nil
}
