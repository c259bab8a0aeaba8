package queue

import (
	"maps"
	"slices"
)

// Rewrite writes the present state of the floor anew, for a database that lacks it: what
// distribution changes by itself, or (whole) the agents, groups and lists too. Rows of callers in
// line, and of talks of this server, that the floor does not have are removed; others are left
// alone. Who last answered a caller is not written: there can be hundreds of thousands of these,
// and the floor goes on knowing them.
func (f *Floor) Resync(whole bool, server string) {
	s := f.snapshot()
	if whole {
		f.out.Changes = append(f.out.Changes, s.Changes()...)
	} else {
		f.out.Changes = append(f.out.Changes, s.stateChanges()...)
	}
	f.record(Change{StillWaiting: &StillWaiting{UUIDs: f.keptPlaces()}})
	f.record(Change{StillTalking: &StillTalking{Server: server, UUIDs: slices.Sorted(maps.Keys(f.talks))}})
}

// placesKept are the calls in line, and those of absent callers.
func (f *Floor) keptPlaces() []string {
	uuids := slices.Collect(maps.Keys(f.absent))
	for uuid, c := range f.calls {
		if c.hasRow {
			uuids = append(uuids, uuid)
		}
	}
	slices.Sort(uuids)
	return uuids
}

func (f *Floor) snapshot() Snapshot {
	var s Snapshot
	for _, extension := range slices.SortedFunc(maps.Keys(f.slots), compare) {
		s.Agents = append(s.Agents, f.slots[extension].Agent)
		for _, number := range slices.SortedFunc(maps.Keys(f.slots[extension].groups), compare) {
			s.Members = append(s.Members, Member{Group: number, Extension: extension})
		}
	}
	for _, number := range slices.SortedFunc(maps.Keys(f.lines), compare) {
		s.Groups = append(s.Groups, f.lines[number].Group)
	}
	for _, c := range f.calls {
		if c.hasRow {
			s.Waiting = append(s.Waiting, c.row())
		}
	}
	for _, a := range f.absent {
		s.Waiting = append(s.Waiting, a.place)
	}
	for _, uuid := range slices.Sorted(maps.Keys(f.talks)) {
		s.Talks = append(s.Talks, *f.talks[uuid])
	}
	s.Blacklist, s.VIPs = f.Blacklist(), f.VIPs()
	return s
}
