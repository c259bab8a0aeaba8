package httpapi

import (
	"encoding/xml"
	"errors"
	"net/url"
	"strings"
	"testing"

	"nwayacd/agent"
)

const notFound = `<section name="result"><result status="not found"></result></section>`

// account asks as mod_xml_curl does.
func (b *browser) account(user, section string) (status int, text string) {
	b.t.Helper()
	form := url.Values{
		"hostname": {"fs1"}, "section": {section}, "tag_name": {"domain"}, "key_name": {"name"},
		"key_value": {"example.com"}, "Event-Name": {"REQUEST_PARAMS"}, "action": {"sip_auth"},
		"sip_auth_method": {"REGISTER"}, "user": {user}, "domain": {"example.com"},
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
		user.Param.Name != "password" || user.Param.Value != `p<"&'>` {
		t.Errorf("%+v\n%s", doc, text)
	}
	if !strings.Contains(text, "sofia_contact") {
		t.Error("user/1000 would find no phone: there is no dial-string")
	}
}

func TestFreeSWITCHIsSentOnToItsOwnFiles(t *testing.T) {
	b, records := web(t, "")
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
