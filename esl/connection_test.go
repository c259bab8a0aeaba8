package esl

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// peer is FreeSWITCH's end of a connection.
type peer struct {
	*Reader
	net.Conn
	running *sync.WaitGroup
}

// plays runs f, which must return when the connection ends.
func (p peer) plays(f func()) { p.running.Go(f) }

func (p peer) frame(headers ...Header) {
	p.Write(AppendFrame(nil, "", headers...))
}

func (p peer) reply(text string) {
	p.frame(Header{"Content-Type", ContentReply}, Header{"Reply-Text", text})
}

func (p peer) event(name string) {
	p.Write(AppendEvent(nil, "", Header{"Event-Name", name}))
}

// echo answers every command with its line until the connection ends.
func (p peer) echo() {
	for {
		request, err := p.ReadCommand()
		if err != nil {
			return
		}
		p.reply("+OK " + request.Line)
	}
}

// connect returns the two ends; both are closed when the test ends.
func connect(t testing.TB, opt Options) (*Connection, peer) {
	ours, theirs := net.Pipe()
	c, fs := NewConnection(ours, opt), peer{NewReader(theirs, Limits{}), theirs, new(sync.WaitGroup)}
	t.Cleanup(func() {
		c.Close()
		fs.Close()
		fs.running.Wait()
	})
	return c, fs
}

func TestRepliesOfEveryKind(t *testing.T) {
	c, fs := connect(t, Options{})
	fs.plays(func() {
		for _, answer := range []string{
			"Content-Type: command/reply\nReply-Text: +OK 100%25 raw\n\n",
			"Event-Name: CHANNEL_DATA\nCaller-Caller-ID-Name: Li%20Lei\nvariable_socket_path: nwayacd/110\n" +
				"Content-Type: command/reply\nReply-Text: %2BOK%0A\nSocket-Mode: async\nControl: full\n\n",
			"Content-Type: api/response\nContent-Length: 9\n\n+OK done\n",
			"Content-Type: api/response\nContent-Length: 22\n\n-ERR no such channel!\n",
			"Content-Type: command/reply\nReply-Text: -ERR command not found\n\n",
			"Content-Type: api/response\n\n",
		} {
			if _, err := fs.ReadCommand(); err != nil {
				t.Error(err)
			}
			io.WriteString(fs, answer)
		}
	})
	ctx := t.Context()
	if reply, err := c.Send(ctx, Raw("linger")); err != nil || reply.Text() != "+OK 100%25 raw" {
		t.Error(reply.Text(), err)
	}
	reply, err := c.Send(ctx, Raw("connect"))
	if err != nil || reply.Text() != "+OK" || reply.Event().Get("Caller-Caller-ID-Name") != "Li Lei" ||
		reply.Event().Get("Control") != "full" {
		t.Error(reply.Event(), err)
	}
	if text, err := c.API(ctx, "uuid_bridge a b"); err != nil || text != "+OK done" {
		t.Error(text, err)
	}
	_, err = c.API(ctx, "uuid_kill a")
	if refusal, ok := errors.AsType[*ReplyError](err); !ok ||
		*refusal != (ReplyError{"api uuid_kill a", "-ERR no such channel!"}) {
		t.Error(err)
	}
	replies, err := c.Do(ctx, Raw("nonsense"))
	if err != nil || replies[0].OK() {
		t.Error("Do takes a refusal for an error, or not for a refusal:", err)
	}
	if text, err := c.API(ctx, "nothing"); err != nil || text != "" {
		t.Error(text, err)
	}
}

func TestRepliesAreNeverMispaired(t *testing.T) {
	c, fs := connect(t, Options{})
	fs.plays(fs.echo)
	var callers sync.WaitGroup
	for caller := range 8 {
		callers.Go(func() {
			for i := range 200 {
				ctx, cancel := context.WithCancel(t.Context())
				if i%3 == 0 {
					time.AfterFunc(time.Duration(i)*time.Microsecond, cancel) // before, during and after the reply
				}
				if i%5 == 0 {
					c.Post(Raw(fmt.Sprintf("post %d.%d", caller, i)))
				}
				first, second := fmt.Sprintf("a %d.%d", caller, i), fmt.Sprintf("b %d.%d", caller, i)
				replies, err := c.Do(ctx, Raw(first), Raw(second))
				cancel()
				if errors.Is(err, context.Canceled) {
					continue
				}
				if err != nil || replies[0].Text() != "+OK "+first || replies[1].Text() != "+OK "+second {
					t.Errorf("%s was answered with %v %v", first, replies, err)
				}
			}
		})
	}
	callers.Wait()
}

