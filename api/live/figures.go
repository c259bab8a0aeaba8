package live

import (
	"sync"
	"time"

	"nwayacd/internal/figures"
	"nwayacd/queue"
)

const (
	recent     = 30   // how far back the figures of "the last 30 minutes" go, in minutes
	mostVisits = 1024 // that wait to be counted, until they are counted at once
)

// Figures counts the visits of today and of the last 30 minutes as their records are written. A
// visit counts at its arrival. Package internal/figures says what counts.
type Figures struct {
	zone *time.Location // in which a day begins at midnight

	mu      sync.Mutex
	pending []visit // over, and not counted yet
	groups  map[string]*tally
	dirty   map[string]bool // have changed since the last look
	minute  int64           // of the last look
}

// visit is what an ended visit adds to the figures of its group.
type visit struct {
	group   string
	arrived time.Time
	counts  *figures.Calls
}

// tally has the counts of one group.
type tally struct {
	day     time.Time // midnight
	today   figures.Calls
	minutes [recent]minuteCalls // by minute, as a ring
}

type minuteCalls struct {
	minute int64 // since 1970
	counts figures.Calls
}

// groupFigures are the counts of a group at one moment.
type groupFigures struct{ today, recent figures.Calls }

// counted are the figures that have changed.
type counted struct {
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
	counts := countsOf(&cdr)
	if counts == nil {
		return
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.pending = append(f.pending, visit{cdr.Group, cdr.Arrived, counts})
	if len(f.pending) == mostVisits { // nothing takes them
		f.count(f.takePending())
	}
}

// Today returns when today began.
func (f *Figures) Today() time.Time { return f.midnight(time.Now()) }

// Load counts visits of before the start.
func (f *Figures) Load(cdrs []queue.CDR) {
	for i := range cdrs {
		f.Ended(cdrs[i])
	}
}

// take returns the visits that have ended since the last take, to be counted.
func (f *Figures) take() []visit {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.takePending()
}

func (f *Figures) takePending() []visit {
	taken := f.pending
	f.pending = nil
	return taken
}

// look counts the visits, and returns the figures of the groups that have changed since the last
// look. If a minute has passed since then and aged is true, these are all groups.
func (f *Figures) look(visits []visit, now time.Time, aged bool) *counted {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.count(visits)
	out := &counted{
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

func (f *Figures) count(visits []visit) {
	for _, v := range visits {
		t := f.groups[v.group]
		if t == nil {
			t = &tally{}
			f.groups[v.group] = t
		}
		f.dirty[v.group] = true
		t.count(v.arrived, f.midnight(v.arrived), v.counts)
	}
}

func (t *tally) count(arrived, day time.Time, counts *figures.Calls) {
	switch {
	case day.After(t.day):
		t.day, t.today = day, *counts
	case day.Equal(t.day):
		t.today.Add(counts)
	}
	minute := arrived.Unix() / 60
	switch m := &t.minutes[minute%recent]; {
	case m.minute < minute:
		*m = minuteCalls{minute, *counts}
	case m.minute == minute:
		m.counts.Add(counts)
	}
}

func (f *Figures) midnight(at time.Time) time.Time {
	y, m, d := at.In(f.zone).Date()
	return time.Date(y, m, d, 0, 0, 0, 0, f.zone)
}

func (t *tally) at(now, midnight time.Time) (g groupFigures) {
	if t.day.Equal(midnight) {
		g.today = t.today
	}
	for i := range t.minutes {
		if isRecent(t.minutes[i].minute, now) {
			g.recent.Add(&t.minutes[i].counts)
		}
	}
	return g
}

func isRecent(minute int64, now time.Time) bool { return minute > now.Unix()/60-recent }

// countsOf returns what a visit adds to the figures of its group. It returns nil if the visit does
// not count.
func countsOf(c *queue.CDR) *figures.Calls {
	var set figures.Set
	set.Visit(c)
	for _, counts := range set.Calls {
		return counts // there is one group and one quarter hour
	}
	return nil
}
