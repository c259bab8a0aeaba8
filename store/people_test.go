package store

import (
	"fmt"
	"reflect"
	"slices"
	"testing"
	"time"

	"nwayacd/agent"
	"nwayacd/internal/setting"
	"nwayacd/queue"
)

func TestEditsOfPausesSettingsAndReasonsArriveAsChanges(t *testing.T) {
	_, h, db := listening(t, postgresOptions(t))
	exts := func(set string) string {
		return `UPDATE call_extension SET ` + set + ` WHERE extension_number = '1000'`
	}
	groups := func(set string) string { return `UPDATE ext_group SET ` + set + ` WHERE group_number = '110'` }
	for _, step := range []struct {
		edit string
		want []string
	}{
		{
			exts(`seat_status = 'busy', pause_reason = 'lunch'`),
			[]string{`{"Agent":{"Extension":"1000","Idle":false,"PauseReason":"lunch"}}`},
		},
		{exts(`pause_reason = ''`), []string{`{"Agent":{"Extension":"1000","PauseReason":""}}`}},
		{exts(`pause_by = 'me', paused_since = now(), login_since = now(), wrap_up_until = now()`), nil},
		{exts(`wrap_up_seconds = 45`), []string{`{"Agent":{"Extension":"1000","WrapUp":45000000000}}`}},
		{exts(`wrap_up_seconds = 0`), []string{`{"Agent":{"Extension":"1000","WrapUp":0}}`}},
		{exts(`wrap_up_seconds = -1`), []string{`{"Agent":{"Extension":"1000","WrapUp":-1000000000}}`}},
		{exts(`wrap_up_seconds = -7`), []string{`{"Agent":{"Extension":"1000","WrapUp":"default"}}`}}, // no value
		{exts(`wrap_up_seconds = NULL`), []string{`{"Agent":{"Extension":"1000","WrapUp":"default"}}`}},
		{
			exts(`dial_string = 'user/{ext}', max_misses = 0, allowed_groups = '110,120'`),
			[]string{`{"Agent":{"Extension":"1000","DialString":"user/{ext}","MaxMisses":0,"AllowedGroups":"110,120"}}`},
		},
		{
			exts(`dial_string = NULL, max_misses = NULL, allowed_groups = NULL`),
			[]string{`{"Agent":{"Extension":"1000","DialString":"","MaxMisses":"default","AllowedGroups":""}}`},
		},
		{groups(`service_level_seconds = 30`), []string{`{"Group":{"Number":"110","ServiceLevel":30000000000}}`}},
		{groups(`service_level_seconds = 0`), []string{`{"Group":{"Number":"110","ServiceLevel":"default"}}`}}, // no value
		{groups(`service_level_seconds = NULL`), []string{`{"Group":{"Number":"110","ServiceLevel":"default"}}`}},
		{
			groups(`service_level_goal = 90, service_level_formula = 'all', short_abandon_seconds = 0`),
			[]string{`{"Group":{"Number":"110","Goal":90,"Formula":"all","ShortAbandon":0}}`},
		},
		{groups(`service_level_formula = 'my own'`), []string{`{"Group":{"Number":"110","Formula":"default"}}`}},
		{
			groups(`warn_waiting = 1, alert_waiting = 2, warn_wait_seconds = 3, alert_wait_seconds = NULL`),
			[]string{`{"Group":{"Number":"110","WarnWaiting":1,"AlertWaiting":2,"WarnWait":3000000000}}`},
		},
		{
			`INSERT INTO nwayacd_reason (code, name, paid, position) VALUES ('prayer', 'Prayer', true, 9)`,
			[]string{`{"ReasonPut":{"Code":"prayer","Name":"Prayer","Paid":true,"Position":9,"Active":true}}`},
		},
		{
			`UPDATE nwayacd_reason SET active = false, name = 'Noon' WHERE code = 'lunch'`,
			[]string{`{"ReasonPut":{"Code":"lunch","Name":"Noon","Paid":false,"Position":2,"Active":false}}`},
		},
		{
			`UPDATE nwayacd_reason SET code = 'rest' WHERE code = 'break'`,
			[]string{
				`{"ReasonRemoved":"break"}`,
				`{"ReasonPut":{"Code":"rest","Name":"Break","Paid":true,"Position":1,"Active":true}}`,
			},
		},
		{`DELETE FROM nwayacd_reason WHERE code = 'prayer'`, []string{`{"ReasonRemoved":"prayer"}`}},
	} {
		exec(t, db, step.edit)
		for _, want := range step.want {
			if got := h.next(t); got != want {
				t.Errorf("%s\n got %s\nwant %s", step.edit, got, want)
			}
		}
		h.silence(t)
	}
	exec(t, db, `TRUNCATE nwayacd_reason`)
	select {
	case snap := <-h.reloads:
		if snap.Reasons == nil || len(snap.Reasons) != 0 { // nil would be the shipped ones
			t.Errorf("after TRUNCATE: %#v", snap.Reasons)
		}
	case <-time.After(30 * time.Second):
		t.Fatal("no reload after TRUNCATE")
	}
}

