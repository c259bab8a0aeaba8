package live

import (
	"sync"
	"time"

	"nwayacd/queue"
)

// recent is how far back the figures of "the last 30 minutes" go, in minutes.
const recent = 30

// Counts are figures of visits to a group. docs/figures.md defines them.
type Counts struct {
	Offered, Answered, AnsweredIn          int
	Abandoned, AbandonedIn, AbandonedShort int
	WaitAnswered, WaitLongest              time.Duration
}

// Add adds other counts.
func (c *Counts) Add(o Counts) {
	c.Offered += o.Offered
	c.Answered += o.Answered
	c.AnsweredIn += o.AnsweredIn
	c.Abandoned += o.Abandoned
	c.AbandonedIn += o.AbandonedIn
	c.AbandonedShort += o.AbandonedShort
	c.WaitAnswered += o.WaitAnswered
	c.WaitLongest = max(c.WaitLongest, o.WaitLongest)
}

// Figures counts the visits of today and of the last 30 minutes as their records are written. A
// visit counts at its arrival.
type Figures struct {
	zone *time.Location // in which a day begins at midnight

	mu     sync.Mutex
	groups map[string]*tally
	dirty  map[string]bool // have changed since the last take
	minute int64           // of the last take
}

// tally has the counts of one group.
type tally struct {
	day     time.Time // midnight
	today   Counts
	minutes [recent]minuteCounts // by minute, as a ring
}

type minuteCounts struct {
	minute int64 // since 1970
	Counts
}

// groupFigures are the counts of a group at one moment.
type groupFigures struct{ today, recent Counts }

// taken are the figures that have changed.
type taken struct {
	midnight time.Time // when today began
	aged     bool      // a minute has passed, so figures of all groups may have changed
	groups   map[string]groupFigures
}

// NewFigures returns figures without visits. The days are those of the zone.
func NewFigures(zone *time.Location) *Figures {
	return &Figures{zone: zone, groups: map[string]*tally{}, dirty: map[string]bool{}}
}

// Ended counts a visit that is over. It does not wait.
func (f *Figures) Ended(cdr queue.CDR) {
	if counts, is := countsOfVisit(&cdr); is {
		f.count(cdr.Group, cdr.Arrived, counts)
	}
}

func (f *Figures) count(group string, arrived time.Time, counts Counts) {
	f.mu.Lock()
	defer f.mu.Unlock()
	t := f.groups[group]
	if t == nil {
		t = &tally{}
		f.groups[group] = t
	}
	f.dirty[group] = true
	switch day := f.midnight(arrived); {
	case day.After(t.day):
		t.day, t.today = day, counts
	case day.Equal(t.day):
		t.today.Add(counts)
	}
	minute := arrived.Unix() / 60
	switch m := &t.minutes[minute%recent]; {
	case m.minute < minute:
		*m = minuteCounts{minute, counts}
	case m.minute == minute:
		m.Add(counts)
	}
}

func (f *Figures) midnight(at time.Time) time.Time {
	y, m, d := at.In(f.zone).Date()
	return time.Date(y, m, d, 0, 0, 0, 0, f.zone)
}

// take returns the figures of the groups that have changed since the last take. If a minute has
// passed since then and aged is true, these are all groups.
func (f *Figures) take(now time.Time, aged bool) taken {
	f.mu.Lock()
	defer f.mu.Unlock()
	out := taken{
		midnight: f.midnight(now), aged: aged && now.Unix()/60 != f.minute,
		groups: make(map[string]groupFigures, len(f.dirty)),
	}
	if out.aged {
		f.minute = now.Unix() / 60
		for group, t := range f.groups {
			out.groups[group] = t.at(now, out.midnight)
		}
	} else {
		for group := range f.dirty {
			out.groups[group] = f.groups[group].at(now, out.midnight)
		}
	}
	clear(f.dirty)
	return out
}

func (t *tally) at(now, midnight time.Time) (g groupFigures) {
	if t.day.Equal(midnight) {
		g.today = t.today
	}
	for i := range t.minutes {
		if isRecent(t.minutes[i].minute, now) {
			g.recent.Add(t.minutes[i].Counts)
		}
	}
	return g
}

func isRecent(minute int64, now time.Time) bool { return minute > now.Unix()/60-recent }

// countsOfVisit returns what an ended visit adds to the figures of its group. It returns false if
// the group refused the visit, or if the visit goes on after a restart of the server.
func countsOfVisit(c *queue.CDR) (counts Counts, is bool) {
	if c.Direction == queue.Outbound || c.Group == "" {
		return Counts{}, false
	}
	switch {
	case !c.Bridged.IsZero():
		return answeredCounts(c.Arrived, c.Bridged), true
	case c.Outcome == queue.Refused, c.Outcome == queue.Returned:
		return Counts{}, false
	}
	counts = Counts{Offered: 1}
	wait := c.Ended.Sub(c.Arrived)
	counts.WaitLongest = wait
	if c.Outcome == queue.Abandoned {
		counts.Abandoned = 1
		counts.AbandonedIn = oneIf(wait <= defaultServiceLevel)
		counts.AbandonedShort = oneIf(wait <= defaultShortAbandon)
	}
	return counts, true
}

func answeredCounts(arrived, bridged time.Time) Counts {
	wait := bridged.Sub(arrived)
	return Counts{
		Offered: 1, Answered: 1, AnsweredIn: oneIf(wait <= defaultServiceLevel), WaitAnswered: wait, WaitLongest: wait,
	}
}

func oneIf(is bool) int {
	if is {
		return 1
	}
	return 0
}
