// Package auth knows who may use a server: users, tokens and sessions, the role of each, and who
// gave an order. It decides nothing about calls.
package auth

import (
	"context"
	"slices"
	"strings"
)

// Role says what somebody may do. The table of roles is in docs/security.md.
type Role string

// The roles.
const (
	Wall       Role = "wall"       // figures of its groups
	Read       Role = "read"       // all that can be seen of its groups
	Agent      Role = "agent"      // its own extension
	Supervisor Role = "supervisor" // agents and calls of its groups
	Admin      Role = "admin"      // everything
	Metrics    Role = "metrics"    // /metrics, and the details of /readyz
	Directory  Role = "directory"  // the lookup of accounts by mod_xml_curl
	// Local is a client that showed nothing at a port of a loopback address that has no secret. It
	// may do everything but what is about secrets, users and the console.
	Local Role = "local"
	// Dialplan is a channel that runs `/cmd`. It may run what `[server] commands` lists.
	Dialplan Role = "dialplan"
)

// Way is the way by which an order came.
type Way string

// The ways.
const (
	WayCommand  Way = "command"  // the command port
	WayHTTP     Way = "http"     // the HTTP API
	WayConsole  Way = "console"  // the pages under /ui/
	WayDialplan Way = "dialplan" // `/cmd` at the socket port
	WaySQL      Way = "sql"      // an edit of the database by another program
	WayCLI      Way = "cli"      // a subcommand on the server's host
)

// Everywhere is the entry of Actor.Groups that stands for all groups.
const Everywhere = "*"

// Actor is who gives an order or asks for something.
type Actor struct {
	// Name is the actor as the audit log has it: user:NAME, token:NAME, control, http, local,
	// dialplan:EXTENSION, sql:ROLE or system.
	Name      string
	Role      Role
	Groups    []string // the groups of the actor; Everywhere = all
	Extension string   // the actor's own; "" = none
	Source    string   // address of the client, without the port; "" = unknown
	Way       Way
	Session   string // hash of the session that the actor showed; "" = none
	// Password is a fingerprint of the password with which a user logged in without a session, and
	// "" for all others. Another password ends the rights of such a login.
	Password string
	// MustChange says that the actor has to choose a password first. Until then it may do nothing
	// but that, and ask who it is.
	MustChange bool
}

// HasGroup reports whether the group is one of the actor's. All groups are those of the roles admin
// and local.
func (a Actor) HasGroup(group string) bool {
	return a.Role == Admin || a.Role == Local || slices.Contains(a.Groups, Everywhere) ||
		slices.Contains(a.Groups, group)
}

// TokenPrefix is how every token begins, so that scanners for secrets find one in a file.
const TokenPrefix = "nwa_"

// IsToken reports whether the text looks like a token, right or wrong.
func IsToken(text string) bool { return strings.HasPrefix(text, TokenPrefix) }

type actorKey struct{}

// With returns a context for the work that the actor ordered.
func With(ctx context.Context, a Actor) context.Context { return context.WithValue(ctx, actorKey{}, a) }

// From returns the actor who ordered the work of ctx. ok is false if it was nobody but the server
// itself.
func From(ctx context.Context) (a Actor, ok bool) {
	a, ok = ctx.Value(actorKey{}).(Actor)
	return a, ok
}
