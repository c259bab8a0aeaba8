package app

import "testing"

func TestProfilesAreForLoopback(t *testing.T) {
	for address, allowed := range map[string]bool{
		"": true, "127.0.0.1:0": true, "[::1]:0": true, "localhost:0": true, ":0": false, "0.0.0.0:0": false,
	} {
		stop, err := ServePprof(t.Context(), address)
		if (err == nil) != allowed {
			t.Errorf("%q: %v", address, err)
		}
		if err == nil {
			stop()
		}
	}
}
