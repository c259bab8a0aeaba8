package queue

import (
	"maps"
	"slices"
	"time"

	"nwayacd/agent"
)

// AgentView is an agent as the lists show it.
type AgentView struct {
	agent.Agent
	Groups     []string  // in order
	WrapUpEnds time.Time // of a wrap-up; zero = there is none, or nway_ready ends it
	CallUUID   string    // of the caller's channel it has an offer or a call with; "" = none
}

// GroupView is a group as the lists show it.
type GroupView struct {
	Group
	Members   []string // extensions, in order
	Available int      // members who could take a call now
	Waiting   int      // callers without an answer so far, or for whom a transfer rings after a talk
	Talking   int
	Oldest    time.Time // the place of the caller who is served next; zero if no caller waits
}

// Agents returns all agents in the order of their extensions.
func (f *Floor) Agents() []AgentView {
	views := make([]AgentView, 0, len(f.slots))
	for _, slot := range f.slots {
		views = append(views, slot.view())
	}
	slices.SortFunc(views, func(a, b AgentView) int { return compare(a.Extension, b.Extension) })
	return views
}

// Agent returns one agent.
func (f *Floor) Agent(extension string) (AgentView, error) {
	slot, err := f.slot(extension)
	if err != nil {
		return AgentView{}, err
	}
	return slot.view(), nil
}

func (slot *agentSlot) view() AgentView {
	v := AgentView{Agent: slot.Agent, Groups: slices.SortedFunc(maps.Keys(slot.groups), compare)}
	if slot.Call == agent.Typing {
		v.WrapUpEnds = slot.wrapUpEnds
	}
	if slot.lease != nil {
		v.CallUUID = slot.lease.Call
	}
	return v
}

// Groups returns all groups in the order of their numbers.
func (f *Floor) Groups() []GroupView {
	members := map[string][]string{}
	for extension, slot := range f.slots {
		for number := range slot.groups {
			members[number] = append(members[number], extension)
		}
	}
	views := make([]GroupView, 0, len(f.lines))
	for number, l := range f.lines {
		v := GroupView{
			Group: l.Group, Members: slices.SortedFunc(slices.Values(members[number]), compare),
			Available: l.available.Len(), Waiting: l.inside - l.talking, Talking: l.talking,
		}
		if first, some := l.waiting.Min(); some {
			v.Oldest = first.since
		}
		views = append(views, v)
	}
	slices.SortFunc(views, func(a, b GroupView) int { return compare(a.Number, b.Number) })
	return views
}

func compare(a, b string) int {
	switch {
	case agent.Less(a, b):
		return -1
	case agent.Less(b, a):
		return 1
	}
	return 0
}
