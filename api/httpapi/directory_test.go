package httpapi

import (
	"encoding/xml"
	"errors"
	"net/url"
	"strings"
	"testing"

	"nwayacd/agent"
	"nwayacd/internal/auth"
)

const notFound = `<section name="result"><result status="not found"></result></section>`

// account asks as mod_xml_curl does.
func (b *browser) account(user, section string) (status int, text string) {
	b.t.Helper()
	return b.lookUp(user, section, nil)
}

// lookUp is account with other fields of the form.
func (b *browser) lookUp(user, section string, more map[string]string) (status int, text string) {
	b.t.Helper()
	form := url.Values{
		"hostname": {"fs1"}, "section": {section}, "tag_name": {"domain"}, "key_name": {"name"},
		"key_value": {"example.com"}, "Event-Name": {"REQUEST_PARAMS"}, "action": {"sip_auth"},
		"sip_auth_method": {"REGISTER"}, "sip_auth_realm": {"realm.example.com"}, "user": {user},
		"domain": {"example.com"},
	}
	for name, value := range more {
		form.Set(name, value)
	}
	answer, text := b.ask("POST", "/freeswitch/directory", form.Encode(), "Content-Type",
		"application/x-www-form-urlencoded")
	return answer.StatusCode, text
}

func TestFreeSWITCHGetsTheAccountOfAnAgent(t *testing.T) {
	b, records := web(t, "right")
	records.passwords["1000"] = `p<"&'>`
	status, text := b.account("1000", "directory")
	var doc struct {
		Type    string `xml:"type,attr"`
		Section struct {
			Name   string `xml:"name,attr"`
			Domain struct {
				Name string `xml:"name,attr"`
				User struct {
					ID    string `xml:"id,attr"`
					Param struct {
						Name  string `xml:"name,attr"`
						Value string `xml:"value,attr"`
					} `xml:"params>param"`
				} `xml:"groups>group>users>user"`
			} `xml:"domain"`
		} `xml:"section"`
	}
	if err := xml.Unmarshal([]byte(text), &doc); err != nil || status != 200 {
		t.Fatalf("%d %v: %s", status, err, text)
	}
	user := doc.Section.Domain.User
	if doc.Type != "freeswitch/xml" || doc.Section.Name != "directory" || doc.Section.Domain.Name != "example.com" ||
		user.ID != "1000" ||
		user.Param.Name != "a1-hash" || user.Param.Value != a1Hash("1000", "realm.example.com", `p<"&'>`) {
		t.Errorf("%+v\n%s", doc, text)
	}
	if strings.Contains(text, "$") {
		t.Errorf("FreeSWITCH would expand a $${variable}: %s", text)
	}
	if !strings.Contains(text, "sofia_contact") {
		t.Error("user/1000 would find no phone: there is no dial-string")
	}
}

func TestFreeSWITCHIsSentOnToItsOwnFiles(t *testing.T) {
	b, records := web(t, "")
	b.http.DirectoryOpen = true
	records.passwords["1000"], records.passwords["gone"] = "", "x"
	for _, c := range []struct{ user, section, why string }{
		{"9", "directory", "nobody's number"},
		{"", "directory", "a search for gateways"},
		{"1000", "dialplan", "another section"},
		{"1000", "directory", "without a password anybody could register"},
		{"gone", "directory", "removed, and the database lags behind"},
	} {
		if status, text := b.account(c.user, c.section); status != 200 || !strings.Contains(text, notFound) {
			t.Errorf("%s: %d %s", c.why, status, text)
		}
	}
}

func TestWithTheDatabaseAwayNoAccountIsDenied(t *testing.T) {
	b, records := web(t, "")
	b.http.DirectoryOpen = true
	records.away = errors.New("away")
	if status, text := b.account("1000", "directory"); status != 503 || strings.Contains(text, "not found") {
		t.Errorf("%d %s", status, text)
	}
}

func TestTheDeferredChangesOfAnAgentHaveWords(t *testing.T) {
	for wish, want := range map[agent.Deferred]string{
		agent.NothingDeferred: "", agent.BusyDeferred: "busy",
		agent.LogoutDeferred: "logout",
	} {
		if wish.String() != want {
			t.Errorf("%d is %q", wish, wish.String())
		}
	}
}

func TestTheDirectoryShowsNoPassword(t *testing.T) {
	b, records := web(t, "right")
	records.passwords["1000"] = "zebra$${x}"
	for _, c := range []struct {
		action, realm string
		proof         bool
	}{
		{"sip_auth", "realm.example.com", true},
		{"sip_auth", "", true},
		{"user_call", "realm.example.com", false},
		{"", "", false},
		{"jsonrpc-authenticate", "", false},
	} {
		status, text := b.lookUp("1000", "directory", map[string]string{"action": c.action, "sip_auth_realm": c.realm})
		if status != 200 || !strings.Contains(text, `<user id="1000">`) || strings.Contains(text, "zebra") ||
			!strings.Contains(text, `<param name="allow-empty-password" value="false">`) ||
			strings.Contains(text, "a1-hash") != c.proof {
			t.Errorf("%+v: %d %s", c, status, text)
		}
	}
	b.http.DirectoryClear = true
	if _, text := b.account("1000", "directory"); !strings.Contains(text, `value="zebra&#36;&#36;{x}"`) {
		t.Errorf("clear: %s", text)
	}
	_, text := b.lookUp("1000", "directory", map[string]string{"action": "user_call"})
	if strings.Contains(text, "zebra") {
		t.Errorf("clear, for a call: %s", text)
	}
}

// RFC 2617, 3.5.
func TestTheHashIsTheOneOfTheStandard(t *testing.T) {
	const want = "939e7578ed9e3c518a452acee763bce9"
	if got := a1Hash("Mufasa", "testrealm@host.com", "Circle Of Life"); got != want {
		t.Errorf("%s, want %s", got, want)
	}
}

func TestTheDirectoryNeedsATokenOfItsOwnOrTheOther(t *testing.T) {
	for _, c := range []struct {
		token, directory, shown string
		open                    bool
		status                  int
	}{
		{"", "", "", false, 401},
		{"", "", "anything", false, 401},
		{"", "", "", true, 200},
		{"", "d", "", false, 401},
		{"", "d", "d", false, 200},
		{"", "d", "wrong", false, 401},
		{"t", "d", "d", false, 200},
		{"t", "d", "t", false, 200},
		{"t", "", "t", false, 200},
		{"t", "", "", false, 401},
	} {
		b, records := web(t, c.token)
		records.passwords["1000"] = "x"
		b.token, b.http.DirectoryToken, b.http.DirectoryOpen = c.shown, auth.NewSecret(c.directory), c.open
		if status, text := b.account("1000", "directory"); status != c.status {
			t.Errorf("%+v: %d %s", c, status, text)
		}
		_, ready := b.ask("GET", "/readyz", "")
		if warned := strings.Contains(ready, `"warnings":["`); warned != (c.status == 401) {
			t.Errorf("%+v: %s", c, ready)
		}
		answer, _ := b.ask("GET", apiPrefix+"/groups", "")
		if c.token == "t" && c.shown == "d" && answer.StatusCode != 401 {
			t.Errorf("the directory's token is good for more: %d", answer.StatusCode)
		}
	}
}
