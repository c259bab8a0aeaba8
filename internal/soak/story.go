package main

import (
	"fmt"
	"strings"
	"sync"
	"time"
)

// storyBound is how many lines of a story are kept: the first half and the last.
const storyBound = 300

// story is what happened to one caller, agent or the whole soak, a line each.
type story struct {
	mu     sync.Mutex
	lines  []line
	passed int // lines over, in the middle
}

type line struct {
	at   time.Time
	text string
}

func (s *story) add(format string, args ...any) {
	l := line{time.Now(), fmt.Sprintf(format, args...)}
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.lines) >= storyBound {
		middle := storyBound / 2
		s.lines = append(s.lines[:middle], s.lines[middle+1:]...)
		s.passed++
	}
	s.lines = append(s.lines, l)
}

// between prints the lines of that time, with times counted from began.
func (s *story) between(began, from, to time.Time) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var b strings.Builder
	for i, l := range s.lines {
		if i == storyBound/2 && s.passed > 0 {
			fmt.Fprintf(&b, "    … %d lines …\n", s.passed)
		}
		if !l.at.Before(from) && !l.at.After(to) {
			fmt.Fprintf(&b, "    %9.3f %s\n", l.at.Sub(began).Seconds(), l.text)
		}
	}
	return b.String()
}
