package store

import (
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/rs/zerolog"
)

const (
	bufferBytes      = 64 << 20              // appended and not yet on the disk; append refuses more than that
	segmentBytes     = 16 << 20              // a file of this size is followed by the next one
	syncAfter        = 10 * time.Millisecond // written data is fsynced after this time, if no caller waits for it
	keepAppliedBytes = 16 << 20              // of applied files are kept: a database that fails over may lack changes
)

// journal holds every change from append until the commit of the transaction that applied it.
//
//   - append puts a change into memory.
//   - run writes it to the file at once. It fsyncs after syncAfter, or as soon as a caller waits in
//     Sync. One fsync serves all that was appended before it.
//   - read returns the durable changes.
//   - release deletes the files that are no longer needed.
//
// A written change survives a crash of the process. An fsynced change survives a crash of the
// machine.
type journal struct {
	dir          string
	log          zerolog.Logger
	segmentBytes int64
	bufferBytes  int64
	limit        int64 // bytes that may be appended and not applied
	keepApplied  int64 // bytes of applied files that are kept
	create       func(path string) (segmentFile, error)

	hasNew        chan struct{} // something was appended; one slot
	syncRequested chan struct{} // a caller waits for what was appended to be durable; one slot
	durable       *watermark    // the last sequence that is fsynced
	damaged       atomic.Uint64 // records that could not be read
	noted         string        // which damage was logged last; of the holder of the store's turn

	mu              sync.Mutex
	buffer          []byte
	inMemory        int64  // bytes of buffer and unsaved
	last            uint64 // the newest sequence in buffer
	closed          bool
	segments        []*segment
	appended        int64     // bytes since the start
	released        int64     // bytes of these that are applied
	oldestUnapplied time.Time // when the oldest change that is not applied was appended; zero if there is none
	checkpointed    uint64    // changes after this sequence are not in the checkpoint, so they are kept even if applied

	io          sync.Mutex  // its holder writes the files; taken before mu
	file        segmentFile // the last of segments; nil if the next write opens a new one
	unsaved     []byte      // taken from buffer and not durable; a failed write is tried again
	unsavedLast uint64
	written     int // bytes of unsaved that are in the file
	syncs       int // fsyncs so far
}

// openJournal reads the files in dir, and calls visit with every record after applied. It removes
// applied files down to tail bytes.
func openJournal(dir string, applied uint64, tail int64, log zerolog.Logger, visit func(record)) (*journal, error) {
	j := &journal{
		dir: dir, log: log, segmentBytes: segmentBytes, bufferBytes: bufferBytes, limit: math.MaxInt64,
		keepApplied: tail, create: createSegment,
		hasNew: make(chan struct{}, 1), syncRequested: make(chan struct{}, 1), last: applied,
		checkpointed: math.MaxUint64,
	}
	found, err := listSegments(dir)
	if err != nil {
		return nil, fmt.Errorf("store: journal: %w", err)
	}
	for i, g := range found {
		var next uint64 // the sequence with which the next file begins
		if i+1 < len(found) {
			next = found[i+1].first
		}
		if err := j.loadSegment(g, next, applied, visit); err != nil {
			return nil, fmt.Errorf("store: journal: %w", err)
		}
	}
	j.durable = newWatermark(j.last)
	return j, nil
}

func (j *journal) loadSegment(g *segment, next, applied uint64, visit func(record)) error {
	found, err := g.scan(next, func(r record) {
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
	if err := j.mend(g, found); err != nil {
		return err
	}
	if g.last == 0 || g.last <= applied && j.keepApplied == 0 {
		return os.Remove(g.path)
	}
	if g.last > applied { // the process that wrote it may have died before its fsync
		if err := syncPath(g.path); err != nil {
			return err
		}
	}
	j.last = max(j.last, g.last)
	j.segments = append(j.segments, g)
	return nil
}

// draft is the body of a record that is not in the journal yet.
type draft struct {
	body          []byte
	mayUseReserve bool // it may use the reserve
	withPrevious  bool // accepted or refused together with the draft before it
}

// append takes the drafts into memory for which there is room. It returns the sequence of the last
// one, and the indexes of those it refused. It calls note with the sequence of each accepted draft,
// in order.
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

// sizeTogether returns the size of the first draft and of those that must be accepted together with
// it.
func sizeTogether(drafts []draft) (size int64) {
	for i, d := range drafts {
		if i > 0 && !d.withPrevious {
			break
		}
		size += headerBytes + int64(len(d.body))
	}
	return size
}

// hasRoom reports whether size bytes fit. The reserve is an eighth of the limit. The caller holds
// mu.
func (j *journal) hasRoom(size int64, reserved bool) bool {
	limit, buffer := j.limit, j.bufferBytes
	if reserved {
		limit, buffer = limit+limit/8, buffer+buffer/8
	}
	return !j.closed && j.appended-j.released+size <= limit && j.inMemory+size <= buffer
}

// halfEmpty reports whether at least half of the journal is free.
func (j *journal) halfEmpty() bool {
	j.mu.Lock()
	defer j.mu.Unlock()
	return !j.closed && j.appended-j.released <= j.limit/2 && j.inMemory <= j.bufferBytes/2
}

// run is the only writer of the journal. It writes appended changes to the file at once, so that
// they survive a crash of the process. It fsyncs after syncAfter or as soon as a caller waits in
// Sync. When ctx ends, it commits once more. fault receives the result of every commit and every
// write error.
func (j *journal) run(ctx context.Context, fault func(error)) {
	wait := backoff{}
	due := time.NewTimer(syncAfter) // there may be something from before run
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

// takeBuffer moves the buffer to unsaved.
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
		spare = nil // the buffer of a burst is given back
	}
	j.unsaved, j.buffer = j.buffer, spare
}

// writeFile appends the buffer to the file.
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

// syncFile fsyncs what is written, which is all of unsaved.
func (j *journal) syncFile() error {
	err := j.file.Sync()
	j.mu.Lock()
	g := j.segments[len(j.segments)-1]
	j.mu.Unlock()
	if err == nil {
		_, err = os.Stat(g.path) // an open file can be written after somebody has removed it
	}
	if err != nil {
		return j.dropSegmentFile(err)
	}
	j.mu.Lock()
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

// setOldestUnapplied sets when the oldest change that is not applied was appended.
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

// close commits what is left and removes files that are not needed. Later appends are refused.
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

// signal puts a token into a channel with one slot, if the slot is free.
func signal(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}
