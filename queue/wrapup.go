package queue

import (
	"errors"
	"fmt"
	"time"

	"nwayacd/agent"
)

// The errors of ExtendWrapUp.
var (
	ErrNoWrapUp      = errors.New("the extension is not in wrap-up")
	ErrEndlessWrapUp = errors.New("the wrap-up has no end; nway_ready ends it")
)

// longestWrapUp bounds what is left of a wrap-up, however often it is made longer.
const longestWrapUp = 24 * time.Hour

// moveAfterTalk returns the move that ends the talk of a lease: into a wrap-up, or not.
func (f *Floor) moveAfterTalk(l *Lease) agent.Move {
	wrapUp := f.settings.TypingAuto
	if slot := f.slots[l.Agent.Extension]; slot != nil && slot.WrapUp.Set {
		wrapUp = slot.WrapUp.Value != 0
	}
	return either(wrapUp, agent.WrapUp, agent.Finish)
}

// startWrapUp sets when the wrap-up that began at since ends. A clock that was set back since then
// does not make it longer than the setting.
func (f *Floor) startWrapUp(slot *agentSlot, since, now time.Time) {
	length := slot.WrapUp.Or(f.settings.Recover)
	switch {
	case !slot.WrapUpUntil.IsZero():
		f.endWrapUpAt(slot, now.Add(min(longestWrapUp, slot.WrapUpUntil.Sub(now))))
	case length > 0:
		f.endWrapUpAt(slot, now.Add(min(length, length-now.Sub(since))))
	default:
		slot.wrapUpEnds = time.Time{}
	}
}

func (f *Floor) endWrapUpAt(slot *agentSlot, at time.Time) {
	slot.wrapUpEnds = at
	f.deadlines.add(deadline{at: at, wrapUp: slot})
}

// ExtendWrapUp makes the agent's wrap-up longer by so much. It returns when the wrap-up ends.
func (f *Floor) ExtendWrapUp(extension string, by time.Duration, now time.Time) (ends time.Time, err error) {
	slot, err := f.slot(extension)
	switch {
	case err != nil:
		return time.Time{}, err
	case slot.Call != agent.Typing:
		return time.Time{}, fmt.Errorf("%s: %w", extension, ErrNoWrapUp)
	case slot.wrapUpEnds.IsZero():
		return time.Time{}, fmt.Errorf("%s: %w", extension, ErrEndlessWrapUp)
	}
	until := now.Add(min(longestWrapUp, max(0, slot.wrapUpEnds.Sub(now))+by))
	f.change(slot, func(a *agent.Agent) { a.WrapUpUntil = until })
	f.endWrapUpAt(slot, until)
	return until, nil
}
