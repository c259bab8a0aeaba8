package queue

import (
	"fmt"
	"time"

	"nwayacd/internal/prompt"
	"nwayacd/internal/setting"
)

// AddGroup adds a group. Agents who are already members of this number serve it at once.
func (f *Floor) AddGroup(number string, mode Mode, now time.Time) error {
	if f.lines[number] != nil {
		return fmt.Errorf("group %s: %w", number, ErrExists)
	}
	g := Group{Number: number, Name: number, Mode: mode, RingTimeout: DefaultRingTimeout}
	f.addLine(g)
	f.record(Change{GroupAdded: &g})
	f.settle(now)
	return nil
}

func (f *Floor) addLine(g Group) {
	l := newLine(g)
	f.lines[g.Number] = l
	f.touchLine(l)
	for _, slot := range f.slots {
		if _, member := slot.groups[g.Number]; member {
			f.joinLine(slot, l)
		}
	}
}

// removeLine takes a group off the floor. Its memberships stay.
func (f *Floor) removeLine(l *line) {
	delete(f.lines, l.Number)
	f.touchLine(l)
	for _, slot := range f.slots {
		slot.leaveLine(l)
	}
}

// RemoveGroup removes a group and its memberships. It fails if callers wait in the group.
func (f *Floor) RemoveGroup(number string) error {
	l := f.lines[number]
	if l == nil {
		return fmt.Errorf("group %s: %w", number, ErrNoGroup)
	}
	if waiting := l.inside - l.talking; waiting > 0 {
		return fmt.Errorf("group %s: %w (%d)", number, ErrWaiting, waiting)
	}
	f.removeLine(l)
	for extension, set := range f.members {
		if _, member := set[number]; member {
			f.touchMembership(f.slots[extension], nil)
		}
		delete(set, number)
	}
	f.record(Change{GroupRemoved: &number})
	return nil
}

// SetGroup changes settings of a group, which count from now on.
func (f *Floor) SetGroup(u GroupUpdate) error {
	l := f.lines[u.Number]
	if l == nil {
		return fmt.Errorf("group %s: %w", u.Number, ErrNoGroup)
	}
	if err := f.checkPrompts(&u); err != nil {
		return err
	}
	u.apply(&l.Group)
	f.touchLine(l)
	f.record(Change{Group: &u})
	return nil
}

// checkPrompts returns an error that wraps prompt.ErrNotAllowed if a prompt must not be played.
// Prompts from the database are checked when they are played, because there nobody could be
// refused.
func (f *Floor) checkPrompts(u *GroupUpdate) error {
	for i := range GroupSettings {
		s := &GroupSettings[i]
		if s.Type != setting.File {
			continue
		}
		if text, changed := s.Changed(u); changed && text != nil {
			if err := prompt.Check(text.(string), f.settings.Schemes); err != nil {
				return fmt.Errorf("%s: %w", s.Key, err)
			}
		}
	}
	return nil
}

func (u *GroupUpdate) apply(g *Group) {
	GroupSettings.Apply(u, g)
	if u.Cursor != nil {
		g.Cursor = *u.Cursor
	}
}

// Update returns the update that writes all of the group.
func (g *Group) Update() GroupUpdate {
	u := GroupUpdate{Number: g.Number, Cursor: &g.Cursor}
	GroupSettings.Copy(g, &u)
	return u
}

type memoryKey struct{ caller, group string }

type memory struct {
	agent string
	at    time.Time
}

// remembered returns the agent who last answered the caller in this group. It returns nil if the
// mode does not remember agents, or if the memory is too old.
func (f *Floor) remembered(c *call, now time.Time) *agentSlot {
	if !c.line.Mode.Remembers() || c.caller == "" {
		return nil
	}
	m, known := f.memories[memoryKey{c.caller, c.line.Number}]
	if !known || f.memoryExpired(m, now) {
		return nil
	}
	return f.slots[m.agent]
}

func (f *Floor) memoryExpired(m memory, now time.Time) bool {
	return f.settings.Remember > 0 && now.Sub(m.at) > f.settings.Remember
}

// remember notes which agent answered the caller. It also looks at a few old memories and drops
// those that have expired, so the map does not grow without end.
func (f *Floor) remember(caller string, l *line, slot *agentSlot, now time.Time) {
	if !l.Mode.Remembers() || caller == "" {
		return
	}
	f.memories[memoryKey{caller, l.Number}] = memory{slot.Extension, now}
	f.record(Change{Remembered: &Memory{Caller: caller, Group: l.Number, Agent: slot.Extension, At: now}})
	looked := 0
	for key, m := range f.memories {
		if f.memoryExpired(m, now) {
			delete(f.memories, key)
		}
		if looked++; looked == 3 {
			break
		}
	}
}
