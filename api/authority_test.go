package api_test

import (
	"slices"
	"strings"
	"testing"

	"nwayacd/api"
	"nwayacd/api/apitest"
	"nwayacd/internal/auth"
)

func TestEveryCommandIsInTheTableOfRoles(t *testing.T) {
	for _, c := range api.Commands {
		if auth.RightOf(c.Name) == nil {
			t.Errorf("%s needs a line in internal/auth/rights.go", c.Name)
		}
	}
}

// refused is in the reply to a command that the actor may not use.
const refused = "may not use "

// lineFor returns the command with arguments that its syntax accepts. The extensions, groups and
// calls are the ones given.
func lineFor(t *testing.T, c *api.Command, extension, group, uuid string) string {
	t.Helper()
	i := slices.IndexFunc(wrongUses, func(u wrongUse) bool { return u.command == c.Name })
	if i < 0 {
		t.Fatalf("%s has no right use", c.Name)
	}
	given, err := api.Split(wrongUses[i].right)
	if err != nil {
		t.Fatal(err)
	}
	wanted, _ := c.Arguments()
	for n := range given {
		switch wanted[n].Word {
		case "EXT":
			given[n] = extension
		case "GROUP", "GROUP[,GROUP…]":
			given[n] = group
		case "UUID":
			given[n] = uuid
		}
	}
	return strings.TrimSpace(c.Name + " " + strings.Join(given, " "))
}

// A role may use a command exactly on what the table of roles says: on everything, on the extension
// 1000 or the group 110, or on nothing. There are no calls here, so only a role that
// may use a command on everything may use one on a call.
func TestEveryRoleHasExactlyItsCommands(t *testing.T) {
	for _, c := range api.Commands {
		right := auth.RightOf(c.Name)
		own := lineFor(t, &c, "1000", "110", "5fa9")
		foreign := lineFor(t, &c, "1001", "120", "5fa9")
		narrow := len(right.On) > 0 && (foreign != own || slices.Contains(right.On, auth.ACall))
		for _, role := range append([]auth.Role{""}, auth.Roles...) {
			scope := right.Scope(role)
			for line, want := range map[string]bool{
				own:     scope == auth.All || scope != auth.None && !slices.Contains(right.On, auth.ACall),
				foreign: scope == auth.All || scope != auth.None && !narrow,
			} {
				s, audit := apitest.Office()
				actor, _ := s.Users.Authenticate("nwa_" + string(role))
				reply := api.Run(auth.With(t.Context(), actor), s, line)
				if strings.Contains(reply, refused) == want {
					t.Errorf("%s, %q: %s", role, line, reply)
				}
				if entries := audit.Take(); !want && (len(entries) != 1 || entries[0].Outcome != auth.Refused) {
					t.Errorf("%s, %q: the audit log has %+v", role, line, entries)
				}
			}
		}
	}
}

func TestACommandWithoutAnActorIsRefused(t *testing.T) {
	s, _ := apitest.Office()
	for _, c := range api.Commands {
		if reply := api.Run(t.Context(), s, lineFor(t, &c, "1000", "110", "5fa9")); !strings.Contains(reply, refused) {
			t.Errorf("%s: %s", c.Name, reply)
		}
	}
}

func TestWhoMustChooseAPasswordMayDoNothingElse(t *testing.T) {
	s, _ := apitest.Office()
	boss := auth.Actor{Name: "user:boss", Role: auth.Admin, MustChange: true}
	reply := api.Run(auth.With(t.Context(), boss), s, "nway_reload")
	if !strings.Contains(reply, "a new password first") {
		t.Error(reply)
	}
}

