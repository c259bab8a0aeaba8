package uitest

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp/kb"
)

// TestASupervisorMovesACallerAndTheStoryTellsIt follows one call: it waits in a group, is moved to
// another one, is transferred from one agent to the next, and is ended by the supervisor.
func TestASupervisorMovesACallerAndTheStoryTellsIt(t *testing.T) {
	w := inWorld(t)
	w.pause("1000", "1001", "1002", "1003")
	const number = "13900000555"
	call := w.call(number, "Zhao Liu", "110")
	p := newPage(t, w, refused)
	p.login("boss")
	p.open("/ui/desk")
	p.choose(number, "Move to a group")
	p.option("120")
	p.answer(nil)
	p.shows("Done: Zhao Liu")
	p.see(rowWith(number) + `.innerText.includes("120")`)
	p.choose(number, "Transfer to an agent")
	p.option("1002")
	p.answer(nil) // the agent is paused
	p.shows("Not done: The agent is not available.")
	w.do("nway_login 1003 120")
	p.see(rowWith("1003") + `.querySelector("[data-state=talking]")`)
	p.see(`!document.querySelector(".t-callers .rows").innerText.includes("` + number + `")`) // the talk has begun
	p.choose("1003", "Transfer to an agent")
	p.see(dialog)
	p.press(kb.Escape)
	p.done()
	w.do("nway_ready 1002")
	p.choose("1003", "Transfer to an agent")
	p.option("1002")
	p.answer(nil)
	p.see(rowWith("1002") + `.querySelector("[data-state=talking]")`)
	p.choose("1002", "Hang up")
	p.answer(nil)
	p.see("!" + rowWith("1002") + `.querySelector("[data-state=talking]")`)
	<-call.Done()

	w.hasRecords(number, 2)
	p.open("/ui/records?caller=" + number)
	p.see(`document.querySelectorAll("tbody tr").length === 2`)
	p.see(ofGroup120 + ` > 1`) // a cell, and a choice
	p.click("tbody a", "")
	p.tellsTheStory()
	p.canBeRead()
	p.fits()
	newPage(t, w, refused).findsItsPart(number)
}

// hasRecords waits until the database has that many visits of a caller.
func (w *world) hasRecords(number string, visits int) {
	w.t.Helper()
	n := 0
	for end := time.Now().Add(seeLimit); n != visits; time.Sleep(lookEvery) {
		const count = `SELECT count(*) FROM nwayacd_cdr WHERE caller = $1`
		w.must(w.db.QueryRowContext(w.t.Context(), count, number).Scan(&n))
		if time.Now().After(end) {
			w.t.Fatalf("%d visits of %s", n, number)
		}
	}
}

// findsItsPart looks for a call as the supervisor of group 110, which the call left for 120.
func (p *page) findsItsPart(number string) {
	p.t.Helper()
	p.login("sup")
	p.open("/ui/records?caller=" + number)
	p.see(`document.querySelectorAll("tbody tr").length === 1 && document.querySelector("datalist option")`)
	const choices = `[...document.querySelectorAll("datalist option")].map(o => o.value).join()`
	if groups := p.value(choices); groups != "110" {
		p.t.Errorf("a supervisor of 110 can choose %s", groups)
	}
	if row := p.value(`[...document.querySelectorAll("tbody td")].map(c => c.innerText)[2]`); row != "110" {
		p.t.Errorf("a supervisor of 110 finds a call of %s", row)
	}
	p.click("tbody a", "")
	p.see(`document.querySelectorAll(".story .lane-title").length === 1`)
	if lanes := p.text(); strings.Contains(lanes, "1003") || strings.Contains(lanes, "Group 120") {
		p.t.Errorf("a supervisor of 110 sees of another group:\n%s", lanes)
	}
	p.open("/ui/records?call=of-nobody")
	p.shows("There is no record of this call")
	p.open("/ui/records?group=120")
	p.see(`document.querySelector(".section-body .nothing")`)
}

// tellsTheStory compares the story on the page with the records of the API.
func (p *page) tellsTheStory() {
	p.t.Helper()
	p.see(`document.querySelector(".story .chart")`)
	p.evaluate(`(async () => {
		const uuid = new URLSearchParams(location.search).get("call");
		const get = async (path) => (await (await fetch("/api/v1" + path)).json()).items;
		window.stored = { visits: await get("/cdrs?uuid=" + uuid), offers: await get("/calls/" + uuid + "/offers") };
	})()`)
	p.see(`window.stored`)
	const tables = `[...document.querySelectorAll(".story tbody")]
		.map(t => [...t.rows].map(r => [...r.cells].map(c => c.innerText)))`
	for what, expression := range map[string]string{
		"visits": `shown[0].map(r => r[1]).join() === "110,120" && stored.visits.length === 2`,
		"ends":   `shown[0].map(r => r[7]).join() === "Moved,Transferred"`,
		"offers": `shown[1].map(r => r[0]).join() === stored.offers.map(o => o.agent).join()`,
		"lanes": `document.querySelectorAll(".story .lane-title").length ===
			stored.visits.length + stored.offers.length`,
		"answer": `new Date(stored.visits[0].answered) < new Date(stored.visits[0].bridged) &&
			shown[0][1][3].endsWith(stored.visits[0].answered.slice(14, 19))`,
		"hanger": `shown[0][1][8] === "supervisor"`,
		"talk":   `document.querySelectorAll(".story rect.span-talk > title").length === 1`,
	} {
		if got := p.value(`(shown => ` + expression + `)(` + tables + `)`); got != "true" {
			p.t.Errorf("%s of the story: %s\n%s\n%s", what, got, p.value(`JSON.stringify(`+tables+`)`),
				p.value(`JSON.stringify(stored)`))
		}
	}
}

// fits fails the test if the page is wider than the window.
func (p *page) fits() {
	p.t.Helper()
	if p.value(`document.documentElement.scrollWidth <= innerWidth`) != "true" {
		p.t.Error(fmt.Sprint("the page is too wide: ", p.value(`location.href`)))
	}
}
