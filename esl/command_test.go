package esl

import (
	"errors"
	"strings"
	"testing"
)

func TestCommandsOnTheWire(t *testing.T) {
	for _, test := range []struct {
		name string
		cmd  Command
		want string
	}{
		{"raw", Raw("linger 30"), "linger 30\n\n"},
		{"api", API("status"), "api status\n\n"},
		{"bgapi", BgAPI("j1", "originate x &park()"), "bgapi originate x &park()\nJob-UUID: j1\n\n"},
		{"bgapi without a job's name", BgAPI("", "status"), "bgapi status\n\n"},
		{"sendmsg", SendMsg("u1", Header{"a", "b"}), "sendmsg u1\na: b\n\n"},
		{
			"execute", Execute("playback", "x.wav", ExecuteOptions{}),
			"sendmsg\ncall-command: execute\nexecute-app-name: playback\nexecute-app-arg: x.wav\n\n",
		},
		{
			"execute with everything",
			Execute("answer", "", ExecuteOptions{UUID: "u1", EventUUID: "e1", Lock: true, Loops: -1}),
			"sendmsg u1\ncall-command: execute\nexecute-app-name: answer\nEvent-UUID: e1\nevent-lock: true\nloops: " +
				"-1\n\n",
		},
		{
			"message", SendMsg("", Header{"call-command", "hangup"}, Header{"hangup-cause", "USER_BUSY"}),
			"sendmsg\ncall-command: hangup\nhangup-cause: USER_BUSY\n\n",
		},
		{
			"event", Fire("nwayacd::queue", Header{"a", ""}, Header{"b", "x y"}),
			"sendevent CUSTOM\nEvent-Subclass: nwayacd::queue\nb: x y\n\n",
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			if err := test.cmd.check(); err != nil || test.cmd.text != test.want {
				t.Errorf("%q %v", test.cmd.text, err)
			}
		})
	}
}

func TestCommandsThatCannotBeSent(t *testing.T) {
	for _, test := range []struct {
		cmd      Command
		argument string
	}{
		{Command{}, "command"},
		{Raw(""), "line"},
		{Raw("exit\n\nexit"), "line"},
		{API("status\r"), "line"},
		{BgAPI("j\n", "status"), "header Job-UUID"},
		{SendMsg("u\x00"), "uuid"},
		{SendMsg("", Header{"a: b\nc", "d"}), "header name"},
		{SendMsg("", Header{"content-length", "7"}), "header content-length"},
		{Execute("set", "secret=1\n2", ExecuteOptions{}), "header execute-app-arg"},
		{Fire("x", Header{"name", "a\rb"}), "header name"},
	} {
		wrong, ok := errors.AsType[*ArgumentError](test.cmd.check())
		if !ok || wrong.Argument != test.argument {
			t.Errorf("%v, want one that names %q", wrong, test.argument)
		}
		if ok && strings.Contains(wrong.Error(), "secret") {
			t.Errorf("%v quotes the value", wrong)
		}
	}
}

func TestACommandDoesNotShowThePassword(t *testing.T) {
	for _, line := range []string{"auth ClueCon", "AUTH  ClueCon", " userauth 1@x:ClueCon"} {
		if got := Raw(line).String(); strings.Contains(got, "ClueCon") {
			t.Errorf("%q shows it", got)
		}
	}
}
