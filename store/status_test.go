package store

import (
	"fmt"
	"testing"
)

func TestTheStatusCountsWhatWaitsAndWhatIsApplied(t *testing.T) {
	everyDatabase(t, func(t *testing.T, o Options) {
		s := open(t, o)
		defer s.Close()
		before := s.Status()
		if !before.Up || before.Fault != "" || before.Pending != 0 {
			t.Errorf("before anything was written: %+v", before)
		}
		for i := range 100 {
			s.Write(cdr(fmt.Sprint("u", i)))
		}
		if st := s.Status(); st.Pending != 100 || st.PendingBytes == 0 || st.Oldest <= 0 || st.Applied != 0 {
			t.Errorf("with 100 changes in the journal: %+v", st)
		}
		load(t, s)
		after := s.Status()
		if after.Pending != 0 || after.PendingBytes != 0 || after.Oldest != 0 || after.Applied != 100 {
			t.Errorf("when all is applied: %+v", after)
		}
		if sent := after.Statements - before.Statements; sent == 0 || sent > 30 {
			t.Errorf("%d statements for one batch and one load", sent)
		}
	})
}
