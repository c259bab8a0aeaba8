package app

import (
	"fmt"
	"runtime"
	"runtime/debug"
)

// The linker sets version and commit. If commit is empty, the version control stamp of the build is
// used.
var (
	version = "dev"
	commit  = ""
)

// Build returns version, commit and Go version of this binary, in one line.
func Build() string {
	return fmt.Sprintf("nwayacd %s, commit %.12s, %s", version, revision(), runtime.Version())
}

// revision returns the commit from which this binary was built, or "unknown".
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
