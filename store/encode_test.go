package store

import (
	"bytes"
	"encoding/json"
	"reflect"
	"testing"
	"time"

	"pgregory.net/rapid"

	"nwayacd/queue"
)

// TestAChangeIsEncodedAsEncodingJSONDoes tries every kind of change with random fields. It fails if
// a new field is missing in appendChange.
func TestAChangeIsEncodedAsEncodingJSONDoes(t *testing.T) {
	for i := range reflect.TypeFor[queue.Change]().NumField() {
		t.Run(reflect.TypeFor[queue.Change]().Field(i).Name, func(t *testing.T) {
			rapid.Check(t, func(t *rapid.T) {
				var c queue.Change
				field := reflect.ValueOf(&c).Elem().Field(i)
				field.Set(reflect.New(field.Type().Elem()))
				fill(t, field.Elem())
				want, wantErr := json.Marshal(c)
				got, err := appendChange([]byte("before"), &c)
				if (err != nil) != (wantErr != nil) {
					t.Fatalf("error %v, should be %v", err, wantErr)
				}
				if err == nil && !bytes.Equal(got, append([]byte("before"), want...)) {
					t.Fatalf("got\n%s\nwant\n%s", got, want)
				}
			})
		})
	}
}

func TestWhatACallChangesIsEncodedWithoutAllocations(t *testing.T) {
	changes, text := whole(0), make([]byte, 0, 1<<16)
	allocations := testing.AllocsPerRun(100, func() {
		for i := range changes {
			var err error
			if _, err = appendChange(text, &changes[i]); err != nil {
				t.Fatal(err)
			}
		}
	})
	if allocations != 0 {
		t.Errorf("%v allocations under the dispatcher's lock", allocations)
	}
}

// fill draws a value for v.
func fill(t *rapid.T, v reflect.Value) {
	if at, is := v.Addr().Interface().(*time.Time); is {
		*at = anyTime(t)
		return
	}
	switch v.Kind() {
	case reflect.Struct:
		for _, field := range v.Fields() {
			fill(t, field)
		}
	case reflect.Pointer:
		if rapid.Bool().Draw(t, "set") {
			v.Set(reflect.New(v.Type().Elem()))
			fill(t, v.Elem())
		}
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), rapid.IntRange(0, 3).Draw(t, "length"), 3))
		for i := range v.Len() {
			fill(t, v.Index(i))
		}
	case reflect.Map:
		v.Set(reflect.ValueOf(rapid.MapOf(rapid.String(), rapid.String()).Draw(t, "map")))
	case reflect.String:
		v.SetString(rapid.OneOf(rapid.Just(""), rapid.StringMatching(`[0-9a-f-]{0,9}`), rapid.String()).Draw(t, "text"))
	case reflect.Bool:
		v.SetBool(rapid.Bool().Draw(t, "flag"))
	case reflect.Int, reflect.Int64:
		v.SetInt(rapid.Int64Range(-9, 1<<40).Draw(t, "number"))
	case reflect.Uint8:
		v.SetUint(rapid.Uint64Range(0, 9).Draw(t, "number"))
	default:
		t.Fatalf("there is no draw for %s", v.Type())
	}
}

func anyTime(t *rapid.T) time.Time {
	if rapid.Bool().Draw(t, "zero") {
		return time.Time{}
	}
	zone := time.FixedZone("", rapid.IntRange(-14*3600, 14*3600).Draw(t, "zone")/60*60)
	// the latter beyond the year 9999
	seconds := rapid.OneOf(rapid.Int64Range(0, 1<<32), rapid.Int64Range(-1<<36, 1<<39)).Draw(t, "seconds")
	return time.Unix(seconds, rapid.Int64Range(0, 999_999_999).Draw(t, "ns")).In(zone)
}
