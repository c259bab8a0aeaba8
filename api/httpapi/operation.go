package httpapi

import (
	"context"
	"fmt"
	"net/http"
	"reflect"
	"strings"
	"sync"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"
)

// apiPrefix is the start of the path of every resource.
const apiPrefix = "/api/v1"

// commandsKey is the extension of the OpenAPI document that names the commands of an operation.
const commandsKey = "x-nwayacd-commands"

// operation describes one operation: what the others do not share with it.
type operation struct {
	id, method, path string
	commands         []string // the commands that do the same
	summary          string
	about            string // further explanation
	status           int    // of success; 0 = 200 with a body, 204 without
	refusals         []int  // statuses in addition to those of every operation
	limit            time.Duration
}

// resource is a set of operations that the documentation shows together.
type resource struct {
	http *Port
	api  huma.API
	tag  string
}

// exactNames makes huma refuse a field whose name differs in the letter case only. The decoder
// takes such a field for the right one. So with both in a body, huma would check the one, and the
// decoder take the other.
var exactNames = sync.OnceFunc(func() { huma.ValidateStrictCasing = true })

// registerAll registers all operations on the mux.
func (p *Port) registerAll(mux *http.ServeMux) huma.API {
	exactNames()
	api := humago.New(mux, p.config())
	resource := func(tag, about string) resource {
		doc := api.OpenAPI()
		doc.Tags = append(doc.Tags, &huma.Tag{Name: tag, Description: about})
		return resource{p, api, tag}
	}
	p.groupOperations(resource("groups", "Queues with a number, a mode and members."))
	p.agentOperations(resource("agents", "People at extensions, with their states."))
	p.peopleOperations(resource("people", "Pauses, wrap-up and memberships."))
	p.reasonOperations(resource("reasons", "The reasons that agents give for a pause."))
	p.settingOperations(resource("settings", "What can be set for a group and an agent."))
	p.callOperations(resource("calls", "Current calls: greeted, waiting, ringing, talking."))
	p.recordOperations(resource("records", "Calls that have ended, and their offers."))
	reports := resource("reports", "Figures of groups and agents.")
	p.reportOperations(reports)
	p.storyOperations(reports)
	p.listOperations(resource("lists", "Numbers that are refused, and numbers that are served first."))
	events := resource("events", "Events at the time when they happen.")
	p.eventOperation(events)
	p.liveOperation(events)
	me := resource("me", "The client itself.")
	p.meOperation(me)
	if p.Server.Book != nil {
		p.passwordOperation(me)
		p.userOperations(resource("users", "People who log in with a name and a password."))
		p.tokenOperations(resource("tokens", "Keys of programs and of walls."))
		p.sessionOperations(resource("sessions", "Browsers that are logged in."))
		p.auditOperation(resource("audit", "Who did what."))
	}
	p.serverOperations(resource("server", "The server itself."))
	return api
}

func (p *Port) config() huma.Config {
	c := huma.Config{
		OpenAPI: &huma.OpenAPI{
			OpenAPI: "3.1.0",
			Info: &huma.Info{
				Title: "nwayacd", Version: p.Release,
				Description: "Automatic call distribution for FreeSWITCH. A change is answered when it is safe from " +
					"a crash. " +
					"Errors are application/problem+json. For refusals that a program may want to tell apart, " +
					"the type of " +
					"the problem is one of " + kindPrefix + strings.Join(Kinds(), ", "+kindPrefix) + ".",
			},
			Components: &huma.Components{
				Schemas: huma.NewMapRegistry("#/components/schemas/", schemaName),
				SecuritySchemes: map[string]*huma.SecurityScheme{
					"token": {Type: "http", Scheme: "bearer", Description: "The token of [http] in the configuration."},
				},
			},
		},
		Formats: map[string]huma.Format{
			"application/json": huma.DefaultJSONFormat,
			"json":             huma.DefaultJSONFormat,
		},
		DefaultFormat: "application/json",

		Transformers: []huma.Transformer{withoutValues},

		RejectUnknownQueryParameters: true, // because a misspelt filter would match everything
	}
	if p.Token.IsSet() {
		c.OpenAPI.Security = []map[string][]string{{"token": {}}}
	}
	return c
}

// withoutValues takes what a client has sent out of the answer that refuses it: it may be the whole
// body, with a password in it.
func withoutValues(_ huma.Context, _ string, answer any) (any, error) {
	if refusal, is := answer.(*huma.ErrorModel); is {
		for _, detail := range refusal.Errors {
			detail.Value = nil
		}
	}
	return answer, nil
}

// schemaName returns the name of one of our types in the document.
func schemaName(t reflect.Type, hint string) string {
	return strings.ReplaceAll(huma.DefaultSchemaNamer(t, hint), "Shown", "")
}

// register adds an operation. It is the only place that turns errors into problems.
func register[I, O any](r resource, o operation, do func(context.Context, *I) (*O, error)) {
	if o.limit == 0 {
		o.limit = operationLimit
	}
	described := huma.Operation{
		OperationID: o.id, Method: o.method, Path: o.path, Summary: o.summary, Description: o.about,
		Tags:          []string{r.tag},
		DefaultStatus: o.status,
		Errors: append([]int{
			http.StatusUnauthorized, http.StatusForbidden, http.StatusTooManyRequests, http.StatusServiceUnavailable,
		}, o.refusals...),
		MaxBodyBytes: maxHTTPBody,
		// The body has its deadline from withBodyDeadline. This one lasts while the operation runs,
		// and if it passed, it would cancel the operation's context; so it is longer than the
		// operation's limit.
		BodyReadTimeout: o.limit + headerLimit,
	}
	described.Extensions = map[string]any{roleKey: rolesOf(o.right())}
	if len(o.commands) > 0 {
		described.Extensions[commandsKey] = o.commands
	}
	if isPrivate(o.path) {
		described.Middlewares = huma.Middlewares{r.http.authority(&o)}
	} else {
		described.Errors, described.Security = o.refusals, []map[string][]string{}
	}
	huma.Register(r.api, described, func(ctx context.Context, in *I) (*O, error) {
		cause := fmt.Errorf("not done within %s: %w", o.limit, context.DeadlineExceeded)
		ctx, stop := context.WithTimeoutCause(ctx, o.limit, cause)
		defer stop()
		var out *O
		ctx, err := r.http.begin(ctx, &o, in)
		if err == nil {
			err = r.http.Server.InOrder(ctx, func() (err error) { out, err = do(ctx, in); return err })
		}
		return out, r.http.problem(o.id, err)
	})
}

// nothing is the input or the output of an operation that has none.
type nothing struct{}

// output is the output of an operation that has only a body.
type output[T any] struct{ Body T }

// items is a list.
type items[T any] struct {
	Items []T `json:"items" nullable:"false"`
}

// listed returns the output of a list.
func listed[From, To any](all []From, show func(From) To) *output[items[To]] {
	out := &output[items[To]]{items[To]{make([]To, 0, len(all))}}
	for _, one := range all {
		out.Body.Items = append(out.Body.Items, show(one))
	}
	return out
}
