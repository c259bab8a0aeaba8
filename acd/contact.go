package acd

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"sync"
	"time"

	"nwayacd/esl"
)

// A telephone registers a contact with a FreeSWITCH, and an extension may have several telephones.
// The links keep the contacts of each extension, so that an offer rings all of them without a
// question first. They come from FreeSWITCH's sofia_contact alone, which is asked after each event
// about a registration. So they are what user/EXT would dial, with all that NAT needs.

// expiryLag is how long FreeSWITCH may take to forget a contact whose end it has reported. It fires
// sofia::expire before it deletes the row (sofia_reg.c, sofia_reg_del_callback). If a socket was
// closed, it fires sofia::unregister before a queue of SQL has run (sofia.c, nua_i_media_error).
const expiryLag = time.Second

// Bounds of what is dialled.
const (
	mostContacts = 10   // of one extension
	mostCalls    = 20   // Call-IDs that are kept of one
	contactRoom  = 1000 // bytes of one
)

// subscriber is an extension in a domain, which registers.
type subscriber struct{ extension, domain string }

// reach is how a subscriber is reached at one FreeSWITCH.
type reach struct {
	registered bool
	leaving    bool      // the end of a contact was reported, or it was not listed
	contacts   []string  // dial strings; none while they are not known
	newest     time.Time // when a contact registered last
	calls      []string  // Call-IDs of the registrations that were heard of last
}

// contacts are the subscribers of one FreeSWITCH.
type contacts struct {
	mu   sync.Mutex
	of   map[string]map[string]*reach // by extension and domain
	due  map[subscriber][]time.Time   // subscribers to ask FreeSWITCH about, and when
	bell chan struct{}                // holds one when someone was added to due
}

func newContacts() *contacts {
	return &contacts{of: map[string]map[string]*reach{}, due: map[subscriber][]time.Time{}, bell: make(chan struct{}, 1)}
}

// reach returns the subscriber's, which is made if it is not known. The lock is held.
func (c *contacts) reach(who subscriber) *reach {
	domains := c.of[who.extension]
	if domains == nil {
		domains = map[string]*reach{}
		c.of[who.extension] = domains
	}
	r := domains[who.domain]
	if r == nil {
		r = &reach{}
		domains[who.domain] = r
	}
	return r
}

// came notes that a contact registered. It reports whether the telephone, or a life of it, is new:
// a registration is renewed with the same Call-ID (RFC 3261, 10.2).
func (c *contacts) came(who subscriber, callID string, at time.Time) (anew bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	r := c.reach(who)
	if anew = !slices.Contains(r.calls, callID); anew {
		r.calls = append(r.calls[max(0, len(r.calls)-mostCalls+1):], strings.Clone(callID))
	}
	r.registered, r.leaving = true, false
	if at.After(r.newest) {
		r.newest = at
	}
	return anew
}

// leaves notes that a contact ended, of the registration with that Call-ID. If no question can be
// asked, it was the only one.
func (c *contacts) leaves(who subscriber, callID string, askable bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	r := c.reach(who)
	r.leaving = true
	r.calls = slices.DeleteFunc(r.calls, func(id string) bool { return id == callID })
	if !askable {
		r.registered, r.contacts = false, nil
	}
}

// ask makes FreeSWITCH be asked about the subscriber at these times.
func (c *contacts) ask(who subscriber, at ...time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.due[who] = append(c.due[who], at...)
	if len(c.due[who]) > 4 { // many events in one second: the last times count
		slices.SortFunc(c.due[who], time.Time.Compare)
		c.due[who] = c.due[who][len(c.due[who])-4:]
	}
	signalOne(c.bell)
}

// take returns the subscribers that are due, at most so many, and when the next one is.
func (c *contacts) take(now time.Time, most int) (who []subscriber, next time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for subscriber, times := range c.due {
		later := slices.DeleteFunc(times, func(at time.Time) bool { return !at.After(now) })
		if len(later) < len(times) {
			if who = append(who, subscriber); len(later) == 0 {
				delete(c.due, subscriber)
			} else {
				c.due[subscriber] = later
			}
		}
		for _, at := range later {
			if next.IsZero() || at.Before(next) {
				next = at
			}
		}
		if len(who) == most {
			return who, now
		}
	}
	return who, next
}

