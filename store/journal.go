package store

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"
	"time"

	"github.com/rs/zerolog"
)

const (
	bufferBytes  = 64 << 20 // appended and not yet written: beyond it append waits
	segmentBytes = 16 << 20 // a file of the journal is followed by the next one here
)

// journal holds every change between append and the commit of the transaction that applied it.
//
// append puts a change into memory; commit writes and fsyncs what has gathered, so one fsync serves all who appended while the one
// before it ran; read hands out what is durable; release deletes the files that are no longer needed.
type journal struct {
	dir          string
	log          zerolog.Logger
	segmentBytes int64
	bufferBytes  int

	dirty   chan struct{} // something was appended; one slot
	durable *watermark    // the last sequence that is fsynced

	mu       sync.Mutex
	room     *sync.Cond // buffer was taken, or the journal is closed
	buffer   []byte
	last     uint64 // the newest sequence in buffer
	closed   bool
	segments []*segment
	appended int64     // bytes, ever
	released int64     // of these, applied
	behind   time.Time // when the oldest change that is not applied was appended; zero when there is none

	io          sync.Mutex // who holds it writes the files; taken before mu
	file        *os.File   // the last of segments; nil when the next write opens a new one
	unsaved     []byte     // taken from buffer and not durable: a failed write tries it again
	unsavedLast uint64
	saves       int // fsyncs so far
}

// openJournal reads what an earlier process left in dir and hands every record beyond applied to visit.
func openJournal(dir string, applied uint64, log zerolog.Logger, visit func(record)) (*journal, error) {
	j := &journal{
		dir: dir, log: log, segmentBytes: segmentBytes, bufferBytes: bufferBytes,
		dirty: make(chan struct{}, 1), last: applied,
	}
	j.room = sync.NewCond(&j.mu)
	found, err := listSegments(dir)
	if err != nil {
		return nil, fmt.Errorf("store: journal: %w", err)
	}
	for _, g := range found {
		if err := j.adopt(g, applied, visit); err != nil {
			return nil, fmt.Errorf("store: journal: %w", err)
		}
	}
	j.durable = newWatermark(j.last)
	return j, nil
}

func (j *journal) adopt(g *segment, applied uint64, visit func(record)) error {
	cut, err := g.scan(func(r record) {
		if r.seq <= applied {
			return
		}
		if j.behind.IsZero() {
			j.behind = r.at
		}
		j.appended += r.size()
		visit(r)
	})
	if err != nil {
		return err
	}
	if cut > 0 {
		j.log.Warn().Str("file", g.path).Int64("bytes", cut).Uint64("last", g.last).Msg("the end of the journal was torn and is cut off")
	}
	if g.last <= applied {
		return os.Remove(g.path) // an empty one, too
	}
	j.last = max(j.last, g.last)
	j.segments = append(j.segments, g)
	return nil
}

// append takes bodies into memory and returns the sequence of the last one. note learns each one's sequence, in order.
func (j *journal) append(bodies [][]byte, note func(i int, seq uint64)) uint64 {
	j.mu.Lock()
	defer j.mu.Unlock()
	for len(j.buffer) > j.bufferBytes && !j.closed {
		j.room.Wait()
	}
	if j.closed {
		return j.last
	}
	now := time.Now()
	if len(bodies) > 0 && j.behind.IsZero() {
		j.behind = now
	}
	for i, body := range bodies {
		j.last++
		j.buffer = appendRecord(j.buffer, record{seq: j.last, at: now, body: body})
		j.appended += headerBytes + int64(len(body))
		note(i, j.last)
	}
	signal(j.dirty)
	return j.last
}

// run commits whatever is appended until ctx ends, and then once more. fault is told the outcome of each commit.
func (j *journal) run(ctx context.Context, fault func(error)) {
	wait := backoff{}
	for {
		err := j.commit()
		fault(err)
		if err != nil {
			if !wait.sleep(ctx) {
				return
			}
			continue
		}
		wait.reset()
		select {
		case <-ctx.Done():
			fault(j.commit())
			return
		case <-j.dirty:
		}
	}
}

// commit makes everything that was appended before it durable.
func (j *journal) commit() error {
	j.io.Lock()
	defer j.io.Unlock()
	for j.take() {
		if err := j.save(); err != nil {
			return fmt.Errorf("store: journal: %w", err)
		}
	}
	return nil
}

