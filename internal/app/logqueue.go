package app

import (
	"bytes"
	"io"
	"sync"
	"time"

	"github.com/rs/zerolog"
)

// What waits for a log that cannot be written. Beyond these bounds lines are dropped. A record is a
// line with the field "change": a CDR, say, that neither journal nor database could keep. Records
// have room of their own, so that they are the last to be dropped.
const (
	logRoom     = 4 << 20  // bytes of ordinary lines
	recordRoom  = 32 << 20 // bytes of records
	logStuck    = 2 * time.Second
	logPatience = 2 * time.Second // for what is left at the end of the process
)

var recordField = []byte(`"change":`)

// LogQueue hands the lines of the log to one goroutine, which writes them. So a log whose reader is
// slow, stuck or gone delays no call: lines that do not fit are dropped and counted.
type LogQueue struct {
	to   io.Writer
	wake chan struct{} // holds one when there is something to write, or the queue is closed
	over chan struct{} // closed when the goroutine has ended

	mu         sync.Mutex
	lines      []logLine
	held       lineCount // bytes in lines, by kind
	dropped    lineCount // lines, since the start
	untold     lineCount // lines that no notice in the log tells of yet
	writeBegan time.Time // of the write under way; zero = none
	failed     error     // of the last write
	closed     bool
}

// lineCount counts ordinary lines and records apart.
type lineCount struct{ ordinary, records uint64 }

// logLine is one line on its way.
type logLine struct {
	text     []byte
	isRecord bool
	tells    lineCount // of dropped lines, if the line is a notice of those
}

// LogStatus says how the log fares.
type LogStatus struct {
	DroppedLines, DroppedRecords uint64
	// Fault says why the log cannot be written now; "" = it can.
	Fault string
}

// NewLogQueue returns a queue before a writer. Close ends its goroutine.
func NewLogQueue(to io.Writer) *LogQueue {
	q := &LogQueue{to: to, wake: make(chan struct{}, 1), over: make(chan struct{})}
	go q.write() // ends by Close, which waits for it
	return q
}

// Write queues a line and returns at once. It never fails.
func (q *LogQueue) Write(text []byte) (int, error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	line := logLine{text: bytes.Clone(text), isRecord: bytes.Contains(text, recordField)}
	if q.closed || !q.fits(&line) {
		q.drop(&line)
		return len(text), nil
	}
	q.tellDropped()
	q.add(line)
	return len(text), nil
}

func (q *LogQueue) fits(line *logLine) bool {
	if line.isRecord {
		return q.held.records+uint64(len(line.text)) <= recordRoom
	}
	return q.held.ordinary+uint64(len(line.text)) <= logRoom
}

func (q *LogQueue) drop(line *logLine) {
	switch {
	case line.tells != lineCount{}: // the notice is written again
		q.untold.ordinary += line.tells.ordinary
		q.untold.records += line.tells.records
	case line.isRecord:
		q.dropped.records++
		q.untold.records++
	default:
		q.dropped.ordinary++
		q.untold.ordinary++
	}
}

// tellDropped puts a notice where lines are missing.
func (q *LogQueue) tellDropped() {
	if q.untold == (lineCount{}) {
		return
	}
	var text bytes.Buffer
	notice := zerolog.New(&text).With().Timestamp().Logger()
	notice.WithLevel(zerolog.ErrorLevel).Uint64("lines", q.untold.ordinary).Uint64("records", q.untold.records).
		Msg("the log could not be written: so many lines are missing here")
	q.add(logLine{text: text.Bytes(), tells: q.untold})
	q.untold = lineCount{}
}

func (q *LogQueue) add(line logLine) {
	q.lines = append(q.lines, line)
	if line.isRecord {
		q.held.records += uint64(len(line.text))
	} else {
		q.held.ordinary += uint64(len(line.text))
	}
	q.rouse()
}

func (q *LogQueue) rouse() {
	select {
	case q.wake <- struct{}{}:
	default:
	}
}

// write is the goroutine that writes.
func (q *LogQueue) write() {
	defer close(q.over)
	for range q.wake {
		for {
			line, ok := q.next()
			if !ok {
				break
			}
			_, err := q.to.Write(line.text)
			q.wrote(&line, err)
		}
		if q.isClosed() {
			return
		}
	}
}

func (q *LogQueue) next() (line logLine, ok bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if len(q.lines) == 0 {
		q.lines = nil // what a crowd has needed is free again
		return logLine{}, false
	}
	line, q.lines = q.lines[0], q.lines[1:]
	q.writeBegan = time.Now()
	return line, true
}

func (q *LogQueue) wrote(line *logLine, err error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if line.isRecord {
		q.held.records -= uint64(len(line.text))
	} else {
		q.held.ordinary -= uint64(len(line.text))
	}
	q.writeBegan, q.failed = time.Time{}, err
	if err != nil {
		q.drop(line)
	}
}

func (q *LogQueue) isClosed() bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.closed
}

// Status returns how the log fares.
func (q *LogQueue) Status() LogStatus {
	q.mu.Lock()
	defer q.mu.Unlock()
	s := LogStatus{DroppedLines: q.dropped.ordinary, DroppedRecords: q.dropped.records}
	switch {
	case !q.writeBegan.IsZero() && time.Since(q.writeBegan) >= logStuck:
		s.Fault = "nobody reads the log since " + q.writeBegan.UTC().Format(time.RFC3339)
	case q.failed != nil:
		s.Fault = "the log cannot be written: " + q.failed.Error()
	}
	return s
}

// Close waits until the queued lines are written, and at most 2 seconds: a stuck write
// ends with the process. What is logged after it is dropped.
func (q *LogQueue) Close() {
	q.mu.Lock()
	q.closed = true
	q.rouse()
	q.mu.Unlock()
	patience := time.NewTimer(logPatience)
	defer patience.Stop()
	select {
	case <-q.over:
	case <-patience.C:
	}
}
