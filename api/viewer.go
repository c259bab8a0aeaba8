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

// Own reports whether the actor sees only what is its own extension's.
func (v Viewer) Own() bool { return v.scope == auth.Own }

// Groups returns the groups whose records the actor may see: nil for all, an empty list for none.
func (v Viewer) Groups() []string {
	switch {
	case v.scope == auth.InGroups && !v.actor.HasGroup(auth.Everywhere):
		return append([]string{}, v.actor.Groups...)
	case v.scope == auth.InGroups, v.SeesAll():
		return nil
	}
	return []string{}
}

// Search restricts a search to the records that the actor may see, and returns what to show of
// each. An agent may look for earlier calls of the caller that rings or talks with it now. Of these
// it sees when they were, in which group, and how they ended.
func (v Viewer) Search(q queue.CDRSearch) (restricted queue.CDRSearch, show func(queue.VisitRecord) queue.VisitRecord) {
	all := func(v queue.VisitRecord) queue.VisitRecord { return v }
	if v.scope != auth.Own || v.actor.Extension == "" {
		q.Groups = v.Groups()
		return q, all
	}
	if q.Caller != "" && q.Agent == "" && q.Call == "" && v.serves(q.Caller) {
		return q, func(c queue.VisitRecord) queue.VisitRecord {
			if c.Agent == v.actor.Extension {
				return c
			}
			return queue.VisitRecord{CDR: queue.CDR{
				Caller: c.Caller, Group: c.Group, Arrived: c.Arrived, Outcome: c.Outcome,
			}}
		}
	}
	if q.Agent != "" && q.Agent != v.actor.Extension {
		q.Groups = []string{} // nothing
	}
	q.Agent = v.actor.Extension
	return q, all
}

// serves reports whether a caller with the number rings or talks with the actor now.
func (v Viewer) serves(caller string) bool {
	a, err := v.server.ACD.Dispatcher.Agent(v.actor.Extension)
	if err != nil || a.CallUUID == "" {
		return false
	}
	c, here := v.server.ACD.CallOf(a.CallUUID)
	return here && c.Caller == caller
}

// Offer reports whether the actor may see a record of an offer.
func (v Viewer) Offer(o *queue.OfferRecord) bool {
	full, _ := v.sees(o.Group, o.Agent)
	return full
}

// Listed reports whether the actor may see the VIPs and the blacklist of the group. Entries for all
// groups have the group "".
func (v Viewer) Listed(group string) bool {
	scope := auth.ScopeOf(v.actor.Role, "list-vips")
	return scope == auth.All || scope == auth.InGroups && v.actor.HasGroup(group)
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
	g.Members = slices.DeleteFunc(slices.Clone(g.Members), func(e string) bool { return !v.isOwn(e) })
	if !v.isOwn(g.Cursor) {
		g.Cursor = ""
	}
	return g, true
}

// Agent reports whether the actor may see the agent. A supervisor also sees those of no group that
// may log in to one of the supervisor's.
func (v Viewer) Agent(a *queue.AgentView) bool {
	switch v.scope {
	case auth.All:
		return true
	case auth.Own:
		return v.actor.Extension != "" && a.Extension == v.actor.Extension
	case auth.InGroups:
		return slices.ContainsFunc(a.Groups, v.actor.HasGroup) ||
			v.actor.Role == auth.Supervisor && len(a.Groups) == 0 && v.mayLogIn(a)
	}
	return false
}

// mayLogIn reports whether the agent may log in to one of the actor's groups.
func (v Viewer) mayLogIn(a *queue.AgentView) bool {
	return v.actor.HasGroup(auth.Everywhere) || slices.ContainsFunc(v.actor.Groups, a.MayLogInTo)
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
