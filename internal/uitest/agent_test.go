package uitest

import (
	"testing"

	"github.com/chromedp/chromedp/kb"
)

// TestAnAgentWorksOnTheOwnPage is a part of an agent's day: a pause with a reason, and three calls
// of one caller. Then a wrap-up is made longer, and the agent logs out and in again.
func TestAnAgentWorksOnTheOwnPage(t *testing.T) {
	w := inWorld(t)
	w.pause("1001", "1002")
	w.do("nway_ready 1000")
	p := newPage(t, w, refused)
	p.login("1000")
	p.open("/ui/agent")
	const (
		state = `document.querySelector("#agent .own")?.dataset.state`
		note  = `document.querySelector(".own-note").innerText`
	)
	p.see(state + ` === "ready"`)
	p.click("button.pause", "Lunch")
	p.see(state + ` === "busy" && ` + note + ` === "Lunch"`)
	p.see(`document.querySelector("button.pause[aria-pressed=true]")?.innerText === "Lunch"`)
	p.click("button.main", "Ready")
	p.see(state + ` === "ready"`)

	for range 2 {
		call := w.call("13900000777", "Wang Wu", "110")
		p.see(state + ` === "talking"`)
		p.see(`document.querySelector(".caller-number").innerText === "13900000777"`)
		p.see(`document.querySelector(".caller-name").innerText === "Wang Wu"`)
		call.Hangup()
		p.see(state + ` === "typing" && ` + note + ` === "left of your wrap-up"`)
		p.click("button.main", "Ready")
		p.see(state + ` === "ready"`)
		p.see(`document.querySelector(".day b")?.innerText !== "0"`) // the record is written
	}
	call := w.call("13900000777", "Wang Wu", "110")
	p.see(state + ` === "talking"`)
	p.see(`document.querySelectorAll(".earlier tbody tr").length === 2`)
	p.see(`document.querySelector(".earlier tbody").innerText.includes("Answered")`)
	call.Hangup()
	p.see(state + ` === "typing"`)
	p.see(`document.querySelector(".caller h2").innerText === "Your last caller"`)
	p.see(`document.querySelector(".caller-number").innerText === "13900000777"`)
	left := `(t => t[0] * 60 + +t[1])(document.querySelector(".own-timer").innerText.split(":"))`
	p.see(left + ` > 30 && ` + left + ` <= 60`)
	p.click("button.big", "30 s more")
	p.see(left + ` > 60 && ` + left + ` <= 90`)
	p.click("button.main", "Ready")
	p.see(state + ` === "ready"`)
	p.see(`document.querySelector(".day b")?.innerText === "3"`)

	p.click("button", "Log out")
	p.see(state + ` === "down"`)
	p.shows("You are in no group.")
	p.click("button.main", "Log in")
	p.see(dialog + `?.querySelector("[name=groups]").value === "110"`)
	p.answer(fields{"groups": "110 999"})
	p.isRefused("There is no such group")
	p.answer(fields{"groups": "110"})
	p.see(state + ` === "ready"`)
	w.do("nway_set_ext 1000 allowed_groups 110,120")
	defer w.do("nway_set_ext 1000 allowed_groups default", "nway_login 1000 110")
	p.click("button", "Log out")
	p.click("button.main", "Log in")
	p.see(`[...` + dialog + `.querySelectorAll("[name=groups]")]
		.map(b => b.value + b.checked).join() === "110true,120false"`)
	p.fill("dialog[open]", fields{"groups": false})
	p.answer(nil)
	p.isRefused("Choose a group.")
	p.press(kb.Escape)
	p.done()
}
