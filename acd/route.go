package acd

import (
	"fmt"
	"net/url"
	"strings"

	"nwayacd/esl"
	"nwayacd/queue"
)

// outcomeVariable says to the dialplan why nwayacd handed a call back. If a channel with it comes
// here, the call has been here before.
const outcomeVariable = "nwayacd_outcome"

// outcomeOfVariable is the route that set outcomeVariable. A call that comes by another route after
// a transfer has not been there.
const outcomeOfVariable = "nwayacd_outcome_of"

// The values of outcomeVariable for a call that wanted an agent. A call out comes back with
// answered, or with FreeSWITCH's cause.
const (
	returnedInvalid = "invalid-route"
	returnedFull    = queue.CauseFull
	returnedTimeout = "timeout"

	returnedAnswered = "answered" // after a talk, with after-talk = "dialplan"
)

// The applications for which a channel can ask by its route.
const (
	appQueue   = "nwayacd"     // GROUP
	appBridge  = "nway_bridge" // UUID
	appCallOut = "nwaycallout" // NUMBER GATEWAY [CALLER-ID]
	appCommand = "cmd"         // COMMAND [ARG …]
)

// route is what a channel asks for.
type route struct {
	app  string
	args []string
}

// routeOf reads the route. It is the first of these that is there:
//   - the path of the socket address;
//   - a variable with the name of one of the applications, which holds the arguments;
//   - the dialled number, which must be a group.
func routeOf(channel *esl.Event) (route, error) {
	if path := strings.Trim(channel.Get("variable_socket_path"), "/"); path != "" {
		parts := strings.Split(path, "/")
		for i := range parts {
			if plain, err := url.PathUnescape(parts[i]); err == nil {
				parts[i] = strings.TrimSpace(plain)
			}
		}
		switch parts[0] {
		case appQueue, appBridge, appCallOut, appCommand:
			return route{parts[0], parts[1:]}, nil
		}
		return route{}, fmt.Errorf(
			"acd: no application %q; there are /%s/GROUP, /%s/UUID, /%s/NUMBER/GATEWAY and /%s/COMMAND", parts[0],
			appQueue, appBridge, appCallOut, appCommand)
	}
	for _, app := range []string{appQueue, appBridge, appCallOut} {
		if data := channel.Get("variable_" + app); data != "" {
			return route{app, strings.Fields(data)}, nil
		}
	}
	return route{appQueue, []string{channel.Get("Caller-Destination-Number")}}, nil
}

// groupOf returns the group that a route to the queue names. It returns an error if there is no
// such group.
func (s *Server) groupOf(r route) (string, error) {
	if len(r.args) != 1 {
		return "", fmt.Errorf("acd: /%s takes one group, not %q", appQueue, r.args)
	}
	if _, known := s.Dispatcher.group(r.args[0]); !known {
		return "", fmt.Errorf("acd: no group %q", r.args[0])
	}
	return r.args[0], nil
}

// word returns the route as it is in the path of a socket address.
func (r route) word() string {
	return strings.Join(append([]string{r.app}, r.args...), "/")
}

// routeTo returns the route of a group.
func routeTo(group string) string { return appQueue + "/" + url.PathEscape(group) }

// returnedHere reports whether the channel was handed back by this route before. A dialplan may
// have several socket lines.
//
// With after-talk = "dialplan" the outcome is set while the talk is up. It does not count for a
// channel that was transferred since.
func returnedHere(headers *esl.Event, r route) bool {
	been, of := headers.Get("variable_"+outcomeVariable), headers.Get("variable_"+outcomeOfVariable)
	if how, _ := lastMove(headers); how == movedByTransfer && been == returnedAnswered &&
		headers.Get("variable_"+talkVariable) != "" {
		return false
	}
	return been != "" && r.app != appCommand && (of == "" || of == sanitize(r.word()))
}

// talkIsOver reports whether a channel has come here because its talk has ended and FreeSWITCH went
// on with the next action of the dialplan. The signs are:
//   - The channel was in a talk of ours.
//   - A bridge was the last thing that moved it: with a phone to which the agent passed it on, or
//     with a third party.
//
// The next action is only for a caller whose server died during the wait. If the channel was
// transferred after the bridge, it is a new visit.
func talkIsOver(headers *esl.Event) bool {
	how, with := lastMove(headers)
	return how == movedByBridge && headers.Get("variable_"+talkVariable) != "" &&
		headers.Get("variable_last_bridge_to") == with
}

// The values of HOW in transfer_source, which says what moved a channel.
const (
	movedByTransfer = "bl_xfer" // switch_ivr.c, switch_ivr_session_transfer
	movedByBridge   = "uuid_br" // switch_ivr_bridge.c, switch_ivr_uuid_bridge; the bridge may have failed
)

// lastMove returns what moved a channel last, and its destination. FreeSWITCH writes
// TIME:UUID:HOW:WHERE.
func lastMove(headers *esl.Event) (how, where string) {
	parts := strings.SplitN(headers.Get("variable_transfer_source"), ":", 4)
	if len(parts) < 4 {
		return "", ""
	}
	return parts[2], parts[3]
}
