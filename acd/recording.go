package acd

import (
	"path"
	"strings"
	"time"

	"nwayacd/esl"
)

// startRecording is the command that records a talk, if the agent's talks are recorded.
func (c *call) startRecording(l *leg) []esl.Command {
	if !l.offer.Agent.Record || c.settings.RecordPath == "" {
		return nil
	}
	file := c.recordingPath(l, time.Now())
	c.record.Recorded(file)
	l.record.Recording = file
	return []esl.Command{esl.API("uuid_record " + c.uuid() + " start " + file)}
}

// stopRecording is the command that ends it.
func (t *talk) stopRecording() []esl.Command {
	if t.leg.record.Recording == "" || t.callerGone {
		return nil
	}
	return []esl.Command{esl.API("uuid_record " + t.uuid() + " stop " + t.leg.record.Recording)}
}

// recordingPath is the file in which the talk of that leg is recorded: record-path, filled in. No
// two talks share a file, because a path without {offer} gets it before its extension. {offer} is
// the uuid of the agent's channel, which no other talk has.
func (c *call) recordingPath(l *leg, now time.Time) string {
	pattern := c.settings.RecordPath
	if !strings.Contains(pattern, "{offer}") {
		ending := path.Ext(pattern)
		if strings.ContainsAny(ending, "{}/") {
			ending = ""
		}
		pattern = strings.TrimSuffix(pattern, ending) + "-{offer}" + ending
	}
	return strings.NewReplacer(
		"{uuid}", c.uuid(), "{group}", fileName(c.group), "{ext}", fileName(l.offer.Agent.Extension), "{offer}", l.uuid,
		"{caller}", fileName(c.who.shown()), "{date}", now.Format("2006-01-02"), "{time}", now.Format("150405"),
	).Replace(pattern)
}

// fileName leaves of a number what is harmless in a path.
func fileName(s string) string {
	return strings.Map(func(r rune) rune {
		if r == '+' || r == '-' || r == '_' || r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' {
			return r
		}
		return '_'
	}, s)
}
