package uitest

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// The browser notes these on its console although all is well. A page may ask for something that
// its session does not allow, or the test stops the server.
const (
	refused = "status of 4"
	noReply = "net::ERR_"
)

// pages are the pages of the console, and the roles that have them.
var pages = []struct{ path, roles string }{
	{"/ui/wall", "boss sup reader screen 1000"},
	{"/ui/desk", "boss sup reader"},
	{"/ui/agent", "1000"},
	{"/ui/admin", "boss"},
	{"/ui/records", "boss sup reader"},
	{"/ui/reports", "boss sup reader"},
}

// TestWhatTheBrowserSaysIsNoticed shows that the other tests fail at a violation of the policy, at
// an exception, and at an error on the console.
func TestWhatTheBrowserSaysIsNoticed(t *testing.T) {
	bad := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/own.js" {
			w.Header().Set("Content-Type", "text/javascript")
			io.WriteString(w, `console.error("a line"); document.body.dataset.done = 1;
				throw new Error("an exception")`)
			return
		}
		w.Header().Set("Content-Security-Policy", "default-src 'none'; script-src 'self'; img-src 'self'")
		io.WriteString(w, `<!doctype html><link rel=icon href="data:,"><body onclick="x()"><script>inline()</script>
			<script src="/own.js"></script>`)
	}))
	defer bad.Close()
	p := newPage(t, nil)
	p.goTo(bad.URL)
	p.see(`document.body.dataset.done`)
	heard := ""
	for end := time.Now().Add(seeLimit); time.Now().Before(end); time.Sleep(lookEvery) {
		p.mu.Lock()
		heard = strings.Join(p.troubles, "\n")
		p.mu.Unlock()
		if strings.Contains(heard, "a line") && strings.Contains(heard, "an exception") &&
			strings.Contains(heard, "Content Security Policy") {
			p.troubles = nil
			return
		}
	}
	t.Errorf("heard only: %s", heard)
}

func TestLogInAndOut(t *testing.T) {
	w := inWorld(t)
	p := newPage(t, w, refused)
	p.open("/ui/")
	p.see(`location.pathname === "/ui/login"`)
	p.run(chromedp.SendKeys(chromedp.CSS(`input[name=name]`), "sup"),
		chromedp.SendKeys(chromedp.CSS(`input[name=password]`), "wrong-password"+kb.Enter))
	p.see(`document.querySelector("[role=alert]")`)
	p.loginAs("sup", userPassword)
	p.see(`document.getElementById("live")?.dataset.state === "live"`)
	p.run(chromedp.Evaluate[chromedp.Void](`document.querySelector('form[action="/ui/logout"]').requestSubmit()`))
	p.see(`location.pathname === "/ui/login"`)
	p.open("/ui/desk")
	p.see(`location.pathname === "/ui/login"`)
}

func TestEachRoleHasItsPages(t *testing.T) {
	w := inWorld(t)
	for _, user := range []string{"boss", "sup", "reader", "screen", "1000"} {
		t.Run(user, func(t *testing.T) {
			w.t = t
			p := newPage(t, w, refused)
			p.login(user)
			p.open("/ui/")
			for _, page := range pages {
				has := strings.Contains(" "+page.roles+" ", " "+user+" ")
				p.evaluate(`fetch("` + page.path + `").then(r => window.answered = r.url + " " + r.status)`)
				p.see(`window.answered?.includes("` + page.path + ` ")`)
				if status := p.value(`answered.split(" ")[1]`); (status == "200") != has {
					t.Errorf("%s gets %s on %s", user, status, page.path)
				}
				linked := p.value(`Boolean(document.querySelector('nav a[href="` + page.path + `"], .wall'))`)
				if has && linked != "true" {
					t.Errorf("%s is not in the menu of %s", page.path, user)
				}
			}
		})
	}
}

