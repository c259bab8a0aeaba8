package uitest

import (
	"encoding/json"
	"fmt"
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
