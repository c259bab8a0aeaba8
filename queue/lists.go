package queue

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"
)

// ErrNotListed says that a number is not on the list from which it is to be removed.
var ErrNotListed = errors.New("not on the list")

// The lists are for callers who arrive from now on. A caller who waits already keeps the place.

// Blacklist returns all blacklisted numbers in order, including expired ones.
func (f *Floor) Blacklist() []Blacklisted {
	return slices.SortedFunc(maps.Values(f.blacklist),
		func(a, b Blacklisted) int { return compare(a.Number, b.Number) })
}

// PutBlacklisted puts a number on the blacklist. It reports whether the number had an entry before.
func (f *Floor) PutBlacklisted(b Blacklisted) (replaced bool) {
	_, replaced = f.blacklist[b.Number]
	f.blacklist[b.Number] = b
	f.record(Change{Blacklisted: &b})
	return replaced
}

// DropBlacklisted removes a number from the blacklist.
func (f *Floor) DropBlacklisted(number string) error {
	if _, listed := f.blacklist[number]; !listed {
		return fmt.Errorf("blacklisted number %s: %w", number, ErrNotListed)
	}
	delete(f.blacklist, number)
	f.record(Change{Unblacklisted: &number})
	return nil
}

// VIPs returns all VIP numbers in order. A VIP with the group "" is one in all groups.
func (f *Floor) VIPs() []VIP {
	return slices.SortedFunc(maps.Keys(f.vips), func(a, b VIP) int {
		return cmp.Or(compare(a.Number, b.Number), compare(a.Group, b.Group))
	})
}

// PutVIP makes a number a VIP of a group, or of all groups if the group is "". It reports whether
// the number was one before.
func (f *Floor) PutVIP(v VIP) (already bool) {
	if _, already = f.vips[v]; !already {
		f.vips[v] = struct{}{}
		f.record(Change{VIPAdded: &v})
	}
	return already
}

// DropVIP makes a number an ordinary caller of the group again.
func (f *Floor) DropVIP(v VIP) error {
	if _, listed := f.vips[v]; !listed {
		return fmt.Errorf("VIP number %s: %w", v.Number, ErrNotListed)
	}
	delete(f.vips, v)
	f.record(Change{VIPRemoved: &v})
	return nil
}
