package sim

import (
	"fmt"
	"strconv"
	"strings"
	"sync"
	"time"
)

// schedule is FreeSWITCH's scheduler. Its tasks are in groups, each of which can be removed.
// sched_hangup has the channel's uuid as its group.
type schedule struct {
	mu    sync.Mutex
	tasks map[string][]*time.Timer
	added int
}

// add runs do at a moment given as [+]SECONDS: from now, or since 1970. FreeSWITCH counts in whole
// seconds of the clock. It returns the task's number.
func (s *schedule) add(group, when string, do func()) (id int) {
	seconds, _ := strconv.ParseInt(strings.TrimPrefix(when, "+"), 10, 64)
	now := time.Now()
	if strings.HasPrefix(when, "+") {
		seconds += now.Unix()
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.tasks == nil {
		s.tasks = map[string][]*time.Timer{}
	}
	s.tasks[group] = append(s.tasks[group], time.AfterFunc(time.Unix(seconds, 0).Sub(now), do))
	s.added++
	return s.added
}

// remove removes the tasks of a group. It returns how many there were.
func (s *schedule) remove(group string) (n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, t := range s.tasks[group] {
		if t.Stop() {
			n++
		}
	}
	delete(s.tasks, group)
	return n
}

// clear removes all tasks.
func (s *schedule) clear() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, group := range s.tasks {
		for _, t := range group {
			t.Stop()
		}
	}
	s.tasks = nil
}

// schedHangup is [+]SECONDS UUID [CAUSE].
func (s *Switch) schedHangup(arg string) string {
	args := separate(arg, ' ')
	if len(args) == 0 {
		return "-USAGE: [+]<time> <uuid> [<cause>]\n"
	}
	c := (*channel)(nil)
	if len(args) > 1 {
		c = s.find(args[1])
	}
	if c == nil {
		return noChannel
	}
	cause := ""
	if len(args) > 2 {
		cause = args[2]
	}
	c.hangupIn(args[0], causeOr(cause, "ALLOTTED_TIMEOUT"))
	return done
}

func (c *channel) hangupIn(when, cause string) {
	if seconds, _ := strconv.Atoi(strings.TrimPrefix(when, "+")); seconds == 0 {
		c.hangup(cause)
		return
	}
	c.s.schedule.add(c.uuid, when, func() { c.hangup(cause) })
}

// schedHangupApp is the application of that name: [+]SECONDS [CAUSE].
func (c *channel) schedHangupApp(data string) string {
	if args := separate(data, ' '); len(args) > 0 {
		cause := strings.Join(args[1:min(2, len(args))], "")
		c.hangupIn(args[0], causeOr(cause, "ALLOTTED_TIMEOUT"))
	}
	return ""
}

// schedAPI is [+]SECONDS GROUP COMMAND. FreeSWITCH can also repeat a command, which is not done
// here.
func (s *Switch) schedAPI(arg string) string {
	args := strings.SplitN(arg, " ", 3)
	if len(args) < 3 {
		return "-ERR Invalid syntax. USAGE: [+@]<time> <group_name> <command_string>[&]\n"
	}
	name, rest, _ := strings.Cut(args[2], " ")
	id := s.schedule.add(args[1], args[0], func() { s.run(name, rest) })
	return fmt.Sprintf("+OK Added: %d\n", id)
}

// schedDel removes a group of tasks.
func (s *Switch) schedDel(group string) string {
	return fmt.Sprintf("+OK Deleted: %d\n", s.schedule.remove(group))
}

// schedCancel is the application that does the same: [GROUP]. Without a group it is the channel's.
func (c *channel) schedCancel(data string) string {
	if data == "" {
		data = c.uuid
	}
	c.s.schedule.remove(data)
	return ""
}
