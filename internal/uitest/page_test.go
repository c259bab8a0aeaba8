package uitest

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

const (
	pageLimit   = 2 * time.Minute  // for all that a test does with a page
	seeLimit    = 40 * time.Second // for something that should appear
	reloadAfter = 2 * time.Second  // for something that the next look at a page may show
	lookEvery   = 50 * time.Millisecond
)

// page is one tab of the browser, with cookies of its own. What the browser complains about is a
// failure of the test: an error on the console, an exception, a violation of the page's policy.
type page struct {
	t     *testing.T
	world *world
	ctx   context.Context

	mu       sync.Mutex
	troubles []string
	expected []string // parts of troubles that are no failures
}

func newPage(t *testing.T, w *world, expected ...string) *page {
	t.Helper()
	tab, closeTab := chromedp.NewContext(chrome, chromedp.WithNewBrowserContext())
	p := &page{t: t, world: w, expected: expected}
	messages := chromedp.Console(tab)
	var listening sync.WaitGroup
	listening.Go(func() { // ends with the tab
		for m, err := range messages {
			if err != nil {
				return
			}
			p.hear(m)
		}
	})
	t.Cleanup(func() { closeTab(); listening.Wait() })
	ctx, stop := context.WithTimeout(tab, pageLimit)
	t.Cleanup(stop)
	p.ctx = ctx
	p.speak("en")
	t.Cleanup(p.complain)
	return p
}

// speak makes the browser prefer a language.
func (p *page) speak(language string) {
	p.t.Helper()
	headers := network.SetExtraHTTPHeadersParams{Headers: network.Headers{"Accept-Language": language}}
	if _, err := chromedp.Call(p.ctx, network.SetExtraHTTPHeaders, headers); err != nil {
		p.t.Fatal(err)
	}
}

func (p *page) hear(m chromedp.ConsoleMessage) {
	if m.Type == chromedp.ConsoleError || m.Type == chromedp.ConsoleException || m.Source == "security" {
		p.note(fmt.Sprintf("%s %s: %s (%s)", m.Type, m.Source, m.Text, m.URL))
	}
}

func (p *page) note(trouble string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if strings.Contains(trouble, "/favicon.ico") {
		return // the browser looks for it once, for a picture that is opened by itself
	}
	for _, part := range p.expected {
		if strings.Contains(trouble, part) {
			return
		}
	}
	p.troubles = append(p.troubles, trouble)
}

// complain fails the test if the browser has complained.
func (p *page) complain() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, trouble := range p.troubles {
		p.t.Errorf("the browser says %s", trouble)
	}
	if p.t.Failed() && p.ctx.Err() == nil {
		p.shoot(filepath.Join(os.TempDir(), strings.ReplaceAll(p.t.Name(), "/", "_")+".png"))
	}
}

func (p *page) run(steps ...chromedp.Action[chromedp.Void]) {
	p.t.Helper()
	if err := chromedp.Do(p.ctx, steps...); err != nil {
		p.t.Fatalf("%v; the page shows:\n%s", err, p.text())
	}
}

func (p *page) open(path string) {
	p.t.Helper()
	p.goTo(p.world.url(path))
}

// goTo opens an address.
func (p *page) goTo(url string) {
	p.t.Helper()
	p.run(chromedp.Navigate(url))
}

// evaluate runs a script in the page.
func (p *page) evaluate(script string) {
	p.t.Helper()
	p.run(chromedp.Evaluate[chromedp.Void](script))
}

// login begins a session, without a page of the console. That takes a fraction of a form's time.
func (p *page) login(user string) {
	p.t.Helper()
	p.open("/ui/web/icon.svg")
	p.evaluate(`fetch("/ui/login", { method: "POST", body: new URLSearchParams({ name: ` + quote(user) +
		`, password: ` + quote(userPassword) + ` }) }).then(answer => window.loggedIn = answer.ok)`)
	p.see(`window.loggedIn`)
}

// loginAs logs in on the login page, and waits for the next page.
func (p *page) loginAs(user, password string) {
	p.t.Helper()
	p.open("/ui/login")
	p.run(chromedp.SendKeys(chromedp.CSS(`input[name=name]`), user),
		chromedp.SendKeys(chromedp.CSS(`input[name=password]`), password+kb.Enter))
	p.see(`!location.pathname.startsWith("/ui/login")`)
}

// see waits until the expression is true in the page.
func (p *page) see(expression string) {
	p.t.Helper()
	if !p.comes(expression, seeLimit) {
		p.t.Fatalf("never true: %s\nThe page %s shows:\n%s", expression, p.value(`location.href`), p.text())
	}
}

// openUntil opens a page that does not follow the floor, until the expression is true in it.
func (p *page) openUntil(path, expression string) {
	p.t.Helper()
	for end := time.Now().Add(seeLimit); time.Now().Before(end); {
		p.open(path)
		if p.comes(expression, reloadAfter) {
			return
		}
	}
	p.t.Fatalf("never true: %s\nThe page %s shows:\n%s", expression, path, p.text())
}

// comes reports whether the expression becomes true in that time.
func (p *page) comes(expression string, limit time.Duration) bool {
	for end := time.Now().Add(limit); time.Now().Before(end); time.Sleep(lookEvery) {
		if is, err := chromedp.Run(p.ctx, chromedp.Evaluate[bool]("Boolean("+expression+")")); err == nil && is {
			return true
		}
	}
	return false
}

// shows waits until the page shows the text.
func (p *page) shows(text string) {
	p.t.Helper()
	p.see(`document.body.innerText.includes(` + quote(text) + `)`)
}

// hides waits until the page does not show the text.
func (p *page) hides(text string) {
	p.t.Helper()
	p.see(`!document.body.innerText.includes(` + quote(text) + `)`)
}

// value returns the value of an expression as text.
func (p *page) value(expression string) string {
	value, err := chromedp.Run(p.ctx, chromedp.Evaluate[any](expression))
	if err != nil {
		return err.Error()
	}
	return fmt.Sprint(value)
}

// restLimit is how long a page may take to lay out what it was given.
const restLimit = 5 * time.Second

// finds returns the list, as JSON, that the expression is when the page has come to rest. That is
// so as soon as the list is empty.
func (p *page) finds(expression string) string {
	p.comes("!("+expression+").length", restLimit)
	return p.value("JSON.stringify(" + expression + ")")
}

// text returns what the page shows.
func (p *page) text() string { return p.value(`document.body ? document.body.innerText : ""`) }

// press presses keys, one after another.
func (p *page) press(keys ...string) {
	p.t.Helper()
	for _, key := range keys {
		p.run(chromedp.KeyEvent(key))
	}
}

// tabTo presses the tab key until the focused element fits the selector.
func (p *page) tabTo(selector string) {
	p.t.Helper()
	for range 80 {
		if p.value(`document.activeElement.matches(`+quote(selector)+`)`) == "true" {
			return
		}
		p.press(kb.Tab)
	}
	p.t.Fatalf("the tab key does not lead to %s on %s", selector, p.value(`location.href`))
}

// resize makes the window so large.
func (p *page) resize(width, height int64) {
	p.t.Helper()
	p.run(chromedp.EmulateViewport(width, height))
}

// shoot writes a screenshot.
func (p *page) shoot(file string) {
	png, err := chromedp.Run(p.ctx, chromedp.CaptureScreenshot())
	if err != nil {
		p.t.Log(err)
		return
	}
	if err := os.WriteFile(file, png, 0o644); err != nil {
		p.t.Error(err)
	}
}

func quote(text string) string {
	quoted, _ := json.Marshal(text) // a text always has a JSON form
	return string(quoted)
}
