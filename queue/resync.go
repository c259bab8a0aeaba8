package queue

import (
	"maps"
	"slices"

	"nwayacd/agent"
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

// Changes are those that make an empty database into s. An account that is added has no password
// here: the store knows it.
func (s *Snapshot) Changes() []Change {
	var all []Change
	for _, g := range s.Groups {
		all = append(all, Change{GroupAdded: &g}, Change{Group: &GroupUpdate{
			Number: g.Number, Name: &g.Name, Mode: &g.Mode, Cursor: &g.Cursor, RingTimeout: &g.RingTimeout,
			Welcome: &g.Prompts.Welcome, Blacklist: &g.Prompts.Blacklist, Busy: &g.Prompts.Busy, Transfer: &g.Prompts.Transfer,
			CallerPrefix: &g.CallerPrefix,
		}})
	}
	for _, a := range s.Agents {
		u := a.Update()
		all = append(all, Change{AgentAdded: &NewAgent{Extension: a.Extension}}, Change{Agent: &u})
	}
	for _, b := range s.Blacklist {
		all = append(all, Change{Blacklisted: &b})
	}
	for _, v := range s.VIPs {
		all = append(all, Change{VIPAdded: &v})
	}
	for _, m := range s.Memories {
		all = append(all, Change{Remembered: &m})
	}
	return append(all, s.stateChanges()...)
}

// stateChanges are those of Changes that write what distribution changes by itself.
func (s *Snapshot) stateChanges() []Change {
	var all []Change
	for _, g := range s.Groups {
		all = append(all, Change{Group: &GroupUpdate{Number: g.Number, Cursor: &g.Cursor}})
	}
	groups := map[string][]string{}
	for _, m := range s.Members {
		groups[m.Extension] = append(groups[m.Extension], m.Group)
	}
	for _, a := range s.Agents {
		all = append(all, Change{Membership: &Membership{Extension: a.Extension, Groups: groups[a.Extension]}},
			Change{Agent: &agent.Update{
				Extension: a.Extension, Registered: &a.Registered, Up: &a.Up, Idle: &a.Idle, Call: &a.Call, Since: &a.Since,
				Deferred: &a.Deferred, Server: &a.Server,
			}})
	}
	for _, w := range s.Waiting {
		all = append(all, Change{Waiting: &w})
	}
	for _, t := range s.Talks {
		all = append(all, Change{Talk: &t})
	}
	return all
}
