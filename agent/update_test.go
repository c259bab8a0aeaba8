package agent

import (
	"encoding/json"
	"fmt"
	"reflect"
	"testing"
	"time"

	"pgregory.net/rapid"

	"nwayacd/internal/setting"
)

// unwritten are the fields of Agent that an Update does not have: the key, and what is in memory
// only.
var unwritten = map[string]bool{"Extension": true, "Outside": true, "Rest": true}

// fields returns the written fields of an agent by name, including those of embedded structs.
func fields(a *Agent) map[string]reflect.Value {
	all := map[string]reflect.Value{}
	for _, f := range reflect.VisibleFields(reflect.TypeFor[Agent]()) {
		if !f.Anonymous && !unwritten[f.Name] {
			all[f.Name] = reflect.ValueOf(a).Elem().FieldByIndex(f.Index)
		}
	}
	return all
}

// drawn draws a value for a field of this type. It panics if it does not know the type.
func drawn(t *rapid.T, name string, of reflect.Type) reflect.Value {
	switch reflect.Zero(of).Interface().(type) {
	case string:
		return reflect.ValueOf(rapid.StringN(0, 3, -1).Draw(t, name))
	case bool:
		return reflect.ValueOf(rapid.Bool().Draw(t, name))
	case CallState:
		return reflect.ValueOf(rapid.Map(rapid.IntRange(0, len(callStateNames)-1),
			func(i int) CallState { return CallState(i) }).Draw(t, name))
	case Deferred:
		return reflect.ValueOf(rapid.Map(rapid.IntRange(0, len(deferredNames)-1),
			func(i int) Deferred { return Deferred(i) }).Draw(t, name))
	case time.Duration:
		return reflect.ValueOf(time.Duration(rapid.IntRange(0, 3).Draw(t, name)) * time.Second)
	case time.Time:
		return reflect.ValueOf(time.Unix(rapid.Int64Range(0, 3).Draw(t, name), 0))
	case setting.Own[int]:
		return reflect.ValueOf(rapid.SampledFrom([]setting.Own[int]{{}, setting.Is(0), setting.Is(3)}).Draw(t, name))
	case setting.Own[time.Duration]:
		return reflect.ValueOf(rapid.SampledFrom([]setting.Own[time.Duration]{
			{}, setting.Is(-time.Second), setting.Is[time.Duration](0), setting.Is(time.Minute),
		}).Draw(t, name))
	}
	panic(fmt.Sprintf("field %s: no values for type %s", name, of))
}

func drawAgent(t *rapid.T, label string) Agent {
	a := Agent{Profile: Profile{Extension: "1000"}}
	for name, field := range fields(&a) {
		field.Set(drawn(t, label+" "+name, field.Type()))
	}
	return a
}

// carried counts the fields that an update sets.
func carried(u Update) (n int) {
	for _, field := range reflect.ValueOf(u).Fields() {
		if field.Kind() == reflect.Pointer && !field.IsNil() {
			n++
		}
	}
	return n
}

func TestDiffAndApplyMakeOneAgentOfTheOther(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		before, after := drawAgent(t, "before"), drawAgent(t, "after")
		u, changed := Diff(&before, &after)
		if changed != (before != after) {
			t.Fatalf("changed = %v", changed)
		}
		different := 0
		then := fields(&after)
		for name, field := range fields(&before) {
			if !field.Equal(then[name]) {
				different++
			}
		}
		if got := carried(u); got != different {
			t.Fatalf("%d columns written, %d differ: %+v", got, different, u)
		}
		if u.Apply(&before); before != after {
			t.Fatalf("got  %+v\nwant %+v", before, after)
		}
		if again, changed := Diff(&before, &after); changed || carried(again) != 0 {
			t.Fatalf("a second time: %+v", again)
		}
	})
}

// TestDiffSeesEveryField fails if a field is added to Agent and not to Diff or Apply.
func TestDiffSeesEveryField(t *testing.T) {
	for name := range fields(&Agent{}) {
		t.Run(name, func(t *testing.T) {
			before := Agent{Profile: Profile{Extension: "1000"}}
			after := before
			other(t, fields(&after)[name])
			u, changed := Diff(&before, &after)
			if !changed || carried(u) != 1 || u.Extension != "1000" {
				t.Fatalf("changed %v: %+v", changed, u)
			}
			if u.Apply(&before); before != after {
				t.Fatalf("got  %+v\nwant %+v", before, after)
			}
		})
	}
}

// other sets a field to a value that is not its zero value.
func other(t *testing.T, field reflect.Value) {
	t.Helper()
	switch field.Interface().(type) {
	case string:
		field.SetString("x")
	case bool:
		field.SetBool(true)
	case CallState:
		field.SetUint(uint64(Typing))
	case Deferred:
		field.SetUint(uint64(LogoutDeferred))
	case time.Duration:
		field.SetInt(int64(time.Second))
	case time.Time:
		field.Set(reflect.ValueOf(time.Unix(1, 0)))
	case setting.Own[int]:
		field.Set(reflect.ValueOf(setting.Is(0))) // 0 is not the default
	case setting.Own[time.Duration]:
		field.Set(reflect.ValueOf(setting.Is[time.Duration](0)))
	default:
		t.Fatalf("no values for type %s", field.Type())
	}
}

func TestAnUpdateSurvivesTheJournal(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		before, after := drawAgent(t, "before"), drawAgent(t, "after")
		u, _ := Diff(&before, &after)
		text, err := json.Marshal(u)
		if err != nil {
			t.Fatal(err)
		}
		var read Update
		if err := json.Unmarshal(text, &read); err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		read.Apply(&before)
		for _, a := range []*Agent{&before, &after} {
			for _, at := range []*time.Time{&a.Since, &a.PausedSince, &a.LoginSince, &a.WrapUpUntil} {
				*at = at.UTC()
			}
		}
		if before != after {
			t.Fatalf("%s:\ngot  %+v\nwant %+v", text, before, after)
		}
	})
}
