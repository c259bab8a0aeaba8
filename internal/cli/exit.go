package cli

import (
	"errors"
	"fmt"
	"io"
	"time"

	"nwayacd/conf"
	"nwayacd/store"
)

// Exit codes.
const (
	exitFailed     = 1
	ExitWrongInput = 2 // the command line or the configuration is wrong
	exitOther      = 4 // another server works with the database
)

// reportLimit is how long Report waits for a terminal or pipe that nobody reads.
const reportLimit = 2 * time.Second

// Report prints the error that ended a subcommand, unless the subcommand has printed it. It returns
// the exit code.
func Report(to io.Writer, err error) (code int) {
	if _, said := errors.AsType[exitStatus](err); said {
		return exitCode(err)
	}
	printed := make(chan struct{})
	go func() { // ends when the text is printed, or with the process
		defer close(printed)
		fmt.Fprintln(to, err)
	}()
	limit := time.NewTimer(reportLimit)
	defer limit.Stop()
	select {
	case <-printed:
	case <-limit.C:
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
