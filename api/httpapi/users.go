package httpapi

import (
	"context"
	"net/http"
	"slices"
	"time"

	"nwayacd/internal/auth"
	"nwayacd/internal/auth/users"
)

// userShown is a user. The password is not kept, and not shown.
type userShown struct {
	Name       string    `json:"name" example:"anna"`
	Role       string    `json:"role" enum:"wall,read,agent,supervisor,admin"`
	Groups     []string  `json:"groups" nullable:"false" doc:"the groups that the role is for; * = all"`
	Extension  string    `json:"extension,omitempty" doc:"the user's own"`
	Language   string    `json:"language,omitempty" enum:"en,zh"`
	MustChange bool      `json:"must_change" doc:"the user has to choose a password before anything else"`
	Disabled   bool      `json:"disabled"`
	Created    time.Time `json:"created"`
	Changed    time.Time `json:"changed" doc:"older sessions are void"`
}

// userSaid is the answer to a change of a user.
type userSaid struct {
	User     userShown `json:"user"`
	Password string    `json:"password,omitempty" doc:"that was made; it is not shown again"`
}

type userPath struct {
	Name string `path:"name" maxLength:"64" pattern:"^[a-z0-9._@-]+$" example:"anna"`
}

type userPut struct {
	Name string `path:"name" maxLength:"64" pattern:"^[a-z0-9._@-]+$" example:"anna"`
	Body struct {
		Role         string   `json:"role" enum:"wall,read,agent,supervisor,admin"`
		Groups       []string `json:"groups,omitempty" maxItems:"100" doc:"absent: none; * = all"`
		Extension    string   `json:"extension,omitempty" maxLength:"32" doc:"the role agent needs one"`
		Language     string   `json:"language,omitempty" enum:"en,zh"`
		Disabled     bool     `json:"disabled,omitempty"`
		Password     string   `json:"password,omitempty" writeOnly:"true" format:"password" doc:"absent: a new user gets one that is made, others keep theirs"`
		MakePassword bool     `json:"make_password,omitempty" doc:"make another password"`
	}
}

func (p *Port) userOperations(r resource) {
	book := r.http.Server.Book
	register(r, operation{
		id: "list-users", method: http.MethodGet, path: apiPrefix + "/users", summary: "List the users",
		commands: []string{"nway_user"},
	}, func(context.Context, *nothing) (*output[items[userShown]], error) {
		return listed(book.Users(), showUser), nil
	})
	register(r, operation{
		id: "get-user", method: http.MethodGet, path: apiPrefix + "/users/{name}", summary: "Show a user",
		commands: []string{"nway_user"}, refusals: []int{http.StatusNotFound},
	}, func(_ context.Context, in *userPath) (*output[userShown], error) {
		u, known := book.User(in.Name)
		if !known {
			return nil, users.ErrNoUser
		}
		return &output[userShown]{showUser(u)}, nil
	})
	register(r, operation{
		id: "put-user", method: http.MethodPut, path: apiPrefix + "/users/{name}", summary: "Add or change a user",
		commands: []string{"nway_user"}, refusals: []int{http.StatusConflict, http.StatusUnprocessableEntity},
		about: "The user has exactly these properties then. A password that somebody else gives must be changed at " +
			"the first login. New rights, or another password, end the user's sessions.",
	}, p.putUser)
	register(r, operation{
		id: "remove-user", method: http.MethodDelete, path: apiPrefix + "/users/{name}", summary: "Remove a user",
		commands: []string{"nway_user"}, refusals: []int{http.StatusNotFound},
	}, func(ctx context.Context, in *userPath) (*nothing, error) { return nil, book.RemoveUser(ctx, in.Name) })
}

func (p *Port) putUser(ctx context.Context, in *userPut) (*output[userSaid], error) {
	book, of := p.Server.Book, in.Body
	_, known := book.User(in.Name)
	made, hash := "", ""
	var err error
	switch {
	case of.Password != "":
		hash, err = book.HashNew(ctx, in.Name, of.Password)
	case !known || of.MakePassword:
		made = users.MakePassword()
		hash, err = book.HashNew(ctx, in.Name, made)
	}
	if err != nil {
		return nil, err
	}
	if known {
		u := auth.UserUpdate{
			Name: in.Name, Role: (*auth.Role)(&of.Role), Groups: &of.Groups, Extension: &of.Extension,
			Language: &of.Language, Disabled: &of.Disabled,
		}
		if hash != "" {
			u.Password, u.MustChange = &hash, new(true)
		}
		err = book.ChangeUser(ctx, u)
	} else {
		_, err = book.AddUser(ctx, auth.User{
			Name: in.Name, Password: hash, Role: auth.Role(of.Role), Groups: of.Groups, Extension: of.Extension,
			Language: of.Language, Disabled: of.Disabled, MustChange: true,
		})
	}
	if err != nil {
		return nil, err
	}
	u, _ := book.User(in.Name)
	return &output[userSaid]{userSaid{showUser(u), made}}, nil
}

