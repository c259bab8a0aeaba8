package queue

import (
	"errors"
	"fmt"
	"testing"
	"time"
)

func TestABlacklistedNumberIsRefusedAtOnce(t *testing.T) {
	now := time.Unix(1e9, 0)
	f := NewFloor(Settings{}, 1)
	if f.PutBlacklisted(Blacklisted{Number: "139", Group: "110"}) {
		t.Error("a new number replaces nothing")
	}
	if !f.Blacklisted("139", "", "110", now) || f.Blacklisted("139", "", "120", now) {
		t.Error("the number is refused in its group, and only there")
	}
	if !f.PutBlacklisted(Blacklisted{Number: "139", Category: 2}) || !f.Blacklisted("139", "", "120", now) {
		t.Error("the second rule takes the place of the first")
	}
	f.PutBlacklisted(Blacklisted{Number: "20"})
	if got := fmt.Sprint(f.Blacklist()[0].Number, " ", f.Blacklist()[1].Number); got != "20 139" {
		t.Errorf("list %s", got)
	}
	if err := f.DropBlacklisted("139"); err != nil || f.Blacklisted("139", "", "120", now) {
		t.Errorf("taken off the list, the number is refused still (%v)", err)
	}
	if err := f.DropBlacklisted("139"); !errors.Is(err, ErrNotListed) {
		t.Errorf("taken off twice: %v", err)
	}
	changes := f.TakeEffects().Changes
	if len(changes) != 4 || changes[1].Blacklisted.Category != 2 || *changes[3].Unblacklisted != "139" {
		t.Errorf("changes %+v", changes)
	}
}

func TestAVIPIsServedFirstAtOnce(t *testing.T) {
	f := NewFloor(Settings{}, 1)
	if f.PutVIP(VIP{"139", "110"}) || f.PutVIP(VIP{Number: "139"}) || !f.PutVIP(VIP{Number: "139"}) {
		t.Error("a VIP of a group and one of all groups are two")
	}
	if !f.vip(Arrival{Caller: "139", Group: "120"}) {
		t.Error("a VIP of all groups is none in 120")
	}
	if err := f.DropVIP(VIP{Number: "139"}); err != nil || f.vip(Arrival{Caller: "139", Group: "120"}) {
		t.Errorf("taken off the list, the number is a VIP still (%v)", err)
	}
	if err := f.DropVIP(VIP{Number: "139"}); !errors.Is(err, ErrNotListed) {
		t.Errorf("taken off twice: %v", err)
	}
	if got := fmt.Sprint(f.VIPs()); got != "[{139 110}]" {
		t.Errorf("list %s", got)
	}
	if changes := f.TakeEffects().Changes; len(changes) != 3 || changes[2].VIPRemoved.Number != "139" {
		t.Errorf("what changed is kept once: %+v", changes)
	}
}
