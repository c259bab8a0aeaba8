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
	"nwayacd/internal/auth"
	"nwayacd/internal/auth/users"
	"nwayacd/internal/prompt"
	"nwayacd/internal/report"
	"nwayacd/queue"
)

// errDatabase says that a request needs the database, and the database does not answer.
var errDatabase = errors.New("the database does not answer")

// statuses maps refusals to HTTP statuses. A refusal because of the request's body, not its path,
// is a 422 (see inBody).
var statuses = []struct {
	status int
	errs   []error
}{
	{http.StatusForbidden, []error{auth.ErrForbidden, acd.ErrNotAllowed}},
	{http.StatusUnprocessableEntity, []error{
		errInBody, errZone, report.ErrQuery, report.ErrTooLong, acd.ErrArgument, acd.ErrGateway, prompt.ErrNotAllowed,
		users.ErrInvalid, users.ErrWrong,
	}},
	{http.StatusTooManyRequests, []error{users.ErrSlow}},
	{http.StatusNotFound, []error{
		queue.ErrNoGroup, queue.ErrNoAgent, queue.ErrNoCall, queue.ErrNotListed, queue.ErrNoReason, queue.ErrNoMember,
		acd.ErrNoChannel,
		users.ErrNoUser, users.ErrNoToken, users.ErrNoSession,
	}},
	{http.StatusConflict, []error{
		queue.ErrCallHere, queue.ErrExists, queue.ErrWaiting, queue.ErrOnCall, queue.ErrNotFree, queue.ErrTransfers,
		queue.ErrEnding, queue.ErrNoWrapUp, queue.ErrEndlessWrapUp, acd.ErrNotTalking, acd.ErrNoHold,
		acd.ErrBlacklisted, errConfiguration,
		users.ErrUserExists, users.ErrTokenExists, users.ErrFull,
	}},
	{http.StatusServiceUnavailable, []error{
		acd.ErrNoLink, errDatabase, users.ErrBusy, errStreams, context.DeadlineExceeded, context.Canceled,
	}},
	{http.StatusForbidden, []error{errNoSight}},
	{http.StatusBadGateway, []error{errSwitch}},
}

var (
	errInBody        = errors.New("") // marks an error and adds no text
	errSwitch        = errors.New("")
	errConfiguration = errors.New("the configuration stays as it was")
)

// kinds name refusals for programs: a problem has kindPrefix and the name as its type. The console
// has words for each of them in its languages.
var kinds = []struct {
	name string
	err  error
}{
	{"exists", queue.ErrExists},
	{"exists", users.ErrUserExists},
	{"exists", users.ErrTokenExists},
	{"full", users.ErrFull},
	{"callers-waiting", queue.ErrWaiting},
	{"agent-on-call", queue.ErrOnCall},
	{"agent-not-free", queue.ErrNotFree},
	{"being-transferred", queue.ErrTransfers},
	{"call-ending", queue.ErrEnding},
	{"not-talking", acd.ErrNotTalking},
	{"blacklisted", acd.ErrBlacklisted},
	{"no-wrap-up", queue.ErrNoWrapUp},
	{"endless-wrap-up", queue.ErrEndlessWrapUp},
	{"no-group", queue.ErrNoGroup},
	{"no-agent", queue.ErrNoAgent},
	{"no-call", queue.ErrNoCall},
	{"no-reason", queue.ErrNoReason},
	{"no-job-number", queue.ErrNoJobNumber},
	{"extension-missing", users.ErrNoExtension},
	{"no-freeswitch", acd.ErrNoLink},
	{"no-database", errDatabase},
	{"configuration", errConfiguration},
}

const kindPrefix = "urn:nwayacd:"

// Kinds returns the types of problems that are more than their status, without their prefix.
func Kinds() (names []string) {
	for _, k := range kinds {
		names = append(names, k.name)
	}
	return slices.Compact(names)
}

// kindOf returns the type of the problem that err is; "" = it has none but its status.
func kindOf(err error) string {
	for _, k := range kinds {
		if errors.Is(err, k.err) {
			return kindPrefix + k.name
		}
	}
	return ""
}

// badSetting is an error about the value of a setting in the body.
type badSetting struct {
	key string
	error
}

func (b badSetting) Unwrap() error { return b.error }

// inBody makes err a 422 if it is one of the refusals, which concern a value in the request's body.
func inBody(err error, refusals ...error) error {
	if slices.ContainsFunc(refusals, func(r error) bool { return errors.Is(err, r) }) {
		return fmt.Errorf("%w%w", errInBody, err)
	}
	return err
}

// fromSwitch marks an error that is none of our refusals as one of FreeSWITCH (502).
func fromSwitch(err error) error {
	if err != nil && statusOf(err) == http.StatusInternalServerError {
		return fmt.Errorf("%w%w", errSwitch, err)
	}
	return err
}

// statusOf returns the HTTP status of an error.
func statusOf(err error) int {
	for _, s := range statuses {
		if slices.ContainsFunc(s.errs, func(e error) bool { return errors.Is(err, e) }) {
			return s.status
		}
	}
	return http.StatusInternalServerError
}

// problem returns the answer to a failed operation. It logs faults of this server, and does not
// show their text to the client.
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
	return described(err, status, detail)
}

// described returns the answer, with the kind of the refusal and the field of the body that it is
// about.
func described(err error, status int, detail string) error {
	answer := huma.NewError(status, detail)
	model, is := answer.(*huma.ErrorModel)
	if !is {
		return answer
	}
	model.Type = kindOf(err)
	if bad, is := errors.AsType[badSetting](err); is {
		model.Errors = []*huma.ErrorDetail{{Location: "body." + bad.key, Message: detail}}
	}
	return answer
}
