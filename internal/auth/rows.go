package auth

import (
	"slices"
	"time"
)

// User is a person who logs in with a name and a password (nwayacd_user).
type User struct {
	Name       string    `json:"Name"`     // lower case
	Password   string    `json:"Password"` // argon2id, in the PHC form
	Role       Role      `json:"Role"`
	Groups     []string  `json:"Groups,omitempty"` // numbers of groups, or Everywhere
	Extension  string    `json:"Extension,omitempty"`
	Language   string    `json:"Language,omitempty"`
	MustChange bool      `json:"MustChange,omitempty"` // the password, before anything else
	Disabled   bool      `json:"Disabled,omitempty"`
	Created    time.Time `json:"Created"`
	Changed    time.Time `json:"Changed"` // older sessions are void
}

// UserUpdate is a change of one user. A nil field stays as it is.
type UserUpdate struct {
	Name       string     `json:"Name"`
	Password   *string    `json:"Password,omitempty"`
	Role       *Role      `json:"Role,omitempty"`
	Groups     *[]string  `json:"Groups,omitempty"` // never to a nil slice, which JSON would read as no change
	Extension  *string    `json:"Extension,omitempty"`
	Language   *string    `json:"Language,omitempty"`
	MustChange *bool      `json:"MustChange,omitempty"`
	Disabled   *bool      `json:"Disabled,omitempty"`
	Changed    *time.Time `json:"Changed,omitempty"`
}

// Apply changes the user as the update says.
func (u *UserUpdate) Apply(to *User) {
	set(&to.Password, u.Password)
	set(&to.Role, u.Role)
	set(&to.Groups, u.Groups)
	set(&to.Extension, u.Extension)
	set(&to.Language, u.Language)
	set(&to.MustChange, u.MustChange)
	set(&to.Disabled, u.Disabled)
	set(&to.Changed, u.Changed)
}

// Token is a key for a program, or for a wall (nwayacd_token). The key itself is kept nowhere.
type Token struct {
	Name      string    `json:"Name"`
	Hash      string    `json:"Hash"` // SHA-256 of the key, 64 hexadecimal digits
	Role      Role      `json:"Role"`
	Groups    []string  `json:"Groups,omitempty"`
	Extension string    `json:"Extension,omitempty"`
	Created   time.Time `json:"Created"`
	CreatedBy string    `json:"CreatedBy,omitempty"` // as Actor.Name
	Expires   time.Time `json:"Expires,omitzero"`    // zero = never
	LastUsed  time.Time `json:"LastUsed,omitzero"`   // a day in UTC; zero = never
	Disabled  bool      `json:"Disabled,omitempty"`
}

// TokenUpdate is a change of one token. A nil field stays as it is.
type TokenUpdate struct {
	Name      string     `json:"Name"`
	Role      *Role      `json:"Role,omitempty"`
	Groups    *[]string  `json:"Groups,omitempty"` // as UserUpdate.Groups
	Extension *string    `json:"Extension,omitempty"`
	Expires   *time.Time `json:"Expires,omitempty"`
	LastUsed  *time.Time `json:"LastUsed,omitempty"`
	Disabled  *bool      `json:"Disabled,omitempty"`
}

// Apply changes the token as the update says.
func (u *TokenUpdate) Apply(to *Token) {
	set(&to.Role, u.Role)
	set(&to.Groups, u.Groups)
	set(&to.Extension, u.Extension)
	set(&to.Expires, u.Expires)
	set(&to.LastUsed, u.LastUsed)
	set(&to.Disabled, u.Disabled)
}

// Session is a browser that is logged in (nwayacd_session). It belongs to a user, or to a token of
// the role wall.
type Session struct {
	Hash    string    `json:"Hash"` // SHA-256 of the cookie, 64 hexadecimal digits
	User    string    `json:"User,omitempty"`
	Token   string    `json:"Token,omitempty"`
	Created time.Time `json:"Created"`
	Seen    time.Time `json:"Seen"` // exact to five minutes
	Expires time.Time `json:"Expires"`
	Source  string    `json:"Source,omitempty"`  // address of the browser
	Browser string    `json:"Browser,omitempty"` // as it names itself
}

// SessionUpdate is a change of one session. A nil field stays as it is.
type SessionUpdate struct {
	Hash    string     `json:"Hash"`
	Created *time.Time `json:"Created,omitempty"`
	Seen    *time.Time `json:"Seen,omitempty"`
	Expires *time.Time `json:"Expires,omitempty"`
}

// Apply changes the session as the update says.
func (u *SessionUpdate) Apply(to *Session) {
	set(&to.Created, u.Created)
	set(&to.Seen, u.Seen)
	set(&to.Expires, u.Expires)
}