func TestAPauseThatAnOwnWriteWillOverwriteIsLeftOut(t *testing.T) {
	s, h, db := listening(t, postgresOptions(t))
	if err := s.turn.lock(within(t)); err != nil { // nothing is applied
		t.Fatal(err)
	}
	s.Write(queue.Change{Agent: &agent.Update{Extension: "1000", Idle: new(false), PauseReason: new("lunch")}})
	exec(t, db, `UPDATE call_extension SET pause_reason = 'break', max_misses = 4 WHERE extension_number = '1000'`)
	if got, want := h.next(t), `{"Agent":{"Extension":"1000","MaxMisses":4}}`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	s.turn.unlock()
	flush(t, s)
	if a := agentOf(t, load(t, s), "1000"); a.PauseReason != "lunch" || a.MaxMisses != setting.Is(4) {
		t.Errorf("the row became %+v", a)
	}
}

// columnsOfPeople are the settings of an agent and a group that may be left to their defaults. They
// are written, and NULL is written over them.
func columnsOfPeople() (set, cleared []queue.Change) {
	own := setting.Is[time.Duration]
	set = []queue.Change{
		{Agent: &agent.Update{
			Extension: "1000", WrapUp: new(own(45 * time.Second)), DialString: new("user/{ext}"),
			MaxMisses: new(setting.Is(0)), AllowedGroups: new("110,120"), PauseReason: new("lunch"), PauseBy: new("user:anna"),
			PausedSince: &moment, LoginSince: &moment, WrapUpUntil: &moment,
		}},
		{Group: &queue.GroupUpdate{
			Number: "110", ServiceLevel: new(own(30 * time.Second)), Goal: new(setting.Is(90)),
			Formula: new(setting.Is(queue.AllCounted)), ShortAbandon: new(own(0)), WarnWaiting: new(setting.Is(0)),
			AlertWaiting: new(setting.Is(2)), WarnWait: new(own(3 * time.Second)), AlertWait: new(own(4 * time.Second)),
		}},
	}
	noTime, noNumber := &setting.Own[time.Duration]{}, &setting.Own[int]{}
	cleared = []queue.Change{
		{Agent: &agent.Update{
			Extension: "1000", WrapUp: noTime, DialString: new(""), MaxMisses: noNumber, AllowedGroups: new(""),
			PauseReason: new(""), PauseBy: new(""), PausedSince: &time.Time{}, LoginSince: &time.Time{},
			WrapUpUntil: &time.Time{},
		}},
		{Group: &queue.GroupUpdate{
			Number: "110", ServiceLevel: noTime, Goal: noNumber, Formula: &setting.Own[string]{}, ShortAbandon: noTime,
			WarnWaiting: noNumber, AlertWaiting: noNumber, WarnWait: noTime, AlertWait: noTime,
		}},
	}
	return set, cleared
}

