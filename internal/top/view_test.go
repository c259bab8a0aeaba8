package top

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"
)

var updateScreens = flag.Bool("update-screens", false, "write the screens of testdata anew")

// busyFloor is a floor with an example of everything.
func busyFloor() View {
	at := func(minutes, seconds int) time.Duration {
		return time.Duration(minutes)*time.Minute + time.Duration(seconds)*time.Second
	}
	v := View{
		Server: "127.0.0.1:8022", At: time.Date(2026, 1, 31, 14, 5, 9, 0, time.UTC), Talking: 2,
		Groups: []Group{
			{Number: "110", Name: "报警中心", Mode: "remember+cyclic", Members: 8, Waiting: 3, Talking: 2},
			{Number: "120", Name: "sales", Mode: "sequence", Members: 1, Available: 1},
		},
		Callers: []Caller{
			{Number: "13900000003", Group: "110", State: "greeting", Wait: at(0, 2), For: at(0, 2)},
			{
				Number: "13900000001", Group: "110", State: "ringing", Agent: "1003", VIP: true, Wait: at(61, 40),
				For: at(0, 4),
			},
			{Group: "110", State: "waiting", Wait: at(1, 7), For: at(1, 5)},
		},
		Agents: []Agent{
			{
				Extension: "1000", Name: "李小龙", State: "talking", Caller: "13900000007", Groups: []string{"110"},
				For: at(3, 5),
			},
			{
				Extension: "1001", Name: "evil \x1b[2J\n\u202e", State: "talking", Caller: "13900000008",
				Groups: []string{"110"}, For: at(0, 1),
			},
			{Extension: "1002", State: "busy", Groups: []string{"110"}, For: -1},
			{
				Extension: "1003", Name: "Ann", State: "ring", Caller: "13900000001", Groups: []string{"110"},
				For: at(0, 4),
			},
			{Extension: "1005", State: "rest", Rest: "busy 12s", Groups: []string{"110"}, For: at(0, 3)},
			{
				Extension: "1004", Name: "Bob with a very long name", State: "ready", Groups: []string{"110", "120"},
				For: at(125, 0),
			},
		},
	}
	for n := range 40 {
		v.Agents = append(v.Agents, Agent{Extension: fmt.Sprint(2000 + n), State: "down", For: -1})
	}
	return v
}

func TestScreens(t *testing.T) {
	lost := busyFloor()
	lost.Trouble = "esl: dial 127.0.0.1:8022: connection refused"
	for _, c := range []struct {
		name          string
		view          View
		width, height int
	}{
		{"wide", busyFloor(), 120, 30},
		{"usual", busyFloor(), 80, 24},
		{"narrow", busyFloor(), 34, 16},
		{"flat", busyFloor(), 80, 5},
		{"printed", busyFloor(), 0, 0},
		{"lost", lost, 80, 12},
		{"empty", View{Server: "127.0.0.1:8022", At: lost.At}, 80, 24},
	} {
		got := c.view.render(c.width, c.height)
		golden := "testdata/" + c.name + ".golden"
		if *updateScreens {
			if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(golden)
		if err != nil {
			t.Fatal(err)
		}
		if got != string(want) {
			t.Errorf("%s: got\n%s\nwant\n%s", c.name, got, want)
		}
	}
}

func TestNoLineLeavesTheScreen(t *testing.T) {
	for width := 1; width < 140; width += 7 {
		for height := 1; height < 60; height += 5 {
			lines := strings.Split(strings.TrimSuffix(busyFloor().render(width, height), "\n"), "\n")
			if len(lines) > height {
				t.Fatalf("%d lines on a screen of %d", len(lines), height)
			}
			for _, line := range lines {
				if breadth(line) > width || strings.ContainsAny(line, "\x1b\t\r") {
					t.Fatalf("%d by %d: %q takes %d columns", width, height, line, breadth(line))
				}
			}
		}
	}
}

func TestClipCountsColumnsOfTheTerminal(t *testing.T) {
	for _, c := range []struct {
		text  string
		width int
		want  string
	}{
		{"报警中心", 8, "报警中心"},
		{"报警中心", 7, "报警中…"},
		{"报警中心", 6, "报警…"},
		{"e\u0301e\u0301e\u0301", 3, "e\u0301e\u0301e\u0301"},
		{"abc", 2, "a…"},
		{"abc", 1, "…"},
		{"报", 1, "…"},
		{"abc", 0, "abc"},
	} {
		if got := clip(c.text, c.width); got != c.want {
			t.Errorf("%q in %d: %q, want %q", c.text, c.width, got, c.want)
		}
	}
}

func TestTheLastCharacterOfALineSurvivesThePainting(t *testing.T) {
	if got, want := paint("full\nline\n", 2), "\x1b[H\x1b[Kfull\r\n\x1b[Kline"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	if got, want := paint("one\n", 2), "\x1b[H\x1b[Kone\r\n\x1b[J"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}

func TestKeysThatQuit(t *testing.T) {
	for keys, want := range map[string]bool{
		"q": true, "Q": true, "\x03": true, "\x04": true, "x": false,
		"\x1b[A": false, "aq": true,
	} {
		if quits([]byte(keys)) != want {
			t.Errorf("%q quits: %v, want %v", keys, !want, want)
		}
	}
}
