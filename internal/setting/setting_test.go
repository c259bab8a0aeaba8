package setting_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"nwayacd/agent"
	"nwayacd/internal/setting"
	"nwayacd/queue"
)

func TestTheTablesAreWhole(t *testing.T) {
	t.Run("groups", func(t *testing.T) { whole(t, queue.GroupSettings) })
	t.Run("agents", func(t *testing.T) { whole(t, agent.Settings) })
}

// whole looks at each setting of a table: its words, and each of its values on the way from a
// command into the floor and from a column.
func whole[T, U any](t *testing.T, all setting.Table[T, U]) {
	seen := map[string]bool{}
	for i := range all {
		s := &all[i]
		if seen[s.Key] || seen["column "+s.Column] || s.Help.EN == "" || s.Help.ZH == "" || s.Wanted().ZH == "" ||
			s.Default == nil && s.DefaultIn == "" {
			t.Errorf("%s: a key or column that is there twice, or something is missing", s.Key)
		}
		seen[s.Key], seen["column "+s.Column] = true, true
		for _, text := range samples(&s.Rule) {
			v, err := s.Parse(text)
			if err != nil {
				t.Fatal(err)
			}
			expect(t, s, text, v)
		}
		expect(t, s, "", nil)
		if _, err := s.Parse("\x00"); err == nil || !strings.Contains(err.Error(), s.Wanted().EN) {
			t.Errorf("%s: a control character: %v", s.Key, err)
		}
	}
}

// samples returns values that a rule allows.
func samples(r *setting.Rule) []string {
	switch r.Type {
	case setting.Flag:
		return []string{"true", "false"}
	case setting.Number, setting.Seconds:
		return []string{setting.Show(r.Min), setting.Show(r.Max)}
	case setting.Choice:
		return r.Choices
	case setting.Groups:
		return []string{"110", "110,120"}
	case setting.Dial:
		return []string{"user/{ext}", "sofia/gateway/gw1/018621575908"}
	}
	return []string{"w1"}
}

// expect puts v into an update and applies it, and reads the column that a database has for it.
func expect[T, U any](t *testing.T, s *setting.Setting[T, U], column string, v setting.Value) {
	t.Helper()
	var u U
	var applied, read T
	if _, changed := s.Changed(&u); changed {
		t.Errorf("%s: an empty update sets it", s.Key)
	}
	s.Put(&u, v)
	table := setting.Table[T, U]{*s}
	table.Apply(&u, &applied)
	if !s.Read(&read, column) {
		t.Errorf("%s: the column %q is not read", s.Key, column)
	}
	want := v
	if v == nil {
		want = s.Default
	}
	for where, of := range map[string]*T{"put": &applied, "read": &read} {
		if got := s.InForce(of); got != want && (got != nil || want != nil) && setting.Show(want) != "0" {
			t.Errorf("%s: %s %v is %v, want %v", s.Key, where, v, got, want)
		}
	}
}

func TestWrongValuesAreRefusedWithWhatIsRight(t *testing.T) {
	for line, want := range map[string]string{
		"mode 6":                        `mode "6": the value must be a whole number from 0 to 5, or default`,
		"ring_seconds 1.5":              "whole seconds from 1 to 3600",
		"service_level_formula no":      "one of short-excluded, all, answered",
		"welcome ${x}":                  "without ${",
		"caller_prefix " + big(65):      "at most 64 characters",
		"ring 3":                        "ring is no setting; there are name, mode, ring_seconds",
		"ring_seconds 9999999999999999": "whole seconds from 1 to 3600",
	} {
		key, text, _ := strings.Cut(line, " ")
		one, err := queue.GroupSettings.Find(key)
		if err == nil {
			_, err = one.Parse(text)
		}
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.40s: %v, want %s", line, err, want)
		}
	}
	for _, text := range []string{
		"{a=b}user/1", "user/1 2", "user/1&park()", "user/1|user/2", "[x=y]user/1", "user/1,user/2", "user/${x}",
		"user/'1",
	} {
		one, _ := agent.Settings.Find("dial_string")
		if _, err := one.Parse(text); err == nil {
			t.Errorf("%s is accepted", text)
		}
	}
}

func big(n int) string { return strings.Repeat("x", n) }

// Another program writes what it likes. Such a value counts as the default.
func TestAForeignValueIsTheDefault(t *testing.T) {
	for column, values := range map[string][]string{
		"group_call_mode": {"17", "x", "-1"}, "service_level_seconds": {"0", "soon"}, "service_level_formula": {"mine"},
	} {
		s := queue.GroupSettings.ByColumn(column)
		for _, value := range values {
			var g queue.Group
			if ok := s.Read(&g, value); ok || s.InForce(&g) != s.Default {
				t.Errorf("%s = %q is %v %v", column, value, s.InForce(&g), ok)
			}
		}
	}
}

func TestAValueThatIsLeftToItsDefaultSurvivesTheJournal(t *testing.T) {
	for _, v := range []setting.Own[time.Duration]{{}, setting.Is(-time.Second), setting.Is[time.Duration](0)} {
		u := agent.Update{Extension: "1000", WrapUp: &v}
		text, err := json.Marshal(u)
		if err != nil {
			t.Fatal(err)
		}
		var read agent.Update
		if err := json.Unmarshal(text, &read); err != nil || read.WrapUp == nil || *read.WrapUp != v {
			t.Errorf("%s: %v %v", text, read.WrapUp, err)
		}
	}
}
