package api

import (
	"context"
	"slices"

	"nwayacd/acd"
	"nwayacd/esl"
	"nwayacd/internal/auth"
	"nwayacd/queue"
)

// Hidden is shown in place of the number of a caller of another group.
const Hidden = "hidden"

// Viewer says what one actor may see. Lists, streams of events, pages and searches are cut down by
// it. The zero Viewer sees nothing.
type Viewer struct {
	actor auth.Actor
	scope auth.Scope // for agents, calls, events and records
	// figures is the scope for groups.
	figures auth.Scope
	server  Server
}

// Viewer returns what the actor of ctx may see.
func (s Server) Viewer(ctx context.Context) Viewer {
	actor := s.Actor(ctx)
	return Viewer{
		actor: actor, scope: auth.ScopeOf(actor.Role, "nway_list_exts"),
		figures: auth.ScopeOf(actor.Role, "nway_list_groups"), server: s,
	}
}

// SeesAll reports whether nothing is hidden from the actor.
func (v Viewer) SeesAll() bool { return v.scope == auth.All }

// Groups returns the groups whose records the actor may see, and whether that is all of them.
func (v Viewer) Groups() (groups []string, all bool) {
	if v.scope != auth.InGroups {
		return nil, v.SeesAll()
	}
	return v.actor.Groups, v.actor.HasGroup(auth.Everywhere)
}

// Own returns the extension if the actor may see only that one and its calls, else "".
func (v Viewer) Own() string {
	if v.scope == auth.Own {
		return v.actor.Extension
	}
	return ""
}

// Figures reports whether the actor may see the figures of the group.
func (v Viewer) Figures(group string) bool {
	return v.figures == auth.All || v.figures == auth.InGroups && v.actor.HasGroup(group)
}

// Group cuts a group down to what the actor may see. shown is false if that is nothing.
func (v Viewer) Group(g queue.GroupView) (cut queue.GroupView, shown bool) {
	if !v.Figures(g.Number) {
		return queue.GroupView{}, false
	}
	if v.scope == auth.All || v.scope == auth.InGroups {
		return g, true
	}
	g.Members = slices.DeleteFunc(slices.Clone(g.Members), func(e string) bool { return e != v.Own() })
	if g.Cursor != v.Own() {
		g.Cursor = ""
	}
	return g, true
}

// Agent reports whether the actor may see the agent. A supervisor sees those of no group, too,
// because they can be logged in.
func (v Viewer) Agent(a *queue.AgentView) bool {
	switch v.scope {
	case auth.All:
		return true
	case auth.Own:
		return v.actor.Extension != "" && a.Extension == v.actor.Extension
	case auth.InGroups:
		return slices.ContainsFunc(a.Groups, v.actor.HasGroup) ||
			v.actor.Role == auth.Supervisor && len(a.Groups) == 0
	}
	return false
}

// Call cuts a call down to what the actor may see. shown is false if that is nothing. A supervisor
// sees calls of other groups without the number, if an agent of the supervisor's has them.
func (v Viewer) Call(c acd.CallView) (cut acd.CallView, shown bool) {
	switch full, part := v.sees(c.Group, c.Agent); {
	case full:
		return c, true
	case part:
		c.Caller = Hidden
		return c, true
	}
	return acd.CallView{}, false
}

// Event cuts an event down to what the actor may see. shown is false if that is nothing.
func (v Viewer) Event(e acd.Event) (cut acd.Event, shown bool) {
	if v.SeesAll() {
		return e, true
	}
	if e.Subclass == acd.AgentSubclass {
		extension := e.Get("nway_agent_extension")
		return e, v.isOwn(extension) || v.shares(extension) ||
			v.scope == auth.InGroups && slices.ContainsFunc(e.Left, v.actor.HasGroup)
	}
	full, part := v.sees(e.Get("nway_queue_group")+e.Get("nway_group"),
		e.Get("nway_queue_extension")+e.Get("nway_callout"))
	if !full && part {
		e.Headers = slices.Clone(e.Headers)
		for i, h := range e.Headers {
			if h.Name == "nway_queue_caller" || h.Name == "nway_callin" {
				e.Headers[i] = esl.Header{Name: h.Name, Value: Hidden}
			}
		}
	}
	return e, full || part
}

// sees reports whether the actor may see a call of the group with that agent: in full, or without
// the caller's number.
func (v Viewer) sees(group, extension string) (full, part bool) {
	switch v.scope {
	case auth.All:
		return true, true
	case auth.Own:
		return v.isOwn(extension), false
	case auth.InGroups:
		if v.actor.HasGroup(group) {
			return true, true
		}
		return false, v.actor.Role == auth.Supervisor && v.shares(extension)
	}
	return false, false
}

func (v Viewer) isOwn(extension string) bool {
	return v.scope == auth.Own && extension != "" && extension == v.actor.Extension
}

// shares reports whether the agent is in one of the actor's groups now.
func (v Viewer) shares(extension string) bool {
	if v.scope != auth.InGroups || extension == "" {
		return false
	}
	a, err := v.server.ACD.Dispatcher.Agent(extension)
	return err == nil && slices.ContainsFunc(a.Groups, v.actor.HasGroup)
}
