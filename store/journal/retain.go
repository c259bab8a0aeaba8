package journal

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"time"
)

// rewindBytes is how much Rewind reads at once.
const rewindBytes = 1 << 20

// Cursor is a reader's position in the files.
type Cursor struct {
	path   string
	offset int64
	seq    uint64 // the last one read
}

// Read returns about limit bytes of the durable changes after a sequence. It starts at the cursor
// if that fits, and moves it.
func (j *Journal) Read(after uint64, limit int, at *Cursor) ([]Record, error) {
	for {
		g, ok := j.segmentAfter(after)
		if !ok {
			return nil, nil
		}
		if at.path != g.path || at.seq != after {
			*at = Cursor{path: g.path, seq: after}
		}
		note := func(offset int64, lost uint64) { j.noteDamage(g.path, offset, lost) }
		records, offset, err := g.read(at.offset, limit, at.seq, note)
		if err != nil {
			return nil, fmt.Errorf("store: journal: %w", err)
		}
		at.offset = offset
		for len(records) > 0 && records[0].Seq <= after {
			records = records[1:]
		}
		if len(records) > 0 {
			at.seq = records[len(records)-1].Seq
			return records, nil
		}
	}
}

// segmentAfter returns a copy of the first segment with a change after seq.
func (j *Journal) segmentAfter(seq uint64) (segment, bool) {
	j.mu.Lock()
	defer j.mu.Unlock()
	for _, g := range j.segments {
		if g.last > seq {
			return *g, true
		}
	}
	return segment{}, false
}

// Release notes that everything up to seq is applied, which is bytes more than before. It removes
// files that are not needed any more.
func (j *Journal) Release(seq uint64, bytes int64, next time.Time) error {
	j.io.Lock()
	defer j.io.Unlock()
	j.mu.Lock()
	j.released += bytes
	j.oldestUnapplied = next
	if seq >= j.last {
		j.released, j.oldestUnapplied = j.appended, time.Time{}
	}
	done := j.takeDisposable(seq)
	j.mu.Unlock()
	return remove(done)
}

// takeDisposable removes from segments those that are not needed if everything up to seq is
// applied. Changes that the checkpoint does not have are kept up to four times keepApplied. The
// caller holds io and mu.
func (j *Journal) takeDisposable(seq uint64) (done []*segment) {
	var kept int64
	for _, g := range j.segments {
		if g.last <= seq {
			kept += g.size
		}
	}
	for n := len(j.segments); n > 0 && (n > 1 || j.file == nil); n = len(j.segments) {
		g := j.segments[0]
		kept -= g.size
		if g.last > seq || kept < j.keepApplied || g.last > j.checkpointed && kept < 4*j.keepApplied {
			return done
		}
		done = append(done, g)
		j.segments = j.segments[1:]
	}
	return done
}

func remove(segments []*segment) error {
	var errs []error
	for _, g := range segments {
		g.close()
		if err := os.Remove(g.path); !errors.Is(err, fs.ErrNotExist) {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}

// KeepBehind says that changes after seq are not in the checkpoint and must be kept.
func (j *Journal) KeepBehind(seq uint64) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.checkpointed = seq
}

// AwaitsCheckpoint reports whether a new checkpoint would let files be removed.
func (j *Journal) AwaitsCheckpoint() bool {
	j.mu.Lock()
	defer j.mu.Unlock()
	return len(j.segments) > 1 && j.segments[0].last > j.checkpointed
}

// Rewind says that nothing after seq is applied. It returns the sequence after which the files
// begin. What lies between the two is lost.
func (j *Journal) Rewind(seq uint64) (from uint64, err error) {
	j.io.Lock()
	defer j.io.Unlock()
	j.mu.Lock()
	segments := slices.Clone(j.segments)
	j.mu.Unlock()
	from = max(seq, j.durable.Get())
	if len(segments) > 0 {
		from = max(seq, segments[0].first-1)
	}
	var again int64
	var oldest time.Time
	for at := (Cursor{}); ; {
		records, err := j.Read(seq, rewindBytes, &at)
		if err != nil {
			return 0, err
		}
		if len(records) == 0 {
			break
		}
		if oldest.IsZero() {
			oldest = records[0].At
		}
		for _, r := range records {
			again += r.Size()
		}
		seq = records[len(records)-1].Seq
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	j.released = j.appended - again - j.inMemory
	if !oldest.IsZero() {
		j.oldestUnapplied = oldest
	}
	return from, nil
}
