package report

import (
	"time"

	"nwayacd/internal/figures"
)

// Step is how much time a row covers.
type Step string

// The steps. They are those of the clock and the calendar of the report's time zone. A week begins
// on Monday.
const (
	Quarter Step = "quarter"
	Hour    Step = "hour"
	Day     Step = "day"
	Week    Step = "week"
	Month   Step = "month"
)

// Steps are all steps, the shortest first.
var Steps = []Step{Quarter, Hour, Day, Week, Month}

// steps finds the begins of steps in a time zone.
type steps struct {
	step Step
	zone *time.Location
	days map[date]time.Time
}

type date struct {
	year  int
	month time.Month
	day   int
}

func newSteps(step Step, zone *time.Location) *steps {
	return &steps{step, zone, map[date]time.Time{}}
}

// start returns the begin of the step in which the time is.
func (s *steps) start(t time.Time) time.Time {
	local := figures.QuarterOf(t).In(s.zone)
	switch s.step {
	case Quarter:
		return local
	case Hour:
		return s.hour(local)
	case Day:
	case Week:
		local = s.day(local).Add(12*time.Hour).AddDate(0, 0, -(int(local.Weekday())+6)%7)
	case Month:
		return s.day(time.Date(local.Year(), local.Month(), 1, 12, 0, 0, 0, s.zone))
	}
	return s.day(local)
}

// DayOf returns the begin of the day in which the time is.
func DayOf(t time.Time, zone *time.Location) time.Time { return newSteps(Day, zone).start(t) }

// hour returns the begin of the hour. If the clock is changed within the hour, the rest of it is an
// hour of its own. So an hour that comes twice is there twice, with another offset.
func (s *steps) hour(local time.Time) time.Time {
	begin := local.Add(-time.Duration(local.Minute()) * time.Minute)
	if changed, _ := local.ZoneBounds(); begin.Before(changed) {
		return changed
	}
	return begin
}

// day returns the first quarter hour of the day. It is not always at midnight: a change of the clock
// may skip midnight, or repeat it.
func (s *steps) day(local time.Time) time.Time {
	year, month, day := local.Date()
	key := date{year, month, day}
	if begin, known := s.days[key]; known {
		return begin
	}
	begin := figures.QuarterOf(time.Date(year, month, day, 0, 0, 0, 0, s.zone).Add(-3 * time.Hour)).In(s.zone)
	for begin.Day() != day || begin.Month() != month {
		begin = begin.Add(figures.Quarter)
	}
	s.days[key] = begin
	return begin
}

// end returns the first begin of a step that is not before the time.
func (s *steps) end(t time.Time) time.Time {
	start := s.start(t)
	for start.Before(t) {
		start = s.after(start)
	}
	return start
}

// after returns the begin of the next step.
func (s *steps) after(start time.Time) time.Time {
	for next := start.Add(figures.Quarter); ; next = next.Add(figures.Quarter) {
		if begin := s.start(next); begin.After(start) {
			return begin
		}
	}
}
