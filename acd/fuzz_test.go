package acd

import (
	"strings"
	"testing"

	"nwayacd/esl"
)

// FuzzRoute checks that any data of FreeSWITCH leads to a route or an error, and that the caller's
// name and number are harmless.
func FuzzRoute(f *testing.F) {
	f.Add("nwayacd/110", "110", "139")
	f.Add("nwaycallout/139/gw/%2500", "", "${x}")
	f.Add("cmd/nway_login/1000/110", "\r\n", "';:_:")
	f.Add("", "110", "anonymous")
	f.Fuzz(func(t *testing.T, path, dialled, number string) {
		channel := esl.NewEvent("",
			esl.Header{Name: "variable_socket_path", Value: path},
			esl.Header{Name: "Caller-Destination-Number", Value: dialled},
			esl.Header{Name: "Caller-Caller-ID-Number", Value: number})
		if r, err := routeOf(channel); err == nil {
			switch r.app {
			case appQueue, appBridge, appCallOut, appCommand:
			default:
				t.Errorf("%q is the application %q", path, r.app)
			}
		}
		if caller := sanitize(channel.Get("Caller-Caller-ID-Number")); strings.ContainsAny(caller, "\r\n\x00;{}$'\\") ||
			len(caller) > wordRoom {
			t.Errorf("%q was let through", caller)
		}
		if back := home(dialled, "XML", "default"); strings.ContainsAny(back, ",'$:") {
			t.Errorf("handed back to %q", back)
		}
	})
}

// FuzzDecode checks that no event of FreeSWITCH ends a call's reader.
func FuzzDecode(f *testing.F) {
	f.Add("CHANNEL_HANGUP", "Hangup-Cause: NORMAL_CLEARING\nUnique-ID: 5fa9\n\n")
	f.Add("BACKGROUND_JOB", "Job-UUID: j\nContent-Length: 3\n\n+OK")
	f.Add("CUSTOM", "Event-Subclass: sofia%3A%3Aregister\n\n")
	f.Fuzz(func(_ *testing.T, name, rest string) {
		if e, err := esl.ParseEvent("Event-Name: " + name + "\n" + rest); err == nil {
			decode(e)
		}
	})
}

// FuzzPlayable checks that FreeSWITCH expands no prompt, and that no prompt ends a header, whatever
// its source.
func FuzzPlayable(f *testing.F) {
	for _, file := range []string{"/v/a b.wav", "${system(x)}", "$${x}", "$\x00{x}", "$\r\n${", "a$b"} {
		f.Add(file)
	}
	f.Fuzz(func(t *testing.T, file string) {
		if got := playable(file); strings.Contains(got, "${") || strings.ContainsAny(got, "\r\n\x00") {
			t.Errorf("%q is played as %q", file, got)
		}
	})
}
