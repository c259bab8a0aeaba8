package acd

import (
	"fmt"
	"net/url"
	"strings"

	"nwayacd/esl"
)

// outcomeVariable tells the dialplan why a call came back on purpose, and us that a call has been here.
const outcomeVariable = "nwayacd_outcome"

// The values of outcomeVariable.
const (
	returnedInvalid = "invalid-route"
	returnedFull    = "full"
	returnedTimeout = "timeout"
)

// groupOf is the group the channel asks for: in the path of the socket address, in the variable nwayacd, or else the number dialled
// where that is a group. The error says what was asked for and is no group.
func (s *Server) groupOf(channel *esl.Event) (string, error) {
	asked := strings.Trim(channel.Get("variable_socket_path"), "/")
	switch application, argument, _ := strings.Cut(asked, "/"); {
	case application == "nwayacd":
		asked = argument
	case asked != "":
		return "", fmt.Errorf("acd: no application %q; known is /nwayacd/GROUP", asked)
	case channel.Get("variable_nwayacd") != "":
		asked = channel.Get("variable_nwayacd")
	default:
		asked = channel.Get("Caller-Destination-Number")
	}
	if plain, err := url.PathUnescape(asked); err == nil {
		asked = plain
	}
	asked = strings.TrimSpace(asked)
	if _, known := s.Dispatcher.group(asked); !known {
		return "", fmt.Errorf("acd: no group %q", asked)
	}
	return asked, nil
}
