package store

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"nwayacd/queue"
)

// The next release reads the names in the journal, in floor.json and in nwayacd_talk. They stay as
// they are, whatever the Go fields are called.

var update = flag.Bool("update", false, "write testdata/names.golden again")

// TestEveryEncodedFieldNamesItself fails if the name of a Go field would end up in a file.
func TestEveryEncodedFieldNamesItself(t *testing.T) {
	seen := map[reflect.Type]bool{}
	for _, kept := range []any{queue.Change{}, checkpoint{}, notice{}} {
		expectTags(t, reflect.TypeOf(kept), seen)
	}
	if len(seen) < 20 {
		t.Errorf("only %d types were looked at", len(seen))
	}
}

func expectTags(t *testing.T, of reflect.Type, seen map[reflect.Type]bool) {
	t.Helper()
	for of.Kind() == reflect.Pointer || of.Kind() == reflect.Slice || of.Kind() == reflect.Map {
		of = of.Elem()
	}
	if of.Kind() != reflect.Struct || of == reflect.TypeFor[time.Time]() || seen[of] {
		return
	}
	seen[of] = true
	for field := range of.Fields() {
		name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
		switch {
		case name == "-":
			continue
		case field.Anonymous && name != "":
			t.Errorf("%s.%s is embedded, and its fields must not get a name of their own", of, field.Name)
		case !field.Anonymous && name == "":
			t.Errorf("%s.%s has no name in its json tag", of, field.Name)
		}
		expectTags(t, field.Type, seen)
	}
}

// TestTheEncodingStaysAsItIs compares each kind of change, and floor.json, with what they were byte
// for byte. A new field adds to the golden file; what is there stays.
func TestTheEncodingStaysAsItIs(t *testing.T) {
	var got bytes.Buffer
	for i := range reflect.TypeFor[queue.Change]().NumField() {
		var c queue.Change
		fillIn(t, reflect.ValueOf(&c).Elem().Field(i), "")
		line, err := appendChange(nil, &c)
		if err != nil {
			t.Fatal(err)
		}
		got.Write(append(line, '\n'))
	}
	var c checkpoint
	fillIn(t, reflect.ValueOf(&c).Elem(), "")
	floor, err := json.MarshalIndent(c, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	got.Write(append(floor, '\n'))

	path := filepath.Join("testdata", "names.golden")
	if *update {
		if err := os.WriteFile(path, got.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got.Bytes(), want) {
		t.Errorf("the encoding is\n%s\nwant\n%s", &got, want)
	}
}

// fillIn gives every field a value. A text holds the field's name in JSON.
func fillIn(t *testing.T, v reflect.Value, name string) {
	t.Helper()
	if at, is := v.Addr().Interface().(*time.Time); is {
		*at = moment
		return
	}
	switch v.Kind() {
	case reflect.Struct:
		for field, value := range v.Fields() {
			name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
			if name != "-" {
				fillIn(t, value, name)
			}
		}
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fillIn(t, v.Elem(), name)
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 1, 1))
		fillIn(t, v.Index(0), name)
	case reflect.Map:
		v.Set(reflect.ValueOf(map[string]string{"key": name}))
	case reflect.String:
		v.SetString(name)
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Int, reflect.Int64:
		v.SetInt(7)
	case reflect.Uint8:
		v.SetUint(1)
	case reflect.Uint64:
		v.SetUint(9)
	default:
		t.Fatalf("%s: %s", name, v.Type())
	}
}
