package uitest

import "fmt"

// Parts of forms and menus of the console.
const (
	dialog      = `document.querySelector("dialog[open]")`
	dialogFault = `document.querySelector("dialog[open] [role=alert]:not([hidden])")`
)

// click clicks the first element that fits the selector and shows the text, as soon as it is there.
func (p *page) click(selector, text string) {
	p.t.Helper()
	found := fmt.Sprintf(`[...document.querySelectorAll(%s)].find(e => e.innerText.includes(%s))`,
		quote(selector), quote(text))
	p.see(found)
	p.evaluate(found + `.click()`)
}

// clickIn clicks the button with that text in the row of a table that shows the other text.
func (p *page) clickIn(row, text string) {
	p.t.Helper()
	found := rowWith(row)
	p.see(found)
	p.evaluate(found + `.scrollIntoView()`)
	p.evaluate(fmt.Sprintf(`[...%s.querySelectorAll("button")].find(b => b.innerText === %s).click()`,
		found, quote(text)))
}

// rowWith is an expression for the row of a table that shows the text.
func rowWith(text string) string {
	return fmt.Sprintf(`[...document.querySelectorAll("tbody tr, .rows .row")].find(r => r.innerText.includes(%s))`,
		quote(text))
}

// fill gives fields of the open form their values: true and false tick, other values are text.
func (p *page) fill(form string, values map[string]any) {
	p.t.Helper()
	for name, value := range values {
		field := fmt.Sprintf(`document.querySelector(%s)`, quote(form+" [name="+quote(name)+"]"))
		p.see(field)
		property := "value"
		if _, flag := value.(bool); flag {
			property = "checked"
		}
		p.evaluate(fmt.Sprintf(`%s.%s = %s`, field, property, quote(fmt.Sprint(value))))
		if value == false {
			p.evaluate(field + `.checked = false`)
		}
	}
}

// answer fills the open dialog and submits it.
func (p *page) answer(values map[string]any) {
	p.t.Helper()
	p.see(dialog)
	p.fill("dialog[open]", values)
	p.evaluate(dialog + `.querySelector("button.main, button.danger").click()`)
}

// done waits until the dialog has closed.
func (p *page) done() {
	p.t.Helper()
	p.see("!" + dialog)
}

// isRefused waits until the dialog says why the order was refused. It stays open.
func (p *page) isRefused(why string) {
	p.t.Helper()
	p.see(fmt.Sprintf(`%s?.innerText.includes(%s)`, dialogFault, quote(why)))
}

// choose opens the menu of a row of the desk, and chooses an item.
func (p *page) choose(row, item string) {
	p.t.Helper()
	found := rowWith(row)
	p.see(found)
	p.evaluate(found + `.querySelector(".menu button").click()`)
	p.click("[role=menuitem]", item)
}

// option chooses the option with that text in the open dialog.
func (p *page) option(text string) {
	p.t.Helper()
	p.see(fmt.Sprintf(`[...%s.querySelectorAll("option")].some(o => o.text.includes(%s))`, dialog, quote(text)))
	p.evaluate(fmt.Sprintf(`[...%s.querySelectorAll("option")].find(o => o.text.includes(%s)).selected = true`,
		dialog, quote(text)))
}
