package httpapi

import (
	"context"
	"encoding/xml"
	"io"
	"net/http"
	"time"
)

// directoryLimit is short, because a phone that registers, or a call, is waiting in FreeSWITCH.
const directoryLimit = 3 * time.Second

// The documents that mod_xml_curl expects (FreeSWITCH's XML directory).
type (
	xmlDocument struct {
		XMLName xml.Name `xml:"document"`
		Type    string   `xml:"type,attr"`
		Section xmlSection
	}
	xmlSection struct {
		XMLName xml.Name   `xml:"section"`
		Name    string     `xml:"name,attr"`
		Result  *xmlStatus `xml:"result"`
		Domain  *xmlDomain `xml:"domain"`
	}
	xmlStatus struct {
		Status string `xml:"status,attr"`
	}
	xmlDomain struct {
		Name   string     `xml:"name,attr"`
		Params []xmlPair  `xml:"params>param"`
		Groups []xmlGroup `xml:"groups>group"`
	}
	xmlGroup struct {
		Name  string    `xml:"name,attr"`
		Users []xmlUser `xml:"users>user"`
	}
	xmlUser struct {
		ID        string    `xml:"id,attr"`
		Params    []xmlPair `xml:"params>param"`
		Variables []xmlPair `xml:"variables>variable"`
	}
	xmlPair struct {
		Name  string `xml:"name,attr"`
		Value string `xml:"value,attr"`
	}
)

// dialString is the one of FreeSWITCH's directory/default.xml. Without it user/1000 finds no phone.
const dialString = "{^^:sip_invite_domain=${dialed_domain}:presence_id=${dialed_user}@${dialed_domain}}" +
	"${sofia_contact(*/${dialed_user}@${dialed_domain})}"

// directory answers mod_xml_curl, which asks for accounts before FreeSWITCH reads its own files.
// The answer is the user, or "not found"; then FreeSWITCH goes on to its files.
func (p *Port) directory(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, maxHTTPBody)
	if err := r.ParseForm(); err != nil {
		writeProblem(w, http.StatusBadRequest, "the form cannot be read")
		return
	}
	ctx, stop := context.WithTimeout(r.Context(), directoryLimit)
	defer stop()
	user, domain := r.PostForm.Get("user"), r.PostForm.Get("domain")
	password, found, err := "", false, error(nil)
	if r.PostForm.Get("section") == "directory" && user != "" {
		password, found, err = p.account(ctx, user)
	}
	if err != nil {
		p.Log.Warn().Err(err).Str("extension", user).
			Msg("FreeSWITCH asks for an account, and the database does not answer")
		writeProblem(w, http.StatusServiceUnavailable, errDatabase.Error())
		return
	}
	section := xmlSection{Name: "result", Result: &xmlStatus{"not found"}}
	if found {
		section = xmlSection{Name: "directory", Domain: domainOf(domain, user, password)}
	}
	w.Header().Set("Content-Type", "text/xml; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	io.WriteString(w, xml.Header)
	// fails only if the client is gone
	xml.NewEncoder(w).Encode(xmlDocument{Type: "freeswitch/xml", Section: section})
}

// account returns the password of an extension that is on the floor. An extension without a
// password is not found, because FreeSWITCH would let any phone register as it.
func (p *Port) account(ctx context.Context, extension string) (password string, found bool, err error) {
	if _, err := p.Server.ACD.Dispatcher.Agent(extension); err != nil {
		return "", false, nil
	}
	password, found, err = p.Database.Password(ctx, extension)
	return password, found && password != "", err
}

func domainOf(domain, user, password string) *xmlDomain {
	return &xmlDomain{
		Name:   domain,
		Params: []xmlPair{{"dial-string", dialString}},
		Groups: []xmlGroup{{Name: "nwayacd", Users: []xmlUser{{
			ID:     user,
			Params: []xmlPair{{"password", password}},
			Variables: []xmlPair{
				{"user_context", "default"}, {"effective_caller_id_name", user}, {"effective_caller_id_number", user},
			},
		}}}},
	}
}
