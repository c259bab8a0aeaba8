package httpapi

import (
	"context"
	"crypto/md5" //nolint:gosec // SIP's digest
	"encoding/hex"
	"encoding/xml"
	"io"
	"net/http"
	"net/url"
	"strings"
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
		section = xmlSection{Name: "directory", Domain: domainOf(domain, user, p.proof(r.PostForm, user, password))}
	}
	writeDocument(w, section)
}

// proof is what FreeSWITCH needs to find out whether a telephone has the password: nothing unless a
// telephone has to prove it (sip_auth).
func (p *Port) proof(form url.Values, user, password string) []xmlPair {
	realm := form.Get("sip_auth_realm")
	switch {
	case form.Get("action") != "sip_auth":
		return nil
	case p.DirectoryClear:
		return []xmlPair{{"password", password}}
	case realm == "": // without it the hash fits nothing, and the telephone is refused
		return []xmlPair{{"a1-hash", "unknown realm"}}
	}
	return []xmlPair{{"a1-hash", a1Hash(user, realm, password)}}
}

// a1Hash is SIP's hash of a password (RFC 2617, A1). MD5 is the only algorithm that FreeSWITCH
// takes such a hash for.
func a1Hash(user, realm, password string) string {
	sum := md5.Sum([]byte(user + ":" + realm + ":" + password)) //nolint:gosec // the protocol's
	return hex.EncodeToString(sum[:])
}

// writeDocument writes the document. FreeSWITCH expands $${name} in what it receives, also in a
// password, so a $ is written as a reference.
func writeDocument(w http.ResponseWriter, section xmlSection) {
	text, err := xml.Marshal(xmlDocument{Type: "freeswitch/xml", Section: section})
	if err != nil {
		writeProblem(w, http.StatusInternalServerError, "the account cannot be written as XML")
		return
	}
	w.Header().Set("Content-Type", "text/xml; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	io.WriteString(w, xml.Header+strings.ReplaceAll(string(text), "$", "&#36;")) // a client that is gone misses it
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

// domainOf is a user without a password but for the proof. allow-empty-password keeps FreeSWITCH
// from taking such a user for one who needs none.
func domainOf(domain, user string, proof []xmlPair) *xmlDomain {
	return &xmlDomain{
		Name:   domain,
		Params: []xmlPair{{"dial-string", dialString}},
		Groups: []xmlGroup{{Name: "nwayacd", Users: []xmlUser{{
			ID:     user,
			Params: append([]xmlPair{{"allow-empty-password", "false"}}, proof...),
			Variables: []xmlPair{
				{"user_context", "default"}, {"effective_caller_id_name", user}, {"effective_caller_id_number", user},
			},
		}}}},
	}
}
