package cmdport

import (
	"runtime"
	"strings"
	"testing"

	"nwayacd/esl"
)

// Each step is either a request with the start of its reply, or an event (`queue`, `agent 1000
// busy` or `job`) with whether the client gets it.
func TestSubscriptionIsThatOfFreeSWITCH(t *testing.T) {
	for name, steps := range map[string][][2]string{
		"nothing is wanted at first": {
			{"agent 1000 busy", "no"},
			{"job", "no"},
			{"noevents", "-ERR not listening for events"},
		},
		"a subclass": {{
			"event plain CUSTOM nwayacd::agent",
			"+OK event listener enabled plain",
		}, {"agent 1000 busy", "yes"}, {"queue", "no"}},
		"CUSTOM alone is no subclass": {
			{"event CUSTOM", "+OK event listener enabled plain"},
			{"queue", "no"},
		},
		"two requests add up": {
			{
				"event json CUSTOM nwayacd::agent",
				"+OK event listener enabled json",
			},
			{"event CUSTOM nwayacd::queue", "+OK"},
			{"agent 1 busy", "yes"},
			{"queue", "yes"},
		},
		"what follows CUSTOM is a subclass": {
			{"event plain CUSTOM nwayacd::agent BACKGROUND_JOB", "+OK"},
			{"job", "no"},
		},
		"events before CUSTOM": {
			{"event plain CHANNEL_ANSWER background_job CUSTOM nwayacd::agent", "+OK"},
			{"job", "yes"},
			{"agent 1 busy", "yes"},
		},
		"all": {
			{"event xml ALL", "+OK event listener enabled xml"},
			{"job", "yes"},
			{"queue", "yes"},
		},
		"all but jobs": {
			{"event plain ALL", "+OK"},
			{"nixevent BACKGROUND_JOB", "+OK events nixed"},
			{"job", "no"},
			{"queue", "yes"},
		},
		"all outlives a subclass": {
			{"event plain ALL", "+OK"},
			{"nixevent CUSTOM nwayacd::queue", "+OK"},
			{"queue", "yes"},
		},
		"all is nixed": {
			{"event plain ALL", "+OK"},
			{"nixevent ALL", "+OK"},
			{"queue", "no"},
			{"job", "no"},
		},
		"a subclass is nixed": {
			{"event plain CUSTOM nwayacd::queue nwayacd::agent", "+OK"},
			{"nixevent CUSTOM nwayacd::queue", "+OK"},
			{"queue", "no"},
			{"agent 1 busy", "yes"},
		},
		"no events any more": {
			{"event plain ALL", "+OK"},
			{"noevents", "+OK no longer listening"},
			{"queue", "no"},
			{"event plain BACKGROUND_JOB", "+OK"},
			{"queue", "no"},
		},
		"no keywords": {
			{"event", "-ERR no keywords"},
			{"event plain", "-ERR no keywords"},
			{"event json 12", "-ERR no keywords"},
			{"nixevent", "-ERR no keywords"},
		},
		"a filter lets through": {
			{"event plain ALL", "+OK"},
			{"filter nway_agent_extension 1000", "+OK filter added. [nway_agent_extension]=[1000]"},
			{"agent 1000 busy", "yes"},
			{"agent 2000 busy", "no"},
			{"queue", "no"},
		},
		"two filters let through what either does": {
			{"event plain ALL", "+OK"},
			{"filter nway_agent_extension 1000", "+OK"},
			{"filter add Event-Name BACKGROUND_JOB", "+OK"},
			{"job", "yes"},
			{"agent 1000 busy", "yes"},
			{"queue", "no"},
		},
		"a filter keeps back": {
			{"event plain ALL", "+OK"},
			{"filter Event-Name CUSTOM", "+OK"},
			{"filter nway_agent_status -BUSY", "+OK"},
			{"agent 1000 busy", "no"},
			{"agent 1000 ready", "yes"},
		},
		"a filter is a pattern": {
			{"event plain ALL", "+OK"},
			{"filter nway_agent_extension /^1\\d+$/", "+OK"},
			{"agent 1000 busy", "yes"},
			{"agent 2100 busy", "no"},
		},
		"a filter is deleted": {
			{"event plain ALL", "+OK"},
			{"filter a b", "+OK"},
			{"filter a c", "+OK"},
			{"filter delete a b", "+OK filter deleted. [a][b]"},
			{"queue", "no"},
			{"filter delete a", "+OK"},
			{"queue", "yes"},
		},
		"all filters are deleted": {
			{"event plain ALL", "+OK"},
			{"filter a b", "+OK"},
			{"filter c d", "+OK"},
			{"filter delete all", "+OK"},
			{"queue", "yes"},
		},
		"faulty filters": {
			{"filter", "-ERR invalid syntax"},
			{"filter a", "-ERR invalid syntax"},
			{"filter add a", "-ERR invalid syntax"},
			{"filter a /[/", "-ERR "},
		},
	} {
		t.Run(name, func(t *testing.T) {
			var s subscription
			for _, step := range steps {
				verb, rest, _ := strings.Cut(step[0], " ")
				if isSubscribing[verb] {
					if reply, _ := s.change(verb, rest); !strings.HasPrefix(reply, step[1]) {
						t.Errorf("%s: %s, want %s", step[0], reply, step[1])
					}
					continue
				}
				if wanted := wants(&s, verb, rest); wanted != (step[1] == "yes") {
					t.Errorf("%s: wanted %v", step[0], wanted)
				}
			}
		})
	}
}

func wants(s *subscription, kind, rest string) bool {
	extension, status, _ := strings.Cut(rest, " ")
	e := event{name: eventCustom, subclass: "nwayacd::" + kind, headers: []esl.Header{
		{Name: "nway_agent_extension", Value: extension}, {Name: "nway_agent_status", Value: status},
	}}
	if kind == "job" {
		e = event{name: eventJob}
	}
	_, wanted := s.wants(e.name, e.subclass, e.allHeaders(&sender{}))
	return wanted
}

func TestFiltersAreBounded(t *testing.T) {
	var s subscription
	for range mostFilters {
		s.change("filter", "a b")
	}
	if reply, ok := s.change("filter", "a b"); ok {
		t.Error(reply)
	}
}

// Six filters of 22 KB took 1.3 GB.
func TestTheFiltersOfAClientTakeLittleMemory(t *testing.T) {
	var s subscription
	runtime.GC()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	refused := 0
	for range 300 {
		for _, pattern := range []string{
			strings.Repeat(`\pL{1000}`, 2444), strings.Repeat(`\pL{1000}`, 50),
			`[a-z]{1000}`, `((a{30}){30})`, `(\pL\pN){500}`,
			`^1000$`,
		} {
			reply, _ := s.change("filter", "Agent /"+pattern+"/")
			if !strings.HasPrefix(reply, "+OK") {
				refused++
			}
		}
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	const most = 8 << 20
	if held := int64(after.HeapAlloc) - int64(before.HeapAlloc); held > most || refused == 0 {
		t.Errorf("%d bytes, %d refused", held, refused)
	}
	if total := after.TotalAlloc - before.TotalAlloc; total > 256<<20 {
		t.Errorf("%d bytes on the way", total)
	}
	if reply, ok := s.change("filter", "delete all"); !ok {
		t.Error(reply)
	}
	if reply, ok := s.change("filter", `Agent /^10[0-9]{2}$/`); !ok {
		t.Errorf("an ordinary filter: %s", reply)
	}
}