// answered takes FreeSWITCH's answer, and reports whether the dispatcher has to learn of it. An
// answer that an event has overtaken is of no use: the question that follows the event counts.
func (c *contacts) answered(who subscriber, answer string, asked time.Time) (news bool) {
	list, known := readContacts(answer)
	c.mu.Lock()
	defer c.mu.Unlock()
	r := c.reach(who)
	if r.newest.After(asked) {
		return false
	}
	was, left := r.registered, r.leaving
	switch {
	case known:
		r.registered, r.contacts = list != nil, list
	case r.leaving: // FreeSWITCH has no such command: its events have to do
		r.registered, r.contacts = false, nil
	}
	r.leaving = false
	return r.registered != was || left && !r.registered
}

// readContacts reads what sofia_contact prints: SOFIA/…,SOFIA/… or error/user_not_registered.
func readContacts(answer string) (list []string, known bool) {
	answer = strings.TrimSpace(answer)
	if strings.HasPrefix(answer, "error/") {
		return nil, true
	}
	if !strings.HasPrefix(answer, "sofia/") {
		return nil, false
	}
	return strings.Split(answer, ","), true
}

// forget drops the dial strings: they are of before, and what they are now is asked anew.
func (c *contacts) forget() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, domains := range c.of {
		for _, r := range domains {
			r.contacts = nil
		}
	}
}

// all lists the known subscribers, registered or not.
func (c *contacts) all() (list []subscriber) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for extension, domains := range c.of {
		for domain := range domains {
			list = append(list, subscriber{extension, domain})
		}
	}
	return list
}

// registered reports whether the extension has a contact in any domain, and when the newest came.
func (c *contacts) registered(extension string) (is bool, newest time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, r := range c.of[extension] {
		if r.registered {
			is = true
			if r.newest.After(newest) {
				newest = r.newest
			}
		}
	}
	return is, newest
}

// dialled are the dial strings of the subscriber's contacts; none if one of them cannot be carried.
func (c *contacts) dialled(extension, domain string) []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	r := c.of[extension][domain]
	if r == nil || len(r.contacts) == 0 || slices.ContainsFunc(r.contacts, unsafeContact) {
		return nil
	}
	return r.contacts[:min(len(r.contacts), mostContacts)]
}

// unsafeContact reports whether a contact, which a telephone chooses, could mean more than an
// address in a dial string.
func unsafeContact(contact string) bool {
	return len(contact) > contactRoom || !strings.HasPrefix(contact, "sofia/") || strings.Contains(contact, ":_:") ||
		strings.Count(contact, "[") != strings.Count(contact, "]") ||
		strings.ContainsFunc(contact, func(r rune) bool { return r <= ' ' || r > '~' || strings.ContainsRune(`,|'"\{}<>^$`, r) })
}

// askable reports whether the subscriber can stand in a question.
func (s subscriber) askable() bool {
	return s.extension != "" && s.domain != "" && dialable(s.extension) == s.extension && dialable(s.domain) == s.domain &&
		!strings.ContainsAny(s.extension+s.domain, "/~")
}

// question asks for the contacts, over all profiles, as the dial-string of FreeSWITCH's own
// directory does.
func (s subscriber) question() esl.Command {
	return esl.API("sofia_contact */" + s.extension + "@" + s.domain)
}

// askContacts asks FreeSWITCH about the subscribers that are due, until ctx is done or the
// connection is lost.
func (l *link) askContacts(ctx context.Context, conn *esl.Connection) {
	timer := time.NewTimer(never)
	defer timer.Stop()
	for {
		now := time.Now()
		who, next := l.contacts.take(now, lookBatch)
		if len(who) > 0 {
			if l.askAbout(ctx, conn, who) != nil {
				return
			}
			continue
		}
		if !next.IsZero() {
			timer.Reset(time.Until(next))
		}
		select {
		case <-l.contacts.bell:
		case <-timer.C:
		case <-ctx.Done():
			return
		}
	}
}

