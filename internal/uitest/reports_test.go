package uitest

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// fillReports writes figures of two days, as if calls had come then.
func (w *world) fillReports() {
	w.t.Helper()
	for _, statement := range []string{
		`DELETE FROM nwayacd_interval WHERE start < '2026-02-01'`,
		`DELETE FROM nwayacd_agent_interval WHERE start < '2026-02-01'`,
		`INSERT INTO nwayacd_interval (group_number, start, offered, answered, answered_in, abandoned, left_timeout)
			SELECT '110', h, 10, 7, 6, 2, 1
			FROM generate_series('2026-01-05 08:00Z'::timestamptz, '2026-01-06 15:00Z', '1 hour') h`,
		`INSERT INTO nwayacd_interval (group_number, start, offered, answered, answered_in, abandoned)
			VALUES ('120', '2026-01-05 08:00Z', 100, 90, 90, 10)`,
		`INSERT INTO nwayacd_agent_interval (extension, start, group_number, ready_ms, talk_ms, logged_in_ms)
			SELECT e, '2026-01-05 08:00Z', '110', 600000, 300000, 900000 FROM unnest(ARRAY['1000', '1001', '1002']) e`,
	} {
		_, err := w.db.ExecContext(w.t.Context(), statement)
		w.must(err)
	}
}

const (
	january = "/ui/reports?from=2026-01-05&to=2026-01-06&zone=UTC"
	// tooltips adds up the figures of a series as the bars tell them.
	tooltips = `[...document.querySelectorAll(".chart rect.c-%s title")]
		.reduce((sum, title) => sum + Number(title.textContent.split(" ").pop()), 0)`
)

// TestThePageOfReportsShowsTheChartsOfTheServer looks at the charts as the browser draws them. A
// supervisor sees the figures of the own groups only.
func TestThePageOfReportsShowsTheChartsOfTheServer(t *testing.T) {
	w := inWorld(t)
	w.fillReports()
	p := newPage(t, w)
	p.login("sup")
	p.open(january + "&step=hour")
	p.see(`document.querySelectorAll(".chart g[role=img]").length === 2`)
	p.canBeRead()
	// Groups are summed up at the foot of the table, after its first cell.
	for series, column := range map[string]string{"answered": "3", "abandoned": "5"} {
		foot := p.value(`document.querySelector("tfoot td:nth-child(` + column + `)").innerText`)
		bars := p.value(fmt.Sprintf(tooltips, series))
		if want := map[string]string{"answered": "224", "abandoned": "64"}[series]; foot != want || bars != want {
			t.Errorf("%s: the table has %s, the bars have %s, want %s", series, foot, bars, want)
		}
	}
	if n := p.value(ofGroup120); n != "0" {
		t.Errorf("a supervisor of 110 sees %s cells of 120:\n%s", n, p.text())
	}
	for _, theme := range []string{"light", "dark"} {
		p.evaluate(`document.documentElement.dataset.theme = "` + theme + `"`)
		colours := p.value(`new Set([...document.querySelectorAll(".chart rect, .chart .mark-text")]
			.map(e => getComputedStyle(e).fill)).size`)
		if colours != "4" { // three series, and the marks
			t.Errorf("the charts have %s colours in the %s theme", colours, theme)
		}
	}
	const rename = `UPDATE call_extension SET extension_name = $1 WHERE extension_number = '1002'`
	_, err := w.db.ExecContext(t.Context(), rename, strangers[0])
	w.must(err)
	defer w.db.ExecContext(t.Context(), rename, "")
	p.speak("zh")
	p.openUntil(january+"&step=day&by=agent",
		`document.querySelector(".chart")?.textContent.includes("1002 <img src=x")`)
	p.see(`document.querySelector(".chart").textContent.includes("座席各状态时长")`)
	p.canBeRead()
	p.isClean()
}

// TestAPictureOfAReportCanBeOpenedByItself has the colours of the console's style sheet.
func TestAPictureOfAReportCanBeOpenedByItself(t *testing.T) {
	w := inWorld(t)
	w.fillReports()
	p := newPage(t, w)
	p.login("sup")
	p.open("/api/v1/reports?from=2026-01-05T00:00:00Z&to=2026-01-07T00:00:00Z&step=hour&format=svg")
	p.see(`document.documentElement.tagName === "svg" && document.querySelector("rect.c-answered")`)
	if colour := p.value(`getComputedStyle(document.querySelector("rect.c-answered")).fill`); colour == "rgb(0, 0, 0)" {
		t.Error("the bars are black")
	}
}

// TestTheTotalOfTheWallIsMadeOfTheCounts shows two groups with formulas of their own. Their service
// levels are 50 and 100 %, and 75 of 100 visits that count were in time.
func TestTheTotalOfTheWallIsMadeOfTheCounts(t *testing.T) {
	w := inWorld(t)
	p := newPage(t, w)
	p.login("boss")
	p.open("/ui/wall")
	p.evaluate(`import("/ui/web/js/walltotal.js").then(({ Total }) => {
		const group = (level_in, level_of, answered, wait_answered_ms) => {
			const figures = { level_in, level_of, answered, wait_answered_ms, abandoned: 3 };
			const recent = { ...figures, level_in: 0, level_of: 0 };
			return { waiting: 2, waiting_since: 1000, today: figures, recent };
		};
		const total = new Total();
		total.show([group(25, 50, 40, 80000), group(50, 50, 60, 420000)], new Map(), 31000);
		window.shown = ["waiting", "longest", "today", "recent", "answered", "abandoned", "speed"]
			.map((name) => total.figures[name].value.textContent).join(" ");
	})`)
	p.see(`window.shown`)
	if got := p.value(`window.shown`); got != "4 0:30 75 – 100 6 0:05" {
		t.Errorf("the total shows %s", got)
	}
}

// mixed are the texts of pictures that run into each other, out of the window or out of their span.
const mixed = `(() => {
	const texts = [...document.querySelectorAll(".chart text, .chart tspan")];
	const spans = [...document.querySelectorAll(".chart .span-text")];
	const box = e => {
		const range = document.createRange();
		range.selectNodeContents(e.firstChild);
		return range.getBoundingClientRect();
	};
	const meets = (a, b) => a.left < b.right && b.left < a.right && a.top < b.bottom - 4 && b.top < a.bottom - 4;
	return [
		...texts.filter(t => box(t).left < 0 || box(t).right > innerWidth),
		...texts.filter((t, i) => texts.slice(i + 1).some(other => meets(box(t), box(other)))),
		...spans.filter(s => box(s).width > s.previousElementSibling.getBoundingClientRect().width),
	].map(e => e.textContent);
})()`

// canBeRead fails the test if texts of the pictures run into each other, in the usual types.
func (p *page) canBeRead() {
	p.t.Helper()
	for _, face := range faces[:3] {
		p.wear(face)
		if got := p.finds(mixed); got != "[]" {
			p.t.Errorf("%s in type %s: these run into something: %s", p.value(`location.href`), face.name, got)
		}
		if folder := os.Getenv("SHOTS"); folder != "" {
			p.shoot(filepath.Join(folder, fmt.Sprintf("picture-%d-%s.png", time.Now().Unix(), face.name)))
		}
	}
	p.wear(faces[0])
}
