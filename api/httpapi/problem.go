package httpapi

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"nwayacd/acd"
	"nwayacd/queue"
)

// errDatabase says that what was asked for is in the database, and the database does not answer.
var errDatabase = errors.New("the database does not answer")

// statuses is what each refusal is in HTTP. A refusal that is about something in the request's
// body, not in its path, is a 422: see ofBody.
var statuses = []struct {
	status int
	errs   []error
}{
	{http.StatusUnprocessableEntity, []error{errOfBody, acd.ErrArgument}},
	{
		http.StatusNotFound,
		[]error{queue.ErrNoGroup, queue.ErrNoAgent, queue.ErrNoCall, queue.ErrNotListed, acd.ErrNoChannel},
	},
	{http.StatusConflict, []error{
		queue.ErrCallHere, queue.ErrExists, queue.ErrWaiting, queue.ErrOnCall, queue.ErrNotFree, queue.ErrTransfers,
		queue.ErrEnding, acd.ErrNotTalking, acd.ErrNoHold, errConfiguration,
	}},
	{http.StatusServiceUnavailable, []error{
		acd.ErrNoLink, errDatabase, errStreams, context.DeadlineExceeded, context.Canceled,
	}},
	{http.StatusBadGateway, []error{errSwitch}},
}

var (
	errOfBody        = errors.New("") // marks, says nothing
	errSwitch        = errors.New("")
	errConfiguration = errors.New("the configuration stays as it was")
)

// ofBody makes a refusal about something the body names a 422.
func ofBody(err error, refusals ...error) error {
	if slices.ContainsFunc(refusals, func(r error) bool { return errors.Is(err, r) }) {
		return fmt.Errorf("%w%w", errOfBody, err)
	}
	return err
}

// ofSwitch makes what no refusal of ours is, FreeSWITCH's.
func ofSwitch(err error) error {
	if err != nil && statusOf(err) == http.StatusInternalServerError {
		return fmt.Errorf("%w%w", errSwitch, err)
	}
	return err
}

// statusOf is the one mapping of errors to statuses.
func statusOf(err error) int {
	for _, s := range statuses {
		if slices.ContainsFunc(s.errs, func(e error) bool { return errors.Is(err, e) }) {
			return s.status
		}
	}
	return http.StatusInternalServerError
}

// problem is the answer to a failed operation. Faults of ours are logged; what they say of the
// inside is not shown.
func (p *Port) problem(operation string, err error) error {
	if err == nil {
		return nil
	}
	status, detail := statusOf(err), strings.ReplaceAll(strings.TrimPrefix(err.Error(), "queue: "), "\n", "; ")
	switch {
	case status == http.StatusInternalServerError:
		detail = "a fault of this server; its log says more"
		p.Log.Error().Err(err).Str("operation", operation).Msg("an operation of the HTTP API failed")
	case errors.Is(err, errDatabase):
		detail = errDatabase.Error()
		p.Log.Warn().Err(err).Str("operation", operation).Msg("an operation of the HTTP API failed")
	}
	return huma.NewError(status, detail)
}