func (l *link) askAbout(ctx context.Context, conn *esl.Connection, who []subscriber) error {
	asked := time.Now()
	questions := make([]esl.Command, len(who))
	for i, s := range who {
		questions[i] = s.question()
	}
	answers, err := conn.Do(ctx, questions...)
	if err != nil {
		return err
	}
	for i, s := range who {
		if l.contacts.answered(s, answers[i].Text(), asked) {
			l.tellRegistered(s.extension)
		}
	}
	return nil
}

// tellRegistered makes the dispatcher know whether the extension is registered. It is, as long as
// one contact is left on any FreeSWITCH. It belongs to the one with which it registered last.
func (l *link) tellRegistered(extension string) {
	if at := l.server.registeredAt(extension); at != nil {
		l.server.Dispatcher.registered(extension, true, at.at.LocalIP)
	} else {
		l.server.Dispatcher.registered(extension, false, l.at.LocalIP)
	}
}

// registeredAt is the link to the FreeSWITCH with which the extension registered last and still has
// a contact; nil if there is none.
func (s *Server) registeredAt(extension string) (at *link) {
	var newest time.Time
	var server string
	if a, err := s.Dispatcher.Agent(extension); err == nil {
		server = a.Server
	}
	for _, l := range s.links {
		is, came := l.contacts.registered(extension)
		if is && (at == nil || came.After(newest) || came.Equal(newest) && l.at.LocalIP == server) {
			at, newest = l, came
		}
	}
	return at
}

// compareRegistrations takes the list of registrations as the link comes up. An extension that is
// not on it, but registered there once, is asked about: with several contacts the list may lack
// some (switch_core_sqldb.c, switch_core_del_registration). Others keep what hand or login said.
func (l *link) compareRegistrations(list []map[string]string) {
	l.contacts.forget()
	now, listed := time.Now(), map[subscriber]bool{}
	for _, r := range list {
		who := subscriber{r["reg_user"], r["realm"]}
		listed[who], l.seen[who.extension] = true, true
		l.contacts.came(who, r["token"], time.Time{})
		l.tellRegistered(who.extension)
		l.askOnce(who, now)
	}
	for extension := range l.seen {
		if who := (subscriber{extension, l.current().Domain}); !listed[who] {
			l.contacts.leaves(who, "", who.askable())
			l.askOnce(who, now)
			if !who.askable() {
				l.tellRegistered(extension)
			}
		}
	}
	for _, who := range l.contacts.all() {
		if !listed[who] {
			l.contacts.leaves(who, "", who.askable())
			l.askOnce(who, now)
		}
	}
}

func (l *link) askOnce(who subscriber, at time.Time) {
	if who.askable() {
		l.contacts.ask(who, at)
	}
}

// hearRegistration takes sofia::register, sofia::unregister or sofia::expire, each of one contact.
func (l *link) hearRegistration(e *esl.Event) {
	who := subscriber{
		extension: strings.Clone(cmp.Or(e.Get("from-user"), e.Get("user"))), // an expiry names it user (sofia_reg.c)
		domain:    strings.Clone(cmp.Or(e.Get("from-host"), e.Get("host"))),
	}
	if who.extension == "" {
		return
	}
	now := time.Now()
	if e.Subclass() == "sofia::register" {
		l.seen[who.extension] = true
		// FreeSWITCH says update-reg of some renewals.
		anew := l.contacts.came(who, e.Get("call-id"), now) && e.Get("update-reg") != "true"
		l.tellRegistered(who.extension)
		if anew {
			l.server.Dispatcher.registeredAnew(who.extension)
		}
		l.askOnce(who, now)
		return
	}
	l.contacts.leaves(who, e.Get("call-id"), who.askable())
	if who.askable() {
		l.contacts.ask(who, now, now.Add(expiryLag))
	} else {
		l.tellRegistered(who.extension)
	}
}
