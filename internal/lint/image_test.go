package lint

import (
	"os"
	"os/exec"
	"strings"
	"testing"
)

// The Dockerfile names each folder that it copies, so that nothing else gets into a layer.
func TestTheImageIsBuiltFromAllOfTheProgram(t *testing.T) {
	recipe, err := os.ReadFile("../../Dockerfile")
	if err != nil {
		t.Fatal(err)
	}
	out, err := exec.CommandContext(t.Context(), "go", "list", "-deps", "-f", "{{.ImportPath}}", "nwayacd").Output()
	if err != nil {
		t.Fatal(err)
	}
	for path := range strings.Lines(string(out)) {
		inside, ours := strings.CutPrefix(strings.TrimSpace(path), "nwayacd/")
		if !ours {
			continue
		}
		folder, _, _ := strings.Cut(inside, "/")
		if !strings.Contains(string(recipe), "\nCOPY "+folder+" ./"+folder+"\n") {
			t.Errorf("the program needs %s, and the Dockerfile does not copy %s", inside, folder)
		}
	}
}