func showUser(u auth.User) userShown {
	return userShown{
		Name: u.Name, Role: string(u.Role), Groups: orEmpty(u.Groups), Extension: u.Extension, Language: u.Language,
		MustChange: u.MustChange, Disabled: u.Disabled, Created: u.Created, Changed: u.Changed,
	}
}

// tokenShown is a token, without its key.
type tokenShown struct {
	Name      string    `json:"name" example:"crm"`
	Role      string    `json:"role" enum:"wall,read,agent,supervisor,admin,metrics,directory"`
	Groups    []string  `json:"groups" nullable:"false" doc:"the groups that the role is for; * = all"`
	Extension string    `json:"extension,omitempty"`
	Disabled  bool      `json:"disabled"`
	Created   time.Time `json:"created"`
	CreatedBy string    `json:"created_by,omitempty"`
	Expires   time.Time `json:"expires,omitzero" doc:"absent: never"`
	LastUsed  string    `json:"last_used,omitempty" doc:"a day in UTC"`
}

// tokenSaid is the answer to a change of a token.
type tokenSaid struct {
	Token tokenShown `json:"token"`
	Key   string     `json:"key,omitempty" doc:"of a new token; it is not shown again"`
}

type tokenPut struct {
	Name string `path:"name" maxLength:"64" pattern:"^[a-z0-9._@-]+$" example:"crm"`
	Body struct {
		Role      string    `json:"role" enum:"wall,read,agent,supervisor,admin,metrics,directory"`
		Groups    []string  `json:"groups,omitempty" maxItems:"100" doc:"absent: none; * = all"`
		Extension string    `json:"extension,omitempty" maxLength:"32" doc:"the role agent needs one"`
		Expires   time.Time `json:"expires,omitzero" doc:"absent: never"`
		Disabled  bool      `json:"disabled,omitempty"`
	}
}

func (p *Port) tokenOperations(r resource) {
	book := r.http.Server.Book
	register(r, operation{
		id: "list-tokens", method: http.MethodGet, path: apiPrefix + "/tokens", summary: "List the tokens",
		commands: []string{"nway_token"},
	}, func(context.Context, *nothing) (*output[items[tokenShown]], error) {
		return listed(book.Tokens(), showToken), nil
	})
	register(r, operation{
		id: "put-token", method: http.MethodPut, path: apiPrefix + "/tokens/{name}", summary: "Add or change a token",
		commands: []string{"nway_token"}, refusals: []int{http.StatusConflict, http.StatusUnprocessableEntity},
		about: "The token has exactly these properties then. The key of a new one is in the answer.",
	}, p.putToken)
	register(r, operation{
		id: "remove-token", method: http.MethodDelete, path: apiPrefix + "/tokens/{name}", summary: "Remove a token",
		commands: []string{"nway_token"}, refusals: []int{http.StatusNotFound},
	}, func(ctx context.Context, in *userPath) (*nothing, error) { return nil, book.RemoveToken(ctx, in.Name) })
}

func (p *Port) putToken(ctx context.Context, in *tokenPut) (*output[tokenSaid], error) {
	book, of := p.Server.Book, in.Body
	byName := func(t auth.Token) bool { return t.Name == in.Name }
	key := ""
	var err error
	if slices.ContainsFunc(book.Tokens(), byName) {
		err = book.ChangeToken(ctx, auth.TokenUpdate{
			Name: in.Name, Role: (*auth.Role)(&of.Role), Groups: &of.Groups, Extension: &of.Extension,
			Expires: &of.Expires, Disabled: &of.Disabled,
		})
	} else {
		key, err = book.AddToken(ctx, auth.Token{
			Name: in.Name, Role: auth.Role(of.Role), Groups: of.Groups, Extension: of.Extension, Expires: of.Expires,
			Disabled: of.Disabled,
		})
	}
	if err != nil {
		return nil, err
	}
	all := book.Tokens()
	i := slices.IndexFunc(all, byName)
	if i < 0 {
		return nil, users.ErrNoToken // it was removed meanwhile
	}
	return &output[tokenSaid]{tokenSaid{showToken(all[i]), key}}, nil
}

func showToken(t auth.Token) tokenShown {
	shown := tokenShown{
		Name: t.Name, Role: string(t.Role), Groups: orEmpty(t.Groups), Extension: t.Extension, Disabled: t.Disabled,
		Created: t.Created, CreatedBy: t.CreatedBy, Expires: t.Expires,
	}
	if !t.LastUsed.IsZero() {
		shown.LastUsed = t.LastUsed.UTC().Format(time.DateOnly)
	}
	return shown
}
