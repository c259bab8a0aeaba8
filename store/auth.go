package store

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"github.com/lib/pq"

	"nwayacd/internal/auth"
	"nwayacd/queue"
)

// Users, tokens, sessions and the audit log go the way of everything else. This file has how their
// rows are written and read.

// fixedWidth writes a time so that the texts of SQLite sort as the times do.
const fixedWidth = "2006-01-02T15:04:05.000000Z"

// These queries are the same for both databases.
const (
	selectUsers = `SELECT name, password, role, groups, extension, language, must_change, disabled, created, changed
		FROM nwayacd_user`
	selectTokens = `SELECT name, hash, role, groups, extension, created, created_by, expires, last_used, disabled
		FROM nwayacd_token`
	selectSessions = `SELECT hash, user_name, token_name, created, seen, expires, source, browser FROM nwayacd_session`
	selectAudit    = `SELECT at, actor, role, source, way, action, object, detail, outcome, reason, id
		FROM nwayacd_audit`
)

func authRow(c *auth.Change) (row, error) {
	switch {
	case c.UserAdded != nil:
		return row{putUser, c.UserAdded.Name, userDoc(c.UserAdded)}, nil
	case c.User != nil:
		return row{setUser, c.User.Name, userUpdateDoc(c.User)}, nil
	case c.UserRemoved != nil:
		return row{dropUser, *c.UserRemoved, doc{"name": *c.UserRemoved}}, nil
	case c.TokenAdded != nil:
		return row{putToken, c.TokenAdded.Name, tokenDoc(c.TokenAdded)}, nil
	case c.Token != nil:
		return row{setToken, c.Token.Name, tokenUpdateDoc(c.Token)}, nil
	case c.TokenRemoved != nil:
		return row{dropToken, *c.TokenRemoved, doc{"name": *c.TokenRemoved}}, nil
	case c.SessionAdded != nil:
		return row{putSession, c.SessionAdded.Hash, sessionDoc(c.SessionAdded)}, nil
	case c.Session != nil:
		d := doc{"hash": c.Session.Hash}
		putTime(d, "created", c.Session.Created)
		putTime(d, "seen", c.Session.Seen)
		putTime(d, "expires", c.Session.Expires)
		return row{setSession, c.Session.Hash, d}, nil
	case c.SessionEnded != nil:
		return row{dropSession, *c.SessionEnded, doc{"hash": *c.SessionEnded}}, nil
	case c.Audit != nil:
		return row{putAudit, "", auditDoc(c.Audit)}, nil
	}
	return row{}, errNothing
}

func userDoc(u *auth.User) doc {
	d := userUpdateDoc(&auth.UserUpdate{
		Name: u.Name, Password: &u.Password, Role: &u.Role, Groups: &u.Groups, Extension: &u.Extension,
		Language: &u.Language, MustChange: &u.MustChange, Disabled: &u.Disabled, Changed: &u.Changed,
	})
	putTime(d, "created", &u.Created)
	return d
}

func userUpdateDoc(u *auth.UserUpdate) doc {
	d := doc{"name": u.Name}
	put(d, "password", u.Password)
	put(d, "role", u.Role)
	putList(d, "groups", u.Groups)
	put(d, "extension", u.Extension)
	put(d, "language", u.Language)
	put(d, "must_change", u.MustChange)
	put(d, "disabled", u.Disabled)
	putTime(d, "changed", u.Changed)
	return d
}

func tokenDoc(t *auth.Token) doc {
	d := tokenUpdateDoc(&auth.TokenUpdate{
		Name: t.Name, Role: &t.Role, Groups: &t.Groups, Extension: &t.Extension, Expires: &t.Expires,
		LastUsed: &t.LastUsed, Disabled: &t.Disabled,
	})
	d["hash"], d["created_by"] = t.Hash, t.CreatedBy
	putTime(d, "created", &t.Created)
	return d
}

