package main

import (
	"bytes"
	"testing"
	"time"

	desk "nwayacd/internal/phone"
	"nwayacd/internal/testlab"
)

// quarters is an office in which caller 139 waits for agent 2000, and its report.
func quarters() (b *office, w *seat, told *bytes.Buffer) {
	told = &bytes.Buffer{}
	s := &soak{out: told, began: time.Now(), srv: &server{Server: &testlab.Server{Dir: "nowhere"}}}
	s.figures.Violations = map[string]int{}
	b = &office{soak: s, guests: []*guest{{number: "139"}}}
	return b, &seat{number: "2000"}, told
}

// TestRestsAreHeldAgainstWhatThePhonesSaw has times in seconds from the beginning.
func TestRestsAreHeldAgainstWhatThePhonesSaw(t *testing.T) {
	desktop, mobile := &desk.Contact{}, &desk.Contact{}
	type call struct {
		on         *desk.Contact
		began, end float64
		code       int
	}
	for name, test := range map[string]struct {
		calls    []call
		violated bool
		prepare  func(b *office, w *seat, at func(float64) time.Time)
	}{
		"it rests":                 {calls: []call{{desktop, 0, 1, 486}, {desktop, 3, 4, 200}}},
		"it is called too soon":    {calls: []call{{desktop, 0, 1, 486}, {desktop, 2.5, 4, 200}}, violated: true},
		"unreachable rests longer": {calls: []call{{desktop, 0, 1, 404}, {desktop, 4, 4.5, 200}}, violated: true},
		"twice as long in a row": {
			calls: []call{{desktop, 0, 1, 486}, {desktop, 3, 4, 486}, {desktop, 7, 8, 200}}, violated: true,
		},
		"a talk ends the row": {
			calls: []call{{desktop, 0, 1, 486}, {desktop, 3, 9, 200}, {desktop, 10, 11, 486}, {desktop, 13, 14, 200}},
		},
		"two telephones refuse one offer": {calls: []call{
			{desktop, 0, 0.1, 486}, {mobile, 0.2, 0.3, 486}, {desktop, 2.4, 4, 200},
		}},
		"the same telephone at once again": {
			calls: []call{{desktop, 0, 0.1, 486}, {desktop, 0.2, 0.3, 486}}, violated: true,
		},
		"the caller had left": {
			calls:   []call{{desktop, 0, 1, 486}, {desktop, 1.1, 4, 200}},
			prepare: func(b *office, _ *seat, at func(float64) time.Time) { b.guests[0].over = at(1) },
		},
		"the caller was moved": {
			calls: []call{{desktop, 0, 1, 486}, {desktop, 1.1, 4, 200}},
			prepare: func(b *office, _ *seat, at func(float64) time.Time) {
				b.guests[0].touched = []span{{at(0.5), at(0.9)}}
			},
		},
		"a telephone registered": {
			calls:   []call{{desktop, 0, 1, 486}, {desktop, 2, 4, 200}},
			prepare: func(_ *office, w *seat, at func(float64) time.Time) { w.stirs = []span{{at(1.5), at(1.6)}} },
		},
		"the server restarted": {
			calls:   []call{{desktop, 0, 1, 486}, {desktop, 2, 4, 200}},
			prepare: func(b *office, _ *seat, at func(float64) time.Time) { b.srv.deaths = []time.Time{at(1.5)} },
		},
	} {
		t.Run(name, func(t *testing.T) {
			b, w, told := quarters()
			at := func(seconds float64) time.Time { return b.began.Add(time.Duration(seconds * float64(time.Second))) }
			var all []ring
			for _, c := range test.calls {
				all = withCall(all, c.on, desk.View{
					State: desk.Over, Number: "139", Began: at(c.began), Ended: at(c.end), Code: c.code, ByUs: true,
				})
			}
			if test.prepare != nil {
				test.prepare(b, w, at)
			}
			b.checksRests(w, all)
			if violated := b.figures.violated() > 0; violated != test.violated {
				t.Errorf("violated: %t, want %t\n%s", violated, test.violated, told)
			}
		})
	}
}