// Outcome says what became of an order.
type Outcome string

// The outcomes.
const (
	OK      Outcome = "ok"
	Refused Outcome = "refused" // nothing changed, because a rule forbids it
	Failed  Outcome = "failed"  // something broke, and a part may be in force
)

// Entry is a row of the audit log (nwayacd_audit).
type Entry struct {
	At      time.Time         `json:"At"`
	Actor   string            `json:"Actor"` // as Actor.Name
	Role    Role              `json:"Role,omitempty"`
	Source  string            `json:"Source,omitempty"`
	Way     Way               `json:"Way,omitempty"`
	Action  string            `json:"Action"`
	Object  string            `json:"Object,omitempty"` // what the action is about: an extension, a group, a name
	Detail  map[string]string `json:"Detail,omitempty"` // arguments, without secrets
	Outcome Outcome           `json:"Outcome"`
	Reason  string            `json:"Reason,omitempty"` // if the outcome is not ok
}

// Change is one thing that changed. Exactly one field is set.
type Change struct {
	UserAdded    *User          `json:"UserAdded,omitempty"`
	User         *UserUpdate    `json:"User,omitempty"`
	UserRemoved  *string        `json:"UserRemoved,omitempty"`
	TokenAdded   *Token         `json:"TokenAdded,omitempty"`
	Token        *TokenUpdate   `json:"Token,omitempty"`
	TokenRemoved *string        `json:"TokenRemoved,omitempty"`
	SessionAdded *Session       `json:"SessionAdded,omitempty"`
	Session      *SessionUpdate `json:"Session,omitempty"`
	SessionEnded *string        `json:"SessionEnded,omitempty"` // its hash
	Audit        *Entry         `json:"Audit,omitempty"`
}

// Snapshot is all users, tokens and sessions at one moment.
type Snapshot struct {
	Users    []User    `json:"Users,omitempty"`
	Tokens   []Token   `json:"Tokens,omitempty"`
	Sessions []Session `json:"Sessions,omitempty"`
}

// Clone returns a copy that Apply can alter without altering s.
func (s *Snapshot) Clone() Snapshot {
	return Snapshot{slices.Clone(s.Users), slices.Clone(s.Tokens), slices.Clone(s.Sessions)}
}

// Apply changes s as c changes the database. It ignores a change of what s does not have.
func (s *Snapshot) Apply(c *Change) {
	switch {
	case c.UserAdded != nil:
		s.Users = added(s.Users, *c.UserAdded, byUser)
	case c.User != nil:
		alter(s.Users, c.User.Name, byUser, c.User.Apply)
	case c.UserRemoved != nil:
		s.Users = removed(s.Users, *c.UserRemoved, byUser)
	case c.TokenAdded != nil:
		s.Tokens = added(s.Tokens, *c.TokenAdded, byToken)
	case c.Token != nil:
		alter(s.Tokens, c.Token.Name, byToken, c.Token.Apply)
	case c.TokenRemoved != nil:
		s.Tokens = removed(s.Tokens, *c.TokenRemoved, byToken)
	case c.SessionAdded != nil:
		s.Sessions = added(s.Sessions, *c.SessionAdded, bySession)
	case c.Session != nil:
		alter(s.Sessions, c.Session.Hash, bySession, c.Session.Apply)
	case c.SessionEnded != nil:
		s.Sessions = removed(s.Sessions, *c.SessionEnded, bySession)
	}
}

// Changes returns the changes that make an empty database into s.
func (s *Snapshot) Changes() []Change {
	var all []Change
	for _, u := range s.Users {
		all = append(all, Change{UserAdded: &u})
	}
	for _, t := range s.Tokens {
		all = append(all, Change{TokenAdded: &t})
	}
	for _, one := range s.Sessions {
		all = append(all, Change{SessionAdded: &one})
	}
	return all
}

func byUser(u *User) string       { return u.Name }
func byToken(t *Token) string     { return t.Name }
func bySession(s *Session) string { return s.Hash }

// added returns rows with one in them. A row with the same key is replaced, as the database does.
func added[T any](rows []T, one T, key func(*T) string) []T {
	return append(removed(rows, key(&one), key), one)
}

func removed[T any](rows []T, name string, key func(*T) string) []T {
	return slices.DeleteFunc(rows, func(row T) bool { return key(&row) == name })
}

func alter[T any](rows []T, name string, key func(*T) string, apply func(*T)) {
	for i := range rows {
		if key(&rows[i]) == name {
			apply(&rows[i])
		}
	}
}

func set[T any](field *T, value *T) {
	if value != nil {
		*field = *value
	}
}
