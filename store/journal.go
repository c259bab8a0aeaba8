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
	bufferBytes      = 64 << 20              // appended and not yet on the disk: beyond it append refuses
	segmentBytes     = 16 << 20              // a file of the journal is followed by the next one here
	syncAfter        = 10 * time.Millisecond // what is written is fsynced, where nobody waits for it
	keepAppliedBytes = 16 << 20              // of files that are applied and kept all the same: a database that fails over may lack the last changes
)

// journal holds every change between append and the commit of the transaction that applied it.
//
// append puts a change into memory; run writes it to the file at once, and fsyncs what has gathered there every syncAfter, or when somebody waits for it:
// one fsync serves all who appended before it. What is written survives our death, what is fsynced that of the machine. read hands out what is
// durable; release deletes the files that are no longer needed.
type journal struct {
	dir          string
	log          zerolog.Logger
	segmentBytes int64
	bufferBytes  int64
	limit        int64 // of what is appended and not applied
	keepApplied  int64 // of applied files that are kept
	create       func(path string) (segmentFile, error)

	hasNew        chan struct{} // something was appended; one slot
	syncRequested chan struct{} // somebody waits for what was appended to be durable; one slot
	durable       *watermark    // the last sequence that is fsynced

	mu              sync.Mutex
	buffer          []byte
	inMemory        int64  // bytes of buffer and unsaved
	last            uint64 // the newest sequence in buffer
	closed          bool
	segments        []*segment
	appended        int64     // bytes, ever
	released        int64     // of these, applied
	oldestUnapplied time.Time // when the oldest change that is not applied was appended; zero when there is none
	checkpointed    uint64    // what is beyond it is needed, applied or not: the checkpoint does not have it

	io          sync.Mutex  // who holds it writes the files; taken before mu
	file        segmentFile // the last of segments; nil when the next write opens a new one
	unsaved     []byte      // taken from buffer and not durable: a failed write tries it again
	unsavedLast uint64
	written     int // bytes of unsaved that the file has
	syncs       int // fsyncs so far
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
		dir: dir, log: log, segmentBytes: segmentBytes, bufferBytes: bufferBytes, limit: math.MaxInt64, keepApplied: tail, create: createSegment,
		hasNew: make(chan struct{}, 1), syncRequested: make(chan struct{}, 1), last: applied, checkpointed: math.MaxUint64,
	}
	found, err := listSegments(dir)
	if err != nil {
		return nil, fmt.Errorf("store: journal: %w", err)
	}
	for _, g := range found {
		if err := j.loadSegment(g, applied, visit); err != nil {
			return nil, fmt.Errorf("store: journal: %w", err)
		}
	}
	j.durable = newWatermark(j.last)
	return j, nil
}

