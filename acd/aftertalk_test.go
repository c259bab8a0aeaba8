package acd

import "testing"

// FreeSWITCH may report the end of the agent's leg first although the caller sent the BYE.
func TestWhoHungUpIsWhosePhoneSentTheBYE(t *testing.T) {
	for _, of := range []struct {
		what        string
		caller, leg hangUp
		callerFirst bool
	}{
		{"the caller's BYE, reported first", hangUp{1, true}, hangUp{2, false}, true},
		{"the caller's BYE, reported last", hangUp{2, true}, hangUp{1, false}, true},
		{"the agent's BYE, reported first", hangUp{2, false}, hangUp{1, true}, false},
		{"the agent's BYE, reported last", hangUp{1, false}, hangUp{2, true}, false},
		{"both sent a BYE, the caller first", hangUp{1, true}, hangUp{2, true}, true},
		{"no phone sent a BYE, the agent first", hangUp{2, false}, hangUp{1, false}, false},
	} {
		if got := of.caller.before(of.leg); got != of.callerFirst {
			t.Errorf("%s: the caller hung up: %t", of.what, got)
		}
	}
}
