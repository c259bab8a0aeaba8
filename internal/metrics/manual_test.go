package metrics

import (
	"os"
	"strings"
	"testing"

	"nwayacd/acd"
	"nwayacd/queue"
)

func TestTheManualNamesEveryMetric(t *testing.T) {
	manual, err := os.ReadFile("../../docs/metrics.md")
	if err != nil {
		t.Fatal(err)
	}
	w := watch(queue.GroupFigures{Number: "110"})
	w.links = []acd.LinkState{{Name: "fs1"}}
	families, err := w.registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range families {
		if name := f.GetName(); strings.HasPrefix(name, "nwayacd_") && !strings.Contains(string(manual), "`"+name+"`") {
			t.Errorf("docs/metrics.md does not describe %s", name)
		}
	}
}