func tokenUpdateDoc(u *auth.TokenUpdate) doc {
	d := doc{"name": u.Name}
	put(d, "role", u.Role)
	putList(d, "groups", u.Groups)
	put(d, "extension", u.Extension)
	putTime(d, "expires", u.Expires)
	if u.LastUsed != nil {
		d["last_used"] = nil
		if !u.LastUsed.IsZero() {
			d["last_used"] = u.LastUsed.UTC().Format(time.DateOnly)
		}
	}
	put(d, "disabled", u.Disabled)
	return d
}

func sessionDoc(s *auth.Session) doc {
	d := doc{"hash": s.Hash, "user_name": s.User, "token_name": s.Token, "source": s.Source, "browser": s.Browser}
	putTime(d, "created", &s.Created)
	putTime(d, "seen", &s.Seen)
	putTime(d, "expires", &s.Expires)
	return d
}

func auditDoc(e *auth.Entry) doc {
	d := doc{
		"actor": e.Actor, "role": e.Role, "source": e.Source, "way": e.Way, "action": e.Action, "object": e.Object,
		"detail": map[string]string{}, "outcome": e.Outcome, "reason": e.Reason,
	}
	if e.Detail != nil {
		d["detail"] = e.Detail
	}
	putTime(d, "at", &e.At)
	return d
}

// putTime puts a time, or NULL for the zero time.
func putTime(d doc, column string, at *time.Time) {
	if at == nil {
		return
	}
	d[column] = nil
	if !at.IsZero() {
		d[column] = at.UTC().Format(fixedWidth)
	}
}

func putList(d doc, column string, list *[]string) {
	if list != nil {
		d[column] = strings.Join(*list, ",")
	}
}

func (r reader) user(scan func(...any) error) (auth.User, error) {
	var name, password, role, groups, extension, language, must, disabled text
	var created, changed stamp
	err := scan(&name, &password, &role, &groups, &extension, &language, &must, &disabled, &created, &changed)
	w := r.row("nwayacd_user", name.trimmed())
	return auth.User{
		Name: name.trimmed(), Password: password.trimmed(), Role: auth.Role(role.trimmed()), Groups: groups.words(),
		Extension: extension.trimmed(), Language: language.trimmed(), MustChange: w.flag("must_change", must),
		Disabled: w.flag("disabled", disabled), Created: created.UTC(), Changed: changed.UTC(),
	}, err
}

func (r reader) token(scan func(...any) error) (auth.Token, error) {
	var name, hash, role, groups, extension, by, disabled text
	var created, expires, used stamp
	err := scan(&name, &hash, &role, &groups, &extension, &created, &by, &expires, &used, &disabled)
	return auth.Token{
		Name: name.trimmed(), Hash: strings.ToLower(hash.trimmed()), Role: auth.Role(role.trimmed()),
		Groups: groups.words(), Extension: extension.trimmed(), Created: created.UTC(), CreatedBy: by.trimmed(),
		Expires: expires.utc(), LastUsed: used.utc(),
		Disabled: r.row("nwayacd_token", name.trimmed()).flag("disabled", disabled),
	}, err
}

func (r reader) session(scan func(...any) error) (auth.Session, error) {
	var hash, user, token, source, browser text
	var created, seen, expires stamp
	err := scan(&hash, &user, &token, &created, &seen, &expires, &source, &browser)
	return auth.Session{
		Hash: hash.trimmed(), User: user.trimmed(), Token: token.trimmed(), Created: created.UTC(), Seen: seen.UTC(),
		Expires: expires.UTC(), Source: source.trimmed(), Browser: string(browser),
	}, err
}

// words returns the parts of a list with commas.
func (t text) words() []string {
	words := strings.FieldsFunc(t.trimmed(), func(r rune) bool { return r == ',' || r == ' ' })
	if len(words) == 0 {
		return nil
	}
	return words
}

// utc returns the time in UTC, and leaves the zero time as it is.
func (s stamp) utc() time.Time {
	if s.IsZero() {
		return time.Time{}
	}
	return s.UTC()
}

