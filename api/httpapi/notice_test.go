package httpapi

import (
	"encoding/json"
	"reflect"
	"slices"
	"strings"
	"testing"

	"nwayacd/internal/auth"
)

func TestTheDocumentHasTheWordsOfNotices(t *testing.T) {
	field, _ := reflect.TypeFor[noticeShown]().FieldByName("Word")
	if documented := strings.Split(field.Tag.Get("enum"), ","); !slices.Equal(documented, Words()) {
		t.Errorf("%v, not %v", documented, Words())
	}
}

// TestANoticeHasItsWord asks with and without the right to see details.
func TestANoticeHasItsWord(t *testing.T) {
	b, _, _ := officeWeb(t, "secret")
	b.http.Warnings = func() []Notice {
		return []Notice{{WordLog, "no room"}, {WordLog, "no room"}, {WordLog, "no reader"}}
	}
	b.http.Server.ACD.Drain()
	const draining = "draining: the server shuts down and takes no calls"
	for role, want := range map[auth.Role][]noticeShown{
		auth.Metrics: {{"draining", false, draining}, {"log", true, "no room"}, {"log", true, "no reader"}},
		auth.Read:    {{"draining", false, ""}, {"log", true, ""}},
	} {
		_, text := b.as(role).ask("GET", "/readyz", "")
		var got struct {
			Reasons, Warnings []string
			Notices           []noticeShown
		}
		if err := json.Unmarshal([]byte(text), &got); err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(got.Notices, want) || len(got.Reasons) != 1 || len(got.Warnings) != len(want)-1 {
			t.Errorf("%s: %s", role, text)
		}
	}
}
