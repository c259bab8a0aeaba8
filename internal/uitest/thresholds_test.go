package uitest

import (
	"testing"

	"github.com/chromedp/chromedp/kb"
)

// TestASupervisorSetsTheWarningsOfAGroup goes from the group's row to its menu and its dialog, with
// the keyboard alone. The row has the new value without a reload.
func TestASupervisorSetsTheWarningsOfAGroup(t *testing.T) {
	w := inWorld(t)
	w.do("nway_set_group 110 alert_waiting 10")
	w.pause("1000", "1001", "1002")
	call := w.call("13900000004", "Waits", "110")
	defer call.Hangup()
	p := newPage(t, w)
	p.login("sup")
	p.open("/ui/desk")
	const row = `[...document.querySelectorAll(".t-groups .rows .row")].find(row => row.innerText.startsWith("110"))`
	p.see(row + `?.querySelector(".cell:nth-child(2)").innerText.trim() === "1"`)
	p.see(row + `.querySelector(".cell:nth-child(2)[data-level]") === null`)
	// The driver's Enter would also choose the first item, which a keyboard's does not.
	p.evaluate(row + `.dispatchEvent(new KeyboardEvent("keydown", { key: "Enter", bubbles: true, cancelable: true }))`)
	p.see(`document.activeElement.matches("[role=menuitem]")`)
	p.press(kb.ArrowDown, kb.Enter)
	p.see(`document.querySelectorAll("dialog[open] input").length === 4`)
	p.see(`document.querySelector("dialog input[name=alert_waiting]").value === "10"`)
	p.tabTo(`dialog input[name=alert_waiting]`)
	p.press("-1", kb.Enter) // the tab key has selected what was there
	p.see(`document.querySelector("dialog[open] .field-fault")`)
	p.evaluate(`document.querySelector("dialog input[name=alert_waiting]").select()`)
	p.press("1", kb.Enter)
	p.see(row + `.querySelector(".cell:nth-child(2)[data-level='2']")`)
	p.see(`document.querySelector(".toast:not(.bad)")`)
	w.do("nway_set_group 110 alert_waiting default")
}