func TestLiveRowsMove(t *testing.T) {
	w := inWorld(t)
	desk, wall := newPage(t, w), newPage(t, w)
	desk.login("sup")
	desk.open("/ui/desk")
	wall.login("screen")
	wall.open("/ui/wall")
	wall.shows("110")
	w.pause("1000", "1001", "1002")
	call := w.call("13900000001", "Li Lei", "110")
	defer call.Hangup()
	desk.shows("13900000001")
	desk.shows("Li Lei")
	if strings.Contains(wall.text(), "13900000001") {
		t.Error("the wall shows the number of a caller")
	}
	hidden := w.call("13900000002", "Han Mei", "120")
	defer hidden.Hangup()
	w.do("nway_ready 1000")
	desk.see(`[...document.querySelectorAll("tr, li, article, section")].some(row =>
		row.innerText.includes("1000") && row.innerText.includes("13900000001"))`)
	if strings.Contains(desk.text(), "13900000002") {
		t.Error("the desk shows the caller of another group")
	}
	call.Hangup()
	desk.hides("13900000001")
}

func TestTheConsoleSaysThatItIsStaleAndComesBackAfterAKill(t *testing.T) {
	w := inWorld(t)
	p := newPage(t, w, noReply, refused)
	p.login("sup")
	p.open("/ui/desk")
	live := `document.getElementById("live").dataset.state`
	p.see(live + ` === "live"`)
	w.process.Kill()
	p.see(live + ` !== "live" && document.body.classList.contains("is-stale")`)
	w.start()
	if !p.comes(live+` === "live"`, 30*time.Second) {
		t.Fatalf("after the restart the page says %s:\n%s", p.value(live), p.text())
	}
	if at := p.value(`location.pathname`); at != "/ui/desk" {
		t.Errorf("the kill has logged out: the page is %s", at)
	}
	w.pause("1000", "1001", "1002")
	call := w.call("13900000003", "After", "110")
	defer call.Hangup()
	p.shows("13900000003")
}

func TestAChangeBySQLAppears(t *testing.T) {
	w := inWorld(t)
	p := newPage(t, w)
	p.login("boss")
	p.open("/ui/wall")
	p.shows("110")
	name := fmt.Sprint("By SQL ", time.Now().Unix())
	_, err := w.db.ExecContext(t.Context(), `UPDATE ext_group SET group_name = $1 WHERE group_number = '110'`, name)
	if err != nil {
		t.Fatal(err)
	}
	p.shows(name)
}

// strangers are names as somebody who means harm would choose them.
var strangers = []string{
	`<img src=x onerror="window.pwned=1">`, `<script>window.pwned=1</script>`, `"><svg onload=window.pwned=1>`,
	`javascript:window.pwned=1`, `{{constructor.constructor('window.pwned=1')()}}`,
}

func TestNothingOfAStrangerRuns(t *testing.T) {
	w := inWorld(t)
	boss, agent := newPage(t, w), newPage(t, w)
	boss.login("boss")
	agent.login("1000")
	w.do(`nway_set_reason evil <img/src=x/onerror=window.pwned=1> unpaid active 9`)
	defer w.do("nway_rm_reason evil")
	w.pause("1000 evil", "1001 evil", "1002")
	for i, name := range strangers {
		call := w.call(fmt.Sprintf("1390000010%d", i), name, "110")
		defer call.Hangup()
	}
	for i, query := range []string{
		`UPDATE call_extension SET extension_name = $1 WHERE extension_number = '1001'`,
		`UPDATE ext_group SET group_name = $1 WHERE group_number = '120'`,
	} {
		if _, err := w.db.ExecContext(t.Context(), query, strangers[i]); err != nil {
			t.Fatal(err)
		}
	}
	defer w.db.ExecContext(t.Context(), `UPDATE ext_group SET group_name = 'Support' WHERE group_number = '120'`)
	for _, page := range pages {
		if strings.Contains(page.roles, "boss") {
			boss.open(page.path)
		}
		boss.see(filled)
		if page.path == "/ui/desk" {
			boss.shows(`<img src=x onerror=`)
			boss.shows(strangers[1])
			boss.shows(`<img/src=x/onerror=`)
		}
		boss.isClean()
	}
	agent.open("/ui/agent")
	agent.shows(`<img/src=x/onerror=`)
	agent.isClean()
}

// isClean fails the test if a stranger's text has run, or has become an element of the page. It
// looks after an image of the test's own has failed to load, as those of the strangers would.
func (p *page) isClean() {
	p.t.Helper()
	p.evaluate(`(image => {
		image.onerror = () => requestAnimationFrame(() => window.probed = 1);
		image.src = "";
	})(new Image())`)
	p.see(`window.probed`)
	if got := p.value(`String(window.pwned)`); got != "undefined" {
		p.t.Errorf("a stranger's text has run on %s", p.value(`location.href`))
	}
	if n := p.value(`document.querySelectorAll("img[src=x], svg[onload], script:not([src])").length`); n != "0" {
		p.t.Errorf("a stranger's text became %s elements on %s", n, p.value(`location.href`))
	}
}

