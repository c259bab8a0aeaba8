package acd

import (
	"strings"
	"testing"
	"time"

	"nwayacd/queue"
)

// Other programs write prompts into the database. What could run a program is not played.
func TestAPromptOfTheDatabaseThatRunsAProgramIsNotPlayed(t *testing.T) {
	s := ordinary()
	s.snapshot.Groups[0].Prompts = queue.Prompts{
		Welcome: "shell_stream:///usr/bin/id", Busy: "/tmp/x.shell_stream", Transfer: "http_cache://http://evil/a.wav",
	}
	open(t, s, func(c *centre) {
		for range 2 {
			call := c.caller("139")
			c.after(5 * time.Second)
			heard := strings.Join(call.Heard(), " ")
			if strings.Contains(heard, "stream:///") || strings.Contains(heard, ".shell_stream") {
				t.Errorf("FreeSWITCH got %q", heard)
			}
			if !strings.Contains(heard, "welcome.wav") || !strings.Contains(heard, "busy.wav") {
				t.Errorf("the prompts of the configuration are not played: %q", heard)
			}
			call.Hangup()
			c.after(time.Second)
		}
		if n := c.log.count("a prompt is not played"); n != 3 {
			t.Errorf("%d lines for three prompts in a minute", n)
		}
	})
}

func TestNothingIsPlayedThatTheConfigurationForbids(t *testing.T) {
	s := ordinary()
	s.settings.Prompts.Welcome, s.settings.Prompts.Hold = "http_cache://http://h/a.wav", "local_stream://moh"
	s.settings.Floor.Schemes = []string{"http_cache"}
	open(t, s, func(c *centre) {
		call := c.caller("139")
		c.after(5 * time.Second)
		heard := strings.Join(call.Heard(), " ")
		if !strings.Contains(heard, "http_cache://") || strings.Contains(heard, "local_stream") {
			t.Errorf("heard %q", heard)
		}
		call.Hangup()
		c.after(time.Second)
	})
}
