package store

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"testing"
)

// flip changes one byte of a file.
func flip(t *testing.T, path string, at int64) {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	data[at] ^= 0x10
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
}

func keptAside(t *testing.T, dir string) []string {
	t.Helper()
	files, err := filepath.Glob(dir + "/*.damaged*")
	if err != nil {
		t.Fatal(err)
	}
	return files
}

func TestOneFlippedBitCostsOneRecord(t *testing.T) {
	const records = 100
	for _, damage := range []struct {
		name string
		at   int64 // in the tenth record
	}{{"length", 2}, {"length, huge", 3}, {"checksum", 5}, {"sequence", 8}, {"time", 17}, {"body", headerBytes + 3}} {
		for _, which := range []int{0, 10, records - 1} {
			t.Run(fmt.Sprint(damage.name, " of record ", which), func(t *testing.T) {
				o := sqliteOptions(t)
				var lines logLines
				o.Log = lines.logger()
				s := open(t, o)
				for i := range records {
					s.Write(cdr(fmt.Sprint("u", 100+i)))
				}
				if err := s.Close(); err != nil {
					t.Fatal(err)
				}
				file := segmentFiles(t, o.DataDir)[0]
				before, _ := os.ReadFile(file)
				size := int64(len(before)) / records
				flip(t, file, int64(which)*size+damage.at)
				bad, _ := os.ReadFile(file)
				s = open(t, o)
				load(t, s)
				if n := count(t, s, `SELECT count(DISTINCT call_uuid) FROM nwayacd_cdr`); n != records-1 {
					t.Errorf("%d CDRs, want all but one of %d", n, records)
				}
				// a wrong length at the end looks like the end of a file that was being written
				if which < records-1 || damage.at >= 4 {
					wantKept(t, s, o.DataDir, bad)
					if n := lines.lines("is damaged"); n != 1 || s.Status().Damaged != 1 {
						t.Errorf("%d lines, %+v", n, s.Status())
					}
				}
				if seq := s.Write(cdr("next")); seq < records {
					t.Errorf("the sequence goes on at %d", seq)
				}
				s.Close()
				s = open(t, o)
				defer s.Close()
				if s.Status().Damaged != 0 || s.Status().Pending != 1 {
					t.Errorf("after another start: %+v", s.Status())
				}
			})
		}
	}
}

func wantKept(t *testing.T, s *Store, dir string, content []byte) {
	t.Helper()
	kept := keptAside(t, dir)
	if len(kept) != 1 {
		t.Fatalf("kept aside: %v", kept)
	}
	if data, _ := os.ReadFile(kept[0]); !bytes.Equal(data, content) {
		t.Error("the file that was kept is not the damaged one")
	}
}

func TestAWholeBlockOfZerosCostsTheRecordsInIt(t *testing.T) {
	o := sqliteOptions(t)
	s := open(t, o)
	for i := range 200 {
		s.Write(cdr(fmt.Sprint("u", 100+i)))
	}
	s.Close()
	file := segmentFiles(t, o.DataDir)[0]
	data, _ := os.ReadFile(file)
	copy(data[4096:8192], make([]byte, 4096))
	if err := os.WriteFile(file, data, 0o600); err != nil {
		t.Fatal(err)
	}
	s = open(t, o)
	defer s.Close()
	load(t, s)
	lost := int(s.Status().Damaged)
	if n := count(t, s, `SELECT count(DISTINCT call_uuid) FROM nwayacd_cdr`); n+lost != 200 ||
		lost > 4096/(len(data)/200)+2 {
		t.Errorf("%d CDRs, and %d are said to be lost, of 200", n, lost)
	}
}

func TestAGarbageFileIsKept(t *testing.T) {
	for name, garbage := range map[string][]byte{
		"text": bytes.Repeat([]byte("no journal "), 500), "short": []byte("oops"),
		"binary": bytes.Repeat([]byte{0xff, 1}, 3000),
	} {
		t.Run(name, func(t *testing.T) {
			o := sqliteOptions(t)
			s := open(t, o)
			s.Write(cdr("u1"))
			s.Close()
			file := filepath.Join(o.DataDir, "00000000000000000007.journal")
			if err := os.WriteFile(file, garbage, 0o600); err != nil {
				t.Fatal(err)
			}
			s = open(t, o)
			defer s.Close()
			load(t, s)
			wantKept(t, s, o.DataDir, garbage)
			if n := count(t, s, `SELECT count(*) FROM nwayacd_cdr`); n != 1 {
				t.Errorf("%d CDRs", n)
			}
		})
	}
}

func TestARecordIsDamagedWhileTheServerRuns(t *testing.T) {
	for _, which := range []int{5, 19} { // 19 is the last one
		t.Run(fmt.Sprint(which), func(t *testing.T) {
			o := sqliteOptions(t)
			s := open(t, o)
			for i := range 20 {
				s.Write(cdr(fmt.Sprint("u", 100+i)))
			}
			if err := s.journal.Commit(); err != nil {
				t.Fatal(err)
			}
			file := segmentFiles(t, o.DataDir)[0]
			data, _ := os.ReadFile(file)
			flip(t, file, int64(which*len(data)/20+headerBytes+5))
			start(t, s)
			flush(t, s)
			if n := count(t, s, `SELECT count(*) FROM nwayacd_cdr`); n != 19 || s.Status().Damaged != 1 ||
				len(keptAside(t, o.DataDir)) != 1 {
				t.Errorf("%d CDRs, %+v", n, s.Status())
			}
			if n := count(t, s, `SELECT count(*) FROM nwayacd_rejected WHERE error LIKE '%damaged%'`); n != 1 {
				t.Errorf("%d rows in nwayacd_rejected", n)
			}
			s.Write(cdr("after"))
			flush(t, s)
			if s.Healthy() != nil {
				t.Error(s.Healthy())
			}
		})
	}
}
