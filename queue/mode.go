package queue

import "fmt"

// Mode is how a group chooses among its available agents: the column group_call_mode.
type Mode uint8

// The modes have their numbers in the database and in nway_add_group.
const (
	Sequence         Mode = iota // the lowest extension first
	Random                       // any
	Cyclic                       // the next after the one offered last, wrapping
	RememberSequence             // the agent who last answered this caller in this group, else as Sequence
	RememberRandom               // the same, else as Random
	RememberCyclic               // the same, else as Cyclic; the default of existing databases
)

var modeNames = [...]string{
	"sequence", "random", "cyclic", "remember+sequence", "remember+random", "remember+cyclic",
}

// String returns the mode's name.
func (m Mode) String() string {
	if int(m) < len(modeNames) {
		return modeNames[m]
	}
	return fmt.Sprintf("mode(%d)", uint8(m))
}

// ParseMode checks a mode's number.
func ParseMode(n int) (Mode, error) {
	if n < 0 || n >= len(modeNames) {
		return 0, fmt.Errorf("queue: mode %d is not 0 to %d", n, len(modeNames)-1)
	}
	return Mode(n), nil
}

// Remembers reports whether the mode prefers the agent who last answered the caller.
func (m Mode) Remembers() bool { return m >= RememberSequence }

// base returns the mode that applies if no agent is remembered.
func (m Mode) base() Mode {
	if m.Remembers() {
		return m - RememberSequence
	}
	return m
}
