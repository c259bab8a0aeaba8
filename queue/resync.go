package queue

import (
	"maps"
	"slices"
)

// Resync writes the present state of the floor again, for a database that lacks some of it. Without
// whole it writes what distribution changes by itself. With whole it also writes the agents, groups
// and lists.
//
// Rows of waiting callers, and of talks of this server, are removed if the floor does not have
// them. The memories are not written. There can be hundreds of thousands of them, and the floor
// still has them.
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

// keptPlaces returns the uuids of waiting calls and of absent callers.
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