func TestOrdersAreInTheAuditLogWithTheirOutcomeAndWithoutSecrets(t *testing.T) {
	s, audit := apitest.Office()
	admin, _ := s.Users.Authenticate("nwa_admin")
	ctx := auth.With(t.Context(), admin)
	for _, c := range []struct {
		line, object string
		outcome      auth.Outcome
		detail       map[string]string
	}{
		{"nway_add_ext 2001 zebra", "2001", auth.OK, map[string]string{"password": auth.Masked}},
		{"nway_add_ext 2001 zebra", "2001", auth.Refused, map[string]string{"password": auth.Masked}},
		{"nway_login 2001 110", "2001", auth.OK, map[string]string{"groups": "110"}},
		{"nway_reload", "", auth.OK, nil},
	} {
		api.Run(ctx, s, c.line)
		entries := audit.Take()
		if len(entries) != 1 || entries[0].Object != c.object || entries[0].Outcome != c.outcome ||
			entries[0].Actor != admin.Name || entries[0].Action != strings.Fields(c.line)[0] {
			t.Errorf("%s: %+v", c.line, entries)
			continue
		}
		for name, value := range c.detail {
			if entries[0].Detail[name] != value {
				t.Errorf("%s: %s is %q", c.line, name, entries[0].Detail[name])
			}
		}
	}
	for _, line := range []string{"nway_list_exts", "nway_list_calls json", "nway_add_ext x", "nwayacd_version"} {
		if api.Run(ctx, s, line); len(audit.Take()) != 0 {
			t.Errorf("%s is in the audit log", line)
		}
	}
}

func TestAnAgentOfOtherGroupsIsNotForASupervisor(t *testing.T) {
	s, _ := apitest.Office()
	ctx := apitest.As(t.Context(), auth.Admin)
	if reply := api.Run(ctx, s, "nway_set_ext 1003 allowed_groups 120"); !strings.HasPrefix(reply, "+OK") {
		t.Fatal(reply)
	}
	supervisor, _ := s.Users.Authenticate("nwa_supervisor")
	ctx = auth.With(t.Context(), supervisor)
	if reply := api.Run(ctx, s, "nway_login 1003 110"); !strings.Contains(reply, refused) {
		t.Error(reply)
	}
	if reply := api.Run(ctx, s, "nway_list_exts"); strings.Contains(reply, "\n1003|") {
		t.Error(reply)
	}
}

// A supervisor's login leaves the memberships of other groups.
func TestASupervisorLogsAgentsInToTheOwnGroups(t *testing.T) {
	for _, c := range []struct {
		line, reply string // beginning of the reply
		groups      []string
	}{
		{"nway_login 1002 110", "+OK", []string{"110", "120"}},
		{"nway_login 1003 110", "+OK", []string{"110"}}, // of no group before
		{"nway_login 1002 120", "-ERR", nil},
		{"nway_login 1001 110", "-ERR", nil}, // of another group
		{"nway_login 1003 110,120", "-ERR", nil},
		{"nway_login 1003 120", "-ERR", nil},
		{"nway_join 1003 110", "+OK", []string{"110"}},
		{"nway_join 1002 110", "+OK", []string{"110", "120"}},
		{"nway_join 1001 110", "-ERR", nil}, // it would take an agent of another group over
		{"nway_join 1002 120", "-ERR", nil},
		{"nway_leave 1002 120", "-ERR", nil},
		{"nway_leave 1002 110", "+OK", []string{"120"}},
		{"nway_logout 1001", "-ERR", nil},
		{"nway_busy 1003", "-ERR", nil},
	} {
		s, _ := apitest.Office()
		supervisor, _ := s.Users.Authenticate("nwa_supervisor")
		reply := api.Run(auth.With(t.Context(), supervisor), s, c.line)
		if !strings.HasPrefix(reply, c.reply) {
			t.Errorf("%s: %s", c.line, reply)
		}
		if c.groups == nil {
			continue
		}
		v, err := s.ACD.Dispatcher.Agent(strings.Fields(c.line)[1])
		if err != nil || !slices.Equal(v.Groups, c.groups) {
			t.Errorf("%s: %v, %v", c.line, v.Groups, err)
		}
	}
}
