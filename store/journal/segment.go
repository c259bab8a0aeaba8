package journal

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"nwayacd/store/durable"
)

// A record in a journal file is a header and a body, little-endian:
//
//	length of the body  uint32
//	CRC-32C             uint32, of everything behind it
//	sequence            uint64
//	time of the Write   int64, ns since 1970
//	body                JSON of a queue.Change
const headerBytes = 24

// MaxBody is the size of the largest body. It bounds the read if a damaged record has a wrong
// length.
const MaxBody = 16 << 20

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// errTorn says that a record is incomplete or has a wrong checksum.
var errTorn = errors.New("the record is torn")

// Record is a change in the journal.
type Record struct {
	Seq  uint64
	At   time.Time // of the append
	Body []byte    // the change; empty if it was damaged on the disk
}

// Size returns how many bytes the record has in its file.
func (r *Record) Size() int64 { return headerBytes + int64(len(r.Body)) }

func appendRecord(to []byte, r Record) []byte {
	start := len(to)
	to = binary.LittleEndian.AppendUint32(to, uint32(len(r.Body)))
	to = binary.LittleEndian.AppendUint32(to, 0)
	to = binary.LittleEndian.AppendUint64(to, r.Seq)
	to = binary.LittleEndian.AppendUint64(to, uint64(r.At.UnixNano()))
	to = append(to, r.Body...)
	binary.LittleEndian.PutUint32(to[start+4:], crc32.Checksum(to[start+8:], castagnoli))
	return to
}

// parseRecord reads the record at the beginning of data. The body is a part of data. It returns
// errTorn if there is no whole record.
func parseRecord(data []byte) (Record, error) {
	if len(data) < headerBytes {
		return Record{}, errTorn
	}
	length := int(binary.LittleEndian.Uint32(data))
	// A length of zero is left behind by a file system that had grown the file and not yet written
	// it.
	if length == 0 || length > MaxBody || len(data) < headerBytes+length {
		return Record{}, errTorn
	}
	data = data[:headerBytes+length]
	if crc32.Checksum(data[8:], castagnoli) != binary.LittleEndian.Uint32(data[4:]) {
		return Record{}, errTorn
	}
	return Record{
		Seq:  binary.LittleEndian.Uint64(data[8:]),
		At:   time.Unix(0, int64(binary.LittleEndian.Uint64(data[16:]))),
		Body: data[headerBytes:],
	}, nil
}

// segment is one file of the journal, named by the sequence of its first record.
type segment struct {
	path  string
	first uint64
	last  uint64
	size  int64 // of the whole records on the disk

	// kept is the file, open for reading. It can be read even if somebody removes it. It is nil if
	// the file could not be opened.
	kept *os.File
}

const segmentSuffix = ".journal"

func segmentPath(dir string, first uint64) string {
	return filepath.Join(dir, fmt.Sprintf("%020d%s", first, segmentSuffix))
}

// listSegments returns the journal's files, oldest first, without reading them.
func listSegments(dir string) ([]*segment, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	var found []*segment
	for _, e := range entries {
		name, ours := strings.CutSuffix(e.Name(), segmentSuffix)
		first, err := strconv.ParseUint(name, 10, 64)
		if !ours || err != nil {
			continue
		}
		found = append(found, &segment{path: filepath.Join(dir, e.Name()), first: first})
	}
	slices.SortFunc(found, func(a, b *segment) int {
		if a.first < b.first {
			return -1
		}
		return 1
	})
	return found, nil
}

// scan reads the whole segment and calls visit with each record. If a record is damaged, it goes on
// at the next one. next is the sequence with which the next segment begins, or 0.
func (g *segment) scan(next uint64, visit func(Record)) (found scanned, err error) {
	data, err := os.ReadFile(g.path)
	if err != nil {
		return found, err
	}
	g.last = g.first - 1
	for at := 0; at < len(data); {
		r, err := parseRecord(data[at:])
		if err == nil {
			g.last = max(g.last, r.Seq)
			g.size += r.Size()
			found.keep(data, at, at+int(r.Size()))
			at += int(r.Size())
			visit(r)
			continue
		}
		skip, seq := nextRecord(data[at:], g.last)
		if skip == 0 {
			found.end(data[at:], g.last, next)
			break
		}
		found.damage(skip, seq-g.last-1)
		at += skip
	}
	if g.size == 0 {
		g.last = 0
	}
	return found, nil
}

