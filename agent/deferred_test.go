package agent

import "testing"

func TestDeferredIsReadInUpperAndLowerCase(t *testing.T) {
	for word, want := range map[string]Deferred{
		"": NothingDeferred, "busy": BusyDeferred, "BUSY": BusyDeferred, "logout": LogoutDeferred,
		"Logout": LogoutDeferred,
	} {
		if got, err := ParseDeferred(word); got != want || err != nil {
			t.Errorf("%q: %v, %v", word, got, err)
		}
	}
	if got, err := ParseDeferred("holiday"); got != NothingDeferred || err == nil {
		t.Errorf("a word nobody knows: %v, %v", got, err)
	}
}
