package uitest

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// cut are the elements of the wall whose text does not fit, or that are beyond the edge of what is
// around them.
const cut = `[...document.querySelectorAll(".wall h2, .wall h2 span, .figure, .label, .label span, .number, .value")]
	.filter(e => e.getClientRects().length > 0 && e.innerText)
	.filter(e => {
		const box = e.getBoundingClientRect(), card = e.closest(".tile, .total");
		const around = card.getBoundingClientRect(), edge = parseFloat(getComputedStyle(card).paddingRight);
		return e.scrollWidth > e.clientWidth + 1 && getComputedStyle(e).display !== "inline"
			|| box.right > around.right - edge + 1 || box.bottom > around.bottom + 1 || box.top < around.top - 1
			|| around.bottom > innerHeight || around.right > innerWidth;
	}).map(e => e.className + " " + e.innerText)`

// uneven are the rows of figures whose labels are not at one height.
const uneven = `[...document.querySelectorAll(".tile .now, .tile .level, .total")]
	.filter(row => new Set([...row.querySelectorAll(".label")].filter(l => l.getClientRects().length > 0)
		.map(l => Math.round(l.getBoundingClientRect().top))).size > 1)
	.map(row => row.className)`

// smallest is the size of the smallest digits that matter at a glance, in pixels of a screen of
// 1920x1080.
const smallest = `Math.min(...[...document.querySelectorAll(".tile .figures .number, .total .number")]
	.filter(e => e.getClientRects().length > 0)
	.map(e => parseFloat(getComputedStyle(e).fontSize))) * 1080 / innerHeight`

// face is how wide a type is: its bold digits and its letters, as parts of its size. It is made of
// the type that the machine has, whatever that is. Zeros leave that as it is.
type face struct {
	name          string
	digit, letter float64
	least         float64 // how small the digits may be
}

var faces = []face{
	{"own", 0, 0, 64},
	{"narrow", 0.5, 0.46, 64}, // such as Arial Narrow
	{"wide", 0.68, 0.58, 64},  // such as DejaVu Sans or Verdana, the widest that are usual
	{"wider", 0.85, 0.75, 48},
}

// wear gives all texts of the page a face.
func (p *page) wear(f face) {
	p.t.Helper()
	if f.digit == 0 {
		p.evaluate(`document.adoptedStyleSheets = []`)
		return
	}
	p.evaluate(fmt.Sprintf(`((digit, letter) => {
		const canvas = document.createElement("canvas").getContext("2d"), sheet = new CSSStyleSheet();
		const own = (weight, text) => {
			canvas.font = weight + " 100px " + getComputedStyle(document.body).fontFamily;
			return canvas.measureText(text).width / text.length / 100;
		};
		sheet.replaceSync("body * { letter-spacing: " + (letter - own(400, "Service level today")) + "em !important }" +
			".number, .value { letter-spacing: " + (digit - own(680, "0")) + "em !important }");
		document.adoptedStyleSheets = [sheet];
		requestAnimationFrame(() => requestAnimationFrame(() => window.worn = digit));
	})(%v, %v)`, f.digit, f.letter))
	p.see(fmt.Sprintf(`window.worn === %v`, f.digit)) // the page has been laid out
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

// onABadDay gives groups figures that are longer than usual.
func onABadDay(groups []row) []row {
	for _, group := range groups {
		group["name"] = fmt.Sprint(group["name"], " ", group["name"])
		group["waiting"] = 134
		group["waiting_since"] = time.Now().Add(-62 * time.Minute).UnixMilli()
		figures := row{
			"service_level": 100, "answered": 12803, "abandoned": 1204, "asa_ms": 3700000, "level_in": 100,
			"level_of": 100, "wait_answered_ms": 1500000,
		}
		group["today"], group["recent"] = figures, figures
		group["agents"] = row{
			"ready": 112, "ring": 103, "talking": 111, "typing": 104, "busy": 110, "noanswer": 101, "rest": 100,
			"unavailable": 102, "down": 107, "logged_in": 743,
		}
	}
	return groups
}

// TestTheWallCanBeReadFromFiveMetres shows walls of 1 to 12 groups on two screens, in types of
// different widths.
func TestTheWallCanBeReadFromFiveMetres(t *testing.T) {
	w := inWorld(t)
	p := newPage(t, w)
	p.withOwnStream()
	p.login("boss")
	agents := []row{
		{"extension": "1000", "state": "ready", "groups": []string{"110"}},
		{"extension": "1001", "state": "talking", "groups": []string{"110"}},
	}
	for _, language := range []string{"en", "zh"} {
		p.speak(language)
		for _, face := range faces {
			for _, screen := range [][2]int64{{1920, 1080}, {1280, 720}} {
				p.resize(screen[0], screen[1])
				p.open("/ui/wall")
				p.wear(face)
				at := fmt.Sprintf("%s-%s-%d", language, face.name, screen[1])
				for _, n := range []int{1, 2, 4, 6, 12} {
					p.give(groupsOfAWall(n, language), agents, nil)
					p.see(fmt.Sprintf(`document.querySelectorAll(".tile").length === %d`, n))
					p.isAWall(fmt.Sprintf("wall-%d-%s", n, at), face.least)
				}
				p.give(onABadDay(groupsOfAWall(12, language)), agents, nil)
				p.see(`document.querySelector(".tile .value").innerText === "134"`)
				p.isAWall("wall-bad-"+at, face.least/2)
			}
		}
	}
}

// isAWall fails the test if something is cut off, or digits are smaller than least, in both themes.
func (p *page) isAWall(name string, least float64) {
	p.t.Helper()
	for _, theme := range []string{"light", "dark"} {
		p.evaluate(`document.documentElement.dataset.theme = "` + theme + `"`)
		name := name + "-" + theme
		for what, found := range map[string]string{"is cut off": cut, "is uneven": uneven} {
			if got := p.finds(found); got != "[]" {
				p.t.Errorf("%s: this %s: %s", name, what, got)
			}
		}
		if p.value(fmt.Sprintf(`%s >= %v`, smallest, least)) != "true" {
			p.t.Errorf("%s: the smallest digits have %s px", name, p.value(smallest))
		}
		if folder := os.Getenv("SHOTS"); folder != "" {
			p.shoot(filepath.Join(folder, name+".png"))
		}
	}
}