func TestBothLanguagesAreComplete(t *testing.T) {
	w := inWorld(t)
	for _, user := range []string{"boss", "1000"} {
		for _, language := range []string{"en", "zh"} {
			t.Run(user+" "+language, func(t *testing.T) {
				w.t = t
				p := newPage(t, w)
				p.speak(language)
				p.login(user)
				for _, page := range pages {
					if strings.Contains(" "+page.roles+" ", " "+user+" ") {
						p.readAll(page.path, language)
					}
				}
				if user == "boss" {
					p.saysWhatFails(language)
				}
			})
		}
	}
}

// filled tells whether a page has the rows that it begins with.
const filled = `document.querySelector(
	".tile .value, .t-agents .rows .row, .own:not([hidden]), .section-body table, .section-body .nothing")`

// readAll opens a page and checks that its words are there, in the language.
func (p *page) readAll(path, language string) {
	p.t.Helper()
	p.open(path)
	// The live rows have come, or what the page has asked for.
	p.see(filled)
	text := p.text()
	if p.value(`Boolean(document.querySelector("nav a[aria-current=page], .wall"))`) != "true" {
		p.t.Errorf("%s does not mark itself in the menu", path)
	}
	for _, hole := range []string{"undefined", "NaN", "[object", "{{", "<no value>", "%!"} {
		if strings.Contains(text, hole) {
			p.t.Errorf("%s in %s shows %q:\n%s", path, language, hole, text)
		}
	}
	chinese := strings.ContainsFunc(text, func(r rune) bool { return r >= 0x4e00 && r <= 0x9fff })
	if lang := p.value(`document.documentElement.lang`); !strings.HasPrefix(lang, language) ||
		language == "zh" && !chinese {
		p.t.Errorf("%s in %s is in %q:\n%s", path, language, lang, text)
	}
}

// saysWhatFails shows notices of the server, with and without details. The details are English.
func (p *page) saysWhatFails(language string) {
	p.t.Helper()
	p.open("/ui/admin")
	p.see(filled)
	p.evaluate(`(async () => {
		const { server } = await import("/ui/web/js/adminserver.js");
		const asked = window.fetch, answer = (body) => Promise.resolve(Response.json(body));
		const notices = [{ word: "link", warning: false, text: "fs1: no <b>link" }, { word: "log", warning: true }];
		window.fetch = (url, how) => url === "/readyz" ? answer({ ok: false, notices }) : asked(url, how);
		const root = document.createElement("div");
		await server.show(root);
		window.notices = [...root.querySelectorAll(".notice")].map(n => n.className + " " + n.textContent).join("|");
	})()`)
	p.see(`window.notices`)
	want := map[string]string{
		"en": "notice alert A FreeSWITCH is not connected.fs1: no <b>link|notice warning The log cannot be written.",
		"zh": "notice alert 有 FreeSWITCH 未连接。fs1: no <b>link|notice warning 运行日志无法写入。",
	}[language]
	if got := p.value(`notices`); got != want {
		p.t.Errorf("%s: the notices are %s, want %s", language, got, want)
	}
}

func TestTheConsoleWorksByKeyboardAlone(t *testing.T) {
	w := inWorld(t)
	w.do("nway_ready 1000")
	p := newPage(t, w, refused)
	p.open("/ui/login")
	p.see(`document.activeElement.name === "name"`)
	p.press("1000", kb.Tab, userPassword, kb.Enter)
	p.see(`location.pathname === "/ui/agent"`)
	p.see(`document.getElementById("live")?.dataset.state === "live"`)
	p.press(kb.Tab)
	if p.value(`document.activeElement.matches("a.skip")`) != "true" {
		t.Errorf("the first stop of the tab key is %s", p.value(`document.activeElement.outerHTML`))
	}
	p.isSeen()
	p.tabTo(`#agent button.pause`)
	p.press(kb.Enter)
	p.see(`document.querySelector("#agent [data-state=busy]")`)
	w.sees("1000", `"seat_status":"busy"`)
	p.tabTo(`#agent button.main:not([hidden])`)
	p.press(kb.Enter)
	p.see(`document.querySelector("#agent [data-state=ready]")`)
	w.sees("1000", `"seat_status":"idle"`)
}

