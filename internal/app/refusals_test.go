package app

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"testing"

	"nwayacd/api/httpapi"
	"nwayacd/internal/console"
)

func TestTheConsoleHasWordsForEachRefusalOfTheAPI(t *testing.T) {
	pages := console.New(console.Options{})
	for _, language := range []string{"en", "zh"} {
		answer := httptest.NewRecorder()
		pages.ServeHTTP(answer, httptest.NewRequest(http.MethodGet, "/ui/words/"+language+".json", nil))
		var words struct{ Refusals map[string]string }
		if err := json.Unmarshal(answer.Body.Bytes(), &words); err != nil {
			t.Fatal(err)
		}
		known := map[string]bool{}
		for _, kind := range httpapi.Kinds() {
			known[kind] = true
			if words.Refusals[kind] == "" {
				t.Errorf("%s: no words for %q", language, kind)
			}
		}
		for kind := range words.Refusals {
			if !known[kind] {
				t.Errorf("%s: words for %q, which the API does not have", language, kind)
			}
		}
	}
}
