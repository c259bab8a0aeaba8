package httpapi

import (
	"context"
	"net/http"
	"strings"

	"nwayacd/internal/auth"
)

// actorShown is the client of a request.
type actorShown struct {
	Name       string   `json:"name" example:"anna" doc:"of the user or the token"`
	Kind       string   `json:"kind" example:"user" doc:"user, token, http (the token of the configuration) or local"`
	Role       string   `json:"role" enum:"wall,read,agent,supervisor,admin,metrics,directory,local"`
	Groups     []string `json:"groups" nullable:"false" doc:"the groups that the role is for; * = all"`
	Extension  string   `json:"extension,omitempty" doc:"the user's own"`
	MustChange bool     `json:"must_change" doc:"the user has to choose a password before anything else"`
}

func (p *Port) meOperation(r resource) {
	register(r, operation{
		id: "get-me", method: http.MethodGet, path: mePath, summary: "Show who the client is, and its role",
	}, func(ctx context.Context, _ *nothing) (*output[actorShown], error) {
		a, _ := auth.From(ctx)
		kind, name, found := strings.Cut(a.Name, ":")
		if !found {
			name = kind
		}
		return &output[actorShown]{actorShown{
			Name: name, Kind: kind, Role: string(a.Role), Groups: orEmpty(a.Groups), Extension: a.Extension,
			MustChange: a.MustChange,
		}}, nil
	})
}
