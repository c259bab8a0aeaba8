package esl

import (
	"maps"
	"strings"
	"testing"
)

func TestTheModelReadsWhatFreeSWITCHWasSeenToRead(t *testing.T) {
	for dial, want := range map[string]map[string]string{
		`{x='1\,2 3'}`:              {"x": "1,2 3"},
		`{x='1,2 3'}`:               {"x": "1"},
		`{x='O\'Brien'}`:            {"x": "O'Brien"},
		`{x='a\'b',y='1',z='c\'d'}`: {"x": "ab,y=1,z=cd"}, // two apostrophes quote what is between them
	} {
		got, rest, ok := readOriginate(dial + "null/1 &park()")
		if !ok || !maps.Equal(got, want) || strings.Join(rest, " ") != "null/1 &park()" {
			t.Errorf("%s: %q %q %v, want %q", dial, got, rest, ok, want)
		}
	}
	if vars, _, ok := readOriginate(`{x=1 2}null/1 &park()`); ok {
		t.Errorf("an unquoted space was read as %q", vars)
	}
}

func TestVars(t *testing.T) {
	for _, test := range []struct {
		name  string
		pairs []Header
		want  string
	}{
		{"nothing to carry", nil, ""},
		{"plain", []Header{{"a", "1"}, {"b", "x"}}, `{a='1',b='x'}`},
		{"comma and space", []Header{{"a", "1,2 3"}}, `{a='1\,2 3'}`},
		{"empty value is left out", []Header{{"a", ""}, {"b", "x"}}, `{b='x'}`},
		{"name that is none is left out", []Header{{"{}", "1"}}, ``},
		{"name is cleaned", []Header{{"a=b,c", "1"}}, `{abc='1'}`},
		{"braces and expansion", []Header{{"a", "x}${hostname}"}}, `{a='xhostname'}`},
		{"apostrophes", []Header{{"a", "O'Brien's"}}, `{a='O’Brien’s'}`},
		{"enterprise separator", []Header{{"a", "x:_:_:sofia/gateway/gw/1"}}, `{a='x:__:sofia/gateway/gw/1'}`},
		{"control and broken bytes", []Header{{"a", "1\r\n2\x003\x7f\xff4\\n"}}, `{a='1234n'}`},
		{"spaces at the ends", []Header{{"a", "  x y "}}, `{a='x y'}`},
		{"Chinese", []Header{{"a", "客服"}}, `{a='客服'}`},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got := Vars(test.pairs...); got != test.want {
				t.Errorf("got %s, want %s", got, test.want)
			}
		})
	}
}

// Whatever the values are, each variable arrives with its cleaned value. No other variable arrives,
// and the rest of the command stays.
func FuzzVars(f *testing.F) {
	for _, seed := range [][2]string{
		{"1,2 3", "x"},
		{"'", "'"},
		{`\`, `\'`},
		{"}", "{"},
		{"${x}", "$"},
		{":_:", "::_:_:"},
		{" a ", "^^|a"},
		{"a',origination_uuid='x", "='"},
		{"\n\r\t\x00", "\xff"},
		{`a\,b\'c`, `"`},
		{"&hangup()", "|[]<>"},
	} {
		f.Add(seed[0], seed[1])
	}
	f.Fuzz(func(t *testing.T, first, second string) {
		want := map[string]string{"last": "end"}
		for name, value := range map[string]string{"first": Clean(first), "second": Clean(second)} {
			if Clean(value) != value {
				t.Fatalf("cleaned %q once more is %q", value, Clean(value))
			}
			if value != "" {
				want[name] = value
			}
		}
		vars := Vars(Header{"first", first}, Header{"second", second}, Header{"last", "end"})
		got, rest, ok := readOriginate(vars + "user/1000 &park()")
		if !ok || !maps.Equal(got, want) || strings.Join(rest, " ") != "user/1000 &park()" {
			t.Fatalf("originate read %s as %q %q %v, want %q", vars, got, rest, ok, want)
		}
		got, dial, ok := readDialString(vars + "user/1000")
		if !ok || !maps.Equal(got, want) || dial != "user/1000" {
			t.Fatalf("bridge read %s as %q %q %v, want %q", vars, got, dial, ok, want)
		}
		if strings.ContainsAny(vars, "$\r\n\x00") {
			t.Fatalf("%q can be expanded or ends the line", vars)
		}
	})
}
