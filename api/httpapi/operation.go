package httpapi

import (
	"context"
	"fmt"
	"net/http"
	"reflect"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"
)

// apiPrefix is where all resources are.
const apiPrefix = "/api/v1"

// commandsKey is where the OpenAPI document names the commands that an operation stands for.
const commandsKey = "x-nwayacd-commands"

// operation is what is particular to one operation.
type operation struct {
	id, method, path string
	commands         []string // of the table, that do the same
	summary          string
	about            string // more than the summary says
	status           int    // of success; 0 = 200 with a body, 204 without
	refusals         []int  // beside those of every operation
	limit            time.Duration
}

// resource is a set of operations that the documentation shows together.
type resource struct {
	http *Port
	api  huma.API
	tag  string
}

// operate puts all operations on the mux.
func (p *Port) operate(mux *http.ServeMux) huma.API {
	api := humago.New(mux, p.config())
	resource := func(tag, about string) resource {
		doc := api.OpenAPI()
		doc.Tags = append(doc.Tags, &huma.Tag{Name: tag, Description: about})
		return resource{p, api, tag}
	}
	p.groupOperations(resource("groups", "Queues with a number, a mode and members."))
	p.agentOperations(resource("agents", "People at extensions, and what they are doing."))
	p.callOperations(resource("calls", "Calls that are here now: greeted, waiting, ringing, talking."))
	p.recordOperations(resource("records", "Calls that have ended, and the offers made for them."))
	p.listOperations(resource("lists", "Numbers that are refused, and numbers that are served first."))
	p.eventOperation(resource("events", "What happens, as it happens."))
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
					"Errors are application/problem+json.",
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

		RejectUnknownQueryParameters: true, // a misspelt filter would select everything
	}
	if p.Token != "" {
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

// schemaName is what a type of ours is called in the document.
func schemaName(t reflect.Type, hint string) string {
	return strings.ReplaceAll(huma.DefaultSchemaNamer(t, hint), "Shown", "")
}

// register adds an operation. Its errors become problems here and nowhere else.
func register[I, O any](r resource, o operation, do func(context.Context, *I) (*O, error)) {
	if o.limit == 0 {
		o.limit = operationLimit
	}
	described := huma.Operation{
		OperationID: o.id, Method: o.method, Path: o.path, Summary: o.summary, Description: o.about,
		Tags: []string{r.tag}, DefaultStatus: o.status,
		Errors: append([]int{http.StatusUnauthorized, http.StatusTooManyRequests, http.StatusServiceUnavailable},
			o.refusals...), MaxBodyBytes: maxHTTPBody,
		// paced has one for the body alone. This one would stand while the operation runs, and
		// passing it would end the operation's context.
		BodyReadTimeout: o.limit + headerLimit,
	}
	if len(o.commands) > 0 {
		described.Extensions = map[string]any{commandsKey: o.commands}
	}
	if !isPrivate(o.path) {
		described.Errors, described.Security = o.refusals, []map[string][]string{}
	}
	huma.Register(r.api, described, func(ctx context.Context, in *I) (*O, error) {
		ctx, stop := context.WithTimeoutCause(ctx, o.limit,
			fmt.Errorf("not done within %s: %w", o.limit, context.DeadlineExceeded))
		defer stop()
		out, err := do(ctx, in)
		return out, r.http.problem(o.id, err)
	})
}

// nothing is the input or the output of an operation that has none.
type nothing struct{}

// of is an output that is a body and no more.
type of[T any] struct{ Body T }

// items is a list.
type items[T any] struct {
	Items []T `json:"items" nullable:"false"`
}

// listed makes the output of a list.
func listed[From, To any](all []From, show func(From) To) *of[items[To]] {
	out := &of[items[To]]{items[To]{make([]To, 0, len(all))}}
	for _, one := range all {
		out.Body.Items = append(out.Body.Items, show(one))
	}
	return out
}
