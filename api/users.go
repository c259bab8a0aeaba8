package api

import (
	"context"
	"errors"
	"strconv"
	"strings"
	"time"

	"nwayacd/internal/auth"
)

// The commands about users and tokens. Their first argument says what to do. An argument that the
// action does not need is left out, and none stands for nothing.
const (
	userCommand  = "nway_user"
	tokenCommand = "nway_token"

	none = "-"
)

// RepliesWithSecret reports whether the reply to the line may have a password or a token in it. It
// is for the client that has sent the line only, and not for an event.
func RepliesWithSecret(line string) bool {
	c := Named(line)
	return c != nil && (c.Name == userCommand || c.Name == tokenCommand)
}

// lists reports whether the arguments ask for a list only.
func (c *Command) lists(args []string) bool {
	return (c.Name == userCommand || c.Name == tokenCommand) && args[0] == "list"
}

var errNoUsers = errors.New("this server has no users")

// action is what such a command does, and how many arguments it takes for that.
type action struct {
	least, most int
	run         func(ctx context.Context, s Server, args []string) (string, error)
}

// userActions are those of nway_user.
var userActions = map[string]action{
	"list":     {0, 0, listUsers},
	"add":      {2, 5, addUser},
	"change":   {2, 4, changeUser},
	"password": {1, 5, setPassword},
	"disable":  {1, 1, disableUser},
	"enable":   {1, 1, enableUser},
	"remove":   {1, 1, removeUser},
}

func user(ctx context.Context, s Server, args []string) (string, error) {
	return act(ctx, s, userActions[args[0]], args[1:])
}

func token(ctx context.Context, s Server, args []string) (string, error) {
	return act(ctx, s, tokenActions[args[0]], args[1:])
}

func act(ctx context.Context, s Server, a action, args []string) (string, error) {
	switch {
	case s.Book == nil:
		return "", errNoUsers
	case len(args) < a.least || len(args) > a.most:
		return "", errUsage{}
	}
	return a.run(ctx, s, args)
}

func listUsers(_ context.Context, s Server, _ []string) (string, error) {
	header := "name|role|groups|extension|disabled|must_change|changed"
	return list(nil, s.Book.Users(), header, func(u auth.User) []string {
		return []string{
			u.Name, string(u.Role), strings.Join(u.Groups, ","), u.Extension, strconv.FormatBool(u.Disabled),
			strconv.FormatBool(u.MustChange), u.Changed.UTC().Format(time.RFC3339),
		}
	})
}

func addUser(ctx context.Context, s Server, args []string) (string, error) {
	u := auth.User{
		Name: args[0], Role: auth.Role(args[1]), Groups: groupsOf(at(args, 2)), Extension: orNone(at(args, 3)),
		Password: orNone(at(args, 4)), MustChange: true,
	}
	made, err := s.Book.AddUser(ctx, u)
	return "+OK user " + u.Name + " added, role " + string(u.Role) + withPassword(made), err
}

func changeUser(ctx context.Context, s Server, args []string) (string, error) {
	u := auth.UserUpdate{Name: args[0], Role: new(auth.Role(args[1]))}
	if len(args) > 2 {
		u.Groups = new(groupsOf(args[2]))
	}
	if len(args) > 3 {
		u.Extension = new(orNone(args[3]))
	}
	return "+OK user " + u.Name + " has the role " + args[1], s.Book.ChangeUser(ctx, u)
}

func setPassword(ctx context.Context, s Server, args []string) (string, error) {
	made, err := s.Book.SetPassword(ctx, args[0], orNone(at(args, 4)))
	return "+OK user " + args[0] + " has a new password" + withPassword(made), err
}

func disableUser(ctx context.Context, s Server, args []string) (string, error) {
	return "+OK user " + args[0] + " disabled",
		s.Book.ChangeUser(ctx, auth.UserUpdate{Name: args[0], Disabled: new(true)})
}

func enableUser(ctx context.Context, s Server, args []string) (string, error) {
	return "+OK user " + args[0] + " enabled",
		s.Book.ChangeUser(ctx, auth.UserUpdate{Name: args[0], Disabled: new(false)})
}

func removeUser(ctx context.Context, s Server, args []string) (string, error) {
	return "+OK user " + args[0] + " removed", s.Book.RemoveUser(ctx, args[0])
}

func withPassword(made string) string {
	if made == "" {
		return ""
	}
	return "; it is shown once, and must be changed at the first login: " + made
}

// tokenActions are those of nway_token.
var tokenActions = map[string]action{
	"list":    {0, 0, listTokens},
	"add":     {2, 6, addToken},
	"disable": {1, 1, disableToken},
	"enable":  {1, 1, enableToken},
	"remove":  {1, 1, removeToken},
}

func listTokens(_ context.Context, s Server, _ []string) (string, error) {
	header := "name|role|groups|extension|disabled|created_by|expires|last_used"
	return list(nil, s.Book.Tokens(), header, func(t auth.Token) []string {
		return []string{
			t.Name, string(t.Role), strings.Join(t.Groups, ","), t.Extension, strconv.FormatBool(t.Disabled),
			t.CreatedBy, when(t.Expires, time.RFC3339), when(t.LastUsed, time.DateOnly),
		}
	})
}

func when(t time.Time, form string) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(form)
}

func addToken(ctx context.Context, s Server, args []string) (string, error) {
	t := auth.Token{
		Name: args[0], Role: auth.Role(args[1]), Groups: groupsOf(at(args, 2)), Extension: orNone(at(args, 3)),
		Hash: orNone(at(args, 5)),
	}
	if days, _ := strconv.Atoi(orNone(at(args, 4))); days > 0 { // the syntax allows digits only
		t.Expires = time.Now().AddDate(0, 0, days)
	}
	key, err := s.Book.AddToken(ctx, t)
	reply := "+OK token " + t.Name + " added, role " + string(t.Role)
	if key != "" {
		reply += "; it is shown once: " + key
	}
	return reply, err
}

func disableToken(ctx context.Context, s Server, args []string) (string, error) {
	return "+OK token " + args[0] + " disabled",
		s.Book.ChangeToken(ctx, auth.TokenUpdate{Name: args[0], Disabled: new(true)})
}

func enableToken(ctx context.Context, s Server, args []string) (string, error) {
	return "+OK token " + args[0] + " enabled",
		s.Book.ChangeToken(ctx, auth.TokenUpdate{Name: args[0], Disabled: new(false)})
}

func removeToken(ctx context.Context, s Server, args []string) (string, error) {
	return "+OK token " + args[0] + " removed", s.Book.RemoveToken(ctx, args[0])
}

// at returns an argument, or none.
func at(args []string, i int) string {
	if i < len(args) {
		return args[i]
	}
	return none
}

func orNone(arg string) string {
	if arg == none {
		return ""
	}
	return arg
}

func groupsOf(arg string) []string {
	if arg == none {
		return nil
	}
	return strings.Split(arg, ",")
}