func TestGivingUpSwallowsTheLateReply(t *testing.T) {
	c, fs := connect(t, Options{})
	ctx, giveUp := context.WithCancelCause(t.Context())
	hangup := errors.New("hangup")
	fs.plays(func() {
		fs.ReadCommand()
		giveUp(hangup)
		fs.ReadCommand()
		fs.reply("+OK late")
		fs.reply("+OK second")
	})
	if _, err := c.Send(ctx, API("slow")); !errors.Is(err, hangup) {
		t.Fatal(err)
	}
	if reply, err := c.Send(t.Context(), API("quick")); err != nil || reply.Text() != "+OK second" {
		t.Fatal(reply.Text(), err)
	}
	if _, err := c.Send(ctx, API("never written")); !errors.Is(err, hangup) {
		t.Fatal(err)
	}
}

func TestABadArgumentWritesNothing(t *testing.T) {
	c, fs := connect(t, Options{})
	fs.plays(fs.echo)
	if _, err := c.Do(t.Context(), Raw("good"), Execute("set", "a=b\nc", ExecuteOptions{})); err == nil {
		t.Error("sent")
	}
	if err := c.Post(Command{}); err == nil {
		t.Error("sent")
	}
	if reply, err := c.Send(t.Context(), Raw("next")); err != nil || reply.Text() != "+OK next" {
		t.Error(reply.Text(), err)
	}
}

func TestEventsComeInOrderAndSurviveTheEnd(t *testing.T) {
	arrived := 0 // owned by the reader until the connection is over
	c, fs := connect(t, Options{OnArrival: func(e *Event) bool {
		arrived++
		return e.Name() != "IN PASSING"
	}})
	fs.plays(func() {
		for i := range 100 {
			fs.event(fmt.Sprint("E", i))
			fs.event("IN PASSING")
		}
		fs.frame(Header{"Content-Type", ContentDisconnect}, Header{"Content-Disposition", "linger"})
		fs.Close()
	})
	<-c.gone
	if arrived != 201 {
		t.Errorf("%d arrivals were reported before anything was read", arrived)
	}
	for i := range 100 {
		if e, err := c.ReadEvent(t.Context()); err != nil || e.Name() != fmt.Sprint("E", i) {
			t.Fatal(i, e, err)
		}
	}
	e, err := c.ReadEvent(t.Context())
	if err != nil || e.Name() != "" || e.Get("Content-Type") != ContentDisconnect ||
		e.Get("Content-Disposition") != "linger" {
		t.Fatal(e, err)
	}
	if _, err := c.ReadEvent(t.Context()); !errors.Is(err, ErrClosed) || !errors.Is(c.Err(), ErrClosed) {
		t.Fatal(err)
	}
}

func TestOnEventGetsAllEventsAndOnSkipTheOtherFrames(t *testing.T) {
	var heard, skipped []string
	c, fs := connect(t, Options{
		OnEvent: func(e *Event) { heard = append(heard, e.Name()) },
		OnSkip:  func(e *Event) { skipped = append(skipped, e.Get("Content-Type")) },
	})
	fs.event("A")
	fs.Write(AppendFrame(nil, `{"Event-Name":"B"}`, Header{"Content-Type", "text/event-json"}))
	fs.Write(AppendFrame(nil, "log\n\nline", Header{"Content-Type", "log/data"}))
	fs.frame(Header{"Content-Type", "x/unknown"})
	fs.frame(Header{"Odd", "no type"})
	fs.reply("+OK nobody asked")
	fs.event("C")
	fs.Close()
	c.Close()
	if fmt.Sprint(heard) != "[A C]" || fmt.Sprint(skipped) != "[text/event-json log/data x/unknown  command/reply]" {
		t.Error(heard, skipped)
	}
}

