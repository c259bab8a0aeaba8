package users_test

import (
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"nwayacd/internal/auth/users"
)

// TestARightPasswordWorksBesideAFlood tries passwords of made-up names from the address of an
// office, as fast as it can, while people of the office log in.
func TestARightPasswordWorksBesideAFlood(t *testing.T) {
	b, _ := newBook(t)
	const office = "10.0.0.1"
	login(t, b, "anna", office)
	var flood sync.WaitGroup
	var stop atomic.Bool
	for i := range 32 {
		flood.Go(func() { // ends with stop
			for n := 0; !stop.Load(); n++ {
				b.Login(t.Context(), fmt.Sprint("nobody", i, "-", n), "wrong horse battery", from(office))
			}
		})
	}
	for i := range 10 {
		if _, err := b.Login(t.Context(), "anna", password, from(office)); err != nil {
			t.Errorf("login %d: %v", i, err)
		}
	}
	stop.Store(true)
	flood.Wait()
}

// TestABrowserThatLoggedInIsNotHeldUp tries passwords of the same name from the same address.
func TestABrowserThatLoggedInIsNotHeldUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, _ := newBook(t)
		cookie := login(t, b, "anna", "10.0.0.1")
		device, other := b.Device("anna"), b.Device("boss")
		for range 6 {
			b.Login(t.Context(), "anna", "wrong horse battery", from("10.0.0.1"))
		}
		for what, shown := range map[string]string{
			"nothing": "", "somebody else's": other, "made up": "a.b", "cut": device[:len(device)-1],
		} {
			_, err := b.LoginOn(t.Context(), shown, "anna", password, from("10.0.0.1"))
			if !errors.Is(err, users.ErrSlow) {
				t.Errorf("a browser that shows %s: %v", what, err)
			}
		}
		if _, err := b.LoginOn(t.Context(), device, "Anna", password, from("10.0.0.1")); err != nil {
			t.Errorf("a browser that logged in before: %v", err)
		}
		actor, _ := b.Session(cookie)
		actor.Source = "10.0.0.1"
		if err := b.ChangePassword(t.Context(), actor, password, "another long password"); err != nil {
			t.Errorf("a session that changes the password: %v", err)
		}
		_, err := b.LoginOn(t.Context(), device, "anna", "another long password", from("10.0.0.1"))
		if !errors.Is(err, users.ErrSlow) {
			t.Errorf("a browser that knows an older password: %v", err)
		}
	})
}

// A stolen cookie of a browser gives no more tries than an address.
func TestABrowserThatLoggedInHasFiveTries(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, _ := newBook(t)
		device := b.Device("anna")
		for range 5 {
			_, err := b.LoginOn(t.Context(), device, "anna", "wrong horse battery", from("10.0.0.1"))
			if !errors.Is(err, users.ErrWrong) {
				t.Fatal(err)
			}
		}
		_, err := b.LoginOn(t.Context(), device, "anna", "wrong horse battery", from("10.0.0.9"))
		if !errors.Is(err, users.ErrSlow) {
			t.Error(err)
		}
	})
}

// TestAnswersDoNotShowWhoLogsInFromAnAddress compares the answers about a name that has logged in
// from the address with those about a made-up name.
func TestAnswersDoNotShowWhoLogsInFromAnAddress(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, _ := newBook(t)
		login(t, b, "anna", "10.0.0.1")
		for i := range 61 {
			b.Login(t.Context(), fmt.Sprint("nobody", i), password, from("10.0.0.1"))
		}
		for range 8 {
			_, real := b.Login(t.Context(), "anna", "wrong horse battery", from("10.0.0.1"))
			_, none := b.Login(t.Context(), "nobody", "wrong horse battery", from("10.0.0.1"))
			if real == nil || none == nil || real.Error() != none.Error() {
				t.Errorf("a name that has logged in: %v; a made-up one: %v", real, none)
			}
		}
	})
}
