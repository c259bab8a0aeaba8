package e2e

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// hostileTexts are written where a name, a number or a file is expected. CANARY is a file that must
// not come into existence.
var hostileTexts = map[string]string{
	"a line break":           "x\r\n\r\napi system touch CANARY\r\n\r\n",
	"an expansion":           "${system(touch CANARY)}",
	"a doubled expansion":    "$${system(touch CANARY)}",
	"another application":    "9 async full',system:touch CANARY,'",
	"SQL":                    "'; DROP TABLE nwayacd_cdr; --",
	"SQL of another quote":   `x" OR "1"="1`,
	"quotes":                 `'"'"`,
	"commas":                 "a,b='c',origination_uuid=x",
	"braces":                 "1}loopback/666/agents &system(touch CANARY){x=1",
	"a second call":          "1:_:loopback/666/agents",
	"separators":             "1;nway_acd=999|2^^:3",
	"an escaped line break":  "%0D%0A%0D%0Aapi system touch CANARY",
	"a path":                 "../../../../CANARY",
	"markup":                 `</user><user id="666"/>&amp;<!--`,
	"a right-to-left letter": "1\u202e000",
	"much":                   strings.Repeat("7", 3000),
}

// texts are the hostile ones for this situation.
func texts(canary string) map[string]string {
	all := map[string]string{}
	for what, text := range hostileTexts {
		all[what] = strings.ReplaceAll(text, "CANARY", canary)
	}
	return all
}

func TestHostileTextsOfCommandsAreRefusedOrKeptAsText(t *testing.T) {
	onBoth(t, floor{agents: []agentRow{{name: "anna"}}}, func(t *testing.T, w *world) {
		canary := filepath.Join(t.TempDir(), "canary")
		uuid := "5fa9" // of no channel
		ways := []string{
			"nway_login %s 110", "nway_login " + w.ext["anna"] + " %s", "nway_logout %s", "nway_busy %s",
			"nway_ready %s", "nway_add_ext %s x", "nway_rm_ext %s", "nway_set_ext_jobnumber %s 1 true",
			"nway_set_ext_jobnumber " + w.ext["anna"] + " %s true", "nway_set_reged_ext %s", "nway_add_group %s 0",
			"nway_add_group 119 %s", "nway_rm_group %s", "nway_set_ring_group %s a b c d", "nwayacd %s 110",
			"nwayacd " + uuid + " %s", "nwayacd_transfer %s " + w.ext["anna"], "nwayacd_transfer " + uuid + " %s",
			"nway_uuid_hold %s", "nway_uuid_unhold %s", "nway_threeway %s 1 gw", "nway_threeway " + uuid + " %s gw",
			"nway_threeway " + uuid + " 1 %s", "%s",
		}
		for what, text := range texts(canary) {
			line := strings.NewReplacer("\r", "", "\n", " ").Replace(text) // the client refuses line breaks itself
			for _, way := range ways {
				for _, quoted := range []string{line, "'" + line + "'", `"` + line + `"`} {
					if reply := w.srv.command(strings.Replace(way, "%s", quoted, 1)); strings.HasPrefix(reply, "+OK") {
						t.Errorf("%s in %q: %s", what, way, reply)
					}
				}
			}
			w.prompts(what, text)
		}
		w.isUnharmed(canary)
	})
}

// prompts gives group 110 a hostile prompt over HTTP. It is kept letter by letter, or refused.
func (w *world) prompts(what, text string) {
	w.t.Helper()
	status := w.patch("/api/v1/groups/"+group+"/prompts", map[string]string{"welcome": text})
	kept := w.db.row("SELECT welcome_ring FROM ext_group WHERE group_number = ?", group)[0]
	switch {
	case status == http.StatusOK:
		eventually(w.t, patience, what+" as a prompt is in the database as it was given", func() bool {
			return w.db.row("SELECT welcome_ring FROM ext_group WHERE group_number = ?", group)[0] == text
		})
		if strings.Contains(text, "${") || strings.ContainsAny(text, "\r\n") {
			w.t.Errorf("%s was taken as a prompt", what)
		}
	case status != http.StatusUnprocessableEntity:
		w.t.Errorf("%s as a prompt: %d", what, status)
	case kept == text:
		w.t.Errorf("%s as a prompt was refused, and is in the database", what)
	}
	for _, way := range []string{"/api/v1/blacklist/", "/api/v1/vips/", "/api/v1/groups/", "/api/v1/agents/"} {
		answer, err := http.Get("http://" + w.srv.HTTP + way + url.PathEscape(text))
		if err != nil {
			w.t.Fatal(err)
		}
		answer.Body.Close()
		if answer.StatusCode == http.StatusOK || answer.StatusCode >= http.StatusInternalServerError {
			w.t.Errorf("%s in %s: %s", what, way, answer.Status)
		}
	}
}