// readAuth reads all users, tokens and sessions.
func (db *database) readAuth(ctx context.Context, tx *transaction, r reader) (snap auth.Snapshot, err error) {
	if snap.Users, err = read(ctx, tx, r.user, db.load.users); err != nil {
		return snap, err
	}
	if snap.Tokens, err = read(ctx, tx, r.token, db.load.tokens); err != nil {
		return snap, err
	}
	snap.Sessions, err = read(ctx, tx, r.session, db.load.sessions)
	return snap, err
}

// SearchAudit returns a page of the audit log, the newest entries first, and the Before of the next
// page, or 0 after the last page. Entries that are still in the journal are not among them.
func (s *Store) SearchAudit(ctx context.Context, q auth.Search) (page []auth.Entry, next int64, err error) {
	ctx, cancel := s.queryContext(ctx, searchLimit)
	defer cancel()
	var ids []int64
	page, err = search(ctx, s.db, func(scan func(...any) error) (auth.Entry, error) {
		var id int64
		e, err := readEntry(func(columns ...any) error { return scan(append(columns, &id)...) })
		ids = append(ids, id)
		return e, err
	}, s.db.searchAudit, q.Before, fixedOrNull(q.From), fixedOrNull(q.To), q.Actor, q.Object, q.Action, q.Limit+1)
	if err != nil {
		return nil, 0, s.wrap(ctx, "search the audit log", err)
	}
	if len(page) > q.Limit { // one more than fits was read, to see if a page follows
		page, next = page[:q.Limit], ids[q.Limit-1]
	}
	return page, next, nil
}

func readEntry(scan func(...any) error) (e auth.Entry, err error) {
	var at stamp
	var detail text
	err = scan(&at, &e.Actor, &e.Role, &e.Source, &e.Way, &e.Action, &e.Object, &detail, &e.Outcome, &e.Reason)
	e.At = at.UTC()
	if json.Unmarshal([]byte(detail), &e.Detail) != nil { // another program wrote it
		e.Detail = map[string]string{"detail": string(detail)}
	}
	return e, err
}

// fixedOrNull returns a time as a parameter. It is NULL if t is zero.
func fixedOrNull(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	return t.UTC().Format(fixedWidth)
}

// authEdits are the rows that notices name, as they are now.
type authEdits struct {
	users    map[string]auth.User
	tokens   map[string]auth.Token
	sessions map[string]auth.Session
}

func readAuthNow(ctx context.Context, tx *transaction, r reader, keys map[string][]string) (now authEdits, err error) {
	if names := keys["nwayacd_user.name"]; len(names) > 0 {
		all, err := read(ctx, tx, r.user, pgUsersOf, pq.Array(names))
		if err != nil {
			return now, err
		}
		now.users = byKey(all, func(u auth.User) string { return u.Name })
	}
	if names := keys["nwayacd_token.name"]; len(names) > 0 {
		all, err := read(ctx, tx, r.token, pgTokensOf, pq.Array(names))
		if err != nil {
			return now, err
		}
		now.tokens = byKey(all, func(t auth.Token) string { return t.Name })
	}
	if hashes := keys["nwayacd_session.hash"]; len(hashes) > 0 {
		all, err := read(ctx, tx, r.session, pgSessionsOf, pq.Array(hashes))
		if err != nil {
			return now, err
		}
		now.sessions = byKey(all, func(s auth.Session) string { return s.Hash })
	}
	return now, nil
}

func (e *authEdits) changes(n notice) []queue.Change {
	return eachKey(n, func(key map[string]string) queue.Change {
		var c auth.Change
		switch name, hash := key["name"], key["hash"]; n.Table {
		case "nwayacd_user":
			c = rowOrGone(e.users, name, func(u *auth.User) auth.Change { return auth.Change{UserAdded: u} },
				auth.Change{UserRemoved: &name})
		case "nwayacd_token":
			c = rowOrGone(e.tokens, name, func(t *auth.Token) auth.Change { return auth.Change{TokenAdded: t} },
				auth.Change{TokenRemoved: &name})
		case "nwayacd_session":
			c = rowOrGone(e.sessions, hash, func(s *auth.Session) auth.Change { return auth.Change{SessionAdded: s} },
				auth.Change{SessionEnded: &hash})
		}
		return queue.Change{Auth: &c}
	})
}

