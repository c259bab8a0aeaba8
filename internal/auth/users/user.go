package users

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"nwayacd/internal/auth"
)

var (
	isName   = regexp.MustCompile(`^[a-z0-9._@-]{1,64}$`).MatchString
	isNumber = regexp.MustCompile(`^[0-9A-Za-z_.+*#-]{1,32}$`).MatchString
	isHash   = regexp.MustCompile(`^[0-9a-f]{64}$`).MatchString
)

// UserRoles are the roles that a person may have.
var UserRoles = []auth.Role{auth.Wall, auth.Read, auth.Agent, auth.Supervisor, auth.Admin}

// TokenRoles are the roles that a token may have.
var TokenRoles = append(slices.Clone(UserRoles), auth.Metrics, auth.Directory)

const mostGroups = 100 // of one user or token

// ErrInvalid is the kind of an error about a value that cannot be.
var ErrInvalid = errors.New("")

// ErrNoExtension is the error if somebody of the role agent has no extension.
var ErrNoExtension = errors.New("the role agent needs an extension")

// invalid makes err an ErrInvalid. It adds no text.
func invalid(err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%w%w", ErrInvalid, err)
}

var errName = errors.New("a name has 1 to 64 of the characters a-z 0-9 . _ @ -")

func checkUser(u *auth.User) error {
	if !isName(u.Name) {
		return errName
	}
	if u.Language != "" && u.Language != "en" && u.Language != "zh" {
		return errors.New("the language must be en or zh")
	}
	return checkRights(u.Role, UserRoles, u.Groups, u.Extension)
}

func checkToken(t *auth.Token) error {
	if !isName(t.Name) {
		return errName
	}
	if t.Hash != "" && !isHash(t.Hash) {
		return errors.New("the hash of a token has 64 hexadecimal digits, in lower case")
	}
	return checkRights(t.Role, TokenRoles, t.Groups, t.Extension)
}

func checkRights(role auth.Role, roles []auth.Role, groups []string, extension string) error {
	switch {
	case !slices.Contains(roles, role):
		return fmt.Errorf("the role must be one of %s", join(roles))
	case len(groups) > mostGroups:
		return fmt.Errorf("at most %d groups can be named; * is all of them", mostGroups)
	case slices.ContainsFunc(groups, func(g string) bool { return !isNumber(g) }):
		return errors.New("the number of a group has 1 to 32 letters, digits or _.+*#-")
	case extension != "" && !isNumber(extension):
		return errors.New("an extension has 1 to 32 letters, digits or _.+*#-")
	case role == auth.Agent && extension == "":
		return ErrNoExtension
	}
	return nil
}

func join(roles []auth.Role) string {
	var words []string
	for _, r := range roles {
		words = append(words, string(r))
	}
	return strings.Join(words, ", ")
}

func actorOfUser(u *auth.User) auth.Actor {
	return auth.Actor{
		Name: "user:" + u.Name, Role: u.Role, Groups: u.Groups, Extension: u.Extension, MustChange: u.MustChange,
	}
}

// fingerprint returns a text that is another one for each password that the user has had.
func fingerprint(u *auth.User) string { return hashKey(u.Password)[:32] }

// AddUser adds a user. u.Password is a hash of HashPassword. If it is "", AddUser makes a password
// and returns it.
func (b *Book) AddUser(ctx context.Context, u auth.User) (password string, err error) {
	if err := invalid(checkUser(&u)); err != nil {
		return "", err
	}
	if password, err = b.fillPassword(ctx, &u.Password); err != nil {
		return "", err
	}
	err = b.do(ctx, func(now time.Time) ([]auth.Change, error) {
		switch {
		case b.users[u.Name] != nil:
			return nil, ErrUserExists
		case len(b.users) >= mostUsers:
			return nil, ErrFull
		}
		u.Created, u.Changed = now, now
		return []auth.Change{{UserAdded: &u}}, nil
	})
	if err != nil {
		return "", err
	}
	return password, nil
}

// fillPassword checks a hash. If it is "", it makes a password and its hash.
func (b *Book) fillPassword(ctx context.Context, hash *string) (password string, err error) {
	if *hash != "" {
		return "", invalid(CheckHash(*hash))
	}
	if err := b.gate.enter(ctx, known, ""); err != nil {
		return "", err
	}
	defer b.gate.leave()
	password = MakePassword()
	*hash = HashPassword(password)
	return password, nil
}

// ChangeUser changes a user. A new role, new groups, another extension, a new password, or Disabled
// end the user's sessions. Changed is set here.
func (b *Book) ChangeUser(ctx context.Context, u auth.UserUpdate) error {
	if u.Password != nil {
		if err := invalid(CheckHash(*u.Password)); err != nil {
			return err
		}
	}
	u.Groups = notNil(u.Groups)
	return b.do(ctx, func(now time.Time) ([]auth.Change, error) {
		before := b.users[u.Name]
		if before == nil {
			return nil, ErrNoUser
		}
		after := *before
		u.Apply(&after)
		if err := invalid(checkUser(&after)); err != nil {
			return nil, err
		}
		if !endsSessions(before, &after) {
			return []auth.Change{{User: &u}}, nil
		}
		u.Changed = &now
		ended := b.endSessions(func(s *auth.Session) bool { return s.User == u.Name })
		return append([]auth.Change{{User: &u}}, ended...), nil
	})
}

// notNil makes a nil list of groups an empty one.
func notNil(groups *[]string) *[]string {
	if groups != nil && *groups == nil {
		return &[]string{}
	}
	return groups
}

// SetPassword gives a user another password, by order of somebody else. hash is of HashPassword. If
// it is "", SetPassword makes a password and returns it. The user must change it.
func (b *Book) SetPassword(ctx context.Context, name, hash string) (password string, err error) {
	if _, known := b.User(name); !known {
		return "", ErrNoUser
	}
	if password, err = b.fillPassword(ctx, &hash); err != nil {
		return "", err
	}
	must := true
	if err := b.ChangeUser(ctx, auth.UserUpdate{Name: name, Password: &hash, MustChange: &must}); err != nil {
		return "", err
	}
	return password, nil
}

// RemoveUser removes a user, and ends the user's sessions.
func (b *Book) RemoveUser(ctx context.Context, name string) error {
	return b.do(ctx, func(time.Time) ([]auth.Change, error) {
		if b.users[name] == nil {
			return nil, ErrNoUser
		}
		ended := b.endSessions(func(s *auth.Session) bool { return s.User == name })
		return append([]auth.Change{{UserRemoved: &name}}, ended...), nil
	})
}
