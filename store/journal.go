package store

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"sync"
	"time"

	"github.com/rs/zerolog"
)

const (
	bufferBytes  = 64 << 20 // appended and not yet on the disk: beyond it append refuses
	segmentBytes = 16 << 20 // a file of the journal is followed by the next one here
	tailBytes    = 16 << 20 // of files that are applied and kept all the same: a database that fails over may lack the last changes
)

// journal holds every change between append and the commit of the transaction that applied it.
//
// append puts a change into memory; commit writes and fsyncs what has gathered, so one fsync serves all who appended while the one
// before it ran; read hands out what is durable; release deletes the files that are no longer needed.
type journal struct {
	dir          string
	log          zerolog.Logger
	segmentBytes int64
	bufferBytes  int64
	limit        int64 // of what is appended and not applied
	tail         int64 // of applied files that are kept
	create       func(path string) (segmentFile, error)

	dirty   chan struct{} // something was appended; one slot
	durable *watermark    // the last sequence that is fsynced

	mu       sync.Mutex
	buffer   []byte
	inMemory int64  // bytes of buffer and unsaved
	last     uint64 // the newest sequence in buffer
	closed   bool
	segments []*segment
	appended int64     // bytes, ever
	released int64     // of these, applied
	behind   time.Time // when the oldest change that is not applied was appended; zero when there is none
	needed   uint64    // what is beyond it is needed, applied or not: the checkpoint does not have it

	io          sync.Mutex  // who holds it writes the files; taken before mu
	file        segmentFile // the last of segments; nil when the next write opens a new one
	unsaved     []byte      // taken from buffer and not durable: a failed write tries it again
	unsavedLast uint64
	saves       int // fsyncs so far
}

// segmentFile is what a journal needs of a file that it writes.
type segmentFile interface {
	io.WriteCloser
	Sync() error
	Truncate(size int64) error
}

func createSegment(path string) (segmentFile, error) {
	return os.OpenFile(path, os.O_CREATE|os.O_WRONLY|os.O_TRUNC|os.O_APPEND, 0o600)
}

// openJournal reads what an earlier process left in dir and hands every record beyond applied to visit. Files that are applied are removed
// down to tail bytes of them.
func openJournal(dir string, applied uint64, tail int64, log zerolog.Logger, visit func(record)) (*journal, error) {
	j := &journal{
		dir: dir, log: log, segmentBytes: segmentBytes, bufferBytes: bufferBytes, limit: math.MaxInt64, tail: tail, create: createSegment,
		dirty: make(chan struct{}, 1), last: applied, needed: math.MaxUint64,
	}
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
	if g.last == 0 || g.last <= applied && j.tail == 0 {
		return os.Remove(g.path)
	}
	j.last = max(j.last, g.last)
	j.segments = append(j.segments, g)
	return nil
}

// draft is the body of a record to be.
type draft struct {
	body     []byte
	reserved bool // it may use the reserve
	joined   bool // taken or refused together with the one before it
}

// append takes those drafts into memory for which there is room, and returns the sequence of the last one, and which were refused. note
// learns the sequence of each one taken, in order.
func (j *journal) append(drafts []draft, note func(i int, seq uint64)) (last uint64, refused []int) {
	j.mu.Lock()
	defer j.mu.Unlock()
	now, fits := time.Now(), false
	for i, d := range drafts {
		if i == 0 || !d.joined {
			fits = j.hasRoom(sizeJoined(drafts[i:]), d.reserved)
		}
		if !fits {
			refused = append(refused, i)
			continue
		}
		if j.behind.IsZero() {
			j.behind = now
		}
		j.last++
		r := record{seq: j.last, at: now, body: d.body}
		j.buffer = appendRecord(j.buffer, r)
		j.appended += r.size()
		j.inMemory += r.size()
		note(i, j.last)
	}
	signal(j.dirty)
	return j.last, refused
}

// sizeJoined is what the first draft takes, with those that are joined to it.
func sizeJoined(drafts []draft) (size int64) {
	for i, d := range drafts {
		if i > 0 && !d.joined {
			break
		}
		size += headerBytes + int64(len(d.body))
	}
	return size
}

// hasRoom is called under mu. The reserve is an eighth.
func (j *journal) hasRoom(size int64, reserved bool) bool {
	limit, buffer := j.limit, j.bufferBytes
	if reserved {
		limit, buffer = limit+limit/8, buffer+buffer/8
	}
	return !j.closed && j.appended-j.released+size <= limit && j.inMemory+size <= buffer
}

// roomy reports whether there is room for much.
func (j *journal) roomy() bool {
	j.mu.Lock()
	defer j.mu.Unlock()
	return !j.closed && j.appended-j.released <= j.limit/2 && j.inMemory <= j.bufferBytes/2
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
		j.inMemory -= int64(len(j.unsaved))
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
	file, err := j.create(g.path)
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

// close saves what is left. What is appended later is refused; files that hold nothing of use go.
func (j *journal) close(applied uint64) error {
	err := j.commit()
	j.io.Lock()
	defer j.io.Unlock()
	if j.file != nil {
		err = errors.Join(err, j.closeSegment())
	}
	j.mu.Lock()
	j.closed = true
	done := j.disposable(applied)
	j.mu.Unlock()
	return errors.Join(err, remove(done))
}

// signal leaves one note in a channel of one slot.
func signal(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}
