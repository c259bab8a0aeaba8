package app

import (
	"encoding/json"
	"testing"

	"nwayacd/internal/auth"
)

// TestTheSumsOfTheVisitsAreThoseOfTheReport adds up hold and wrap-up of the records of October. The
// visit of two talks has both in its record.
func TestTheSumsOfTheVisitsAreThoseOfTheReport(t *testing.T) {
	a := newArchive(t)
	a.writeOctober()
	type sums struct {
		HoldMS   int64 `json:"hold_ms"`
		WrapUpMS int64 `json:"wrap_up_ms"`
	}
	const october = "from=2026-09-30T22:00:00Z&to=2026-10-31T23:00:00Z"
	var page struct {
		Items []struct {
			sums
			Offers  int
			Outcome string
		}
	}
	if err := json.Unmarshal(a.get(auth.Supervisor, "/cdrs?limit=500&"+october), &page); err != nil {
		t.Fatal(err)
	}
	var all sums
	for _, v := range page.Items {
		all.HoldMS += v.HoldMS
		all.WrapUpMS += v.WrapUpMS
		if v.Outcome == "transferred" && v.sums != (sums{10_000, 40_000}) {
			t.Errorf("the visit of two talks: %+v", v)
		}
	}
	var made struct {
		Total struct {
			Hold   float64 `json:"hold_seconds"`
			WrapUp float64 `json:"wrap_up_seconds"`
		}
	}
	report := a.get(auth.Supervisor, "/reports?step=month&zone=Europe/Berlin&"+october)
	if err := json.Unmarshal(report, &made); err != nil {
		t.Fatal(err)
	}
	if all != (sums{30_000, 120_000}) || made.Total.Hold != 30 || made.Total.WrapUp != 120 {
		t.Errorf("the records have %+v, the report has %+v", all, made.Total)
	}
}
