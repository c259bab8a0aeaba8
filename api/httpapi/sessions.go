package httpapi

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"time"

	"nwayacd/internal/auth"
)

// sessionShown is a browser that is logged in.
type sessionShown struct {
	ID      string    `json:"id"`
	User    string    `json:"user,omitempty"`
	Token   string    `json:"token,omitempty" doc:"of a wall"`
	Created time.Time `json:"created"`
	Seen    time.Time `json:"seen" doc:"of the last request, exact to five minutes"`
	Expires time.Time `json:"expires"`
	Source  string    `json:"source,omitempty" doc:"address of the browser"`
	Browser string    `json:"browser,omitempty" doc:"as it calls itself"`
}

type sessionPath struct {
	ID string `path:"id" maxLength:"64" pattern:"^[0-9a-f]+$"`
}

func (p *Port) sessionOperations(r resource) {
	book := r.http.Server.Book
	register(r, operation{
		id: "list-sessions", method: http.MethodGet, path: apiPrefix + "/sessions", summary: "List the sessions",
	}, func(context.Context, *nothing) (*output[items[sessionShown]], error) {
		return listed(book.Sessions(), func(s auth.Session) sessionShown {
			return sessionShown{s.Hash, s.User, s.Token, s.Created, s.Seen, s.Expires, s.Source, s.Browser}
		}), nil
	})
	register(r, operation{
		id: "end-session", method: http.MethodDelete, path: apiPrefix + "/sessions/{id}", summary: "Log a browser out",
		refusals: []int{http.StatusNotFound},
	}, func(ctx context.Context, in *sessionPath) (*nothing, error) { return nil, book.EndSession(ctx, in.ID) })
}

// entryShown is an entry of the audit log.
type entryShown struct {
	At      time.Time         `json:"at"`
	Actor   string            `json:"actor" example:"user:anna"`
	Role    string            `json:"role,omitempty"`
	Source  string            `json:"source,omitempty" doc:"address of the client"`
	Way     string            `json:"way,omitempty" enum:"command,http,console,dialplan,sql,cli"`
	Action  string            `json:"action" doc:"a command or an operation"`
	Object  string            `json:"object,omitempty"`
	Detail  map[string]string `json:"detail" doc:"arguments, without secrets"`
	Outcome string            `json:"outcome" enum:"ok,refused,failed"`
	Reason  string            `json:"reason,omitempty"`
}

type auditFilter struct {
	From   time.Time `query:"from" example:"2026-01-31T00:00:00Z"`
	To     time.Time `query:"to" example:"2026-02-01T00:00:00Z"`
	Actor  string    `query:"actor" maxLength:"256" example:"user:anna"`
	Object string    `query:"object" maxLength:"256" doc:"an extension, a group, a name"`
	Action string    `query:"action" maxLength:"256"`
	Cursor int64     `query:"cursor" minimum:"0" doc:"next of the page before"`
	Limit  int       `query:"limit" minimum:"1" maximum:"500" default:"50" doc:"entries on the page"`
}

// auditPage is a page of the audit log.
type auditPage struct {
	Items []entryShown `json:"items" nullable:"false"`
	Next  int64        `json:"next,omitempty" doc:"the cursor of the next page; absent on the last one"`
}

func (p *Port) auditOperation(r resource) {
	register(r, operation{
		id: "list-audit", method: http.MethodGet, path: apiPrefix + "/audit", summary: "Search the audit log",
		about: "The newest entry comes first. An entry is listed when the database has it, shortly after the order.",
	}, func(ctx context.Context, in *auditFilter) (*output[auditPage], error) {
		entries, next, err := p.Database.SearchAudit(ctx, auth.Search{
			Before: in.Cursor, From: in.From, To: in.To, Actor: in.Actor, Object: in.Object, Action: in.Action,
			Limit: in.Limit,
		})
		if err != nil {
			return nil, fmt.Errorf("%w: %w", errDatabase, err)
		}
		return &output[auditPage]{auditPage{listed(entries, showEntry).Body.Items, next}}, nil
	})
}

func showEntry(e auth.Entry) entryShown {
	return entryShown{
		e.At, e.Actor, string(e.Role), e.Source, string(e.Way), e.Action, e.Object, e.Detail, string(e.Outcome),
		e.Reason,
	}
}

type passwordPut struct {
	Body struct {
		Old string `json:"old" writeOnly:"true" format:"password"`
		New string `json:"new" writeOnly:"true" format:"password" doc:"10 to 128 bytes"`
	}
}

func (p *Port) passwordOperation(r resource) {
	register(r, operation{
		id: "set-my-password", method: http.MethodPut, path: mePath + "/password",
		summary: "Choose another password", refusals: []int{http.StatusUnprocessableEntity},
		about: "Other sessions of the user end.",
	}, p.putPassword)
}

func (p *Port) putPassword(ctx context.Context, in *passwordPut) (*nothing, error) {
	actor, _ := auth.From(ctx)
	if !strings.HasPrefix(actor.Name, "user:") {
		return nil, fmt.Errorf("%wonly a user has a password", errInBody)
	}
	auth.OrderOf(ctx).Object = actor.Name
	return nil, p.Server.Book.ChangePassword(ctx, actor, in.Body.Old, in.Body.New)
}