func (w *world) patch(path string, body any) (status int) {
	w.t.Helper()
	text, err := json.Marshal(body)
	if err != nil {
		w.t.Fatal(err)
	}
	r, err := http.NewRequestWithContext(w.t.Context(), http.MethodPatch, "http://"+w.srv.HTTP+path,
		bytes.NewReader(text))
	if err != nil {
		w.t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/json")
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		w.t.Fatal(err)
	}
	defer answer.Body.Close()
	io.Copy(io.Discard, answer.Body)
	return answer.StatusCode
}

// isUnharmed checks that no program ran, no call was made and no table is gone.
func (w *world) isUnharmed(canary string) {
	w.t.Helper()
	if _, err := os.Stat(canary); err == nil {
		w.t.Error("a program ran on the host")
	}
	if stray := w.ear.find(func(ch *channel) bool { return ch.dest == "666" }); stray != nil {
		w.t.Errorf("a call was made to 666: %+v", stray)
	}
	for _, ch := range w.channels() {
		if ch["dest"] == "666" {
			w.t.Errorf("a call was made to 666: %v", ch)
		}
	}
	w.db.rows("SELECT call_uuid FROM nwayacd_cdr") // fails without the table
}

// Rows that another program wrote. Each hostile text is in every column of a group and an agent of
// its own, and a caller gets that agent.
func TestHostileTextsInTheDatabaseDoNothing(t *testing.T) {
	dir := t.TempDir()
	canary := filepath.Join(dir, "canary")
	all := texts(canary)
	var kinds []string
	for what, text := range all {
		if len(text) <= 255 { // the columns' lengths
			kinds = append(kinds, what)
		}
	}
	slices.Sort(kinds)
	f := floor{config: settings{"prompts.jn-0": `"silence_stream://20"`}}
	for digit := 1; digit <= 9; digit++ {
		f.config[fmt.Sprintf("prompts.jn-%d", digit)] = `"silence_stream://20"`
	}
	for n, what := range kinds {
		text, number := all[what], fmt.Sprint(300+n)
		f.groups = append(f.groups,
			groupRow{number: number, welcome: text, transfer: text, blacklist: text, busy: text})
		f.agents = append(f.agents, agentRow{name: "agent " + number, groups: number, set: map[string]string{
			"extension_name": cut(text, 50), "job_number": cut("1"+text, 40), "say_job_number": "1",
			"callout_number": cut(text, 20), "server_ip": cut(text, 40), "is_record": "0", "call_state": "ready",
		}})
		f.rows = append(f.rows,
			row{
				"INSERT INTO call_blacklist (call_number, category, group_number) VALUES (?, '0', '')",
				[]string{cut("x"+text, 50)},
			},
			row{
				"INSERT INTO call_vip_number (phone_number, group_number) VALUES (?, ?)",
				[]string{cut("x"+text, 50), cut("x"+text, 20)},
			},
			row{
				"INSERT INTO ext_group (group_number, group_call_mode, group_callout_timeout) VALUES (?, 0, 15)",
				[]string{cut("x"+text, 40)},
			})
	}
	onBoth(t, f, func(t *testing.T, w *world) {
		for n, what := range kinds {
			number := fmt.Sprint(300 + n)
			c := w.dials(what, number)
			c.talksTo("agent " + number)
			for _, heard := range c.heard() {
				if strings.Contains(heard, "${") {
					t.Errorf("%s: %q was to be expanded", what, heard)
				}
			}
			c.hangsUp()
			c.cdr("outcome=answered")
		}
		w.isUnharmed(canary)
		w.cleanAfter()
	})
}

// cut is as much of a text as a column of so many characters holds.
func cut(text string, room int) string {
	if runes := []rune(text); len(runes) > room {
		return string(runes[:room])
	}
	return text
}

// The dialplan of callers: the path of the socket application, and the channel's variables.
func TestHostileChannelsAreHandedBack(t *testing.T) {
	onBoth(t, floor{agents: []agentRow{{name: "anna"}}}, func(t *testing.T, w *world) {
		canary := filepath.Join(t.TempDir(), "canary")
		for what, text := range texts(canary) {
			var came []*call
			for _, app := range []string{
				"/nwayacd/", "/nway_bridge/", "/nwaycallout/1/", "/nwaycallout/", "/cmd/",
				"/cmd/nway_login/", "/",
			} {
				if escaped := app + strings.ReplaceAll(url.QueryEscape(text), "+", "%20"); len(escaped) < 900 {
					came = append(came, w.comes(what+app, group, escaped))
				}
			}
			for _, c := range came {
				c.isHandedBack()
				c.hangsUp()
				c.isGone()
			}
		}
		w.isUnharmed(canary)
	})
}
