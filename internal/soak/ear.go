package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"nwayacd/esl"
	"nwayacd/sim"
)

// ear is the soak's own connection to a switch, which only a restart of the switch breaks. It acts
// as another program that moves calls, and listens to nwayacd's events.
type ear struct {
	conn atomic.Pointer[esl.Connection]
}

var errNoEar = errors.New("the switch has just restarted")

func (s *soak) openEar(ctx context.Context, sw *sim.Switch) error {
	ln, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	e := &ear{}
	s.ears = append(s.ears, e)
	s.serving.Go(func() { sw.Serve(ctx, ln) }) // ends with ctx
	link := esl.Link{
		Address: ln.Addr().String(), Password: password,
		Session: func(ctx context.Context, c *esl.Connection) error {
			if _, err := c.Do(ctx, esl.Raw("event plain CUSTOM nwayacd::queue")); err != nil {
				return err
			}
			e.conn.Store(c)
			defer e.conn.Store(nil)
			for {
				event, err := c.ReadEvent(ctx)
				if err != nil {
					return err
				}
				s.order.hear(event)
			}
		},
	}
	s.serving.Go(func() { link.Keep(ctx) }) // the same
	return nil
}

// api sends a command to the switch.
func (e *ear) api(ctx context.Context, command string) (string, error) {
	conn := e.conn.Load()
	if conn == nil {
		return "", errNoEar
	}
	ctx, stop := context.WithTimeout(ctx, patience)
	defer stop()
	return conn.API(ctx, command)
}

// order judges the order of nwayacd's events of each call. A call comes into the line of a group
// only after it has left that of another.
type order struct {
	s    *soak
	mu   sync.Mutex
	line map[string]entry // by the call's uuid
}

// entry is the line in which a call is, by the events.
type entry struct {
	group string
	at    time.Time
}

func newOrder(s *soak) *order { return &order{s: s, line: map[string]entry{}} }

func (o *order) hear(e *esl.Event) {
	uuid, group := e.Get("nway_queue_uuid"), e.Get("nway_queue_group")
	o.mu.Lock()
	in, known := o.line[uuid]
	if e.Get("nway_queue_operate") == "nway_queue_add" {
		o.line[uuid] = entry{group, time.Now()}
	} else if in.group == group {
		delete(o.line, uuid)
	}
	o.mu.Unlock()
	if !known || in.group == group || o.s.breaker.calm() < time.Since(in.at)+calmAfter {
		return // an event that was lost in a fault proves nothing
	}
	o.s.violate("events out of order", fmt.Sprintf("%s of group %s comes while %s is in the line of %s",
		e.Get("nway_queue_operate"), group, uuid, in.group), o.s.watch.find(uuid))
}
