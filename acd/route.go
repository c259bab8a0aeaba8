package acd

import (
	"fmt"
	"net/url"
	"strings"

	"nwayacd/esl"
)

// outcomeVariable tells the dialplan why a call came back on purpose. To us it says that the call
// has been here.
const outcomeVariable = "nwayacd_outcome"

// outcomeOfVariable is the route that set outcomeVariable. A call that a transfer brings by another
// route has not been there.
const outcomeOfVariable = "nwayacd_outcome_of"

// The values of outcomeVariable for a call that wanted an agent; a call out comes back with
// answered, or FreeSWITCH's cause.
const (
	returnedInvalid = "invalid-route"
	returnedFull    = "full"
	returnedTimeout = "timeout"

	returnedAnswered = "answered" // after a talk, with after-talk = "dialplan"
)

// The applications of the module, which a channel asks for by its route.
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

// routeOf reads the route. It is one of these, in this order:
//   - the path of the socket address;
//   - a variable that is named like one of the module's applications and holds what that took as
//     data;
//   - the number dialled, which is a group or nothing.
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
		return route{}, fmt.Errorf("acd: no application %q; there are /%s/GROUP, /%s/UUID, /%s/NUMBER/GATEWAY and /%s/COMMAND",
			parts[0], appQueue, appBridge, appCallOut, appCommand)
	}
	for _, app := range []string{appQueue, appBridge, appCallOut} {
		if data := channel.Get("variable_" + app); data != "" {
			return route{app, strings.Fields(data)}, nil
		}
	}
	return route{appQueue, []string{channel.Get("Caller-Destination-Number")}}, nil
}

// groupOf is the group that a route to the queue names.
func (s *Server) groupOf(r route) (string, error) {
	if len(r.args) != 1 {
		return "", fmt.Errorf("acd: /%s takes one group, not %q", appQueue, r.args)
	}
	if _, known := s.Dispatcher.group(r.args[0]); !known {
		return "", fmt.Errorf("acd: no group %q", r.args[0])
	}
	return r.args[0], nil
}

// word is the route as a socket address has it in its path.
func (r route) word() string {
	return strings.Join(append([]string{r.app}, r.args...), "/")
}

// routeTo is the route of a group.
func routeTo(group string) string { return appQueue + "/" + url.PathEscape(group) }

// returnedHere reports whether the channel was handed back by this route before: a dialplan may
// have several socket lines. The outcome of a talk is set while the talk is up, for a dialplan that
// goes on after it. It does not count for a channel that was transferred since.
func returnedHere(headers *esl.Event, r route) bool {
	been, of := headers.Get("variable_"+outcomeVariable), headers.Get("variable_"+outcomeOfVariable)
	if how, _ := lastMove(headers); how == movedByTransfer && been == returnedAnswered && headers.Get("variable_"+talkVariable) != "" {
		return false
	}
	return been != "" && r.app != appCommand && (of == "" || of == sanitize(r.word()))
}

// talkIsOver reports whether a channel has come here because a talk has ended, and FreeSWITCH went
// on with the next action of the dialplan. It was in a talk of ours, and was bridged last: with a
// phone to which the agent passed it on, or with a third party. That action is for a caller whose
// server died while they waited. A transfer since then is a new visit.
func talkIsOver(headers *esl.Event) bool {
	how, with := lastMove(headers)
	return how == movedByBridge && headers.Get("variable_"+talkVariable) != "" && headers.Get("variable_last_bridge_to") == with
}

// What moved a channel, as FreeSWITCH notes it.
const (
	movedByTransfer = "bl_xfer" // switch_ivr.c, switch_ivr_session_transfer
	movedByBridge   = "uuid_br" // switch_ivr_bridge.c, switch_ivr_uuid_bridge; it may not have come about
)

// lastMove is what moved a channel last, and where to. FreeSWITCH notes TIME:UUID:HOW:WHERE.
func lastMove(headers *esl.Event) (how, where string) {
	parts := strings.SplitN(headers.Get("variable_transfer_source"), ":", 4)
	if len(parts) < 4 {
		return "", ""
	}
	return parts[2], parts[3]
}
