package app

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"testing"

	"nwayacd/api/httpapi"
	"nwayacd/internal/console"
)

func TestTheConsoleHasWordsForEachRefusalAndNoticeOfTheAPI(t *testing.T) {
	pages := console.New(console.Options{})
	for _, language := range []string{"en", "zh"} {
		answer := httptest.NewRecorder()
		pages.ServeHTTP(answer, httptest.NewRequest(http.MethodGet, "/ui/words/"+language+".json", nil))
		var words struct{ Refusals, Notices map[string]string }
		if err := json.Unmarshal(answer.Body.Bytes(), &words); err != nil {
			t.Fatal(err)
		}
		sameKeys(t, language, words.Refusals, httpapi.Kinds())
		sameKeys(t, language, words.Notices, httpapi.Words())
	}
}

// sameKeys fails the test unless the texts are those of these names.
func sameKeys(t *testing.T, language string, texts map[string]string, names []string) {
	t.Helper()
	known := map[string]bool{}
	for _, name := range names {
		known[name] = true
		if texts[name] == "" {
			t.Errorf("%s: no words for %q", language, name)
		}
	}
	for name := range texts {
		if !known[name] {
			t.Errorf("%s: words for %q, which the API does not have", language, name)
		}
	}
}
