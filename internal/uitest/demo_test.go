package uitest

import (
	"os"
	"path/filepath"
	"regexp"
	"testing"
	"time"

	"nwayacd/internal/testlab"
)

// imagesFor is how long the demo runs before the README's picture is taken.
const imagesFor = 25 * time.Second

var firstAddress = regexp.MustCompile(`http://\S+`)

// TestTheDemoOpensTheDoor follows the address that `nwayacd demo --keep` prints. It takes the
// picture of the README if NWAYACD_UI_IMAGES names a folder.
func TestTheDemoOpensTheDoor(t *testing.T) {
	out := filepath.Join(t.TempDir(), "out")
	demo, err := testlab.Run(out, program, "demo", "--keep", "--any-port")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { demo.Stop(startLimit) }) // after the pages, which may still load something
	link := ""
	for end := time.Now().Add(startLimit); link == ""; time.Sleep(lookEvery) {
		text, _ := os.ReadFile(out) // it is there as soon as the demo has written something
		if link = firstAddress.FindString(string(text)); link == "" && time.Now().After(end) {
			t.Fatalf("the demo prints no address: %s", text)
		}
	}
	p := newPage(t, nil)
	p.resize(1280, 720)
	p.goTo(link)
	p.see(`location.pathname.startsWith("/ui/") && location.pathname !== "/ui/enter"`)
	p.see(`document.getElementById("live")?.dataset.state === "live"`)
	p.evaluate(`location.pathname = "/ui/wall"`)
	p.shows("Sales")
	p.see(`document.body.innerText.match(/\d+:\d\d/)`) // somebody waits, or the clock goes
	if folder := os.Getenv("NWAYACD_UI_IMAGES"); folder != "" {
		p.comes(`false`, imagesFor)
		p.shoot(filepath.Join(folder, "wall.png"))
	}
	again := newPage(t, nil, refused)
	again.goTo(link)
	again.see(`location.pathname === "/ui/enter" && !document.getElementById("failed").hidden`) // it works once
}
