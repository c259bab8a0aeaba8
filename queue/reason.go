package queue

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// ErrNoReason says that a pause has a reason that is not on the list of the active ones.
var ErrNoReason = errors.New("no such reason")

// ShippedReasons are those of a new database.
var ShippedReasons = []Reason{
	{Code: "break", Name: "Break", Paid: true, Position: 1, Active: true},
	{Code: "lunch", Name: "Lunch", Position: 2, Active: true},
	{Code: "training", Name: "Training", Paid: true, Position: 3, Active: true},
	{Code: "meeting", Name: "Meeting", Paid: true, Position: 4, Active: true},
}

// Reasons returns all reasons for a pause, in the order of their positions.
func (f *Floor) Reasons() []Reason {
	return slices.SortedFunc(maps.Values(f.reasons), func(a, b Reason) int {
		return cmp.Or(cmp.Compare(a.Position, b.Position), cmp.Compare(a.Code, b.Code))
	})
}

// PutReason adds or replaces a reason for a pause. It reports whether it replaced one.
func (f *Floor) PutReason(r Reason) (replaced bool) {
	_, replaced = f.reasons[r.Code]
	f.reasons[r.Code] = r
	f.record(Change{ReasonPut: &r})
	return replaced
}

// DropReason removes a reason. Agents who are paused for it stay so.
func (f *Floor) DropReason(code string) error {
	if _, known := f.reasons[code]; !known {
		return fmt.Errorf("reason %s: %w", code, ErrNoReason)
	}
	delete(f.reasons, code)
	f.record(Change{ReasonRemoved: &code})
	return nil
}

// checkReason returns an error that names the active reasons, if the code is none of them.
func (f *Floor) checkReason(code string) error {
	if code == "" || f.reasons[code].Active {
		return nil
	}
	var active []string
	for _, r := range f.Reasons() {
		if r.Active {
			active = append(active, r.Code)
		}
	}
	if len(active) == 0 {
		return fmt.Errorf("%s: %w; there is none at all", code, ErrNoReason)
	}
	return fmt.Errorf("%s: %w; there are %s", code, ErrNoReason, strings.Join(active, ", "))
}

// loadReasons takes over the reasons of a snapshot.
func (f *Floor) loadReasons(s Snapshot) {
	clear(f.reasons)
	all := s.Reasons
	if all == nil {
		all = ShippedReasons
	}
	for _, r := range all {
		f.reasons[r.Code] = r
	}
}
