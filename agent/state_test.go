package agent

import (
	"encoding/json"
	"os"
	"regexp"
	"strings"
	"testing"
)

// arrow is one line of the chart.
type arrow struct{ from, to, move string }

// chart reads the arrows of the mermaid chart named agent from docs/call.md. An arrow without a
// move, such as the one into the first state, is left out.
func chart(t *testing.T) map[arrow]bool {
	t.Helper()
	page, err := os.ReadFile("../docs/call.md")
	if err != nil {
		t.Fatal(err)
	}
	blocks := regexp.MustCompile("(?s)```mermaid\\s*\n(.*?)```").FindAllStringSubmatch(string(page), -1)
	named := regexp.MustCompile(`(?m)^title:\s*agent\s*$`)
	for _, block := range blocks {
		if !named.MatchString(block[1]) || !strings.Contains(block[1], "stateDiagram-v2") {
			continue
		}
		arrows := map[arrow]bool{}
		for _, m := range regexp.MustCompile(`(?m)^\s*(\S+)\s*-->\s*(\S+?)\s*:\s*(\S+)\s*$`).
			FindAllStringSubmatch(block[1], -1) {
			a := arrow{m[1], m[2], m[3]}
			if arrows[a] {
				t.Errorf("the chart has %v twice", a)
			}
			arrows[a] = true
		}
		return arrows
	}
	t.Fatal("docs/call.md has no stateDiagram-v2 titled agent")
	return nil
}

func TestMovesAreWhatTheChartShows(t *testing.T) {
	drawn := chart(t)
	for from := range CallState(len(callStateNames)) {
		for m := range Move(len(moveNames)) {
			to, ok := from.Next(m)
			if !ok {
				continue
			}
			a := arrow{from.String(), to.String(), m.String()}
			if !drawn[a] {
				t.Errorf("the table has %v, the chart does not", a)
			}
			delete(drawn, a)
		}
	}
	for a := range drawn {
		t.Errorf("the chart has %v, the table does not", a)
	}
}

func TestNext(t *testing.T) {
	tests := []struct {
		situation string
		from      CallState
		move      Move
		to        CallState
		ok        bool
	}{
		{"a ready agent is offered a call", Ready, Offer, Ring, true},
		{"a ringing agent is not offered another", Ring, Offer, none, false},
		{"a talking agent is not offered another", Talking, Offer, none, false},
		{"an agent in wrap-up is not offered a call", Typing, Offer, none, false},
		{"an agent who missed one and stays out is not offered a call", NoAnswer, Offer, none, false},
		{"the agent picks up", Ring, Answer, Talking, true},
		{"nobody picks up without ringing", Ready, Answer, none, false},
		{"the agent does not pick up", Ring, Miss, Ready, true},
		{"the agent does not pick up and stays out", Ring, MissOut, NoAnswer, true},
		{"the leg dies between answer and bridge", Talking, Miss, Ready, true},
		{"the leg dies between answer and bridge, and the agent stays out", Talking, MissOut, NoAnswer, true},
		{"the caller hangs up while the agent rings", Ring, Withdraw, Ready, true},
		{"a talk without wrap-up", Talking, Finish, Ready, true},
		{"a talk with wrap-up", Talking, WrapUp, Typing, true},
		{"no wrap-up follows an offer that nobody answered", Ring, WrapUp, none, false},
		{"the wrap-up ends", Typing, Recover, Ready, true},
		{"back after a miss", NoAnswer, Recover, Ready, true},
		{"a ready agent has nothing to recover from", Ready, Recover, none, false},
	}
	for _, test := range tests {
		t.Run(test.situation, func(t *testing.T) {
			if to, ok := test.from.Next(test.move); to != test.to || ok != test.ok {
				t.Errorf("%v by %v: %v %v, want %v %v", test.from, test.move, to, ok, test.to, test.ok)
			}
		})
	}
}

func TestEveryStateReachesReady(t *testing.T) {
	for from := range CallState(len(callStateNames)) {
		if to, ok := from.Next(Recover); from != Ready && (!ok || to != Ready) {
			t.Errorf("%v: recover leads to %v %v", from, to, ok)
		}
	}
}

func TestParseCallState(t *testing.T) {
	for want := range CallState(len(callStateNames)) {
		word := want.String()
		for _, written := range []string{word, strings.ToUpper(word), strings.ToUpper(word[:1]) + word[1:]} {
			if got, err := ParseCallState(written); err != nil || got != want {
				t.Errorf("%q: %v %v, want %v", written, got, err, want)
			}
		}
	}
	if got, err := ParseCallState(""); err != nil || got != Ready {
		t.Errorf("an empty column: %v %v, want ready", got, err)
	}
	for _, written := range []string{"idle", "ready ", "ringing", "0"} {
		if got, err := ParseCallState(written); err == nil || got != Ready || !strings.Contains(err.Error(), written) {
			t.Errorf("%q: %v %v, want ready and an error that names it", written, got, err)
		}
	}
}

func TestCallStateIsWrittenAsItsWord(t *testing.T) {
	for want := range CallState(len(callStateNames)) {
		text, err := json.Marshal(want)
		if err != nil || string(text) != `"`+want.String()+`"` {
			t.Errorf("%v is written %s %v", want, text, err)
		}
		var got CallState
		if err := json.Unmarshal(text, &got); err != nil || got != want {
			t.Errorf("%s is read as %v %v", text, got, err)
		}
	}
	if got := CallState(9).String(); got != "call_state(9)" {
		t.Errorf("an unknown state is called %q", got)
	}
}
