package main

import (
	"context"
	"fmt"
	"net"
	"time"

	"nwayacd/esl"
	"nwayacd/sim"
)

// The destinations of calls beside the groups: a menu, parking lots, another program, phones of
// people who are no agents. Each of these places ends a call with a cause of its own, so that the
// judge sees which place it was.
const (
	menu      = "700"
	lot       = "701" // valet_park
	park      = "702" // park
	elsewhere = "703" // another program's outbound socket
	nowhere   = "704" // a number that does not exist

	// A caller in a lot, or with another program, stays there until a program takes them out.
	thrownOut  = "INTERWORKING"
	menuIsOver = "NORMAL_UNSPECIFIED" // the caller heard it all

	colleagues = 6 // phones of people who are no agents, at each switch
	firstDesk  = 3000
)

// prompts are the files of the menu, each with a length of its own.
var prompts = []string{"silence_stream://601", "silence_stream://602", "silence_stream://603"}

func colleague(n int) string { return fmt.Sprint(firstDesk + n%colleagues) }

// elsewhere makes these places on a switch.
func (s *soak) elsewhere(sw *sim.Switch) {
	sw.Extension(menu,
		sim.Plan("answer", "playback "+prompts[0], "playback "+prompts[1], "playback "+prompts[2],
			"hangup "+menuIsOver)...)
	sw.Extension(lot, sim.Plan("answer", "valet_park lot", "hangup "+thrownOut)...)
	sw.Extension(park, sim.Plan("answer", "park", "hangup "+thrownOut)...)
	sw.Extension(elsewhere, sim.Plan("answer", "socket "+s.program+" async full", "hangup "+thrownOut)...)
	sw.Extension("pin",
		sim.Plan("playback silence_stream://900", "playback silence_stream://60000", "hangup NORMAL_CLEARING")...)
	sw.Gateway("out", sim.Behaviour{Do: sim.Answers, After: 200 * time.Millisecond, Talk: 3 * time.Second})
	chance := s.chance("desks")
	for n := range colleagues {
		sw.Agent(colleague(n), sim.Behaviour{
			After: time.Duration(chance.IntN(400)) * time.Millisecond,
			Talk:  2*time.Second + time.Duration(chance.IntN(4000))*time.Millisecond,
		})
		sw.Extension(colleague(n), sim.Plan("bridge user/"+colleague(n), "hangup NORMAL_CLEARING")...)
	}
}

// openProgram listens as the other program. It plays to each caller, and hangs up after a while.
func (s *soak) openProgram(ctx context.Context) error {
	ln, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	s.program = ln.Addr().String()
	context.AfterFunc(ctx, func() { ln.Close() })
	s.serving.Go(func() { // ends with ctx
		for n := 0; ; n++ {
			nc, err := ln.Accept()
			if err != nil {
				return
			}
			lasts := 500*time.Millisecond + time.Duration(n*397%2500)*time.Millisecond
			s.serving.Go(func() { s.entertain(ctx, nc, lasts) }) // ends with the connection, or after lasts
		}
	})
	return nil
}

// entertain serves one call as the other program.
func (s *soak) entertain(ctx context.Context, nc net.Conn, lasts time.Duration) {
	conn := esl.NewConnection(nc, esl.Options{OnEvent: func(*esl.Event) {}})
	defer conn.Close()
	limit, stop := context.WithTimeout(ctx, patience)
	defer stop()
	replies, err := conn.Do(limit, esl.Raw("connect"),
		esl.Execute("endless_playback", "silence_stream://-1", esl.ExecuteOptions{}))
	if err != nil {
		return
	}
	select {
	case <-time.After(lasts):
		s.watch.excuse(lasts+5*time.Second, replies[0].Event().Get("Unique-ID"))
		conn.Do(limit,
			esl.SendMsg("", esl.Header{Name: "call-command", Value: "hangup"},
				esl.Header{Name: "hangup-cause", Value: "NORMAL_CLEARING"}))
	case <-conn.Done(): // the caller is gone
	case <-ctx.Done():
	}
}
