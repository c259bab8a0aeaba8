package queue

import (
	"testing"
	"time"
)

func TestAMemoryOfBeforeDoesNotReplaceANewerOne(t *testing.T) {
	s := begin(t, plain)
	s.group("110", RememberSequence, "1000", "1001", "1002")
	s.calls("first", "138", "110")
	s.ends(s.talks("first", "1000"))
	s.f.Recall([]Memory{
		{Caller: "138", Group: "110", Agent: "1001", At: s.now.Add(-time.Minute)},
		{Caller: "139", Group: "110", Agent: "1002", At: s.now.Add(-time.Minute)},
		{Caller: "139", Group: "110", Agent: "1001", At: s.now.Add(-time.Hour)},
		{Caller: "137", Group: "110", Agent: "1002", At: s.now.Add(-2 * plain.Remember)},
	}, s.now)
	s.calls("second", "139", "110")
	s.rings("second", "1002")
	s.calls("third", "138", "110")
	s.rings("third", "1000")
	if _, known := s.f.memories[memoryKey{"137", "110"}]; known {
		t.Error("a memory that has expired was taken over")
	}
}
