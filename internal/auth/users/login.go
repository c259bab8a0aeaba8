package users

import (
	"cmp"
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
	return b.LoginOn(ctx, "", name, password, source)
}

// LoginOn is Login in a browser that has shown the text of Device; "" = it has shown none. If the
// text is the user's, tries of others at the same address do not count against this one.
func (b *Book) LoginOn(
	ctx context.Context, device, name, password string, source netip.Addr,
) (auth.Actor, error) {
	name = strings.ToLower(name)
	if !isName(name) || len(password) > mostPassword {
		name = "" // no user has it
	}
	proof := ""
	if b.ownsDevice(name, device) {
		proof = "device:" + device
	}
	return b.loginBy(ctx, proof, name, password, source)
}

// loginBy is Login of a client that has shown a secret of the user. proof names the secret; "" =
// the client has shown none.
func (b *Book) loginBy(ctx context.Context, proof, name, password string, source netip.Addr) (auth.Actor, error) {
	p := pair{name, cmp.Or(proof, network(source))}
	actor, err := b.login(ctx, p, proof != "", password)
	actor.Source = address(source)
	if err != nil {
		b.refuseLogin(ctx, name, actor.Source, err)
		return auth.Actor{}, err
	}
	return actor, nil
}

func (b *Book) login(ctx context.Context, p pair, proved bool, password string) (auth.Actor, error) {
	this, hash, err := b.beginLogin(p, proved)
	if err != nil {
		b.gate.pretend(ctx)
		return auth.Actor{}, err
	}
	if this.veil == nil && !proved && b.gate.refusesStrangers(p.source) {
		this.veil = ErrBusy
	}
	right, err := b.look(ctx, &hash, password, &this)
	b.mu.Lock()
	defer b.mu.Unlock()
	if err != nil {
		b.throttle.undo(this)
		return auth.Actor{}, err
	}
	u := b.users[p.name]
	if !right || u == nil || u.Disabled {
		return auth.Actor{}, cmp.Or(this.veil, ErrWrong)
	}
	b.throttle.right(this)
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

// beginLogin returns the try, and the hash that the password must have.
func (b *Book) beginLogin(p pair, proved bool) (this try, hash costly, err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if this, err = b.throttle.begin(p, proved, time.Now()); err != nil {
		return this, hash, err
	}
	u := b.users[p.name]
	if u == nil {
		return this, noUser, nil
	}
	if hash, err = parseHash(u.Password); err != nil {
		b.log.Warn().Str("user", u.Name).Err(err).Msg("the user cannot log in")
		return this, noUser, nil
	}
	return this, hash, nil
}

// look compares the password when it is its turn.
func (b *Book) look(ctx context.Context, hash *costly, password string, this *try) (right bool, err error) {
	if err := b.gate.enter(ctx, this.lane, this.source); err != nil {
		if errors.Is(err, ErrBusy) {
			b.gate.pretend(ctx)
		}
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
	proof := ""
	if actor.Session != "" {
		proof = "session:" + actor.Session
	}
	was, err := b.loginBy(ctx, proof, name, old, source)
	if err != nil {
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
		u := b.users[name]
		if u == nil {
			return nil, ErrNoUser
		}
		if fingerprint(u) != was.Password || u.Disabled {
			return nil, ErrWrong // somebody changed the user since the old password was looked at
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
	if err := b.gate.enter(ctx, known, ""); err != nil {
		return "", err
	}
	defer b.gate.leave()
	return HashPassword(password), nil
}
