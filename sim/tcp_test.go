package sim

import (
	"context"
	"fmt"
	"net"
	"sync"
	"testing"
	"time"

	"nwayacd/esl"
)

// serveCalls is a simple ACD. Each call gets a phone of its own.
func serveCalls(ctx context.Context, t testing.TB, ln net.Listener) error {
	server := esl.Server{Handler: func(ctx context.Context, nc net.Conn) {
		events := make(chan *esl.Event, 200)
		c := esl.NewConnection(nc, esl.Options{OnEvent: func(e *esl.Event) { events <- e }})
		defer c.Close()
		if err := serveCall(ctx, c, events); err != nil {
			t.Error(err)
		}
	}}
	return server.Serve(ctx, ln)
}

func serveCall(ctx context.Context, c *esl.Connection, events <-chan *esl.Event) error {
	replies, err := c.Do(ctx, esl.Raw("connect"), esl.Raw("myevents"), esl.Raw("event plain BACKGROUND_JOB"),
		esl.Raw("linger 5"),
		esl.Execute("answer", "", esl.ExecuteOptions{}),
		esl.Execute("playback", "local_stream://moh", esl.ExecuteOptions{}))
	if err != nil {
		return err
	}
	caller := replies[0].Event().Get("Unique-ID")
	ext := replies[0].Event().Get("Caller-Destination-Number")
	if _, err = c.Send(ctx,
		esl.BgAPI("job-"+caller, "originate {origination_uuid=leg-"+caller+"}user/"+ext+" &park()")); err != nil {
		return fmt.Errorf("originate: %w", err)
	}
	for {
		select {
		case e := <-events:
			switch {
			case e.Name() == "BACKGROUND_JOB":
				if _, err = c.API(ctx, "uuid_bridge "+caller+" leg-"+caller); err != nil {
					return fmt.Errorf("bridge after %q: %w", e.Body(), err)
				}
			case e.Name() == "CHANNEL_HANGUP_COMPLETE":
				c.Post(esl.Raw("exit")) // may come behind the switch's own end
				return nil
			}
		case <-c.Done(): // the switch closed behind the last call
			return nil
		case <-ctx.Done():
			return nil
		}
	}
}

// callMany lets so many callers in at once over TCP, and waits until all have talked.
func callMany(t testing.TB, many int, talk time.Duration) Counts {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	var served sync.WaitGroup
	served.Go(func() { serveCalls(ctx, t, ln) })
	s := New(Options{})
	plan := Plan("socket "+ln.Addr().String()+"/nwayacd/110 async full", "hangup")
	calls := make([]*Call, many)
	for i := range calls {
		ext := fmt.Sprint(1000 + i)
		s.Agent(ext, Behaviour{After: 10 * time.Millisecond, Talk: talk})
		calls[i] = s.Call(CallOptions{Number: fmt.Sprint(i), Dialled: ext, Dialplan: plan})
	}
	for _, c := range calls {
		select {
		case <-c.Done():
		case <-time.After(30 * time.Second):
			t.Fatalf("call %s is stuck: %v %v", c.UUID(), c.Heard(), s.Channels())
		}
	}
	counts := s.Counts()
	s.Close()
	cancel()
	served.Wait()
	return counts
}

func TestHundredCallsOverTCP(t *testing.T) {
	if n := callMany(t, 100, 100*time.Millisecond).Bridges; n != 100 {
		t.Errorf("%d bridges", n)
	}
}

// BenchmarkCalls2000 measures 2,000 calls in progress at once, wire and ACD's end included.
func BenchmarkCalls2000(b *testing.B) {
	for b.Loop() {
		callMany(b, 2000, 2*time.Second)
	}
}

func TestServeTakesClientsOverTCP(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := New(Options{Password: "secret"})
	ctx, cancel := context.WithCancel(context.Background())
	var served sync.WaitGroup
	served.Go(func() { s.Serve(ctx, ln) })
	c, err := esl.Dial(ctx, ln.Addr().String(), "secret", esl.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if name, err := c.API(ctx, "hostname"); err != nil || name != "sim" {
		t.Errorf("hostname: %q, %v", name, err)
	}
	cancel()
	served.Wait()
	<-c.Done()
	c.Close()
	s.Close()
}