func TestWhatEndsAConnection(t *testing.T) {
	for _, test := range []struct {
		name string
		wire string
		want error
	}{
		{"too many events", strings.Repeat(string(AppendEvent(nil, "", Header{"Event-Name", "X"})), 11), ErrOverflow},
		{"rejection", "Content-Type: text/rude-rejection\nContent-Length: 3\n\nno\n", ErrRejected},
		{"malformed frame", "Content-Length: x\n\n", new(FrameError)},
		{
			"malformed event", "Content-Length: 19\nContent-Type: text/event-plain\n\nContent-Length: 9\n\n",
			new(FrameError),
		},
		{"half a frame", "Content-Type: com", io.ErrUnexpectedEOF},
		{"nothing", "", ErrClosed},
	} {
		t.Run(test.name, func(t *testing.T) {
			c, fs := connect(t, Options{Limits: Limits{MaxQueue: 10}})
			fs.plays(func() {
				io.WriteString(fs, test.wire)
				fs.Close()
			})
			<-c.Done()
			err := c.Err()
			if _, malformed := errors.AsType[*FrameError](test.want); malformed {
				if _, ok := errors.AsType[*FrameError](err); !ok {
					t.Error(err)
				}
			} else if !errors.Is(err, test.want) {
				t.Error(err)
			}
			if _, got := c.Send(t.Context(), Raw("late")); got != err {
				t.Errorf("a late command: %v, want %v", got, err)
			}
		})
	}
}

func TestTooManyCommandsUnanswered(t *testing.T) {
	c, fs := connect(t, Options{Limits: Limits{MaxQueue: 10}})
	fs.plays(func() { io.Copy(io.Discard, fs) })
	for range 10 {
		if err := c.Post(Raw("x")); err != nil {
			t.Fatal(err)
		}
	}
	if err := c.Post(Raw("x")); !errors.Is(err, ErrOverflow) {
		t.Fatal(err)
	}
	<-c.Done()
}

func TestThePeerClosesWhileWeWait(t *testing.T) {
	c, fs := connect(t, Options{})
	fs.plays(func() {
		fs.ReadCommand()
		fs.ReadCommand()
		fs.reply("+OK")
		fs.Close()
	})
	if replies, err := c.Do(t.Context(), Raw("a"), Raw("b")); !errors.Is(err, ErrClosed) || len(replies) != 1 {
		t.Fatal(replies, err)
	}
}

func TestTheReplyBeforeTheEndCounts(t *testing.T) {
	for range 100 {
		c, fs := connect(t, Options{})
		fs.plays(func() {
			fs.ReadCommand()
			fs.reply("+OK bye")
			fs.Close()
		})
		if reply, err := c.Send(t.Context(), Raw("exit")); err != nil || reply.Text() != "+OK bye" {
			t.Fatal(err)
		}
	}
}

func TestAPeerThatReadsNothingHitsTheDeadline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, fs := connect(t, Options{})
		defer fs.Close()
		defer c.Close()
		began := time.Now()
		impatient, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		var behind sync.WaitGroup
		behind.Go(func() {
			synctest.Wait() // after the first write has begun
			if _, err := c.Send(impatient, Raw("behind")); !errors.Is(err, context.DeadlineExceeded) ||
				time.Since(began) != time.Second {
				t.Error(err, time.Since(began))
			}
		})
		if err := c.Post(Raw("stuck")); err == nil || time.Since(began) != 5*time.Second {
			t.Error(err, time.Since(began))
		}
		behind.Wait()
		<-c.Done()
	})
}

func TestCloseFromEverywhere(t *testing.T) {
	c, fs := connect(t, Options{})
	fs.plays(fs.echo)
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			c.Send(t.Context(), Raw("x"))
			c.Close()
			if !errors.Is(c.Err(), ErrClosed) {
				t.Error(c.Err())
			}
		})
	}
	all.Wait()
	fs.Close()
}

func TestSeveralReadersShareTheEvents(t *testing.T) {
	c, fs := connect(t, Options{})
	var readers sync.WaitGroup
	for range 4 {
		readers.Go(func() {
			for range 25 {
				if _, err := c.ReadEvent(t.Context()); err != nil {
					t.Error(err)
				}
			}
		})
	}
	for range 100 {
		fs.event("X")
	}
	readers.Wait()
	late, cancel := context.WithTimeout(t.Context(), time.Millisecond)
	defer cancel()
	if _, err := c.ReadEvent(late); !errors.Is(err, context.DeadlineExceeded) {
		t.Error(err)
	}
}
