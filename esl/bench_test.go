package esl

import (
	"bytes"
	"fmt"
	"net"
	"runtime"
	"testing"
)

// channelHeaders returns about as many headers as a reply to connect has.
func channelHeaders() []Header {
	headers := []Header{{"Event-Name", "CHANNEL_DATA"}}
	for i := range 120 {
		headers = append(headers,
			Header{fmt.Sprintf("variable_sip_something_%d", i), "sofia/internal/1000@10.0.0.5:5060"})
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

// BenchmarkParseEvent parses the event inside a frame that was already read.
func BenchmarkParseEvent(b *testing.B) {
	r := NewReader(bytes.NewReader(AppendEvent(nil, "", channelHeaders()...)), Limits{})
	frame, err := r.ReadFrame()
	if err != nil {
		b.Fatal(err)
	}
	b.SetBytes(int64(len(frame.Body())))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := ParseEvent(frame.Body()); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkReadReply reads the reply that most commands get.
func BenchmarkReadReply(b *testing.B) {
	frame := AppendFrame(nil, "", Header{"Content-Type", ContentReply}, Header{"Reply-Text", "+OK"})
	r := NewReader(&endless{frame: frame}, Limits{})
	b.SetBytes(int64(len(frame)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := r.ReadFrame(); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkReadCommand(b *testing.B) {
	request := []byte("api nway_login 1000 110,120\n\n")
	r := NewReader(&endless{frame: request}, Limits{})
	b.SetBytes(int64(len(request)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := r.ReadCommand(); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkAppendFrame(b *testing.B) {
	headers, buffer := channelHeaders(), []byte(nil)
	b.ReportAllocs()
	for b.Loop() {
		buffer = AppendFrame(buffer[:0], "", headers...)
	}
}

// BenchmarkOriginate builds the command that calls an agent, with the variables of its leg.
func BenchmarkOriginate(b *testing.B) {
	const uuid = "5d1b9f3e-8c1a-4b52-9a53-000000000001"
	b.ReportAllocs()
	for b.Loop() {
		variables := Vars(
			Header{"origination_uuid", uuid}, Header{"originate_timeout", "15"}, Header{"ignore_early_media", "true"},
			Header{"park_timeout", "10"}, Header{"presence_data", "nwayacd:0123456789abcdef:" + uuid + ":1000"},
			Header{"hold_hangup_xfer_exten", "park:inline"}, Header{"origination_caller_id_number", "13900001111"},
			Header{"origination_caller_id_name", "13900001111"}, Header{"nway_callin", "13900001111"},
			Header{"nway_callout", "1000"}, Header{"nway_group", "110"}, Header{"nway_caller_uuid", uuid},
			Header{"sip_auto_answer", "true"}, Header{"sip_h_Call-Info", "<sip:127.0.0.1>;answer-after=0"},
		)
		if BgAPI(uuid, "originate "+variables+"user/1000 &park()").check() != nil {
			b.Fatal("refused")
		}
	}
}

// BenchmarkFire builds an nwayacd:: event that goes to FreeSWITCH.
func BenchmarkFire(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		event := Fire("nwayacd::info",
			Header{"nway_callin", "13900001111"}, Header{"nway_callout", "1000"}, Header{"nway_group", "110"},
			Header{"nway_callstatus", "callout"}, Header{"nway_caller_uuid", "5d1b9f3e-8c1a-4b52-9a53-000000000001"},
			Header{"nway_queue_time", "1772442000"}, Header{"nway_transfer_times", "1"})
		if event.check() != nil {
			b.Fatal("refused")
		}
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

// The memory that each waiting caller needs: the connection after its connect reply and some
// events, without the pipe.
func BenchmarkMemoryOfAnIdleConnection(b *testing.B) {
	const connections = 500
	var wire bytes.Buffer
	wire.WriteString("\n")
	wire.Write(AppendFrame(nil, "",
		append(channelHeaders(), Header{"Content-Type", ContentReply}, Header{"Reply-Text", "%2BOK%0A"})...))
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
