package users

import (
	"context"
	"errors"
	"slices"
	"testing"
	"testing/synctest"

	"github.com/rs/zerolog"

	"nwayacd/internal/auth"
	"nwayacd/queue"
)

// TestThoseWhoWereRightBeforeComeFirst fills the gate with strangers of one address.
func TestThoseWhoWereRightBeforeComeFirst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGate()
		if err := g.enter(t.Context(), strangers, "10.0.0.1"); err != nil {
			t.Fatal(err)
		}
		came := make(chan lane, 16)
		wait := func(in lane) {
			go func() { // ends when the turns before it have ended
				if err := g.enter(t.Context(), in, "10.0.0.1"); err != nil {
					t.Error(err)
				}
				came <- in
				g.leave()
			}()
			synctest.Wait()
		}
		for range mostStrangersSource {
			wait(strangers)
		}
		if err := g.enter(t.Context(), strangers, "10.0.0.1"); !errors.Is(err, ErrBusy) {
			t.Errorf("one stranger more: %v", err)
		}
		if !g.refusesStrangers("10.0.0.1") || g.refusesStrangers("10.0.0.2") {
			t.Error("the gate does not know from where it refuses strangers")
		}
		wait(known)
		wait(known)
		g.leave()
		synctest.Wait()
		close(came)
		var order []lane
		for in := range came {
			order = append(order, in)
		}
		if want := []lane{known, known, strangers, strangers, strangers, strangers}; !slices.Equal(order, want) {
			t.Errorf("order %v, want %v", order, want)
		}
		if len(g.waiting) > 0 || g.taken {
			t.Errorf("the gate is not empty: %+v", g)
		}
	})
}

// TestATurnOfAClientThatIsGoneGoesToTheNext cancels one that waits, at the moment when its turn
// comes too.
func TestATurnOfAClientThatIsGoneGoesToTheNext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for range 50 {
			g := newGate()
			if err := g.enter(t.Context(), known, ""); err != nil {
				t.Fatal(err)
			}
			ctx, gone := context.WithCancel(t.Context())
			go func() { // ends with the turn, or with ctx
				if g.enter(ctx, strangers, "10.0.0.1") == nil {
					g.leave()
				}
			}()
			synctest.Wait()
			go gone()
			g.leave()
			if err := g.enter(t.Context(), strangers, "10.0.0.1"); err != nil {
				t.Fatal(err)
			}
			g.leave()
			synctest.Wait()
			if g.taken || len(g.lines[strangers]) > 0 || len(g.waiting) > 0 {
				t.Fatalf("the gate is not empty: %+v", g)
			}
		}
	})
}

type noJournal struct{}

func (noJournal) Write(...queue.Change) uint64       { return 1 }
func (noJournal) Sync(context.Context, uint64) error { return nil }

// TestANewPasswordOfAnAdministratorIsNotUndone lets an administrator set a password after the
// user's old one was looked at, and before the new one is in force.
func TestANewPasswordOfAnAdministratorIsNotUndone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const old, admins, own = "correct horse battery", "the administrator's", "the user's own choice"
		b := New(noJournal{}, zerolog.Nop(), auth.Snapshot{})
		_, err := b.AddUser(t.Context(), auth.User{Name: "anna", Role: auth.Read, Password: HashPassword(old)})
		if err != nil {
			t.Fatal(err)
		}
		if err := b.gate.enter(t.Context(), known, ""); err != nil {
			t.Fatal(err)
		}
		changed := make(chan error, 1)
		go func() {
			changed <- b.ChangePassword(t.Context(), auth.Actor{Name: "user:anna", Session: "s"}, old, own)
		}()
		synctest.Wait()
		ours := make(chan error, 1)
		go func() { ours <- b.gate.enter(t.Context(), known, "") }()
		synctest.Wait() // the next turn is that of the user's old password, and then comes ours
		b.gate.leave()
		if err := <-ours; err != nil {
			t.Fatal(err)
		}
		if _, err := b.SetPassword(t.Context(), "anna", HashPassword(admins)); err != nil {
			t.Fatal(err)
		}
		b.gate.leave()
		if err := <-changed; !errors.Is(err, ErrWrong) {
			t.Errorf("the user's change: %v", err)
		}
		u, _ := b.User("anna")
		if hash, err := parseHash(u.Password); err != nil || !hash.is(admins) || !u.MustChange {
			t.Errorf("the password is not the administrator's, or need not be changed: %v %v", err, u.MustChange)
		}
	})
}
