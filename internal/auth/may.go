package auth

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Object is what an operation acts on. Unknown ones have no extension and no groups, so they are in
// the scope All only.
type Object struct {
	Kind      Kind
	Name      string   // the extension, the group or the uuid, for the audit log
	Extension string   // the agent, or the agent of the call
	Groups    []string // of the agent or the call, or the group itself
}

// Group returns a group as an object.
func Group(number string) Object { return Object{AGroup, number, "", []string{number}} }

// ErrForbidden is the kind of every refusal.
var ErrForbidden = errors.New("not allowed")

// Refusal says that an actor may not do something. It is an ErrForbidden.
type Refusal struct {
	Actor     Actor
	Operation string
	Object    string // "" if the role may not do it to anything
	Needs     string // what would be needed
}

// Error says what would be needed.
func (r *Refusal) Error() string {
	on := ""
	if r.Object != "" {
		on = " for " + r.Object
	}
	return fmt.Sprintf("the role %s may not use %s%s; it needs %s", r.Actor.Role, r.Operation, on, r.Needs)
}

// Is reports whether the target is ErrForbidden.
func (*Refusal) Is(target error) bool { return target == ErrForbidden }

// RightOf returns the right that an operation needs, or nil if the table does not have it.
func RightOf(operation string) *Right { return operations[operation] }

// ScopeOf returns on what the role may use the operation.
func ScopeOf(role Role, operation string) Scope {
	if right := operations[operation]; right != nil {
		return right.Scope(role)
	}
	return None
}

// Operations returns the names of all operations of the table in their order.
func Operations() []string { return slices.Sorted(maps.Keys(operations)) }

// Rights returns the rows of the table in their order.
func Rights() []*Right { return slices.Clone(allRights) }

// May reports whether the actor may use the operation on the objects. Without objects it reports
// whether the actor may use it at all.
func May(a Actor, operation string, objects ...Object) bool {
	return Check(a, operation, objects...) == nil
}

// Check returns nil if the actor may use the operation on the objects, otherwise a *Refusal.
func Check(a Actor, operation string, objects ...Object) error {
	right := operations[operation]
	if right == nil {
		return &Refusal{a, operation, "", "a line in the table of roles"}
	}
	if right == &public {
		return nil
	}
	if a.MustChange && right != &password && right != &itself {
		return &Refusal{a, operation, "", "a new password first"}
	}
	scope := right.Scope(a.Role)
	if scope == None {
		return &Refusal{a, operation, "", right.needs("")}
	}
	for _, o := range objects {
		if slices.Contains(right.On, o.Kind) && !a.reaches(scope, o) {
			return &Refusal{a, operation, string(o.Kind) + " " + o.Name, right.needs(scope)}
		}
	}
	return nil
}

// reaches reports whether the object is in the actor's scope. An actor that may act for its own
// extension only may name any group beside it, such as that of a login.
func (a Actor) reaches(scope Scope, o Object) bool {
	switch scope {
	case All:
		return true
	case InGroups:
		return slices.ContainsFunc(o.Groups, a.HasGroup)
	case Own:
		return o.Kind == AGroup || a.Extension != "" && o.Extension == a.Extension
	}
	return false
}

// needs describes what would be enough: a role, or an object in the scope.
func (r *Right) needs(scope Scope) string {
	switch scope {
	case Own:
		return "the user's own extension"
	case InGroups:
		return "one of the user's groups"
	}
	var roles []string
	for _, role := range Roles {
		if s := r.Scope(role); s != None && role != Local && role != Dialplan {
			roles = append(roles, string(role))
		}
	}
	return "the role " + strings.Join(roles, " or ")
}

// Roles has the roles in the order of the table.
var Roles = []Role{Wall, Read, Agent, Supervisor, Admin, Metrics, Directory, Local, Dialplan}
