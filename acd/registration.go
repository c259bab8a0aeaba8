package acd

import (
	"cmp"
	"context"
	"strings"
	"time"

	"nwayacd/esl"
)

// Registrations: the events that a link receives, and what it asks FreeSWITCH about them.

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
			l.updateRegistered(s.extension)
		}
	}
	return nil
}

// updateRegistered informs the dispatcher whether the extension is registered. It is registered as
// long as one contact is left at any FreeSWITCH. It belongs to the FreeSWITCH with which it
// registered last.
func (l *link) updateRegistered(extension string) {
	if at := l.server.registeredAt(extension); at != nil {
		l.server.Dispatcher.registered(extension, true, at.at.LocalIP)
	} else {
		l.server.Dispatcher.registered(extension, false, l.at.LocalIP)
	}
}

// registeredAt returns the link to the FreeSWITCH with which the extension registered last and
// still has a contact. It returns nil if there is none.
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

// compareRegistrations handles the list of registrations when the link comes up. FreeSWITCH is
// asked about extensions that registered there once but are not in the list. The list may lack some
// contacts of an extension that has several (switch_core_sqldb.c, switch_core_del_registration).
// All other extensions stay as a command or a login has set them.
func (l *link) compareRegistrations(list []map[string]string) {
	l.contacts.dropDialStrings()
	now, listed := time.Now(), map[subscriber]bool{}
	for _, r := range list {
		who := subscriber{r["reg_user"], r["realm"]}
		listed[who], l.seen[who.extension] = true, true
		l.contacts.came(who, r["token"], time.Time{})
		l.updateRegistered(who.extension)
		l.askOnce(who, now)
	}
	for extension := range l.seen {
		if who := (subscriber{extension, l.current().Domain}); !listed[who] {
			l.contacts.leaves(who, "", who.askable())
			l.askOnce(who, now)
			if !who.askable() {
				l.updateRegistered(extension)
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

// onRegistration handles sofia::register, sofia::unregister and sofia::expire. Each is about one
// contact.
func (l *link) onRegistration(e *esl.Event) {
	who := subscriber{
		// sofia::expire has user instead of from-user (sofia_reg.c)
		extension: strings.Clone(cmp.Or(e.Get("from-user"), e.Get("user"))),
		domain:    strings.Clone(cmp.Or(e.Get("from-host"), e.Get("host"))),
	}
	if who.extension == "" {
		return
	}
	now := time.Now()
	if e.Subclass() == "sofia::register" {
		l.seen[who.extension] = true
		// FreeSWITCH sets update-reg for some renewals.
		anew := l.contacts.came(who, e.Get("call-id"), now) && e.Get("update-reg") != "true"
		l.updateRegistered(who.extension)
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
		l.updateRegistered(who.extension)
	}
}
