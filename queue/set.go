package queue

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"nwayacd/agent"
)

// The errors of SetAgent and of RemoveMember.
var (
	ErrNoJobNumber = errors.New("there is no job number to say")
	ErrNoMember    = errors.New("not a member of the group")
)

// SetAgent changes settings of an agent, which count from now on. u sets nothing else.
func (f *Floor) SetAgent(u agent.Update, now time.Time) error {
	slot, err := f.slot(u.Extension)
	if err != nil {
		return err
	}
	after := slot.Agent
	u.Apply(&after)
	if after.SayJobNumber && after.JobNumber == "" && (u.SayJobNumber != nil || u.JobNumber != nil) {
		return fmt.Errorf("extension %s: %w", u.Extension, ErrNoJobNumber)
	}
	if u.AllowedGroups != nil && *u.AllowedGroups != "" {
		if err := f.checkGroups(strings.Split(*u.AllowedGroups, ",")); err != nil {
			return err
		}
	}
	f.change(slot, u.Apply)
	f.settle(now)
	return nil
}

// checkGroups returns ErrNoGroup for the first group that does not exist.
func (f *Floor) checkGroups(numbers []string) error {
	for _, number := range numbers {
		if f.lines[number] == nil {
			return fmt.Errorf("group %s: %w", number, ErrNoGroup)
		}
	}
	return nil
}

// AddMember makes the agent a member of one more group. The agent's state stays as it is.
func (f *Floor) AddMember(extension, number string, now time.Time) error {
	if _, err := f.slot(extension); err != nil {
		return err
	}
	if err := f.checkGroups([]string{number}); err != nil {
		return err
	}
	if _, member := f.groupsOf(extension)[number]; !member {
		f.joinGroup(extension, number)
		f.record(Change{MemberJoined: &Member{Group: number, Extension: extension}})
		f.settle(now)
	}
	return nil
}

// RemoveMember takes the agent out of one group. The agent's state, and a call of the group, stay
// as they are.
func (f *Floor) RemoveMember(extension, number string) error {
	slot, err := f.slot(extension)
	if err != nil {
		return err
	}
	if _, member := slot.groups[number]; !member {
		return fmt.Errorf("%s in %s: %w", extension, number, ErrNoMember)
	}
	f.leaveGroup(extension, number)
	f.record(Change{MemberLeft: &Member{Group: number, Extension: extension}})
	return nil
}
