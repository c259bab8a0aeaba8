package acd

import (
	"context"
	"slices"
	"strings"
	"sync"

	"nwayacd/esl"
	"nwayacd/queue"
)

// logBook keeps the warnings and errors that the server logs.
type logBook struct {
	mu    sync.Mutex
	lines []string
}

func (l *logBook) Write(line []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.lines = append(l.lines, string(line))
	return len(line), nil
}

// has reports whether a line has the message.
func (l *logBook) has(message string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.ContainsFunc(l.lines, func(line string) bool { return strings.Contains(line, message) })
}

// count returns how many lines have the message.
func (l *logBook) count(message string) (n int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, line := range l.lines {
		if strings.Contains(line, message) {
			n++
		}
	}
	return n
}

// memoryJournal is a Journal in memory.
type memoryJournal struct {
	mu      sync.Mutex
	changes []queue.Change
}

func (l *memoryJournal) Write(changes ...queue.Change) uint64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.changes = append(l.changes, changes...)
	return uint64(len(l.changes))
}

func (l *memoryJournal) Sync(context.Context, uint64) error { return nil }

// whole returns n, or n+1 if that would part a CDR from the end of its talk, which a journal keeps
// together.
func (l *memoryJournal) whole(n int) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	if n < len(l.changes) && l.changes[n].TalkOver != nil {
		n++
	}
	return n
}

func (l *memoryJournal) cdrs() (all []queue.CDR) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, c := range l.changes {
		if c.CDR != nil {
			all = append(all, *c.CDR)
		}
	}
	return all
}

func (l *memoryJournal) offers() (all []queue.OfferRecord) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, c := range l.changes {
		if c.Offer != nil {
			all = append(all, *c.Offer)
		}
	}
	return all
}

// waiting is the uuids of the callers who have a row in the table of waiting callers.
func (l *memoryJournal) waiting() map[string]bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	rows := map[string]bool{}
	for _, c := range l.changes {
		if c.Waiting != nil {
			rows[c.Waiting.UUID] = true
		}
		if c.Left != nil {
			delete(rows, *c.Left)
		}
	}
	return rows
}

// snapshot is what a database has now that had s at the beginning.
func (l *memoryJournal) snapshot(s queue.Snapshot) queue.Snapshot {
	l.mu.Lock()
	defer l.mu.Unlock()
	s = s.Clone()
	for _, c := range l.changes {
		s.Apply(c)
	}
	return s
}

// forget removes all changes.
func (l *memoryJournal) forget() { l.forgetBehind(0) }

// forgetBehind removes all but the first n changes.
func (l *memoryJournal) forgetBehind(n int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.changes = l.changes[:n]
}

func (l *memoryJournal) length() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.changes)
}

// ctiLog has the queue and info events that a CTI receives from FreeSWITCH. Each is a line "WORD
// EXTENSION", in order of arrival, under the uuid of the caller.
type ctiLog struct {
	mu   sync.Mutex
	of   map[string][]string
	conn *esl.Connection
}

func (l *ctiLog) hear(e *esl.Event) {
	l.mu.Lock()
	defer l.mu.Unlock()
	var uuid, line string
	switch e.Subclass() {
	case "nwayacd::queue":
		uuid, line = e.Get("nway_queue_uuid"), e.Get("nway_queue_operate")[len("nway_"):]
		if ext := e.Get("nway_queue_extension"); ext != "" {
			line += " " + ext
		}
	case "nwayacd::info":
		uuid = e.Get("nway_caller_uuid")
		line = e.Get("nway_callstatus") + " " + e.Get("nway_callout") + " " + e.Get("nway_transfer_times")
	default:
		return
	}
	l.of[uuid] = append(l.of[uuid], line)
}

func (l *ctiLog) call(uuid string) []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return append([]string(nil), l.of[uuid]...)
}

// ownEvents are the events that the server publishes to its own listeners, the oldest first.
func (c *centre) ownEvents() []Event { return c.server.Events.ring }
