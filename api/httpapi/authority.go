package httpapi

import (
	"net/http"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"nwayacd/internal/auth"
)

// roleKey is the extension of the OpenAPI document that says which roles may use an operation, and
// on what.
const roleKey = "x-nwayacd-role"

// allowed passes requests on if their actor may use the operation, and answers others with 403.
func (p *Port) allowed(operation string, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := p.Server.Allow(r.Context(), operation); err != nil {
			writeProblem(w, http.StatusForbidden, err.Error())
			return
		}
		next.ServeHTTP(w, r)
	})
}

// right returns the name by which the table of roles has the operation: its own, or that of its
// command.
func (o *operation) right() string {
	if len(o.commands) > 0 {
		return o.commands[0]
	}
	return o.id
}

// authority refuses an operation that the actor may not use at all, or not on what its path names.
// What a body names is checked by the operation itself.
func (p *Port) authority(o *operation) func(huma.Context, func(huma.Context)) {
	return func(c huma.Context, next func(huma.Context)) {
		var named []auth.Object
		if extension := c.Param("extension"); extension != "" {
			named = append(named, p.Server.Agent(extension))
		}
		if group := c.Param("group"); group != "" {
			named = append(named, auth.Group(group))
		}
		if uuid := c.Param("uuid"); uuid != "" {
			named = append(named, p.Server.Call(uuid))
		}
		if err := p.Server.Allow(c.Context(), o.right(), named...); err != nil {
			_, w := humago.Unwrap(c)
			writeProblem(w, http.StatusForbidden, err.Error())
			return
		}
		next(c)
	}
}

// rolesOf returns what the document says of an operation: its roles, each with its scope.
func rolesOf(operation string) map[string]string {
	roles, right := map[string]string{}, auth.RightOf(operation)
	if right == nil {
		return roles
	}
	for _, role := range auth.Roles {
		if scope := right.Scope(role); scope != auth.None {
			roles[string(role)] = string(scope)
		}
	}
	return roles
}
