package esl

import (
	"bytes"
	"fmt"
	"net"
	"runtime"
	"testing"
)

// channelHeaders are as many as the channel in a reply to connect has.
func channelHeaders() []Header {
	headers := []Header{{"Event-Name", "CHANNEL_DATA"}}
	for i := range 120 {
		headers = append(headers, Header{fmt.Sprintf("variable_sip_something_%d", i), "sofia/internal/1000@10.0.0.5:5060"})
	}
	return append(headers, Header{"variable_socket_path", "nwayacd/110"})
}

// endless repeats one frame.
type endless struct {
	frame []byte
	at    int
}

func (e *endless) Read(p []byte) (int, error) {
	n := copy(p, e.frame[e.at:])
	e.at = (e.at + n) % len(e.frame)
	return n, nil
}

func BenchmarkReadEventOf120Headers(b *testing.B) {
	frame := AppendEvent(nil, "", channelHeaders()...)
	r := NewReader(&endless{frame: frame}, Limits{})
	b.SetBytes(int64(len(frame)))
	b.ReportAllocs()
	for b.Loop() {
		frame, err := r.ReadFrame()
		if err != nil {
			b.Fatal(err)
		}
		if _, err := ParseEvent(frame.Body()); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkGetTheLastOf120Headers(b *testing.B) {
	event := NewEvent("", channelHeaders()...)
	b.ReportAllocs()
	for b.Loop() {
		if event.Get("variable_socket_path") == "" {
			b.Fatal("lost")
		}
	}
}

func BenchmarkAppendEvent(b *testing.B) {
	headers, buffer := channelHeaders(), []byte(nil)
	b.ReportAllocs()
	for b.Loop() {
		buffer = AppendEvent(buffer[:0], "", headers...)
	}
}

func BenchmarkExecute(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		if Execute("playback", "welcome.wav", ExecuteOptions{Lock: true}).check() != nil {
			b.Fatal("refused")
		}
	}
}

func BenchmarkSend(b *testing.B) {
	c, fs := connect(b, Options{})
	reply := AppendFrame(nil, "", Header{"Content-Type", ContentReply}, Header{"Reply-Text", "+OK"})
	fs.plays(func() {
		for {
			if _, err := fs.ReadCommand(); err != nil {
				return
			}
			fs.Write(reply)
		}
	})
	b.ReportAllocs()
	for b.Loop() {
		if _, err := c.Send(b.Context(), Raw("x")); err != nil {
			b.Fatal(err)
		}
	}
}

// What a caller who waits costs here: the connection after its connect reply and some events, without the pipe.
func BenchmarkMemoryOfAnIdleConnection(b *testing.B) {
	const connections = 500
	var wire bytes.Buffer
	wire.WriteString("\n")
	wire.Write(AppendFrame(nil, "", append(channelHeaders(), Header{"Content-Type", ContentReply}, Header{"Reply-Text", "%2BOK%0A"})...))
	for range 10 {
		wire.Write(AppendEvent(nil, "", channelHeaders()...))
	}
	b.ReportAllocs()
	for b.Loop() {
		ends := make([]net.Conn, 0, 2*connections)
		for range connections {
			ours, theirs := net.Pipe()
			ends = append(ends, ours, theirs)
		}
		before := inUse()
		all := make([]*Connection, 0, connections)
		for i := range connections {
			c := NewConnection(ends[2*i], Options{OnEvent: func(*Event) {}})
			if _, err := ends[2*i+1].Write(wire.Bytes()); err != nil {
				b.Fatal(err)
			}
			all = append(all, c)
		}
		b.ReportMetric(float64(inUse()-before)/connections, "bytes/conn")
		for i, c := range all {
			c.Close()
			ends[2*i+1].Close()
		}
	}
}

func inUse() uint64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc + m.StackInuse
}
