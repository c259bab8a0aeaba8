package httpapi

import (
	"testing"

	"nwayacd/queue"
)

func TestTheFormsOfAStoryHaveTheirTypes(t *testing.T) {
	b, records := web(t, "")
	records.cdrs = []queue.CDR{{UUID: "ended", Outcome: queue.Abandoned}}
	const path = apiPrefix + "/calls/ended/story"
	for query, want := range map[string][2]string{
		"": {"application/json", policy}, "?format=json": {"application/json", policy},
		"?format=svg": {"image/svg+xml", picturePolicy},
	} {
		answer, _ := b.ask("GET", path+query, "")
		got := [2]string{answer.Header.Get("Content-Type"), answer.Header.Get("Content-Security-Policy")}
		if answer.StatusCode != 200 || got != want {
			t.Errorf("%q: %d %q", query, answer.StatusCode, got)
		}
	}
	doc, _ := b.openAPI()
	if content := doc.Paths["/api/v1/calls/{uuid}/story"]["get"].Responses["200"].Content; len(content) != 2 ||
		content["application/json"] == nil || content["image/svg+xml"] == nil {
		t.Errorf("the document has %v", content)
	}
}
