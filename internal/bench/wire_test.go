package bench

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/iotest"

	"nwayacd/esl"
)

// from is a connection that delivers what the reader has.
type from struct {
	net.Conn
	io.Reader
}

func (f from) Read(p []byte) (int, error) { return f.Reader.Read(p) }

func TestCommandsAreWholeHoweverTheyArrive(t *testing.T) {
	text := "connect\n\nsendmsg\ncall-command: execute\nEvent-UUID: 7\n\nexit\n\n"
	for name, reader := range map[string]io.Reader{
		"in one read": strings.NewReader(text), "byte by byte": iotest.OneByteReader(strings.NewReader(text)),
	} {
		t.Run(name, func(t *testing.T) {
			in := requests{nc: from{Reader: reader}}
			var lines []string
			for in.fill() == nil {
				for r, whole := in.next(); whole; r, whole = in.next() {
					lines = append(lines, string(r.line)+" "+r.header("Event-UUID"))
				}
			}
			if want := []string{"connect ", "sendmsg 7", "exit "}; !slices.Equal(lines, want) {
				t.Errorf("got %q, want %q", lines, want)
			}
		})
	}
}

func TestACommandWithoutAnEndIsAnError(t *testing.T) {
	in := requests{nc: from{Reader: strings.NewReader(strings.Repeat("x", 3<<20))}}
	var err error
	for err == nil {
		err = in.fill()
	}
	if err != errTooLong {
		t.Errorf("got %v", err)
	}
}

func TestFramesOfManyWritersStayWhole(t *testing.T) {
	near, far := net.Pipe()
	defer near.Close()
	w := &wire{nc: near}
	var writing sync.WaitGroup
	for i := range 20 {
		writing.Go(func() {
			for j := range 20 {
				w.send(fmt.Appendf(nil, "<%d %d>", i, j))
			}
		})
	}
	var got bytes.Buffer
	read := make(chan struct{})
	go func() { // ends with the connection
		io.Copy(&got, far)
		close(read)
	}()
	writing.Wait()
	near.Close()
	<-read
	for i := range 20 {
		last := -1
		for j := range 20 {
			at := strings.Index(got.String(), fmt.Sprintf("<%d %d>", i, j))
			if at <= last {
				t.Fatalf("frame %d of writer %d is lost or out of order", j, i)
			}
			last = at
		}
	}
}

// TestEventsAreWhatTheServerReads checks the generator's frames with the reader of package esl.
func TestEventsAreWhatTheServerReads(t *testing.T) {
	c := newChannel(new(atomic.Uint64), "a-uuid", "13900000001", "110", "sofia/internal/1", false)
	frames := appendReply(nil, "+OK")
	frames = appendAnswer(frames, "+OK x\n")
	frames = c.connected(frames)
	frames = c.event(frames, "CHANNEL_HANGUP", "Hangup-Cause: NORMAL_CLEARING\n")
	frames = c.jobDone(frames, "a-job", "-ERR USER_BUSY\n")
	r := esl.NewReader(bytes.NewReader(frames), esl.Limits{})
	next := func() *esl.Event {
		e, err := r.ReadFrame()
		if err != nil {
			t.Fatal(err)
		}
		return e
	}
	inner := func() *esl.Event {
		e, err := esl.ParseEvent(next().Body())
		if err != nil {
			t.Fatal(err)
		}
		return e
	}
	if got := next().Get("Reply-Text"); got != "+OK" {
		t.Errorf("reply %q", got)
	}
	if got := next().Body(); got != "+OK x\n" {
		t.Errorf("answer %q", got)
	}
	if e := next(); e.Get("Unique-ID") != "a-uuid" || e.Get("Caller-Caller-ID-Number") != "13900000001" ||
		e.Get("variable_socket_path") != "nwayacd/110" {
		t.Errorf("connect says %q, %q, %q", e.Get("Unique-ID"), e.Get("Caller-Caller-ID-Number"),
			e.Get("variable_socket_path"))
	}
	if e := inner(); e.Name() != "CHANNEL_HANGUP" || e.Get("Hangup-Cause") != "NORMAL_CLEARING" ||
		e.Get("Event-Sequence") != "1" {
		t.Errorf("event %s, %s, %s", e.Name(), e.Get("Hangup-Cause"), e.Get("Event-Sequence"))
	}
	if e := inner(); e.Get("Job-UUID") != "a-job" || e.Body() != "-ERR USER_BUSY\n" {
		t.Errorf("job %s says %q", e.Get("Job-UUID"), e.Body())
	}
	if _, err := r.ReadFrame(); err != io.EOF {
		t.Errorf("after the last frame: %v", err)
	}
}
