package api_test

import (
	"context"
	"net/netip"
	"strings"
	"sync"
	"testing"

	"github.com/rs/zerolog"

	"nwayacd/api"
	"nwayacd/api/apitest"
	"nwayacd/internal/auth"
	"nwayacd/internal/auth/users"
	"nwayacd/queue"
)

var from = netip.MustParseAddr("10.0.0.1")

// auditJournal keeps the entries of the audit log, and the changes that were written with each.
type auditJournal struct {
	mu      sync.Mutex
	entries []auth.Entry
	with    []int
}

func (j *auditJournal) Write(changes ...queue.Change) uint64 {
	j.mu.Lock()
	defer j.mu.Unlock()
	for _, c := range changes {
		if c.Auth != nil && c.Auth.Audit != nil {
			j.entries = append(j.entries, *c.Auth.Audit)
			j.with = append(j.with, len(changes)-1)
		}
	}
	return 1
}

func (*auditJournal) Sync(context.Context, uint64) error { return nil }

// audited returns a server whose audit log is in the journal.
func audited(t *testing.T) (api.Server, *auditJournal) {
	t.Helper()
	j := &auditJournal{}
	s := apitest.ServerWith(j)
	s.Book = users.New(j, zerolog.New(zerolog.NewTestWriter(t)), auth.Snapshot{})
	s.Users, s.Audit = s.Book, s.Book
	return s, j
}

func TestUsersAndTokensByCommand(t *testing.T) {
	s, _ := audited(t)
	ctx := apitest.As(t.Context(), auth.Admin)
	run := func(line, want string) string {
		t.Helper()
		reply := api.Run(ctx, s, line)
		if !strings.HasPrefix(reply, want) {
			t.Errorf("%s\n got  %s\n want %s", line, reply, want)
		}
		return reply[strings.LastIndex(reply, " ")+1:]
	}
	password := run("nway_user add anna supervisor 110,120 1000",
		"+OK user anna added, role supervisor; it is shown once")
	actor, err := s.Users.Login(ctx, "anna", password, from)
	if err != nil || !actor.MustChange || !actor.HasGroup("120") || actor.Extension != "1000" {
		t.Errorf("%+v, %v", actor, err)
	}
	run("nway_user add anna read", "-ERR the user exists already")
	run("nway_user change anna read - -", "+OK user anna has the role read")
	if u, _ := s.Book.User("anna"); u.Role != auth.Read || len(u.Groups) > 0 || u.Extension != "" {
		t.Errorf("%+v", u)
	}
	if run("nway_user password anna", "+OK user anna has a new password") == password {
		t.Error("the password is the old one")
	}
	run("nway_user password anna - - - "+users.HashPassword("a password that is known"),
		"+OK user anna has a new password")
	if _, err := s.Users.Login(ctx, "anna", "a password that is known", from); err != nil {
		t.Error(err)
	}
	run("nway_user disable anna", "+OK")
	if reply := api.Run(ctx, s, "nway_user list"); !strings.Contains(reply, "\nanna|read|||true|true|") {
		t.Error(reply)
	}
	run("nway_user enable anna", "+OK")
	run("nway_user remove anna", "+OK")

	key := run("nway_token add crm read * - 30", "+OK token crm added, role read; it is shown once: nwa_")
	if actor, ok := s.Users.Authenticate(key); !ok || actor.Name != "token:crm" || !actor.HasGroup("999") {
		t.Errorf("%+v, %v", actor, ok)
	}
	if reply := api.Run(ctx, s, "nway_token list"); !strings.Contains(reply, "\ncrm|read|*||false|test|2") {
		t.Error(reply)
	}
	run("nway_token disable crm", "+OK")
	if _, ok := s.Users.Authenticate(key); ok {
		t.Error("a disabled token is accepted")
	}
	run("nway_token enable crm", "+OK")
	run("nway_token remove crm", "+OK")
}

func TestOnlyAnAdminManagesUsers(t *testing.T) {
	s, _ := audited(t)
	for _, role := range auth.Roles {
		for _, line := range []string{
			"nway_user list", "nway_token list", "nway_user add x admin", "nway_token add x admin",
		} {
			reply := api.Run(apitest.As(t.Context(), role), s, line)
			if refused := strings.HasPrefix(reply, "-ERR the role"); refused == (role == auth.Admin) {
				t.Errorf("%s for %s: %s", line, role, reply)
			}
		}
	}
}

