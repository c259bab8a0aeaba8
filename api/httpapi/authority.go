package httpapi

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"nwayacd/api"
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

// objecter is the input of an operation that knows what the operation acts on. Other operations act
// on what their path names.
type objecter interface {
	objects(api.Server) []auth.Object
}

type pathKey struct{}

// authority refuses an operation that the actor may not use at all, before the input is read.
func (p *Port) authority(o *operation) func(huma.Context, func(huma.Context)) {
	return func(c huma.Context, next func(huma.Context)) {
		if err := p.Server.Allow(c.Context(), o.right()); err != nil {
			_, w := humago.Unwrap(c)
			writeProblem(w, http.StatusForbidden, err.Error())
			return
		}
		next(huma.WithValue(c, pathKey{}, p.named(c)))
	}
}

// named returns what the path of the request names.
func (p *Port) named(c huma.Context) (objects []auth.Object) {
	group := c.Param("group")
	if group != "" {
		objects = append(objects, auth.Group(group))
	}
	if extension := c.Param("extension"); extension != "" && group != "" {
		objects = append(objects, p.Server.Agent(extension, group))
	} else if extension != "" {
		objects = append(objects, p.Server.Agent(extension))
	}
	if uuid := c.Param("uuid"); uuid != "" {
		objects = append(objects, p.Server.Call(uuid))
	}
	return objects
}

// begin refuses an operation that the actor may not use on what its input names. Otherwise it
// returns the context for the work of the operation.
func (p *Port) begin(ctx context.Context, o *operation, in any) (context.Context, error) {
	objects, _ := ctx.Value(pathKey{}).([]auth.Object)
	if input, is := in.(objecter); is {
		objects = input.objects(p.Server)
	}
	if err := p.Server.Allow(ctx, o.right(), objects...); err != nil {
		return ctx, err
	}
	if order := o.order(in, objects); order != nil {
		ctx = auth.WithOrder(ctx, order)
	}
	return ctx, nil
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
