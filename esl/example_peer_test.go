package esl_test

import (
	"context"
	"io"
	"net"
	"strings"

	"nwayacd/esl"
)

// The peers of the examples are as much of FreeSWITCH and of nwayacd's command port as they need.

// callIn connects to a server as FreeSWITCH's socket application does, answers its commands, and
// hangs up after the playback.
func callIn(address, number string) {
	nc, err := net.Dial("tcp", address)
	if err != nil {
		return
	}
	defer nc.Close()
	obey(nc, func(request *esl.Request) (reply []esl.Header, events [][]esl.Header) {
		switch app := request.Get("execute-app-name"); {
		case request.Line == "connect":
			return []esl.Header{{Name: "Caller-Caller-ID-Number", Value: number}}, nil
		case app == "playback":
			return nil, [][]esl.Header{
				{{Name: "Event-Name", Value: "CHANNEL_EXECUTE_COMPLETE"}, {Name: "Application", Value: app}},
				{{Name: "Event-Name", Value: "CHANNEL_HANGUP"}, {Name: "Hangup-Cause", Value: "NORMAL_CLEARING"}},
				nil,
			}
		case app != "":
			return nil, [][]esl.Header{
				{{Name: "Event-Name", Value: "CHANNEL_EXECUTE_COMPLETE"}, {Name: "Application", Value: app}},
			}
		}
		return nil, nil
	})
}

// aCommandPort is a connection to a port that takes any password, and sends the events of one call.
func aCommandPort(context.Context) (net.Conn, error) {
	ours, theirs := net.Pipe()
	go func() { // ends when the client closes the connection
		defer theirs.Close()
		io.WriteString(theirs, "Content-Type: auth/request\n\n")
		obey(theirs, func(request *esl.Request) ([]esl.Header, [][]esl.Header) {
			if !strings.HasPrefix(request.Line, "event ") {
				return nil, nil
			}
			events := [][]esl.Header{{
				{Name: "Event-Name", Value: "CUSTOM"},
				{Name: "Event-Subclass", Value: "nwayacd::queue"},
				{Name: "nway_queue_operate", Value: "nway_queue_add"},
				{Name: "nway_queue_caller", Value: "5551234"},
				{Name: "nway_queue_group", Value: "110"},
			}}
			for _, status := range []string{"callout", "answered", "hangup"} {
				events = append(events, []esl.Header{
					{Name: "Event-Name", Value: "CUSTOM"},
					{Name: "Event-Subclass", Value: "nwayacd::info"},
					{Name: "nway_callstatus", Value: status},
					{Name: "nway_callin", Value: "5551234"},
					{Name: "nway_callout", Value: "1000"},
				})
			}
			return nil, events
		})
	}()
	return ours, nil
}

// obey answers each request, and then sends events. An empty event ends the connection.
func obey(nc net.Conn, answer func(*esl.Request) (reply []esl.Header, events [][]esl.Header)) {
	reader := esl.NewReader(nc, esl.Limits{})
	for {
		request, err := reader.ReadCommand()
		if err != nil {
			return
		}
		reply, events := answer(request)
		head := []esl.Header{
			{Name: "Content-Type", Value: esl.ContentReply},
			{Name: "Reply-Text", Value: "+OK"},
		}
		nc.Write(esl.AppendFrame(nil, "", append(head, reply...)...))
		for _, event := range events {
			if event == nil {
				return
			}
			nc.Write(esl.AppendEvent(nil, "", event...))
		}
	}
}