// TestTheAdministrationWorksByKeyboardAlone adds a reason and removes it. The tab key goes on from
// the section after each change.
func TestTheAdministrationWorksByKeyboardAlone(t *testing.T) {
	p := newPage(t, inWorld(t), refused)
	p.login("boss")
	p.open("/ui/admin")
	p.see(`document.querySelector("#sections a")`)
	p.tabTo(`#sections a[href$="s=reasons"]`)
	p.press(kb.Enter)
	p.see(rowWith("lunch"))
	p.tabTo(`.section-head button`)
	p.isSeen()
	p.press(kb.Enter)
	p.see(`document.activeElement.name === "code"`)
	p.press("walk", kb.Tab, "A walk", kb.Enter)
	p.see(rowWith("A walk"))
	p.see(`document.activeElement.id === "section"`)
	p.tabTo(`tbody tr:first-child td:last-child button`)
	p.isSeen()
	p.press(kb.Enter)
	p.see(`document.activeElement.innerText === "Cancel"`) // what cannot be undone is not the first choice
	p.press(kb.Tab, kb.Enter)
	p.see("!" + rowWith("A walk"))
}

// isSeen fails the test if one cannot see where the focus is.
func (p *page) isSeen() {
	p.t.Helper()
	seen := `(s => s.outlineStyle !== "none" || s.boxShadow !== "none")(getComputedStyle(document.activeElement))`
	if p.value(seen) != "true" {
		p.t.Errorf("the focus on %s cannot be seen", p.value(`document.activeElement.outerHTML`))
	}
}

func TestASupervisorActsOnARowOfTheDesk(t *testing.T) {
	w := inWorld(t)
	w.do("nway_ready 1002")
	p := newPage(t, w)
	p.login("sup")
	p.open("/ui/desk")
	row := `[...document.querySelectorAll(".rows .row")].find(row => row.innerText.includes("1002"))`
	p.see(row)
	p.evaluate(row + `.querySelector(".menu button").click()`)
	p.see(`document.querySelector("[role=menu]")`)
	p.evaluate(`[...document.querySelectorAll("[role=menuitem]")].find(b => b.innerText.startsWith("Pause")).click()`)
	p.see(`document.querySelector("dialog[open] button.main")`)
	p.evaluate(`document.querySelector("dialog button.main").click()`)
	w.sees("1002", `"seat_status":"busy"`)
	p.see(row + `.querySelector("[data-state=busy]")`)
}

func TestAReaderChangesNothing(t *testing.T) {
	w := inWorld(t)
	p := newPage(t, w, refused)
	p.login("reader")
	p.open("/ui/desk")
	p.see(`[...document.querySelectorAll(".row")].some(row => row.innerText.includes("1002"))`)
	if n := p.value(`document.querySelectorAll(".rows .menu button").length`); n != "0" {
		t.Errorf("a reader has %s menus of rows", n)
	}
	p.evaluate(`fetch("/api/v1/agents/1002/busy", {method: "POST"}).then(r => window.answered = r.status)`)
	p.see(`window.answered === 403`)
	w.fillReports()
	for _, path := range []string{"/ui/records", january + "&step=hour", january + "&by=agent"} {
		p.open(path)
		p.see(filled)
		if n := p.value(changing); n != "0" {
			t.Errorf("a reader has %s buttons beside the search on %s", n, path)
		}
		if n := p.value(ofGroup120); n != "0" {
			t.Errorf("a reader of 110 sees on %s:\n%s", path, p.text())
		}
	}
}

const (
	// changing counts what may change something on a page of records.
	changing = `document.querySelectorAll("main form:not(.search), main button:not(.search button)").length`
	// ofGroup120 counts cells and choices that are about group 120.
	ofGroup120 = `[...document.querySelectorAll("tbody td, datalist option")]
		.filter(e => /^120\b/.test(e.value ?? e.innerText)).length`
)

// pause makes agents busy.
func (w *world) pause(extensions ...string) {
	w.t.Helper()
	for _, extension := range extensions {
		w.do("nway_busy " + extension)
	}
}
