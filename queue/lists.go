package queue

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"
)

// ErrNotListed says that a number is not on the list it is to be taken from.
var ErrNotListed = errors.New("not on the list")

// The lists hold for callers who arrive from now on: who waits already keeps its place.

// Blacklist returns all blacklisted numbers, in order; expired ones are among them.
func (f *Floor) Blacklist() []Blacklisted {
	return slices.SortedFunc(maps.Values(f.blacklist), func(a, b Blacklisted) int { return compare(a.Number, b.Number) })
}

// PutBlacklisted puts a number on the blacklist and reports whether it was there before, with whatever rule.
func (f *Floor) PutBlacklisted(b Blacklisted) (replaced bool) {
	_, replaced = f.blacklist[b.Number]
	f.blacklist[b.Number] = b
	f.record(Change{Blacklisted: &b})
	return replaced
}

// DropBlacklisted takes a number off the blacklist.
func (f *Floor) DropBlacklisted(number string) error {
	if _, listed := f.blacklist[number]; !listed {
		return fmt.Errorf("blacklisted number %s: %w", number, ErrNotListed)
	}
	delete(f.blacklist, number)
	f.record(Change{Unblacklisted: &number})
	return nil
}

// VIPs returns all VIP numbers, in order; one whose group is "" is a VIP in all groups.
func (f *Floor) VIPs() []VIP {
	return slices.SortedFunc(maps.Keys(f.vips), func(a, b VIP) int {
		return cmp.Or(compare(a.Number, b.Number), compare(a.Group, b.Group))
	})
}

// PutVIP makes a number a VIP of a group, or of all with the group "", and reports whether it was one before.
func (f *Floor) PutVIP(v VIP) (already bool) {
	if _, already = f.vips[v]; !already {
		f.vips[v] = struct{}{}
		f.record(Change{VIPAdded: &v})
	}
	return already
}

// DropVIP makes the number an ordinary caller of the group again.
func (f *Floor) DropVIP(v VIP) error {
	if _, listed := f.vips[v]; !listed {
		return fmt.Errorf("VIP number %s: %w", v.Number, ErrNotListed)
	}
	delete(f.vips, v)
	f.record(Change{VIPRemoved: &v})
	return nil
}
