package api

import (
	"context"
	"errors"
	"net/netip"
	"slices"
	"strings"

	"nwayacd/acd"
	"nwayacd/internal/auth"
)

// Users knows whose a token, a cookie, or a name and password is. users.Book implements it.
type Users interface {
	// Authenticate returns the actor with that token. It takes no time to speak of.
	Authenticate(token string) (actor auth.Actor, ok bool)
	// Login returns the user with that password. It may wait, because comparing passwords is slow.
	Login(ctx context.Context, name, password string, source netip.Addr) (auth.Actor, error)
	// While returns a context that ends with the rights of the actor. stop must be called.
	While(ctx context.Context, actor auth.Actor) (while context.Context, stop context.CancelFunc)
}

// While returns a context for something that lasts, such as a stream of events. It ends as soon as
// the actor of ctx has other rights than now. stop must be called.
func (s Server) While(ctx context.Context) (while context.Context, stop context.CancelFunc) {
	if actor, known := auth.From(ctx); known && s.Users != nil {
		return s.Users.While(ctx, actor)
	}
	return ctx, func() {}
}

// kindOf has the kind of object that a word of a syntax names.
var kindOf = map[string]auth.Kind{
	"EXT": auth.AnAgent, "GROUP": auth.AGroup, "GROUP[,GROUP…]": auth.AGroup, "UUID": auth.ACall,
}

// Allow returns nil if the actor of ctx may use the operation on the objects. Otherwise it returns
// an *auth.Refusal, and reports it. Without objects it asks whether the actor may use it at all.
// A context without an actor may use nothing.
func (s Server) Allow(ctx context.Context, operation string, objects ...auth.Object) error {
	err := auth.Check(s.Actor(ctx), operation, objects...)
	if refusal, is := errors.AsType[*auth.Refusal](err); is {
		s.refused(ctx, refusal)
	}
	return err
}

// Actor returns the actor of ctx. The groups of an agent are also those that its extension is a
// member of now.
func (s Server) Actor(ctx context.Context) auth.Actor {
	actor, _ := auth.From(ctx)
	if actor.Role == auth.Agent {
		if v, err := s.ACD.Dispatcher.Agent(actor.Extension); err == nil {
			actor.Groups = slices.Concat(actor.Groups, v.Groups)
		}
	}
	return actor
}

// Agent returns an extension as an object. One in no group counts as one of the groups that are
// asked for, if it may log in to them.
func (s Server) Agent(extension string, asked ...string) auth.Object {
	o := auth.Object{Kind: auth.AnAgent, Name: extension, Extension: extension}
	v, err := s.ACD.Dispatcher.Agent(extension)
	if err == nil {
		o.Groups = v.Groups
	}
	if err == nil && len(o.Groups) == 0 {
		o.Groups = slices.DeleteFunc(slices.Clone(asked), func(g string) bool { return !v.MayLogInTo(g) })
	}
	return o
}

// Call returns a call as an object. The uuid may be that of the caller's channel or of the agent's.
// The call is an agent's own while they talk.
func (s Server) Call(uuid string) auth.Object {
	o := auth.Object{Kind: auth.ACall, Name: uuid}
	if v, here := s.ACD.CallOf(uuid); here {
		o.Groups = []string{v.Group}
		if v.Phase == acd.PhaseTalk {
			o.Extension = v.Agent
		}
	}
	return o
}

// objects returns what the arguments name, in the kinds that the right of the command asks for.
func (c *Command) objects(s Server, args []string) (all []auth.Object) {
	wanted, _ := c.Arguments()
	var groups []string
	for i, given := range args {
		if kindOf[wanted[i].Word] == auth.AGroup {
			groups = append(groups, strings.Split(given, ",")...)
		}
	}
	for i, given := range args {
		switch kindOf[wanted[i].Word] {
		case auth.AnAgent:
			all = append(all, s.Agent(given, groups...))
		case auth.ACall:
			all = append(all, s.Call(given))
		}
	}
	for _, g := range groups {
		all = append(all, auth.Group(g))
	}
	return all
}
