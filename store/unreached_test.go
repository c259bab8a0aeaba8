package store

import (
	"strings"
	"testing"
	"time"

	"nwayacd/queue"
)

func TestCallersWhoGaveUpAreListedUntilSomebodyTalksToThem(t *testing.T) {
	everyDatabase(t, func(t *testing.T, o Options) {
		s, _ := run(t, o)
		for n, c := range []queue.CDR{
			{UUID: "before", Caller: "1", Group: "110", Outcome: queue.Abandoned}, // before the time
			{UUID: "open", Caller: "2", Group: "110", Outcome: queue.Abandoned},
			{UUID: "again", Caller: "3", Group: "110", Outcome: queue.Abandoned},
			{UUID: "again2", Caller: "3", Group: "110", Outcome: queue.Abandoned},
			{UUID: "back", Caller: "4", Group: "110", Outcome: queue.Abandoned},
			{UUID: "back2", Caller: "4", Group: "120", Outcome: queue.Answered, Bridged: moment},
			{UUID: "called", Caller: "5", Group: "110", Outcome: queue.Abandoned},
			{UUID: "call", Caller: "1000", Dialled: "5", Direction: queue.Outbound, Outcome: queue.Answered, Bridged: moment},
			{UUID: "tried", Caller: "6", Group: "120", Outcome: queue.Abandoned},
			{UUID: "try", Caller: "1000", Dialled: "6", Direction: queue.Outbound, Outcome: queue.Abandoned},
			{UUID: "served", Caller: "7", Group: "110", Outcome: queue.Answered, Bridged: moment},
			{UUID: "later", Caller: "7", Group: "110", Outcome: queue.Abandoned},
			{UUID: "hidden", Caller: "", Group: "110", Outcome: queue.Abandoned},
			{UUID: "two", Caller: "8", Group: "110", Outcome: queue.Abandoned},
			{UUID: "two2", Caller: "8", Group: "120", Outcome: queue.Abandoned},
		} {
			c.Arrived = moment.Add(time.Duration(n) * time.Minute)
			c.Ended = c.Arrived.Add(time.Second)
			s.Write(queue.Change{CDR: &c})
		}
		flush(t, s)
		for _, one := range []struct {
			groups []string
			limit  int
			want   string
		}{
			{nil, 50, "two2 two later tried again2 open"},
			{nil, 2, "two2 two"},
			{[]string{"120"}, 50, "two2 tried"},
			{[]string{}, 50, ""},
		} {
			all, err := s.Unreached(within(t), moment.Add(time.Minute), one.groups, one.limit)
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, c := range all {
				got = append(got, c.UUID)
			}
			if strings.Join(got, " ") != one.want {
				t.Errorf("groups %v, limit %d: %v, want %s", one.groups, one.limit, got, one.want)
			}
		}
	})
}
