package acd

import (
	"context"
	"slices"
	"strings"
	"sync"
	"time"

	"nwayacd/esl"
)

// A telephone registers a contact with a FreeSWITCH, and an extension may have several telephones.
// The links keep the contacts of each extension, so an offer rings all of them without asking
// first.
//
// All contacts come from FreeSWITCH's sofia_contact, which is asked after each event about a
// registration. So they are what user/EXT would dial, with all that NAT needs.

// expiryLag is how long FreeSWITCH may take to remove a contact after it has reported its end:
//   - It fires sofia::expire before it deletes the row (sofia_reg.c, sofia_reg_del_callback).
//   - If a socket was closed, it fires sofia::unregister before a queue of SQL has run (sofia.c,
//     nua_i_media_error).
const expiryLag = time.Second

// answerLimit is how long an offer waits for FreeSWITCH's answer about a telephone that has just
// registered. The answer takes about a millisecond.
const answerLimit = 100 * time.Millisecond

// Bounds of what is dialled.
const (
	mostContacts = 10   // of one extension in a domain
	mostCalls    = 20   // Call-IDs that are kept for one
	contactRoom  = 1000 // bytes of one contact
)

// subscriber is an extension in a domain that registers.
type subscriber struct{ extension, domain string }

// reach says how a subscriber can be reached at one FreeSWITCH.
type reach struct {
	registered bool
	leaving    bool          // the end of a contact was reported, or it was not listed
	contacts   []string      // dial strings; empty while they are unknown
	newest     time.Time     // when a contact registered last
	calls      []string      // Call-IDs of the latest registrations
	asked      chan struct{} // closed when FreeSWITCH has answered about a new contact; nil = no question is open
}

// contacts are the subscribers of one FreeSWITCH.
type contacts struct {
	mu   sync.Mutex
	of   map[string]map[string]*reach // by extension and domain
	due  map[subscriber][]time.Time   // subscribers to ask FreeSWITCH about, and when
	bell chan struct{}                // has a token if due has changed
}

func newContacts() *contacts {
	return &contacts{
		of: map[string]map[string]*reach{}, due: map[subscriber][]time.Time{}, bell: make(chan struct{}, 1),
	}
}

// reach returns the entry of the subscriber, and adds it if there is none. The lock is held.
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

// came records that a contact registered. anew is true if the telephone is new, or has restarted. A
// renewal has the same Call-ID as the registration (RFC 3261, 10.2).
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
	if r.asked == nil && !at.IsZero() && who.askable() {
		r.asked = make(chan struct{})
	}
	return anew
}

// leaves records that a contact ended, which had registered with that Call-ID. If FreeSWITCH cannot
// be asked about the subscriber, that counts as the only contact.
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

// ask schedules questions to FreeSWITCH about the subscriber at these times.
func (c *contacts) ask(who subscriber, at ...time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.due[who] = append(c.due[who], at...)
	if len(c.due[who]) > 4 { // many events came in one second, and the last times are enough
		slices.SortFunc(c.due[who], time.Time.Compare)
		c.due[who] = c.due[who][len(c.due[who])-4:]
	}
	signalOne(c.bell)
}

// take returns the subscribers that are due, at most so many, and the time at which the next one is
// due.
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

// answered stores FreeSWITCH's answer. It returns true if the dispatcher must be informed. An
// answer that is older than the newest event is dropped, because another question follows that
// event.
func (c *contacts) answered(who subscriber, answer string, asked time.Time) (news bool) {
	list, known := readContacts(answer)
	c.mu.Lock()
	defer c.mu.Unlock()
	r := c.reach(who)
	if r.newest.After(asked) {
		return false
	}
	if r.asked != nil {
		close(r.asked)
		r.asked = nil
	}
	was, left := r.registered, r.leaving
	switch {
	case known:
		r.registered, r.contacts = list != nil, list
	case r.leaving: // FreeSWITCH has no such command, so only its events count
		r.registered, r.contacts = false, nil
	}
	r.leaving = false
	return r.registered != was || left && !r.registered
}

// readContacts reads what sofia_contact prints: sofia/…,sofia/… or error/user_not_registered. known
// is false if the answer is neither.
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

// dropDialStrings drops all dial strings, because they may be out of date. FreeSWITCH is asked for
// them again.
func (c *contacts) dropDialStrings() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, domains := range c.of {
		for _, r := range domains {
			r.contacts = nil
		}
	}
}

// all returns the known subscribers, registered or not.
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

// registered reports whether the extension has a contact in any domain, and when the newest
// registered.
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

// settle waits for FreeSWITCH's answer about a subscriber whose contact has just registered. It
// waits for answerLimit at most, and not longer than ctx.
func (c *contacts) settle(ctx context.Context, extension, domain string) {
	c.mu.Lock()
	var asked chan struct{}
	if r := c.of[extension][domain]; r != nil {
		asked = r.asked
	}
	c.mu.Unlock()
	if asked == nil {
		return
	}
	limit := time.NewTimer(answerLimit)
	defer limit.Stop()
	select {
	case <-asked:
	case <-limit.C:
	case <-ctx.Done():
	}
}

// dialled returns the dial strings of the subscriber's contacts. It returns none if one of them is
// unsafe.
func (c *contacts) dialled(extension, domain string) []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	r := c.of[extension][domain]
	if r == nil || len(r.contacts) == 0 || slices.ContainsFunc(r.contacts, unsafeContact) {
		return nil
	}
	return r.contacts[:min(len(r.contacts), mostContacts)]
}

// unsafeContact reports whether a contact could mean more than an address in a dial string. The
// telephone chooses the contact.
func unsafeContact(contact string) bool {
	return len(contact) > contactRoom || !strings.HasPrefix(contact, "sofia/") || strings.Contains(contact, ":_:") ||
		strings.Count(contact, "[") != strings.Count(contact, "]") ||
		strings.ContainsFunc(contact, func(r rune) bool {
			return r <= ' ' || r > '~' || strings.ContainsRune(`,|'"\{}<>^$`, r)
		})
}

// askable reports whether the names of the subscriber are safe in a question to FreeSWITCH.
func (s subscriber) askable() bool {
	return s.extension != "" && s.domain != "" && dialable(s.extension) == s.extension &&
		dialable(s.domain) == s.domain &&
		!strings.ContainsAny(s.extension+s.domain, "/~")
}

// question returns the command that asks for the contacts in all profiles, as the dial-string of
// FreeSWITCH's own directory does.
func (s subscriber) question() esl.Command {
	return esl.API("sofia_contact */" + s.extension + "@" + s.domain)
}
