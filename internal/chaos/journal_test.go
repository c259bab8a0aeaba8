package chaos

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// A disk returns a wrong bit of a change that the database does not have yet, and there is a file
// that is no journal.
func TestTheJournalIsDamaged(t *testing.T) {
	t.Parallel()
	db := newDatabase(t)
	wire := delayed(t, db)
	s := begin(t, db)
	s.serves(5)
	wire.slow(time.Hour)
	s.tells("storage", "database away")
	path, before := newestFile(s)
	s.serves(10)
	s.callersGo()
	s.kill()
	_, after := newestFile(s)
	flipBit(s, path, (before+after)/2)
	garbage := filepath.Join(s.srv.DataDir(), "00000000000000900000.journal")
	s.noError(os.WriteFile(garbage, []byte(strings.Repeat("no journal", 1000)), 0o600))
	s.damaged = 1
	wire.slow(0)
	s.start()
	s.callersCome()
	s.recovers()
	if n := s.figure("nwayacd_journal_damaged_total"); n < 1 {
		t.Errorf("%v records were damaged", n)
	}
	for _, damaged := range []string{path, garbage} {
		if _, err := os.Stat(damaged + ".damaged"); err != nil {
			t.Errorf("the damaged file is not kept: %v", err)
		}
	}
	s.judge()
}

// newestFile returns the file of the journal that is written, and its size.
func newestFile(s *scene) (path string, size int64) {
	s.Helper()
	files, err := filepath.Glob(filepath.Join(s.srv.DataDir(), "*.journal"))
	if err != nil || files == nil {
		s.Fatalf("no journal: %v", err)
	}
	path = slices.Max(files)
	info, err := os.Stat(path)
	s.noError(err)
	return path, info.Size()
}

func flipBit(s *scene, path string, at int64) {
	s.Helper()
	data, err := os.ReadFile(path)
	s.noError(err)
	data[at] ^= 4
	s.noError(os.WriteFile(path, data, 0o600))
}
