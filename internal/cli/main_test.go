package cli

import (
	"os"
	"testing"

	"github.com/alecthomas/kong"
	"go.uber.org/goleak"

	"nwayacd/conf"
)

// TestMain also runs the server that a bench under test starts, because that runs this test binary.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == "serve" {
		var line struct {
			Serve Serve `cmd:""`
		}
		if err := kong.Parse(&line, kong.Vars{"default": conf.DefaultPath}).Run(); err != nil {
			os.Exit(Report(os.Stderr, err))
		}
		return
	}
	goleak.VerifyTestMain(m)
}
