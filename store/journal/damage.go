package journal

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"nwayacd/store/durable"
)

// A disk may return other bytes than were written. A damaged record of the journal costs that
// record only: the reader goes on at the next header whose sequence and checksum fit. The damaged
// file is kept aside, because somebody may still read the record in it.

// damagedSuffix is added to the name of a file that is kept aside.
const damagedSuffix = ".damaged"

// ErrDamaged says why a record that was read has no body. It is the reason in nwayacd_rejected.
var ErrDamaged = errors.New("the record was damaged in the journal; the server's log names the file that was kept")

// scanned is what scan found in a segment.
type scanned struct {
	good    [][]byte // all whole records
	goodEnd int      // where the last of good ends
	skipped int64    // bytes of damaged records
	lost    uint64   // their number
	torn    int64    // bytes of a record that was being written when the machine stopped
}

// keep adds the whole record from one offset of data to another.
func (s *scanned) keep(data []byte, from, to int) {
	if n := len(s.good); n > 0 && s.goodEnd == from {
		start := from - len(s.good[n-1])
		s.good[n-1] = data[start:to]
	} else {
		s.good = append(s.good, data[from:to])
	}
	s.goodEnd = to
}

func (s *scanned) damage(bytes int, seqs uint64) {
	s.skipped += int64(bytes)
	s.lost += max(seqs, 1)
}

// end judges the rest of a segment in which there is no further record.
func (s *scanned) end(rest []byte, last, next uint64) {
	if next <= last+1 && isTorn(rest) {
		s.torn = int64(len(rest))
		return
	}
	seqs := uint64(1)
	if next > last+1 {
		seqs = next - last - 1
	}
	s.damage(len(rest), seqs)
}

// isTorn reports whether data may be the begin of a record that was not written to its end. A file
// system may have grown the file with zeros before.
func isTorn(data []byte) bool {
	if len(data) < headerBytes {
		return true
	}
	length := int64(binary.LittleEndian.Uint32(data))
	return length == 0 || headerBytes+length > int64(len(data))
}

func allZero(data []byte) bool {
	for _, b := range data {
		if b != 0 {
			return false
		}
	}
	return true
}

// nextRecord searches data for a record behind the damage at its begin. It returns the offset of
// the record, and its sequence, or 0. The sequence must be possible: it is higher than last, and
// the damaged records between them fit into the bytes between them.
func nextRecord(data []byte, last uint64) (skip int, seq uint64) {
	for at := 1; at+headerBytes <= len(data); at++ {
		length := int64(binary.LittleEndian.Uint32(data[at:]))
		if length == 0 || length > MaxBody || int64(at)+headerBytes+length > int64(len(data)) {
			continue
		}
		seq := binary.LittleEndian.Uint64(data[at+8:])
		if seq <= last || seq-last-1 > uint64(at)/headerBytes {
			continue
		}
		if _, err := parseRecord(data[at:]); err == nil {
			return at, seq
		}
	}
	return 0, 0
}

// mend leaves only whole records in the file of a segment that was scanned.
func (j *Journal) mend(g *segment, found scanned) error {
	switch {
	case found.lost > 0 || found.torn > 0 && g.last == 0:
		return j.replaceDamaged(g, found)
	case found.torn > 0:
		j.log.Warn().Str("file", g.path).Int64("bytes", found.torn).Uint64("last", g.last).
			Msg("the end of the journal was torn and is cut off")
		return os.Truncate(g.path, g.size)
	}
	return nil
}

// replaceDamaged keeps the file aside, and writes the whole records to a new one of its name.
func (j *Journal) replaceDamaged(g *segment, found scanned) error {
	if data, err := os.ReadFile(g.path); err == nil && allZero(data) {
		return os.Truncate(g.path, 0) // nothing was written to it yet
	}
	aside, err := keepAside(g.path)
	if err != nil {
		return err
	}
	j.damaged.Add(found.lost)
	j.log.Error().Str("file", aside).Int64("bytes", found.skipped+found.torn).Uint64("records", found.lost).
		Uint64("last", g.last).
		Msg("a file of the journal is damaged: it is kept, and its other records are used")
	return durable.WriteFile(g.path, string(bytes.Join(found.good, nil)))
}

// keepAside gives the file a second name, which is returned.
func keepAside(path string) (string, error) {
	for n := 1; ; n++ {
		aside := path + damagedSuffix
		if n > 1 {
			aside = fmt.Sprintf("%s-%d", aside, n)
		}
		err := os.Link(path, aside)
		if errors.Is(err, fs.ErrExist) && sameFile(path, aside) {
			return aside, nil
		}
		if err == nil || !errors.Is(err, fs.ErrExist) {
			return aside, err
		}
	}
}

func sameFile(a, b string) bool {
	one, errOne := os.Stat(a)
	two, errTwo := os.Stat(b)
	return errOne == nil && errTwo == nil && os.SameFile(one, two)
}

// readBehindDamage reads the records after the damage at the begin of data, the rest of a segment.
// In place of the damaged ones it returns a record without a body, which goes to nwayacd_rejected.
func (g *segment) readBehindDamage(data []byte, offset int64, after uint64, damaged noter) ([]Record, int64, error) {
	skip, seq := nextRecord(data, after)
	if skip == 0 {
		skip, seq = len(data), g.last+1
	}
	records, used := parseRecords(data[skip:])
	if seq > after+1 { // what was damaged is not applied yet
		damaged(offset, seq-after-1)
		records = append([]Record{{Seq: seq - 1}}, records...)
	}
	return records, offset + int64(skip) + used, nil
}

// noter receives the offset of damaged records, and how many there are.
type noter func(offset int64, lost uint64)

// noteDamage keeps a file aside in which a record was damaged after the server started.
func (j *Journal) noteDamage(path string, offset int64, lost uint64) {
	what := fmt.Sprint(path, offset)
	if j.noted == what { // a failed batch reads it again
		return
	}
	j.noted = what
	aside, err := keepAside(path)
	j.damaged.Add(lost)
	j.log.Error().AnErr("not_kept", err).Str("file", aside).Int64("byte", offset).Uint64("records", lost).
		Msg("a file of the journal is damaged: it is kept, and its other records are used")
}