// Read returns the whole records in limit bytes from offset on, but at least one. It also returns
// the offset after them. Records that are damaged are left out, and damaged is called.
func (g *segment) read(offset int64, limit int, after uint64, damaged noter) ([]Record, int64, error) {
	f, err := g.open()
	if errors.Is(err, fs.ErrNotExist) { // removed by somebody: all of it is lost
		damaged(offset, g.last-after)
		return []Record{{Seq: g.last}}, g.size, nil
	}
	if err != nil {
		return nil, offset, err
	}
	defer f.Close()
	want := min(g.size-offset, int64(limit))
	for {
		data := make([]byte, want)
		if _, err := f.ReadAt(data, offset); err != nil && !errors.Is(err, io.EOF) {
			return nil, offset, err
		}
		records, used := parseRecords(data)
		if used > 0 || want == 0 {
			return records, offset + used, nil
		}
		if want == g.size-offset {
			return g.readBehindDamage(data, offset, after, damaged)
		}
		want = min(g.size-offset, want*2) // a record larger than the limit
	}
}

// openFile is what a reader uses of a file.
type openFile interface {
	io.ReaderAt
	io.Closer
}

// sharedFile is a file that its reader does not close.
type sharedFile struct{ *os.File }

func (sharedFile) Close() error { return nil }

// open returns the file for reading. If somebody has removed it, that is the one that is kept open.
func (g *segment) open() (openFile, error) {
	f, err := os.Open(g.path)
	if errors.Is(err, fs.ErrNotExist) && g.kept != nil {
		return sharedFile{g.kept}, nil
	}
	return f, err
}

func (g *segment) keepOpen() {
	g.close()
	if f, err := os.Open(g.path); err == nil {
		g.kept = f
	}
}

func (g *segment) close() {
	if g.kept != nil {
		g.kept.Close()
		g.kept = nil
	}
}

func parseRecords(data []byte) (records []Record, used int64) {
	for {
		r, err := parseRecord(data[used:])
		if err != nil {
			return records, used
		}
		records = append(records, r)
		used += r.Size()
	}
}

// File is what the journal uses of a file that it writes.
type File interface {
	io.WriteCloser
	Sync() error
	Truncate(size int64) error
}

// CreateFile is the default of Options.CreateFile.
func CreateFile(path string) (File, error) {
	return os.OpenFile(path, os.O_CREATE|os.O_WRONLY|os.O_TRUNC|os.O_APPEND, 0o600)
}

// dropSegmentFile gives up the file after an error, because its content on the disk is unknown. The
// file is cut to what was durable. The next write opens a new file.
func (j *Journal) dropSegmentFile(err error) error {
	j.mu.Lock()
	size := j.segments[len(j.segments)-1].size
	j.mu.Unlock()
	j.written = 0
	return errors.Join(err, j.file.Truncate(size), j.closeSegment())
}

func (j *Journal) openSegment() error {
	if j.file != nil {
		return nil
	}
	first := j.durable.Get() + 1
	g := &segment{path: segmentPath(j.dir, first), first: first}
	file, err := j.create(g.path)
	if err != nil {
		return err
	}
	if err := durable.Sync(j.dir); err != nil {
		return errors.Join(err, file.Close())
	}
	j.file = file
	g.keepOpen()
	j.mu.Lock()
	defer j.mu.Unlock()
	if n := len(j.segments); n > 0 && j.segments[n-1].first == first {
		j.segments[n-1].close()
		j.segments = j.segments[:n-1] // nothing in it was durable, and opening it has truncated it
	}
	j.segments = append(j.segments, g)
	return nil
}

func (j *Journal) closeSegment() error {
	file := j.file
	j.file = nil
	return file.Close()
}
