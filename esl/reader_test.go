package esl

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/iotest"
)

const torture = "\n\r\n" +
	"Content-Type: command/reply\nReply-Text: +OK 100%25 sure\n\n" +
	"Content-Length: 5\r\nContent-Type: api/response\r\n\r\na\n\nb\n" +
	"\nno colon here\nContent-Length: 3\nEmpty:\ncontent-length: 3\nX: a: b\n\n\n\n\n" +
	"Content-Type: text/disconnect-notice\nContent-Length: 0\n\n"

// chopped yields the bytes of s in two pieces.
func chopped(s string, at int) io.Reader {
	return io.MultiReader(strings.NewReader(s[:at]), strings.NewReader(s[at:]))
}

func frames(t *testing.T, r io.Reader) (all []string) {
	t.Helper()
	reader := NewReader(r, Limits{})
	for {
		frame, err := reader.ReadFrame()
		if errors.Is(err, io.EOF) {
			return all
		}
		if err != nil {
			t.Fatal(err)
		}
		var headers []string
		for name, value := range frame.Headers() {
			headers = append(headers, name+"="+value)
		}
		all = append(all, fmt.Sprintf("%q %q", headers, frame.Body()))
	}
}

func TestFramesSplitAtEveryByte(t *testing.T) {
	want := []string{
		`["Content-Type=command/reply" "Reply-Text=+OK 100% sure"] ""`,
		`["Content-Length=5" "Content-Type=api/response"] "a\n\nb\n"`,
		`["Content-Length=3" "Empty=" "content-length=3" "X=a: b"] "\n\n\n"`,
		`["Content-Type=text/disconnect-notice" "Content-Length=0"] ""`,
	}
	for at := range len(torture) {
		if got := frames(t, chopped(torture, at)); fmt.Sprint(got) != fmt.Sprint(want) {
			t.Fatalf("split at %d: %s", at, strings.Join(got, "\n"))
		}
	}
	if got := frames(t, iotest.OneByteReader(strings.NewReader(torture))); fmt.Sprint(got) != fmt.Sprint(want) {
		t.Fatalf("byte by byte: %s", strings.Join(got, "\n"))
	}
}

func TestFramesThatEndTheStream(t *testing.T) {
	limits := Limits{MaxHeaderBytes: 100, MaxBody: 10}
	for _, test := range []struct{ name, wire, want string }{
		{"nothing", "", "EOF"},
		{"empty lines only", "\n\r\n\n", "EOF"},
		{"headers cut short", "A: b\n", "unexpected EOF"},
		{"line cut short", "A", "unexpected EOF"},
		{"body cut short", "Content-Length: 3\n\nab", "unexpected EOF"},
		{"body missing", "Content-Length: 3\n\n", "unexpected EOF"},
		{"huge length", "Content-Length: 11\n\n", "esl: frame: body too large (limit 10 bytes)"},
		{
			"overflowing length", "Content-Length: 99999999999999999999999\n\n",
			"esl: frame: body too large (limit 10 bytes)",
		},
		{"negative length", "Content-Length: -1\n\n", "esl: frame: bad Content-Length"},
		{"length that is no number", "Content-Length: 0x1\n\n", "esl: frame: bad Content-Length"},
		{"length without a number", "Content-Length:\n\n", "esl: frame: bad Content-Length"},
		{"lengths that differ", "Content-Length: 1\nContent-Length: 2\n\nab", "esl: frame: differing Content-Length"},
		{"headers too large", strings.Repeat("A: b\n", 21) + "\n", "esl: frame: headers too large (limit 100 bytes)"},
		{"line too large", strings.Repeat("a", 1<<16), "esl: frame: headers too large (limit 100 bytes)"},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, err := NewReader(strings.NewReader(test.wire), limits).ReadFrame()
			if err == nil || err.Error() != test.want {
				t.Errorf("frame: %v, want %s", err, test.want)
			}
		})
	}
}

func TestALineLongerThanTheBufferIsRead(t *testing.T) {
	long := strings.Repeat("x", 50_000)
	wire := AppendFrame(nil, long, Header{"Long", long})
	frame, err := NewReader(strings.NewReader(string(wire)), Limits{}).ReadFrame()
	if err != nil || frame.Get("long") != long || frame.Body() != long {
		t.Fatal("some of it was lost:", err)
	}
}

func TestReadCommand(t *testing.T) {
	wire := "\n\r\napi status\nconsole_execute: true\n\n" +
		"sendmsg 7\r\nexecute-app-arg: 50%25 of\r\nContent-Length: 2\r\n\r\nhiexit\n\n"
	for at := range len(wire) {
		r := NewReader(chopped(wire, at), Limits{})
		api, err := r.ReadCommand()
		if err != nil || api.Line != "api status" || api.Get("Console_Execute") != "true" {
			t.Fatalf("split at %d: %+v %v", at, api, err)
		}
		message, err := r.ReadCommand()
		if err != nil || message.Line != "sendmsg 7" || message.Get("execute-app-arg") != "50%25 of" ||
			message.Body() != "hi" {
			t.Fatalf("split at %d: %+v %v", at, message, err)
		}
		if exit, err := r.ReadCommand(); err != nil || exit.Line != "exit" {
			t.Fatalf("split at %d: %+v %v", at, exit, err)
		}
	}
}

