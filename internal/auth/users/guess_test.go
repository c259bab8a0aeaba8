package users_test

import (
	"errors"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"nwayacd/internal/auth/users"
)

func TestAfterFiveWrongPasswordsATryEachFiveSeconds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, _ := newBook(t)
		login(t, b, "anna", "10.0.0.1") // so that the limit for strangers does not count
		try := func(password string) error {
			_, err := b.Login(t.Context(), "anna", password, from("10.0.0.1"))
			return err
		}
		for i := range 5 {
			if err := try("wrong horse battery"); !errors.Is(err, users.ErrWrong) {
				t.Fatalf("try %d: %v", i+1, err)
			}
		}
		for range 3 {
			expectSlow(t, try(password), 5*time.Second)
			time.Sleep(4900 * time.Millisecond)
			expectSlow(t, try(password), 100*time.Millisecond)
			time.Sleep(100 * time.Millisecond)
			if err := try("wrong horse battery"); !errors.Is(err, users.ErrWrong) {
				t.Fatalf("the try after 5 seconds: %v", err)
			}
		}
		if _, err := b.Login(t.Context(), "anna", password, from("10.0.0.2")); err != nil {
			t.Errorf("the same name from another source: %v", err)
		}
		time.Sleep(5 * time.Second)
		if err := try(password); err != nil {
			t.Fatalf("the right password when its time has come: %v", err)
		}
		if err := try("wrong horse battery"); !errors.Is(err, users.ErrWrong) {
			t.Errorf("the first wrong one after a right one: %v", err)
		}
	})
}

func expectSlow(t *testing.T, err error, wait time.Duration) {
	t.Helper()
	slow, is := errors.AsType[users.SlowError](err)
	if !is || (slow.Wait-wait).Abs() > 10*time.Millisecond {
		t.Errorf("%v, want a wait of %s", err, wait)
	}
}

func TestANameTakesTenTriesAMinuteFromStrangers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, r := newBook(t)
		login(t, b, "anna", "10.0.0.1")
		time.Sleep(time.Minute)
		for _, b := range []*users.Book{b, restarted(r)} {
			for i := range 10 {
				source := fmt.Sprint("10.1.0.", i)
				_, err := b.Login(t.Context(), "anna", "wrong horse battery", from(source))
				if !errors.Is(err, users.ErrWrong) {
					t.Fatalf("stranger %d: %v", i+1, err)
				}
			}
			_, err := b.Login(t.Context(), "anna", password, from("10.2.0.1"))
			expectSlow(t, err, 6*time.Second)
			if _, err := b.Login(t.Context(), "anna", password, from("10.0.0.1")); err != nil {
				t.Errorf("from where the name has logged in before: %v", err)
			}
			time.Sleep(6 * time.Second)
			if _, err := b.Login(t.Context(), "anna", password, from("10.2.0.1")); err != nil {
				t.Errorf("a stranger with the right password, 6 seconds later: %v", err)
			}
			time.Sleep(time.Minute)
		}
	})
}

// A try costs a core some 30 ms also if the name is made up, and a client can make up any number.
func TestASourceTakesSixtyWrongTriesAMinuteOfNamesThatItNeverLoggedIn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, _ := newBook(t)
		const office = "10.0.0.1"
		login(t, b, "anna", office)
		for i := range 60 {
			if i == 30 { // right ones count for nothing
				login(t, b, "boss", office)
			}
			_, err := b.Login(t.Context(), fmt.Sprint("nobody", i), password, from(office))
			if !errors.Is(err, users.ErrWrong) {
				t.Fatalf("try %d: %v", i+1, err)
			}
		}
		_, err := b.Login(t.Context(), "nobody", password, from(office))
		expectSlow(t, err, time.Second)
		if _, err := b.Login(t.Context(), "anna", password, from(office)); err != nil {
			t.Errorf("a name that has logged in from there: %v", err)
		}
		if _, err := b.Login(t.Context(), "nobody", password, from("10.0.0.2")); !errors.Is(err, users.ErrWrong) {
			t.Errorf("another source: %v", err)
		}
		time.Sleep(time.Second)
		if _, err := b.Login(t.Context(), "nobody", password, from(office)); !errors.Is(err, users.ErrWrong) {
			t.Errorf("a second later: %v", err)
		}
	})
}

// TestPasswordsAreLookedAtOneByOne sends 64 from one source and 64 from many.
func TestPasswordsAreLookedAtOneByOne(t *testing.T) {
	b, _ := newBook(t)
	for _, many := range []struct {
		source func(i int) string
		most   int
	}{
		{func(int) string { return "10.0.0.1" }, 1 + 4},
		{func(i int) string { return fmt.Sprint("10.0.1.", i) }, 1 + 16},
	} {
		var all sync.WaitGroup
		errs := make(chan error, 64)
		begin := make(chan struct{})
		for i := range 64 {
			all.Go(func() {
				<-begin
				_, err := b.Login(t.Context(), "nosuch"+many.source(i), "wrong horse battery", from(many.source(i)))
				errs <- err
			})
		}
		close(begin)
		all.Wait()
		close(errs)
		count := map[error]int{}
		for err := range errs {
			if _, slow := errors.AsType[users.SlowError](err); slow {
				err = users.ErrBusy
			}
			count[err]++
		}
		// those that come while others leave are looked at, too
		if count[users.ErrWrong] == 0 || count[users.ErrBusy] < 64-2*many.most {
			t.Errorf("%v, and at most %d may be under way", count, many.most)
		}
	}
}
