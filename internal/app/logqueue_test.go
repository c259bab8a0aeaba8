package app

import (
	"bytes"
	"errors"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rs/zerolog"
)

// gate is a log that takes lines while it is open.
type gate struct {
	mu     sync.Mutex
	opened *sync.Cond
	open   bool
	err    error
	text   bytes.Buffer
}

func newGate() *gate {
	g := &gate{}
	g.opened = sync.NewCond(&g.mu)
	return g
}

func (g *gate) Write(line []byte) (int, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for !g.open {
		g.opened.Wait()
	}
	if g.err != nil {
		return 0, g.err
	}
	return g.text.Write(line)
}

func (g *gate) set(open bool, err error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.open, g.err = open, err
	g.opened.Broadcast()
}

func (g *gate) lines() []string {
	g.mu.Lock()
	defer g.mu.Unlock()
	return strings.Split(strings.TrimSpace(g.text.String()), "\n")
}

func TestALogThatNobodyReadsDelaysNobodyAndDropsRecordsLast(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGate()
		q := NewLogQueue(g)
		log := zerolog.New(q)
		filler := strings.Repeat("x", 1<<20)
		for range 10 {
			log.Info().Msg(filler)
		}
		for range 10 {
			log.Error().RawJSON("change", []byte(`{"cdr":"`+filler+`"}`)).Msg("the journal is full")
		}
		time.Sleep(logStuck)
		if s := q.Status(); s.DroppedLines != 7 || s.DroppedRecords != 0 || !strings.Contains(s.Fault, "nobody reads") {
			t.Errorf("%+v", s)
		}
		g.set(true, nil)
		synctest.Wait()
		log.Info().Msg("the last")
		q.Close()
		lines := g.lines()
		records, notices := 0, ""
		for _, line := range lines {
			if strings.Contains(line, `"change":`) {
				records++
			}
			if strings.Contains(line, "are missing here") {
				notices += line
			}
		}
		if records != 10 || !strings.Contains(notices, `"lines":7,"records":0`) || q.Status().Fault != "" {
			t.Errorf("%d records of 10; %s; %+v", records, notices, q.Status())
		}
		if !strings.Contains(lines[len(lines)-1], "the last") {
			t.Errorf("the last line is %.100s", lines[len(lines)-1])
		}
	})
}

func TestARecordThatDoesNotFitIsCountedApart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGate()
		q := NewLogQueue(g)
		for range 34 {
			q.Write([]byte(`{"change":"` + strings.Repeat("x", 1<<20-20) + `"}` + "\n"))
		}
		if s := q.Status(); s.DroppedRecords != 2 || s.DroppedLines != 0 {
			t.Errorf("%+v", s)
		}
		g.set(true, nil)
		q.Close()
	})
}

func TestTheLinesThatAFailedLogLostAreToldWhenItWorksAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGate()
		g.set(true, errors.New("broken pipe"))
		q := NewLogQueue(g)
		for range 3 {
			q.Write([]byte("{}\n"))
			synctest.Wait()
		}
		if s := q.Status(); s.DroppedLines != 3 || !strings.Contains(s.Fault, "broken pipe") {
			t.Errorf("%+v", s)
		}
		g.set(true, nil)
		q.Write([]byte(`{"message":"again"}` + "\n"))
		q.Close()
		if lines := g.lines(); len(lines) != 2 || !strings.Contains(lines[0], `"lines":3`) || q.Status().Fault != "" {
			t.Errorf("%q %+v", lines, q.Status())
		}
	})
}

func TestTheEndOfTheProcessDoesNotWaitForALogThatIsStuck(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGate()
		q := NewLogQueue(g)
		q.Write([]byte("{}\n"))
		began := time.Now()
		q.Close()
		if took := time.Since(began); took != logPatience {
			t.Errorf("it waited %s", took)
		}
		g.set(true, nil) // so that the goroutine ends with the test
	})
}