func TestParseEvent(t *testing.T) {
	event, err := ParseEvent("Event-Name: CUSTOM\nEvent-Subclass: nwayacd%3A%3Aqueue\n" +
		"Event-Date-GMT: Wed,%2030%20Jun%202021%2009%3A48%3A21%20GMT\nunset: _undef_\nraw: 5%zz%4\nContent-Length: " +
		"4\n\nbodytail")
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{
		"event-name": "CUSTOM", "EVENT-DATE-GMT": "Wed, 30 Jun 2021 09:48:21 GMT", "unset": "", "raw": "5%zz%4",
		"absent": "", "": "",
	} {
		if got := event.Get(name); got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
	if event.Name() != "CUSTOM" || event.Subclass() != "nwayacd::queue" || event.Body() != "body" {
		t.Errorf("%s %s %q", event.Name(), event.Subclass(), event.Body())
	}
	if _, err := ParseEvent("Content-Length: 5\n\nbody"); err == nil {
		t.Error("a body that was cut short was accepted")
	}
}

func TestAppendEventIsWhatFreeSWITCHWrites(t *testing.T) {
	got := string(AppendEvent(nil, "", Header{"Event-Subclass", "nwayacd::queue"}, Header{"Date", "Wed, 30 Jun"},
		Header{"none", ""}))
	want := "Content-Length: %d\nContent-Type: text/event-plain\n\n" +
		"Event-Subclass: nwayacd%%3A%%3Aqueue\nDate: Wed,%%2030%%20Jun\nnone: _undef_\n\n"
	if got != fmt.Sprintf(want, 72) {
		t.Errorf("got %q", got)
	}
}

func TestFrameHeadersCannotBeBrokenOutOf(t *testing.T) {
	wire := string(AppendFrame(nil, "", Header{"Reply-Text", "-ERR a\r\n\nb\x00"}))
	if wire != "Reply-Text: -ERR a   b \n\n" {
		t.Errorf("%q", wire)
	}
}

func FuzzReadFrame(f *testing.F) {
	f.Add(torture)
	f.Add("Content-Length: -1\n\n")
	f.Add("A: b\r\n\r\nContent-Length: 9999999\n\n")
	f.Fuzz(func(t *testing.T, wire string) {
		whole := NewReader(strings.NewReader(wire), Limits{MaxHeaderBytes: 1000, MaxBody: 1000})
		slow := NewReader(iotest.OneByteReader(strings.NewReader(wire)), Limits{MaxHeaderBytes: 1000, MaxBody: 1000})
		for {
			a, errA := whole.ReadFrame()
			b, errB := slow.ReadFrame()
			if fmt.Sprint(errA) != fmt.Sprint(errB) {
				t.Fatalf("%v at once, %v byte by byte", errA, errB)
			}
			if errA != nil {
				return
			}
			if *a != *b || len(a.text) > 1000 || len(a.body) > 1000 {
				t.Fatalf("%+v at once, %+v byte by byte", a, b)
			}
			for name := range a.Headers() {
				a.Get(name)
			}
		}
	})
}

func FuzzReadCommand(f *testing.F) {
	f.Add("\n\napi status\nconsole_execute: true\n\nexit\r\n\r\n")
	f.Add("sendmsg\nContent-Length: 3\n\nabc")
	f.Fuzz(func(t *testing.T, wire string) {
		r := NewReader(strings.NewReader(wire), Limits{MaxHeaderBytes: 1000, MaxBody: 1000})
		for {
			request, err := r.ReadCommand()
			if err != nil {
				return
			}
			if strings.Contains(request.Line, "\n") {
				t.Fatalf("%q has several lines", request.Line)
			}
			for name, value := range request.Headers() {
				if strings.Contains(name+value, "\n") {
					t.Fatalf("%q: %q has several lines", name, value)
				}
			}
		}
	})
}

// Any values come back from the frame of an event, and no hostile text breaks the parser.
func FuzzParseEvent(f *testing.F) {
	f.Add("Event-Name: X\n\n", "body")
	f.Add("100%25\r\n_undef_", "Content-Length: 3\n\n")
	f.Fuzz(func(t *testing.T, value, body string) {
		if event, err := ParseEvent(value); err == nil {
			for name := range event.Headers() {
				event.Get(name)
			}
		}
		if value == undefined {
			return
		}
		frame, err := NewReader(
			strings.NewReader(string(AppendEvent(nil, body, Header{"A", "1"}, Header{"Value", value}))),
			Limits{}).ReadFrame()
		if err != nil {
			t.Fatal(err)
		}
		event, err := ParseEvent(frame.Body())
		if err != nil {
			t.Fatal(err)
		}
		if event.Get("value") != value || event.Body() != body {
			t.Fatalf("%q %q came back as %q %q", value, body, event.Get("value"), event.Body())
		}
	})
}