// take moves what has gathered to unsaved; false: there is nothing to save.
func (j *journal) take() bool {
	if len(j.unsaved) > 0 {
		return true
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	spare := j.unsaved[:0]
	if cap(spare) > 1<<20 {
		spare = nil // a burst is over: give its memory back
	}
	j.unsaved, j.unsavedLast, j.buffer = j.buffer, j.last, spare
	j.room.Broadcast()
	return len(j.unsaved) > 0
}

// save writes unsaved and fsyncs it. After a failure nobody knows what is on the disk: the file is given up and cut to what was
// durable before, and the next try goes to a new one.
func (j *journal) save() error {
	if err := j.openSegment(); err != nil {
		return err
	}
	_, err := j.file.Write(j.unsaved)
	if err == nil {
		err = j.file.Sync()
	}
	j.mu.Lock()
	g := j.segments[len(j.segments)-1]
	if err == nil {
		g.size += int64(len(j.unsaved))
		g.last = j.unsavedLast
	}
	size := g.size
	j.mu.Unlock()
	if err != nil {
		err = errors.Join(err, j.file.Truncate(size), j.closeSegment())
		return err
	}
	j.saves++
	j.unsaved = j.unsaved[:0]
	j.durable.set(j.unsavedLast)
	if size >= j.segmentBytes {
		return j.closeSegment()
	}
	return nil
}

func (j *journal) openSegment() error {
	if j.file != nil {
		return nil
	}
	first := j.durable.get() + 1
	g := &segment{path: segmentPath(j.dir, first), first: first}
	file, err := os.OpenFile(g.path, os.O_CREATE|os.O_WRONLY|os.O_TRUNC|os.O_APPEND, 0o600)
	if err != nil {
		return err
	}
	if err := syncDir(j.dir); err != nil {
		return errors.Join(err, file.Close())
	}
	j.file = file
	j.mu.Lock()
	defer j.mu.Unlock()
	if n := len(j.segments); n > 0 && j.segments[n-1].first == first {
		j.segments = j.segments[:n-1] // nothing of it was durable, and it has just been truncated
	}
	j.segments = append(j.segments, g)
	return nil
}

func (j *journal) closeSegment() error {
	file := j.file
	j.file = nil
	return file.Close()
}

// cursor remembers where in the files a reader is.
type cursor struct {
	path   string
	offset int64
	seq    uint64 // the last one read
}

// read returns the durable changes that follow after, about limit bytes of them; at is used and moved when it fits.
func (j *journal) read(after uint64, limit int, at *cursor) ([]record, error) {
	for {
		g, ok := j.segmentBehind(after)
		if !ok {
			return nil, nil
		}
		if at.path != g.path || at.seq != after {
			*at = cursor{path: g.path, seq: after}
		}
		records, offset, err := g.read(at.offset, limit)
		if err != nil {
			return nil, fmt.Errorf("store: journal: %w", err)
		}
		at.offset = offset
		for len(records) > 0 && records[0].seq <= after {
			records = records[1:]
		}
		if len(records) > 0 {
			at.seq = records[len(records)-1].seq
			return records, nil
		}
	}
}

// segmentBehind copies what is known of the first file that holds a change beyond seq.
func (j *journal) segmentBehind(seq uint64) (segment, bool) {
	j.mu.Lock()
	defer j.mu.Unlock()
	for _, g := range j.segments {
		if g.last > seq {
			return *g, true
		}
	}
	return segment{}, false
}

// release says that everything up to seq, bytes of it since the last call, is applied for good: files that hold nothing else go.
func (j *journal) release(seq uint64, bytes int64, next time.Time) error {
	j.io.Lock()
	defer j.io.Unlock()
	j.mu.Lock()
	j.released += bytes
	j.behind = next
	if seq >= j.last {
		j.released, j.behind = j.appended, time.Time{}
	}
	open := 0
	if j.file != nil {
		open = 1
	}
	var done []*segment
	for len(j.segments) > open && j.segments[0].last <= seq {
		done = append(done, j.segments[0])
		j.segments = j.segments[1:]
	}
	j.mu.Unlock()
	var errs []error
	for _, g := range done {
		errs = append(errs, os.Remove(g.path))
	}
	return errors.Join(errs...)
}

// waitingSince says when the oldest change that is not applied was appended.
func (j *journal) waitingSince(at time.Time) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.behind = at
}

func (j *journal) newest() uint64 {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.last
}

func (j *journal) lag() (bytes int64, behind time.Time) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.appended - j.released, j.behind
}

// close saves what is left and frees those who wait in append; their changes are lost.
func (j *journal) close() error {
	err := j.commit()
	j.mu.Lock()
	j.closed = true
	j.room.Broadcast()
	j.mu.Unlock()
	j.io.Lock()
	defer j.io.Unlock()
	if j.file != nil {
		err = errors.Join(err, j.closeSegment())
	}
	return err
}

// signal leaves one note in a channel of one slot.
func signal(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}
