package esl_test

import (
	"context"
	"fmt"
	"net"

	"nwayacd/esl"
)

// An outbound server: the socket application of FreeSWITCH's dialplan connects to it, once for each
// call.
//
//	<action application="socket" data="127.0.0.1:8084 async full"/>
func ExampleServer() {
	ctx, stop := context.WithCancel(context.Background())
	server := esl.Server{Handler: func(ctx context.Context, nc net.Conn) {
		defer stop() // a real server goes on; this one serves one call
		c := esl.NewConnection(nc, esl.Options{})
		defer c.Close()
		replies, err := c.Do(ctx, esl.Raw("connect"), esl.Raw("myevents"),
			esl.Execute("answer", "", esl.ExecuteOptions{}),
			esl.Execute("playback", "welcome.wav", esl.ExecuteOptions{Lock: true}))
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println("call from", replies[0].Event().Get("Caller-Caller-ID-Number"))
		for {
			e, err := c.ReadEvent(ctx)
			if err != nil {
				fmt.Println("over:", err)
				return
			}
			fmt.Println(e.Name(), e.Get("Application")+e.Get("Hangup-Cause"))
		}
	}}
	ln, err := esl.Listen(ctx, "127.0.0.1:0")
	if err != nil {
		fmt.Println(err)
		return
	}
	go callIn(ln.Addr().String(), "5551234") // stands for FreeSWITCH
	server.Serve(ctx, ln)
	// Output:
	// call from 5551234
	// CHANNEL_EXECUTE_COMPLETE answer
	// CHANNEL_EXECUTE_COMPLETE playback
	// CHANNEL_HANGUP NORMAL_CLEARING
	// over: esl: connection closed by the peer
}

// An inbound client that follows the events of nwayacd. They come from FreeSWITCH's event socket
// (8021), and from nwayacd's own command port (8022). A Link connects again if it is lost.
func ExampleLink() {
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	link := esl.Link{
		Address:  "127.0.0.1:8022",
		Password: "secret",
		Dial:     aCommandPort, // stands for nwayacd; without it, the link dials Address
		Session: func(ctx context.Context, c *esl.Connection) error {
			_, err := c.Send(ctx, esl.Raw("event plain CUSTOM nwayacd::queue nwayacd::info nwayacd::agent"))
			if err != nil {
				return err
			}
			for {
				e, err := c.ReadEvent(ctx)
				if err != nil {
					return err
				}
				switch e.Subclass() {
				case "nwayacd::queue":
					fmt.Println(e.Get("nway_queue_operate"), e.Get("nway_queue_caller"), e.Get("nway_queue_group"))
				case "nwayacd::info":
					fmt.Println(e.Get("nway_callstatus"), e.Get("nway_callin"), e.Get("nway_callout"))
					if e.Get("nway_callstatus") == "hangup" {
						stop() // a real client goes on
					}
				}
			}
		},
	}
	fmt.Println(link.Keep(ctx))
	// Output:
	// nway_queue_add 5551234 110
	// callout 5551234 1000
	// answered 5551234 1000
	// hangup 5551234 1000
	// context canceled
}

// Values that strangers choose go into an originate through Vars. It quotes them in the one way
// that survives FreeSWITCH's parsers.
func ExampleVars() {
	vars := esl.Vars(
		esl.Header{Name: "ticket", Value: "4711"},
		esl.Header{Name: "origination_caller_id_name", Value: "Smith, John"},
	)
	fmt.Println(esl.BgAPI("my-job", "originate "+vars+"user/1 &park()"))
	// Output:
	// bgapi originate {ticket='4711',origination_caller_id_name='Smith\, John'}user/1 &park()
}