func TestACommandIsInTheAuditLog(t *testing.T) {
	s, j := audited(t)
	ctx := apitest.As(t.Context(), auth.Admin)
	for _, step := range []struct {
		line, object, detail string
		with                 int // changes in the same write, at least
	}{
		{"nway_login 1000 110", "1000", "groups=110", 1},
		{"nway_busy 1000", "1000", "", 1},
		{"nway_add_ext 1001 topsecret", "1001", "password=***", 1},
		{"nway_set_ring_group 110 a.wav - - -", "110", "welcome prompt=a.wav", 1},
		{"nway_user add anna read", "anna", "word=add", 1},
		{"nway_user password anna - - - " + users.HashPassword("a password that is known"), "anna", "hash=***", 1},
		{"nway_token add crm read", "crm", "role=read", 1},
		{"nway_reload", "", "", 0},
	} {
		before := len(j.entries)
		if reply := api.Run(ctx, s, step.line); !strings.HasPrefix(reply, "+OK") {
			t.Fatal(step.line, reply)
		}
		if len(j.entries) != before+1 {
			t.Errorf("%s: %d entries", step.line, len(j.entries)-before)
			continue
		}
		e := j.entries[before]
		name, _, _ := strings.Cut(step.line, " ")
		detail, want, _ := strings.Cut(step.detail, "=")
		if e.Action != name || e.Object != step.object || e.Actor != "test" || e.Role != auth.Admin ||
			e.Outcome != auth.OK || e.Detail[detail] != want || j.with[before] < step.with {
			t.Errorf("%s: with %d changes, %+v", step.line, j.with[before], e)
		}
	}
	for _, line := range []string{
		"nway_list_exts", "nway_list_groups json", "nway_list_calls", "nway_user list", "nway_token list",
		"nwayacd_version",
	} {
		before := len(j.entries)
		if api.Run(ctx, s, line); len(j.entries) != before {
			t.Errorf("%s is in the audit log", line)
		}
	}
}

func TestWhatIsRefusedIsInTheAuditLog(t *testing.T) {
	for line, want := range map[string]struct {
		role   auth.Role
		reason string
	}{
		"nway_busy 9":                 {auth.Admin, "no such extension"},
		"nway_rm_group 110":           {auth.Read, "the role read may not use nway_rm_group"},
		"nway_list_exts":              {auth.Wall, "the role wall may not use nway_list_exts"},
		"nway_add_ext 1000 topsecret": {auth.Admin, "exists already"},
	} {
		s, j := audited(t)
		api.Run(apitest.As(t.Context(), want.role), s, line)
		if len(j.entries) != 1 {
			t.Errorf("%s: %d entries", line, len(j.entries))
			continue
		}
		e := j.entries[0]
		if e.Outcome != auth.Refused || !strings.Contains(e.Reason, want.reason) || e.Role != want.role {
			t.Errorf("%s: %+v", line, e)
		}
		for _, shown := range e.Detail {
			if strings.Contains(shown, "topsecret") {
				t.Errorf("%s shows %s", line, shown)
			}
		}
	}
}

func TestLoginsAreInTheAuditLog(t *testing.T) {
	s, j := audited(t)
	if _, err := s.Book.AddUser(t.Context(), auth.User{
		Name: "anna", Role: auth.Read, Password: users.HashPassword("a password that is known"),
	}); err != nil {
		t.Fatal(err)
	}
	s.Login(t.Context(), auth.WayCommand, "anna", "a password that is known", from)
	s.Login(t.Context(), auth.WayCommand, "anna", "a wrong password", netip.MustParseAddr("10.0.0.2"))
	s.Login(t.Context(), auth.WayCommand, "my-password", "x", netip.MustParseAddr("10.0.0.3"))
	s.WrongSecret(t.Context(), auth.WayHTTP, "10.0.0.4")
	s.WrongSecret(t.Context(), auth.WayHTTP, "10.0.0.4")
	want := []auth.Entry{
		{
			Actor: "user:anna", Role: auth.Read, Source: "10.0.0.1", Way: auth.WayCommand, Object: "anna",
			Outcome: auth.OK,
		},
		{Actor: "unknown", Source: "10.0.0.2", Way: auth.WayCommand, Object: "anna", Outcome: auth.Refused},
		{Actor: "unknown", Source: "10.0.0.3", Way: auth.WayCommand, Object: "unknown name", Outcome: auth.Refused},
		{Actor: "unknown", Source: "10.0.0.4", Way: auth.WayHTTP, Outcome: auth.Refused},
	}
	if len(j.entries) != len(want) {
		t.Fatalf("%d entries, want %d: %+v", len(j.entries), len(want), j.entries)
	}
	for i, e := range j.entries {
		w := want[i]
		if e.Action != "login" || e.Actor != w.Actor || e.Role != w.Role || e.Source != w.Source || e.Way != w.Way ||
			e.Object != w.Object || e.Outcome != w.Outcome {
			t.Errorf("entry %d\n got %+v\nwant %+v", i, e, w)
		}
	}
}
