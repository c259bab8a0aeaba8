package auth

import (
	"testing"
	"testing/synctest"
	"time"
)

func TestASecretAndTheOneBeforeIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := NewSecret("first")
		is := func(step string, want map[string]bool) {
			t.Helper()
			for text, right := range want {
				if s.Is(text) != right {
					t.Errorf("%s: Is(%q) is %t", step, text, !right)
				}
			}
		}
		is("at first", map[string]bool{"first": true, "": false, "firs": false})
		if s.Replace("first") || s.Replace("") {
			t.Error("the same secret, or none, replaced it")
		}
		is("replaced by itself", map[string]bool{"first": true, "": false})
		if !s.Replace("second") || s.Text() != "second" {
			t.Error("it was not replaced")
		}
		time.Sleep(secretOverlap - time.Second)
		is("within the minute", map[string]bool{"first": true, "second": true, "": false})
		s.Replace("second") // the second reload does not prolong it
		time.Sleep(2 * time.Second)
		is("after it", map[string]bool{"first": false, "second": true, "": false})
		s.Replace("third")
		is("replaced again", map[string]bool{"first": false, "second": true, "third": true})
	})
}

func TestASecretThatIsNotSet(t *testing.T) {
	for _, s := range []*Secret{nil, NewSecret("")} {
		if s.IsSet() || s.Is("") || s.Is("x") || s.Text() != "" {
			t.Errorf("%v is set", s)
		}
	}
	s := NewSecret("")
	if s.Replace("x") || s.IsSet() {
		t.Error("a reload closed an open port, which only a restart does")
	}
}
