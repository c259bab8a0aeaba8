package cli

import (
	"errors"
	"fmt"
	"io"

	"nwayacd/conf"
	"nwayacd/store"
)

// Exit codes.
const (
	exitFailed     = 1
	ExitWrongInput = 2 // the command line or the configuration is wrong
	exitOther      = 4 // another server works with the database
)

// Report prints the error that ended a subcommand, unless the subcommand has printed it. It returns
// the exit code.
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
	if errors.Is(err, store.ErrOtherServer) {
		return exitOther
	}
	return exitFailed
}

// exitStatus is the error of a subcommand that has printed everything itself. The program ends with
// this code.
type exitStatus int

// Error returns the code in words.
func (s exitStatus) Error() string { return fmt.Sprintf("exit code %d", int(s)) }
