package app

import (
	"fmt"
	"runtime"
	"runtime/debug"
)

// version and commit are set by the linker; commit else comes from the build's version control
// stamp.
var (
	version = "dev"
	commit  = ""
)

// Build says what this binary is.
func Build() string {
	return fmt.Sprintf("nwayacd %s, commit %.12s, %s", version, revision(), runtime.Version())
}

// revision is the commit this binary was built from, "unknown" where the build did not say.
func revision() string {
	if commit != "" {
		return commit
	}
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, s := range info.Settings {
			if s.Key == "vcs.revision" {
				return s.Value
			}
		}
	}
	return "unknown"
}
