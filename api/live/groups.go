package live

import (
	"math"
	"time"

	"nwayacd/queue"
)

// What a group has if it sets nothing itself.
const (
	defaultServiceLevel = 20 * time.Second
	defaultGoal         = 80
	defaultFormula      = "short-excluded"
	defaultShortAbandon = 5 * time.Second
	defaultWarnWaiting  = 5
	defaultAlertWaiting = 10
	defaultWarnWait     = 60 * time.Second
	defaultAlertWait    = 120 * time.Second
)

type (
	figuresJSON struct {
		Offered        int   `json:"offered"`
		Answered       int   `json:"answered"`
		AnsweredIn     int   `json:"answered_in"`
		Abandoned      int   `json:"abandoned"`
		AbandonedIn    int   `json:"abandoned_in"`
		AbandonedShort int   `json:"abandoned_short"`
		WaitAnswered   int64 `json:"wait_answered_ms"`
		WaitLongest    int64 `json:"wait_longest_ms"`
		// AverageSpeed is the average speed of answer. It is null if there is no answer.
		AverageSpeed *int64 `json:"asa_ms"`
		// ServiceLevel is in percent. It is null if no call counts.
		ServiceLevel *float64 `json:"service_level"`
	}
	targetsJSON struct {
		ServiceLevelSeconds int    `json:"service_level_seconds"`
		Goal                int    `json:"service_level_goal"`
		Formula             string `json:"service_level_formula"`
		ShortSeconds        int    `json:"short_abandon_seconds"`
		WarnWaiting         int    `json:"warn_waiting"`
		AlertWaiting        int    `json:"alert_waiting"`
		WarnWaitSeconds     int    `json:"warn_wait_seconds"`
		AlertWaitSeconds    int    `json:"alert_wait_seconds"`
	}
)

// groupState is what the row of a group is made of.
type groupState struct {
	row     queue.GroupRow
	counted groupFigures // of visits that are over
}

// putGroups sets the rows of the groups that changed on the floor or in the figures.
func (t *table) putGroups(changed []queue.GroupRow, counted *taken, version uint64, now time.Time) {
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
	for number, figures := range counted.groups {
		if g := t.groups[number]; g != nil {
			g.counted = figures
			touched[number] = g
		}
	}
	if counted.aged {
		touched = t.groups
	}
	if len(touched) == 0 {
		return
	}
	open := t.openTalks(touched, counted.midnight, now)
	for number, g := range touched {
		figures := g.counted
		figures.today.Add(open[number].today)
		figures.recent.Add(open[number].recent)
		t.put(groupKind, &row{key: number, full: encode(g.show(&figures)), tags: []string{groupTag(number)}}, version)
	}
}

// openTalks counts the visits that were answered and are not over. They have no record yet.
func (t *table) openTalks(touched map[string]*groupState, midnight, now time.Time) map[string]groupFigures {
	open := map[string]groupFigures{}
	for _, c := range t.calls {
		if c.bridged.IsZero() || touched[c.group] == nil {
			continue
		}
		g := open[c.group]
		counts := answeredCounts(c.arrived, c.bridged)
		if !c.arrived.Before(midnight) {
			g.today.Add(counts)
		}
		if isRecent(c.arrived.Unix()/60, now) {
			g.recent.Add(counts)
		}
		open[c.group] = g
	}
	return open
}

func (g *groupState) show(figures *groupFigures) groupJSON {
	return groupJSON{
		Number: g.row.Number, Name: g.row.Name, Mode: g.row.Mode.String(), Waiting: g.row.Waiting, WaitingSince: milli(g.row.Oldest),
		Talking: g.row.Talking, Agents: countsOf(&g.row.Members),
		Today: figures.today.show(defaultFormula), Recent: figures.recent.show(defaultFormula),
		targetsJSON: targetsJSON{
			ServiceLevelSeconds: seconds(defaultServiceLevel), Goal: defaultGoal, Formula: defaultFormula,
			ShortSeconds: seconds(defaultShortAbandon), WarnWaiting: defaultWarnWaiting, AlertWaiting: defaultAlertWaiting,
			WarnWaitSeconds: seconds(defaultWarnWait), AlertWaitSeconds: seconds(defaultAlertWait),
		},
	}
}

func (c *Counts) show(formula string) figuresJSON {
	shown := figuresJSON{
		Offered: c.Offered, Answered: c.Answered, AnsweredIn: c.AnsweredIn, Abandoned: c.Abandoned,
		AbandonedIn: c.AbandonedIn, AbandonedShort: c.AbandonedShort,
		WaitAnswered: c.WaitAnswered.Milliseconds(), WaitLongest: c.WaitLongest.Milliseconds(),
	}
	if c.Answered > 0 {
		shown.AverageSpeed = new(c.WaitAnswered.Milliseconds() / int64(c.Answered))
	}
	if level, is := c.ServiceLevel(formula); is {
		shown.ServiceLevel = new(math.Round(level*10) / 10)
	}
	return shown
}

// ServiceLevel returns the service level in percent by the named formula. It returns false if no
// call counts.
func (c *Counts) ServiceLevel(formula string) (percent float64, is bool) {
	in, of := c.AnsweredIn, c.Answered+c.Abandoned
	switch formula {
	case "all":
	case "answered":
		of = c.Answered
	case "abandoned-counts":
		in += c.AbandonedIn
	case "late-abandoned":
		of -= c.AbandonedIn
	default: // short-excluded
		of -= c.AbandonedShort
	}
	if of <= 0 {
		return 0, false
	}
	return 100 * float64(in) / float64(of), true
}

func seconds(d time.Duration) int { return int(d / time.Second) }