func (j *journal) loadSegment(g *segment, applied uint64, visit func(record)) error {
	cut, err := g.scan(func(r record) {
		if r.seq <= applied {
			return
		}
		if j.oldestUnapplied.IsZero() {
			j.oldestUnapplied = r.at
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
	if g.last == 0 || g.last <= applied && j.keepApplied == 0 {
		return os.Remove(g.path)
	}
	if g.last > applied { // who wrote it may have died before its fsync
		if err := syncPath(g.path); err != nil {
			return err
		}
	}
	j.last = max(j.last, g.last)
	j.segments = append(j.segments, g)
	return nil
}

// draft is the body of a record to be.
type draft struct {
	body          []byte
	mayUseReserve bool // it may use the reserve
	withPrevious  bool // taken or refused together with the one before it
}

// append takes those drafts into memory for which there is room, and returns the sequence of the last one, and which were refused. note
// learns the sequence of each one taken, in order.
func (j *journal) append(drafts []draft, note func(i int, seq uint64)) (last uint64, refused []int) {
	j.mu.Lock()
	defer j.mu.Unlock()
	now, fits := time.Now(), false
	for i, d := range drafts {
		if i == 0 || !d.withPrevious {
			fits = j.hasRoom(sizeTogether(drafts[i:]), d.mayUseReserve)
		}
		if !fits {
			refused = append(refused, i)
			continue
		}
		if j.oldestUnapplied.IsZero() {
			j.oldestUnapplied = now
		}
		j.last++
		r := record{seq: j.last, at: now, body: d.body}
		j.buffer = appendRecord(j.buffer, r)
		j.appended += r.size()
		j.inMemory += r.size()
		note(i, j.last)
	}
	signal(j.hasNew)
	return j.last, refused
}

// sizeJoined is what the first draft takes, with those that are joined to it.
func sizeTogether(drafts []draft) (size int64) {
	for i, d := range drafts {
		if i > 0 && !d.withPrevious {
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
func (j *journal) halfEmpty() bool {
	j.mu.Lock()
	defer j.mu.Unlock()
	return !j.closed && j.appended-j.released <= j.limit/2 && j.inMemory <= j.bufferBytes/2
}

// run writes whatever is appended to the file at once (but while it fsyncs, or pauses after a failure), so that it survives us, and fsyncs what has gathered
// there syncAfter later, or when somebody waits for it, until ctx ends; and then once more. fault is told how each commit went, and of each failure.
func (j *journal) run(ctx context.Context, fault func(error)) {
	wait := backoff{}
	due := time.NewTimer(syncAfter) // there may be something from before
	defer due.Stop()
	armed := true
	for {
		var err error
		select {
		case <-ctx.Done():
			fault(j.commit())
			return
		case <-j.hasNew:
			if err = j.flush(); err == nil {
				if !armed {
					due.Reset(syncAfter)
				}
				armed = true
				continue
			}
		case <-j.syncRequested:
			err = j.commit()
		case <-due.C:
			armed = false
			err = j.commit()
		}
		fault(err)
		if err == nil {
			wait.reset()
			continue
		}
		if !wait.sleep(ctx) {
			return
		}
		signal(j.syncRequested) // once more
	}
}

// flush writes everything that was appended before it to the file.
func (j *journal) flush() error {
	j.io.Lock()
	defer j.io.Unlock()
	if err := j.writeFile(); err != nil {
		return fmt.Errorf("store: journal: %w", err)
	}
	return nil
}

// commit makes everything that was appended before it durable.
func (j *journal) commit() error {
	j.io.Lock()
	defer j.io.Unlock()
	err := j.writeFile()
	if err == nil && j.written > 0 {
		err = j.syncFile()
	}
	if err != nil {
		return fmt.Errorf("store: journal: %w", err)
	}
	return nil
}

// take moves what has gathered to unsaved.
func (j *journal) takeBuffer() {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.unsavedLast = j.last
	if len(j.unsaved) > 0 {
		j.unsaved, j.buffer = append(j.unsaved, j.buffer...), j.buffer[:0]
		return
	}
	spare := j.unsaved
	if cap(spare) > 1<<20 {
		spare = nil // a burst is over: give its memory back
	}
	j.unsaved, j.buffer = j.buffer, spare
}

// write brings the file what has gathered.
func (j *journal) writeFile() error {
	j.takeBuffer()
	if j.written == len(j.unsaved) {
		return nil
	}
	if err := j.openSegment(); err != nil {
		return err
	}
	if _, err := j.file.Write(j.unsaved[j.written:]); err != nil {
		return j.dropSegmentFile(err)
	}
	j.written = len(j.unsaved)
	return nil
}

// save fsyncs what is written, which is all of unsaved.
func (j *journal) syncFile() error {
	if err := j.file.Sync(); err != nil {
		return j.dropSegmentFile(err)
	}
	j.mu.Lock()
	g := j.segments[len(j.segments)-1]
	g.size += int64(j.written)
	g.last = j.unsavedLast
	j.inMemory -= int64(j.written)
	size := g.size
	j.mu.Unlock()
	j.syncs++
	j.unsaved, j.written = j.unsaved[:0], 0
	j.durable.set(j.unsavedLast)
	if size >= j.segmentBytes {
		return j.closeSegment()
	}
	return nil
}

// abandon gives the file up after a failure, when nobody knows what is on the disk: it is cut to what was durable before, and the next try goes to a
// new one.
func (j *journal) dropSegmentFile(err error) error {
	j.mu.Lock()
	size := j.segments[len(j.segments)-1].size
	j.mu.Unlock()
	j.written = 0
	return errors.Join(err, j.file.Truncate(size), j.closeSegment())
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
	if err := syncPath(j.dir); err != nil {
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
func (j *journal) setOldestUnapplied(at time.Time) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.oldestUnapplied = at
}

func (j *journal) newest() uint64 {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.last
}

func (j *journal) lag() (bytes int64, behind time.Time) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.appended - j.released, j.oldestUnapplied
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
	done := j.takeDisposable(applied)
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
