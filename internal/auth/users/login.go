package users

import (
	"context"
	"errors"
	"net/netip"
	"strings"
	"time"

	"nwayacd/internal/auth"
)

// ErrWrong says that the name or the password is wrong. Which of them is not said.
var ErrWrong = errors.New("the name or the password is wrong")

// Login checks a name and a password, and returns the user as an actor, without a session. The
// errors are ErrWrong, ErrBusy, a SlowError, or ctx's cause. The caller fills in Way.
//
// An unknown name costs as much time as a known one. A try that comes too early is not looked at.
func (b *Book) Login(ctx context.Context, name, password string, source netip.Addr) (auth.Actor, error) {
	name = strings.ToLower(name)
	p := pair{name, network(source)}
	if !isName(name) || len(password) > mostPassword {
		name, p.name = "", "" // no user has it
	}
	actor, err := b.login(ctx, p, password)
	actor.Source = address(source)
	if err != nil {
		b.refuseLogin(ctx, name, actor.Source, err)
		return auth.Actor{}, err
	}
	return actor, nil
}

func (b *Book) login(ctx context.Context, p pair, password string) (auth.Actor, error) {
	hash, err := b.beginLogin(p)
	if err != nil {
		return auth.Actor{}, err
	}
	right, err := b.look(ctx, &hash, password, p.source)
	b.mu.Lock()
	defer b.mu.Unlock()
	if err != nil {
		b.throttle.undo(p)
		return auth.Actor{}, err
	}
	u := b.users[p.name]
	if !right || u == nil || u.Disabled {
		return auth.Actor{}, ErrWrong
	}
	b.throttle.right(p)
	actor := actorOfUser(u)
	actor.Password = fingerprint(u)
	return actor, nil
}

// refuseLogin writes an entry about a wrong password. The name is shown only if a user has it,
// because people type their password there.
func (b *Book) refuseLogin(ctx context.Context, name, source string, why error) {
	if _, known := b.User(name); !known {
		name = "unknown name"
	}
	actor, known := auth.From(ctx)
	if !known {
		actor = auth.Actor{Name: "unknown", Source: source, Way: auth.WayConsole}
	}
	o := &auth.Order{Action: "login", Object: name}
	b.Refuse(o.Entry(auth.With(ctx, actor), time.Now(), auth.Refused, why.Error()))
}

// address returns an address as Actor.Source has it.
func address(source netip.Addr) string {
	if !source.IsValid() {
		return ""
	}
	return source.Unmap().WithZone("").String()
}

// network returns what counts as one source: an address, or with IPv6 the network of 64 bits, in
// which a client can choose its address.
func network(source netip.Addr) string {
	source = source.Unmap().WithZone("")
	if !source.Is6() {
		return address(source)
	}
	prefix, _ := source.Prefix(64) // every address of IPv6 has one
	return prefix.Addr().String()
}

// beginLogin returns the hash that the password must have.
func (b *Book) beginLogin(p pair) (hash costly, err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if err := b.throttle.begin(p, time.Now()); err != nil {
		return hash, err
	}
	u := b.users[p.name]
	if u == nil {
		return noUser, nil
	}
	if hash, err = parseHash(u.Password); err != nil {
		b.log.Warn().Str("user", u.Name).Err(err).Msg("the user cannot log in")
		return noUser, nil
	}
	return hash, nil
}

// look compares the password when it is its turn.
func (b *Book) look(ctx context.Context, hash *costly, password, source string) (right bool, err error) {
	if err := b.gate.enter(ctx, source); err != nil {
		return false, err
	}
	defer b.gate.leave()
	return hash.is(password), nil
}

// ChangePassword gives the actor, a user, a new password if old is the present one. Other sessions
// of the user end, and the actor's own goes on. The errors are those of Login and
// CheckNewPassword.
func (b *Book) ChangePassword(ctx context.Context, actor auth.Actor, old, new string) error {
	ctx, conclude := b.inOrder(ctx, actor, "change-password", actor.Name)
	err := b.changePassword(ctx, actor, old, new)
	conclude(err)
	return err
}

func (b *Book) changePassword(ctx context.Context, actor auth.Actor, old, new string) error {
	name, is := strings.CutPrefix(actor.Name, "user:")
	if !is {
		return ErrNoUser
	}
	if err := invalid(CheckNewPassword(name, new)); err != nil {
		return err
	}
	source, _ := netip.ParseAddr(actor.Source) // if it is unknown, all such clients are one source
	if _, err := b.Login(ctx, name, old, source); err != nil {
		return err
	}
	if old == new {
		return invalid(errors.New("the new password must differ from the old one"))
	}
	hash, err := b.HashNew(ctx, name, new)
	if err != nil {
		return err
	}
	return b.do(ctx, func(now time.Time) ([]auth.Change, error) {
		if b.users[name] == nil {
			return nil, ErrNoUser
		}
		must := false
		changes := []auth.Change{
			{User: &auth.UserUpdate{Name: name, Password: &hash, MustChange: &must, Changed: &now}},
		}
		if s := b.sessions[actor.Session]; s != nil && s.User == name {
			changes = append(changes, auth.Change{Session: &auth.SessionUpdate{Hash: s.Hash, Created: &now}})
		}
		return append(changes, b.endSessions(func(s *auth.Session) bool {
			return s.User == name && s.Hash != actor.Session
		})...), nil
	})
}

// HashNew returns the hash of a password that is to be the user's, when it is its turn. The errors
// are ErrInvalid, ErrBusy or ctx's cause.
func (b *Book) HashNew(ctx context.Context, name, password string) (string, error) {
	if err := invalid(CheckNewPassword(name, password)); err != nil {
		return "", err
	}
	if err := b.gate.enter(ctx, ""); err != nil {
		return "", err
	}
	defer b.gate.leave()
	return HashPassword(password), nil
}
