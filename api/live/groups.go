package live

import (
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
		// LevelIn and LevelOf are the counts of which the service level is made.
		LevelIn int64 `json:"level_in"`
		LevelOf int64 `json:"level_of"`
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
	if shown.LevelIn, shown.LevelOf = c.Level(formula); shown.LevelOf > 0 {
		// Rounded down, so that no level seems to reach a goal that it does not.
		shown.ServiceLevel = new(float64(shown.LevelIn*1000/shown.LevelOf) / 10)
	}
	return shown
}

func seconds(d time.Duration) int { return int(d / time.Second) }
