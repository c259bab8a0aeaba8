// Package journal keeps changes in files until they are applied to the database.
//
// Its caller appends a change, waits until it is durable if it must, reads the durable changes in
// order, and releases them when they are applied. What is in a change does not matter here.
package journal

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/rs/zerolog"

	"nwayacd/internal/wait"
	"nwayacd/store/durable"
)

const (
	bufferBytes  = 64 << 20              // appended and not yet on the disk; Append refuses more than that
	segmentBytes = 16 << 20              // a file of this size is followed by the next one
	syncAfter    = 10 * time.Millisecond // written data is fsynced after this time, if no caller waits for it
)

// Journal holds every change from Append until the commit of the transaction that applied it.
//
//   - Append puts a change into memory.
//   - Run writes it to the file at once. It fsyncs after syncAfter, or as soon as a caller requests
//     it. One fsync serves all that was appended before it.
//   - Read returns the durable changes.
//   - Release deletes the files that are no longer needed.
//
// A written change survives a crash of the process. An fsynced change survives a crash of the
// machine.
type Journal struct {
	dir          string
	log          zerolog.Logger
	segmentBytes int64
	bufferBytes  int64
	keepApplied  int64 // bytes of applied files that are kept
	create       func(path string) (File, error)

	hasNew        chan struct{}   // something was appended; one slot
	syncRequested chan struct{}   // a caller wants what was appended to be durable; one slot
	durable       *wait.Watermark // the last sequence that is fsynced
	damaged       atomic.Uint64   // records that could not be read
	noted         string          // which damage was logged last; of the one reader

	mu              sync.Mutex
	limit           int64 // bytes that may be appended and not applied
	buffer          []byte
	inMemory        int64  // bytes of buffer and unsaved
	last            uint64 // the newest sequence in buffer
	closed          bool
	segments        []*segment
	appended        int64     // bytes since the start
	released        int64     // bytes of these that are applied
	oldestUnapplied time.Time // when the oldest change that is not applied was appended; zero if there is none
	checkpointed    uint64    // changes after this sequence are not in the checkpoint, so they are kept even if applied

	io          sync.Mutex // its holder writes the files; taken before mu
	file        File       // the last of segments; nil if the next write opens a new one
	unsaved     []byte     // taken from buffer and not durable; a failed write is tried again
	unsavedLast uint64
	written     int // bytes of unsaved that are in the file
	syncs       int // fsyncs so far
}

// Options of a journal.
type Options struct {
	Dir         string
	Applied     uint64 // everything up to this sequence is applied
	KeepApplied int64  // bytes of applied files that are kept
	Log         zerolog.Logger

	// Tests replace the defaults of these.
	SegmentBytes int64
	BufferBytes  int64
	CreateFile   func(path string) (File, error)
}

// Open reads the files in the folder, and calls visit with every record that is not applied. It
// removes applied files down to KeepApplied bytes.
func Open(o Options, visit func(Record)) (*Journal, error) {
	j := &Journal{
		dir: o.Dir, log: o.Log, keepApplied: o.KeepApplied, create: o.CreateFile,
		segmentBytes: cmp.Or(o.SegmentBytes, segmentBytes), bufferBytes: cmp.Or(o.BufferBytes, bufferBytes),
		limit: math.MaxInt64, hasNew: make(chan struct{}, 1), syncRequested: make(chan struct{}, 1),
		last: o.Applied, checkpointed: math.MaxUint64,
	}
	if j.create == nil {
		j.create = CreateFile
	}
	found, err := listSegments(o.Dir)
	if err != nil {
		return nil, fmt.Errorf("store: journal: %w", err)
	}
	for i, g := range found {
		var next uint64 // the sequence with which the next file begins
		if i+1 < len(found) {
			next = found[i+1].first
		}
		if err := j.loadSegment(g, next, o.Applied, visit); err != nil {
			return nil, fmt.Errorf("store: journal: %w", err)
		}
	}
	j.durable = wait.NewWatermark(j.last)
	return j, nil
}