func rowOrGone[T any](rows map[string]T, key string, there func(*T) auth.Change, gone auth.Change) auth.Change {
	if row, is := rows[key]; is {
		return there(&row)
	}
	return gone
}

// authWrites are this server's own changes of users, tokens and sessions that may not be applied
// yet. A row that was read from the database lacks them. There are few, because each user or token
// is changed by hand, and a session every five minutes.
type authWrites struct{ pending []pendingChange }

type pendingChange struct {
	seq    uint64
	change auth.Change
}

// mostPending bounds the list while the database is away. No edits arrive then, and everything is
// read again when it is back.
const mostPending = 10_000

func (w *authWrites) add(c *auth.Change, seq uint64) {
	if c.Audit != nil {
		return
	}
	if wholeRow(c) { // a resync writes again what the journal refused, whose sequence is notKept
		row := subject(c)
		w.pending = slices.DeleteFunc(w.pending, func(p pendingChange) bool { return subject(&p.change) == row })
	}
	w.pending = append(w.pending, pendingChange{seq, *c})
	w.pending = w.pending[max(0, len(w.pending)-mostPending):]
}

// wholeRow reports whether nothing of the row from before the change is left.
func wholeRow(c *auth.Change) bool { return c.User == nil && c.Token == nil && c.Session == nil }

// overlaid returns the edit with this server's changes after applied on top of it.
func (w *authWrites) overlaid(c *auth.Change, applied uint64) *auth.Change {
	w.pending = slices.DeleteFunc(w.pending, func(p pendingChange) bool { return p.seq <= applied })
	var row auth.Snapshot
	row.Apply(c)
	for i := range w.pending {
		if subject(&w.pending[i].change) == subject(c) {
			row.Apply(&w.pending[i].change)
		}
	}
	if now := row.Changes(); len(now) > 0 {
		return &now[0]
	}
	kind, key := subject(c)[0], subject(c)[1]
	switch kind {
	case "user":
		return &auth.Change{UserRemoved: &key}
	case "token":
		return &auth.Change{TokenRemoved: &key}
	}
	return &auth.Change{SessionEnded: &key}
}

// subject returns the kind and the key of the row that a change is about.
func subject(c *auth.Change) [2]string {
	switch {
	case c.UserAdded != nil:
		return [2]string{"user", c.UserAdded.Name}
	case c.User != nil:
		return [2]string{"user", c.User.Name}
	case c.UserRemoved != nil:
		return [2]string{"user", *c.UserRemoved}
	case c.TokenAdded != nil:
		return [2]string{"token", c.TokenAdded.Name}
	case c.Token != nil:
		return [2]string{"token", c.Token.Name}
	case c.TokenRemoved != nil:
		return [2]string{"token", *c.TokenRemoved}
	case c.SessionAdded != nil:
		return [2]string{"session", c.SessionAdded.Hash}
	case c.Session != nil:
		return [2]string{"session", c.Session.Hash}
	case c.SessionEnded != nil:
		return [2]string{"session", *c.SessionEnded}
	}
	return [2]string{}
}

// holdsSecret reports whether the statements of a kind carry passwords, or hashes of keys.
func (k kind) holdsSecret() bool {
	switch k {
	case addAgent, putUser, setUser, putToken, putSession, setSession, dropSession:
		return true
	}
	return false
}

// holdsSecret reports whether the change must not be shown.
func holdsSecret(c *queue.Change) bool {
	return c.AgentAdded != nil || c.Auth != nil && c.Auth.Audit == nil
}
