package users_test

import (
	"testing"
	"testing/synctest"
	"time"

	"nwayacd/internal/auth"
)

func TestAnEntryGoesWithItsChange(t *testing.T) {
	b, r := newBook(t)
	ctx := auth.With(t.Context(), auth.Actor{
		Name: "user:boss", Role: auth.Admin, Source: "10.0.0.1", Way: auth.WayHTTP,
	})
	ctx = auth.WithOrder(ctx, &auth.Order{
		Action: "nway_user", Object: "new\r\n", Detail: map[string]string{"password": auth.Masked},
	})
	if _, err := b.AddUser(ctx, auth.User{Name: "new", Role: auth.Read, Password: hash()}); err != nil {
		t.Fatal(err)
	}
	b.Conclude(ctx, auth.OK, "")
	if last := r.last(); len(last) != 2 || last[0].UserAdded == nil || last[1].Audit == nil {
		t.Fatalf("one write has %+v", last)
	}
	if len(r.entries) != 1 {
		t.Fatalf("%d entries", len(r.entries))
	}
	e := r.entries[0]
	if e.Actor != "user:boss" || e.Role != auth.Admin || e.Source != "10.0.0.1" || e.Way != auth.WayHTTP ||
		e.Object != "new  " || e.Outcome != auth.OK || e.Detail["password"] != auth.Masked || e.At.IsZero() {
		t.Errorf("%+v", e)
	}
}

func TestRefusalsAreWrittenOnceAMinuteForEachSource(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, r := newBook(t)
		refuse := func(source string) {
			ctx := auth.With(t.Context(), auth.Actor{Name: "http", Source: source})
			b.Conclude(auth.WithOrder(ctx, &auth.Order{Action: "reload"}), auth.Refused, "the file has a fault")
		}
		for range 100 {
			refuse("10.0.0.1")
			time.Sleep(100 * time.Millisecond)
		}
		refuse("10.0.0.2")
		if len(r.entries) != 2 {
			t.Errorf("%d entries of two sources, want 2", len(r.entries))
		}
		time.Sleep(time.Minute)
		refuse("10.0.0.1")
		if got := r.entries[len(r.entries)-1].Detail["more-like-it"]; got != "99" {
			t.Errorf("%q refusals were not written, want 99", got)
		}
	})
}

func TestEveryFailureIsWritten(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, r := newBook(t)
		ctx := auth.With(t.Context(), auth.Actor{Name: "http", Source: "10.0.0.1"})
		b.Conclude(auth.WithOrder(ctx, &auth.Order{Action: "nway_threeway"}), auth.Refused, "not in a talk")
		for range 3 {
			b.Conclude(auth.WithOrder(ctx, &auth.Order{Action: "nway_threeway"}), auth.Failed, "no link")
		}
		if len(r.entries) != 4 || r.entries[3].Outcome != auth.Failed || r.entries[3].Reason != "no link" {
			t.Errorf("%+v", r.entries)
		}
	})
}
