package acd

import (
	"path"
	"strings"
	"time"

	"nwayacd/esl"
)

// startRecording returns the command that records a talk, or none if the agent's talks are not
// recorded.
func (c *call) startRecording(l *leg) []esl.Command {
	if !l.offer.Agent.Record || c.settings.RecordPath == "" {
		return nil
	}
	file := c.recordingPath(l, time.Now())
	c.record.Recorded(file)
	l.record.Recording = file
	return []esl.Command{esl.API("uuid_record " + c.uuid() + " start " + file)}
}

// stopRecording returns the command that ends the recording, or none if nothing is recorded.
func (t *talk) stopRecording() []esl.Command {
	if t.leg.record.Recording == "" || t.callerGone {
		return nil
	}
	return []esl.Command{esl.API("uuid_record " + t.uuid() + " stop " + t.leg.record.Recording)}
}

// recordingPath returns the file for the recording of the leg's talk: record-path, filled in. A
// path without {offer} gets it before its extension, so no two talks share a file. {offer} is the
// uuid of the agent's channel, which no other talk has.
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
		"{caller}", fileName(c.who().shown()), "{date}", now.Format("2006-01-02"), "{time}", now.Format("150405"),
	).Replace(pattern)
}

// fileName replaces by _ what is not safe in a path.
func fileName(s string) string {
	return strings.Map(func(r rune) rune {
		if r == '+' || r == '-' || r == '_' || r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' {
			return r
		}
		return '_'
	}, s)
}
