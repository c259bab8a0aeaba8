package conf

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func FuzzParse(f *testing.F) {
	files, _ := filepath.Glob("testdata/*.toml")
	for _, file := range append(files, example) {
		content, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(content)
	}
	f.Fuzz(func(t *testing.T, content []byte) {
		c, err := Parse("f", content)
		if err == nil {
			if changed := c.Restart(c); len(changed) > 0 {
				t.Errorf("the configuration differs from itself in %q", changed)
			}
			return
		}
		faults, ok := errors.AsType[Faults](err)
		if !ok || len(faults) == 0 || c != nil {
			t.Fatalf("config %v, error %v: want nil and at least one fault", c, err)
		}
		for _, fault := range faults {
			if fault.Text == "" || fault.Line < 0 || fault.Line > strings.Count(string(content), "\n")+1 {
				t.Errorf("fault without text or place: %#v", fault)
			}
		}
	})
}

// A fault never shows a password, whatever error surrounds it.
func FuzzPasswordIsNeverShown(f *testing.F) {
	for _, around := range [][2]string{
		{"", ""},
		{`"`, ""},
		{"'", `"`},
		{"12", ""},
		{"0x", ""},
		{"2024-01-", ""},
		{`"\`, `"`},
		{"[", "]"},
		{"{", "=1}"},
		{`{a="`, `"}`},
		{`"`, `\n"`},
		{`" `, `"`},
		{"+", ".5"},
		{`"""`, ""},
		{"true", ""},
	} {
		f.Add(around[0], around[1])
	}
	const word = "hunter2"
	f.Fuzz(func(t *testing.T, before, after string) {
		if strings.ContainsAny(before+after, "\n\r") {
			t.Skip()
		}
		for _, key := range []string{
			"[control]\npassword = ", "[http]\ntoken=", "[database]\ndbstring = ",
			"[acd]\npasword = ",
		} {
			if _, err := Parse("f", []byte(key+before+word+after)); err != nil && strings.Contains(err.Error(), word) {
				t.Errorf("%s%s%s%s: %v", key, before, word, after, err)
			}
		}
	})
}
