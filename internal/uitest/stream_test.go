package uitest

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	cdp "github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
)

// withOwnStream makes the pages that are opened from now on take their live rows from the test.
func (p *page) withOwnStream() {
	p.t.Helper()
	script := cdp.AddScriptToEvaluateOnNewDocumentParams{Source: `
		delete window.SharedWorker;
		window.EventSource = class {
			constructor() { this.listeners = {}; window.stream = this; }
			addEventListener(kind, listener) { this.listeners[kind] = listener; }
			close() {}
			give(kind, frame) { this.listeners[kind]({ data: JSON.stringify(frame) }); }
		};`}
	if _, err := chromedp.Call(p.ctx, cdp.AddScriptToEvaluateOnNewDocument, script); err != nil {
		p.t.Fatal(err)
	}
}

type row map[string]any

// give gives the page a snapshot.
func (p *page) give(groups, agents, calls []row) {
	p.t.Helper()
	frame, err := json.Marshal(map[string]any{
		"v": 1, "at": time.Now().UnixMilli(), "groups": groups, "agents": agents, "calls": calls,
	})
	if err != nil {
		p.t.Fatal(err)
	}
	p.see(`window.stream?.listeners.snapshot`)
	p.evaluate(fmt.Sprintf(`stream.give("snapshot", %s)`, frame))
}

// TestAPageDoesNotSayThatThereIsNothingBeforeItKnows opens the live pages before the first
// snapshot, then with an empty floor.
func TestAPageDoesNotSayThatThereIsNothingBeforeItKnows(t *testing.T) {
	w := inWorld(t)
	for _, c := range []struct {
		user, path string
		nothing    []string
	}{
		{"1000", "/ui/agent", []string{"Extension 1000 is not an agent"}},
		{"boss", "/ui/desk", []string{"No group yet", "No agent yet", "Nobody waits."}},
		{"boss", "/ui/wall", []string{"There is no group yet"}},
	} {
		p := newPage(t, w)
		p.withOwnStream()
		p.login(c.user)
		p.open(c.path)
		p.see(`window.stream?.listeners.snapshot`)
		p.shows("Connecting")
		before := p.text()
		p.give(nil, nil, nil)
		for _, text := range c.nothing {
			if strings.Contains(before, text) {
				t.Errorf("before the first snapshot %s says %q", c.path, text)
			}
			p.shows(text)
		}
		p.see(`document.getElementById("live").dataset.state === "live"`)
		if c.path == "/ui/agent" {
			p.give(nil, []row{{"extension": "1000", "state": "ready", "since": 1, "groups": []string{}}}, nil)
			p.shows("You are in no group.")
		}
	}
}

// groupsOfAWall are groups with figures of the usual lengths. Some of them are at a threshold.
func groupsOfAWall(n int, language string) (groups []row) {
	names := map[string][]string{
		"en": {"Sales", "Support", "Billing", "Orders", "Returns", "Hotline"},
		"zh": {"销售", "技术支持", "账单", "订单", "退换货", "热线"},
	}[language]
	at := time.Now()
	for i := range n {
		figures := row{
			"service_level": 96.4 - float64(i*8), "answered": 128 + i*100, "abandoned": 14 + i*9,
			"asa_ms": 12000 + i*5000, "level_in": 96 - i*8, "level_of": 100, "wait_answered_ms": 1500000,
		}
		group := row{
			"number": fmt.Sprint(110 + 10*i), "name": names[i%len(names)], "waiting": i * 2,
			"service_level_goal": 80, "service_level_formula": "short-excluded",
			"warn_waiting": 5, "alert_waiting": 10, "warn_wait_seconds": 60, "alert_wait_seconds": 120,
			"today": figures, "recent": figures,
			"agents": row{
				"ready": 12, "ring": 3, "talking": 11, "typing": 4, "busy": 10, "noanswer": 1, "rest": 0,
				"unavailable": 2, "down": 7, "logged_in": 43,
			},
		}
		if i > 0 {
			group["waiting_since"] = at.Add(-time.Duration(i*i*7) * time.Second).UnixMilli()
		}
		groups = append(groups, group)
	}
	return groups
}

// cut are the elements of the wall whose text does not fit, or that are beyond the edge of what is
// around them.
const cut = `[...document.querySelectorAll(".wall h2, .wall h2 span, .figure, .label, .label span, .number, .value")]
	.filter(e => e.getClientRects().length > 0 && e.innerText)
	.filter(e => {
		const box = e.getBoundingClientRect(), around = e.closest(".tile, .total").getBoundingClientRect();
		return e.scrollWidth > e.clientWidth + 1 && getComputedStyle(e).display !== "inline"
			|| box.right > around.right + 1 || box.bottom > around.bottom + 1 || box.top < around.top - 1
			|| around.bottom > innerHeight || around.right > innerWidth;
	}).map(e => e.className + " " + e.innerText)`

// uneven are the rows of figures whose labels are not at one height.
const uneven = `[...document.querySelectorAll(".tile .now, .tile .level, .total")]
	.filter(row => new Set([...row.querySelectorAll(".label")].filter(l => l.getClientRects().length > 0)
		.map(l => Math.round(l.getBoundingClientRect().top))).size > 1)
	.map(row => row.className)`

// smallest is the size of the smallest digits that matter at a glance, in pixels.
const smallest = `Math.min(...[...document.querySelectorAll(".tile .figures .number, .total .number")]
	.filter(e => e.getClientRects().length > 0).map(e => parseFloat(getComputedStyle(e).fontSize)))`

// TestTheWallCanBeReadFromFiveMetres shows walls of 1, 6 and 12 groups on a screen of 1920x1080.
func TestTheWallCanBeReadFromFiveMetres(t *testing.T) {
	w := inWorld(t)
	p := newPage(t, w)
	p.withOwnStream()
	p.resize(1920, 1080)
	p.login("boss")
	for _, language := range []string{"en", "zh"} {
		p.speak(language)
		p.open("/ui/wall")
		agents := []row{
			{"extension": "1000", "state": "ready", "groups": []string{"110"}},
			{"extension": "1001", "state": "talking", "groups": []string{"110"}},
		}
		for _, n := range []int{1, 6, 12} {
			p.give(groupsOfAWall(n, language), agents, nil)
			p.see(fmt.Sprintf(`document.querySelectorAll(".tile").length === %d`, n))
			for _, theme := range []string{"light", "dark"} {
				p.evaluate(`document.documentElement.dataset.theme = "` + theme + `"`)
				name := fmt.Sprintf("wall-%d-%s-%s", n, language, theme)
				for what, found := range map[string]string{"is cut off": cut, "is uneven": uneven} {
					if got := p.value(`JSON.stringify(` + found + `)`); got != "[]" {
						t.Errorf("%s: this %s: %s", name, what, got)
					}
				}
				if size := p.value(smallest); p.value(smallest+` >= 64`) != "true" {
					t.Errorf("%s: the smallest digits have %s px", name, size)
				}
				if folder := os.Getenv("SHOTS"); folder != "" {
					p.shoot(filepath.Join(folder, name+".png"))
				}
			}
		}
	}
}
