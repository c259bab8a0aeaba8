package acd

import (
	"context"
	"strconv"
	"strings"
	"time"

	"nwayacd/esl"
)

const (
	surveyLimit   = 2 * time.Minute
	surveyTimeout = 5 * time.Second // how long the caller has to press the digit after the prompt
)

// surveyVariable holds the digit that the caller pressed.
const surveyVariable = "nwayacd_survey"

// afterTalk plays the survey if the agent has one, and hangs the caller up. FreeSWITCH parked the
// caller for us before. With after-talk = "dialplan" the caller goes on in the dialplan instead. A
// caller whose phone's attended transfer failed is hung up.
func (t *talk) afterTalk(ctx context.Context) ending {
	outcome := t.record.Outcome
	switch {
	case t.connected:
		return sentAway{outcome, "NORMAL_CLEARING"}
	// recalled before, or over before dialplanVariables were set
	case t.settings.AfterTalk == AfterTalkDialplan && t.held:
		t.record.recall = time.Now()
		return handedBack{outcome: outcome, variable: returnedAnswered}
	case t.goesOn():
		return taken{outcome: outcome} // the dialplan has them
	}
	if !t.leg.offer.Agent.Survey || t.settings.Prompts.Survey == "" {
		return sentAway{outcome, "NORMAL_CLEARING"}
	}
	t.send(t.ask())
	limited, stop := context.WithTimeout(ctx, surveyLimit)
	defer stop()
	s := t.await(limited, func(s signal) bool {
		h, is := s.(happened)
		return is && (h.what == callerHungUp || h.what == callerBridged || h.what == callerReturned)
	})
	switch h, _ := s.(happened); {
	case s == nil && ctx.Err() != nil:
		return t.endingOf(context.Cause(ctx))
	case s == nil:
		return sentAway{outcome, "NORMAL_CLEARING"}
	case h.what == callerHungUp:
		if len(h.digit) == 1 {
			t.record.Survey = h.digit
		}
		return callerGone{outcome, h.cause}
	default:
		return taken{outcome: outcome}
	}
}

// ask returns the command that asks the caller for a mark and then hangs up. Both are actions of an
// inline dialplan, so FreeSWITCH executes them even if this process has ended by then.
// CHANNEL_HANGUP carries the digit.
func (t *talk) ask() esl.Command {
	digits := "1 1 1 " + strconv.FormatInt(surveyTimeout.Milliseconds(), 10) + " # " +
		playable(t.settings.Prompts.Survey) +
		" silence_stream://10 " + surveyVariable + ` \d`
	actions := strings.Join([]string{
		"unset:" + overVariable, "unset:park_after_bridge", "unset:park_timeout",
		"play_and_get_digits:" + strings.ReplaceAll(digits, inlineSeparator, ""), "hangup:NORMAL_CLEARING",
	}, inlineSeparator)
	return esl.API("uuid_transfer " + t.uuid() + " 'm:" + inlineSeparator + ":" + actions + "' inline")
}

// inlineSeparator separates the actions of an inline dialplan whose arguments may contain commas.
const inlineSeparator = "^"

// hangUp says how one side of a talk ended.
type hangUp struct {
	sequence uint64 // Event-Sequence; FreeSWITCH gives the earlier event the lower number
	byPhone  bool   // its own phone sent a BYE
}

// or returns the end as it is known after another report of it. The first event counts.
func (h hangUp) or(report happened) hangUp {
	if h != (hangUp{}) {
		return h
	}
	return hangUp{report.sequence, report.byPhone}
}

// before reports whether this side hung up first and so ended the other side. FreeSWITCH reports
// the two ends within a millisecond of each other and in either order. So a BYE of the phone itself
// counts more than the order.
func (h hangUp) before(other hangUp) bool {
	if h.byPhone != other.byPhone {
		return h.byPhone
	}
	return h.sequence < other.sequence
}