func (j *Journal) loadSegment(g *segment, next, applied uint64, visit func(Record)) error {
	found, err := g.scan(next, func(r Record) {
		if r.Seq <= applied {
			return
		}
		if j.oldestUnapplied.IsZero() {
			j.oldestUnapplied = r.At
		}
		j.appended += r.Size()
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
		if err := durable.Sync(g.path); err != nil {
			return err
		}
	}
	g.keepOpen()
	j.last = max(j.last, g.last)
	j.segments = append(j.segments, g)
	return nil
}

// Draft is the body of a record that is not in the journal yet.
type Draft struct {
	Body          []byte
	MayUseReserve bool // it may use the reserve
	WithPrevious  bool // accepted or refused together with the draft before it
}

// Append takes the drafts into memory for which there is room. It returns the sequence of the last
// one, and the indexes of those it refused. It calls note with the sequence of each accepted draft,
// in order.
func (j *Journal) Append(drafts []Draft, note func(i int, seq uint64)) (last uint64, refused []int) {
	j.mu.Lock()
	defer j.mu.Unlock()
	now, fits := time.Now(), false
	for i, d := range drafts {
		if i == 0 || !d.WithPrevious {
			fits = j.hasRoom(sizeTogether(drafts[i:]), d.MayUseReserve)
		}
		if !fits {
			refused = append(refused, i)
			continue
		}
		if j.oldestUnapplied.IsZero() {
			j.oldestUnapplied = now
		}
		j.last++
		r := Record{Seq: j.last, At: now, Body: d.Body}
		j.buffer = appendRecord(j.buffer, r)
		j.appended += r.Size()
		j.inMemory += r.Size()
		note(i, j.last)
	}
	wait.Signal(j.hasNew)
	return j.last, refused
}

// sizeTogether returns the size of the first draft and of those that must be accepted together with
// it.
func sizeTogether(drafts []Draft) (size int64) {
	for i, d := range drafts {
		if i > 0 && !d.WithPrevious {
			break
		}
		size += headerBytes + int64(len(d.Body))
	}
	return size
}

// hasRoom reports whether size bytes fit. The reserve is an eighth of the limit. The caller holds
// mu.
func (j *Journal) hasRoom(size int64, reserved bool) bool {
	limit, buffer := j.limit, j.bufferBytes
	if reserved {
		limit, buffer = limit+limit/8, buffer+buffer/8
	}
	return !j.closed && j.appended-j.released+size <= limit && j.inMemory+size <= buffer
}

// HalfEmpty reports whether at least half of the journal is free.
func (j *Journal) HalfEmpty() bool {
	j.mu.Lock()
	defer j.mu.Unlock()
	return !j.closed && j.appended-j.released <= j.limit/2 && j.inMemory <= j.bufferBytes/2
}

// Run is the only writer of the journal. It writes appended changes to the file at once, so that
// they survive a crash of the process. It fsyncs after syncAfter, or as soon as a caller calls
// RequestSync. When ctx ends, it commits once more. fault receives the result of every commit and
// every write error.
func (j *Journal) Run(ctx context.Context, fault func(error)) {
	var backoff wait.Backoff
	due := time.NewTimer(syncAfter) // there may be something from before Run
	defer due.Stop()
	armed := true
	for {
		var err error
		select {
		case <-ctx.Done():
			fault(j.Commit())
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
			err = j.Commit()
		case <-due.C:
			armed = false
			err = j.Commit()
		}
		fault(err)
		if err == nil {
			backoff.Reset()
			continue
		}
		if !backoff.Sleep(ctx) {
			return
		}
		wait.Signal(j.syncRequested) // once more
	}
}

// flush writes everything that was appended before it to the file.
func (j *Journal) flush() error {
	j.io.Lock()
	defer j.io.Unlock()
	if err := j.writeFile(); err != nil {
		return fmt.Errorf("store: journal: %w", err)
	}
	return nil
}

// Commit makes everything that was appended before it durable.
func (j *Journal) Commit() error {
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
func (j *Journal) takeBuffer() {
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
func (j *Journal) writeFile() error {
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
func (j *Journal) syncFile() error {
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
	j.durable.Set(j.unsavedLast)
	if size >= j.segmentBytes {
		return j.closeSegment()
	}
	return nil
}

// Close commits what is left and removes files that are not needed. Later appends are refused.
func (j *Journal) Close(applied uint64) error {
	err := j.Commit()
	j.io.Lock()
	defer j.io.Unlock()
	if j.file != nil {
		err = errors.Join(err, j.closeSegment())
	}
	j.mu.Lock()
	j.closed = true
	done := j.takeDisposable(applied)
	for _, g := range j.segments {
		g.close()
	}
	j.mu.Unlock()
	return errors.Join(err, remove(done))
}

// Unkept returns the records that Close could not write to the disk, the oldest first.
func (j *Journal) Unkept() []Record {
	j.io.Lock()
	defer j.io.Unlock()
	j.mu.Lock()
	defer j.mu.Unlock()
	taken, _ := parseRecords(j.unsaved)
	rest, _ := parseRecords(j.buffer)
	return append(taken, rest...)
}