func TestSettingsAreNULLWhenTheyAreLeftToTheirDefaults(t *testing.T) {
	everyDatabase(t, func(t *testing.T, o Options) {
		s, _ := run(t, o)
		s.Write(addedAgent("1000"), addedGroup("110"))
		flush(t, s)
		fresh := load(t, s)
		set, cleared := columnsOfPeople()
		s.Write(set...)
		flush(t, s)
		want := fresh.Clone()
		for _, c := range set {
			want.Apply(c)
		}
		samePeople(t, "with values", load(t, s), want)
		s.Write(cleared...)
		flush(t, s)
		samePeople(t, "with NULL", load(t, s), fresh)
		for table, columns := range map[string][]string{
			"call_extension": {"wrap_up_seconds", "dial_string", "max_misses", "paused_since", "login_since", "wrap_up_until"},
			"ext_group": {
				"service_level_seconds", "service_level_goal", "service_level_formula", "short_abandon_seconds",
				"warn_waiting", "alert_waiting", "warn_wait_seconds", "alert_wait_seconds",
			},
		} {
			for _, column := range columns {
				if count(t, s, `SELECT count(*) FROM `+table+` WHERE `+column+` IS NOT NULL`) != 0 {
					t.Errorf("%s.%s is not NULL", table, column)
				}
			}
		}
	})
}

// samePeople compares the agents and groups of two snapshots.
func samePeople(t *testing.T, when string, got, want queue.Snapshot) {
	t.Helper()
	for i := range got.Agents { // the database may have another time zone
		for _, at := range []*time.Time{&got.Agents[i].PausedSince, &got.Agents[i].LoginSince, &got.Agents[i].WrapUpUntil} {
			*at = at.UTC()
		}
	}
	if !reflect.DeepEqual(got.Agents, want.Agents) {
		t.Errorf("%s: agents\n got %+v\nwant %+v", when, got.Agents, want.Agents)
	}
	if !reflect.DeepEqual(got.Groups, want.Groups) {
		t.Errorf("%s: groups\n got %+v\nwant %+v", when, got.Groups, want.Groups)
	}
}

// TestRowsOfPeopleThatOthersWroteAreRead edits the database as a program without nwayacd's help
// would. A server that starts then, or reads everything again, must understand the rows.
func TestRowsOfPeopleThatOthersWroteAreRead(t *testing.T) {
	everyDatabase(t, func(t *testing.T, o Options) {
		s, stop := run(t, o)
		s.Write(addedAgent("1000"), addedGroup("110"))
		flush(t, s)
		for _, edit := range []string{
			`UPDATE call_extension SET seat_status = 'busy', pause_reason = ' lunch ', wrap_up_seconds = -1, max_misses = 1001,
				dial_string = '{a=b}user/1', allowed_groups = ''`,
			`UPDATE ext_group SET service_level_seconds = 30, service_level_goal = NULL, service_level_formula = 'my own',
				short_abandon_seconds = -5`,
			`DELETE FROM nwayacd_reason WHERE code <> 'lunch'`,
			`UPDATE nwayacd_reason SET paid = true, position = 7`,
			`INSERT INTO nwayacd_reason (code, name, active) VALUES ('祷告', '祷告', false)`,
		} {
			if _, err := s.db.Exec(edit); err != nil {
				t.Fatalf("%s: %v", edit, err)
			}
		}
		check := func(when string, snap queue.Snapshot) {
			t.Helper()
			a, g := agentOf(t, snap, "1000"), snap.Groups[groupAt(&snap, "110")]
			if a.Idle || a.PauseReason != "lunch" || a.WrapUp != setting.Is(-time.Second) || a.MaxMisses.Set || a.DialString != "" {
				t.Errorf("%s: agent %+v", when, a)
			}
			marks := queue.Marks{ServiceLevel: setting.Is(30 * time.Second)}
			if g.Marks != marks {
				t.Errorf("%s: marks %+v, want %+v", when, g.Marks, marks)
			}
			reasons := slices.SortedFunc(slices.Values(snap.Reasons), func(a, b queue.Reason) int { return b.Position - a.Position })
			want := []queue.Reason{
				{Code: "lunch", Name: "Lunch", Paid: true, Position: 7, Active: true}, {Code: "祷告", Name: "祷告"},
			}
			if fmt.Sprint(reasons) != fmt.Sprint(want) {
				t.Errorf("%s: reasons %+v, want %+v", when, reasons, want)
			}
		}
		check("read again", load(t, s))
		stop()
		check("after a restart", reopened(t, o))
	})
}
