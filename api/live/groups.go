package live

import (
	"math"
	"time"

	"nwayacd/internal/figures"
	"nwayacd/queue"
)

type (
	figuresJSON struct {
		Offered        int64 `json:"offered"`
		Answered       int64 `json:"answered"`
		AnsweredIn     int64 `json:"answered_in"`
		Abandoned      int64 `json:"abandoned"`
		AbandonedIn    int64 `json:"abandoned_in"`
		AbandonedShort int64 `json:"abandoned_short"`
		WaitAnswered   int64 `json:"wait_answered_ms"`
		WaitLongest    int64 `json:"wait_longest_ms"`
		// AverageSpeed is the average speed of answer. It is null if there is no answer.
		AverageSpeed *int64 `json:"asa_ms"`
		// ServiceLevel is in percent. It is null if no call counts.
		ServiceLevel *float64 `json:"service_level"`
	}
	marksJSON struct {
		ServiceLevelSeconds int           `json:"service_level_seconds"`
		Goal                int           `json:"service_level_goal"`
		Formula             queue.Formula `json:"service_level_formula"`
		ShortSeconds        int           `json:"short_abandon_seconds"`
		WarnWaiting         int           `json:"warn_waiting"`
		AlertWaiting        int           `json:"alert_waiting"`
		WarnWaitSeconds     int           `json:"warn_wait_seconds"`
		AlertWaitSeconds    int           `json:"alert_wait_seconds"`
	}
)

// groupState is what the row of a group is made of.
type groupState struct {
	row   queue.GroupRow
	ended groupFigures // of visits that are over
}

// putGroups sets the rows of the groups that changed on the floor or in the figures.
func (t *table) putGroups(changed []queue.GroupRow, figures *counted, version uint64, now time.Time) {
	touched := map[string]*groupState{}
	for i := range changed {
		g := t.groups[changed[i].Number]
		if g == nil {
			g = &groupState{}
			t.groups[changed[i].Number] = g
		}
		g.row = changed[i]
		touched[g.row.Number] = g
	}
	for number, ended := range figures.groups {
		if g := t.groups[number]; g != nil {
			g.ended = ended
			touched[number] = g
		}
	}
	if figures.aged {
		touched = t.groups
	}
	if len(touched) == 0 {
		return
	}
	open := t.openTalks(touched, figures.midnight, now)
	for number, g := range touched {
		all := g.ended
		if talks := open[number]; talks != nil {
			all.today.Add(&talks.today)
			all.recent.Add(&talks.recent)
		}
		t.put(groupKind, &row{key: number, full: encode(g.show(&all)), tags: []string{groupTag(number)}}, version)
	}
}

// openTalks counts the visits that were answered and are not over. They have no record yet.
func (t *table) openTalks(touched map[string]*groupState, midnight, now time.Time) map[string]*groupFigures {
	open := map[string]*groupFigures{}
	for _, c := range t.calls {
		if c.counts == nil || touched[c.group] == nil {
			continue
		}
		g := open[c.group]
		if g == nil {
			g = &groupFigures{}
			open[c.group] = g
		}
		if !c.arrived.Before(midnight) {
			g.today.Add(c.counts)
		}
		if isRecent(c.arrived.Unix()/60, now) {
			g.recent.Add(c.counts)
		}
	}
	return open
}

func (g *groupState) show(all *groupFigures) groupJSON {
	marks := g.row.InForce()
	return groupJSON{
		Number: g.row.Number, Name: g.row.Name, Mode: g.row.Mode.String(), Waiting: g.row.Waiting,
		WaitingSince: milli(g.row.Oldest), Talking: g.row.Talking, Agents: agentsOf(&g.row.Members),
		Today: figuresOf(&all.today, marks.Formula), Recent: figuresOf(&all.recent, marks.Formula),
		marksJSON: marksJSON{
			ServiceLevelSeconds: seconds(marks.ServiceLevel), Goal: marks.Goal, Formula: marks.Formula,
			ShortSeconds: seconds(marks.ShortAbandon), WarnWaiting: marks.WarnWaiting, AlertWaiting: marks.AlertWaiting,
			WarnWaitSeconds: seconds(marks.WarnWait), AlertWaitSeconds: seconds(marks.AlertWait),
		},
	}
}

func figuresOf(c *figures.Calls, formula queue.Formula) figuresJSON {
	shown := figuresJSON{
		Offered: c[figures.Offered], Answered: c[figures.Answered], AnsweredIn: c[figures.AnsweredIn],
		Abandoned: c[figures.Abandoned], AbandonedIn: c[figures.AbandonedIn],
		AbandonedShort: c[figures.AbandonedShort],
		WaitAnswered:   c[figures.WaitAnswered], WaitLongest: c[figures.WaitLongest],
	}
	if answered := c[figures.Answered]; answered > 0 {
		shown.AverageSpeed = new(c[figures.WaitAnswered] / answered)
	}
	if level, is := serviceLevel(c, formula); is {
		shown.ServiceLevel = new(math.Round(level*10) / 10)
	}
	return shown
}

// serviceLevel returns the service level in percent by the formula. It returns false if no call
// counts.
func serviceLevel(c *figures.Calls, formula queue.Formula) (percent float64, is bool) {
	in, of := c[figures.AnsweredIn], c[figures.Answered]+c[figures.Abandoned]
	switch formula {
	case queue.ShortExcluded:
		of -= c[figures.AbandonedShort]
	case queue.AllCounted:
	case queue.AnsweredOnly:
		of = c[figures.Answered]
	case queue.AbandonsCount:
		in += c[figures.AbandonedIn]
	case queue.LateAbandonsOnly:
		of -= c[figures.AbandonedIn]
	}
	if of <= 0 {
		return 0, false
	}
	return 100 * float64(in) / float64(of), true
}

func seconds(d time.Duration) int { return int(d / time.Second) }
