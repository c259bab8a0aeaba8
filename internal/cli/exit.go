package cli

import (
	"errors"
	"fmt"
	"io"

	"nwayacd/conf"
)

// Exit codes.
const (
	exitFailed     = 1
	ExitWrongInput = 2 // the command line or the configuration
)

// Report prints what ended a subcommand, unless the subcommand has printed it, and returns the exit
// code.
func Report(to io.Writer, err error) (code int) {
	if _, said := errors.AsType[exitStatus](err); !said {
		fmt.Fprintln(to, err)
	}
	return exitCode(err)
}

func exitCode(err error) int {
	if status, is := errors.AsType[exitStatus](err); is {
		return int(status)
	}
	if _, faults := errors.AsType[conf.Faults](err); faults {
		return ExitWrongInput
	}
	return exitFailed
}

// exitStatus ends the program with this code; what there is to say is printed already.
type exitStatus int

// Error is for those who do not know the type.
func (s exitStatus) Error() string { return fmt.Sprintf("exit code %d", int(s)) }
