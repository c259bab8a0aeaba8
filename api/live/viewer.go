package live

import (
	"hash/fnv"
	"slices"
	"strconv"
	"strings"

	"nwayacd/internal/auth"
)

// Viewer is the reader of a stream, with its rights.
type Viewer struct {
	role      auth.Role
	all       bool     // everything may be seen
	groups    []string // whose groups may be seen, if not all
	extension string   // of an agent, which sees also the groups it is in
	filter    []string // if not empty, only these groups
}

// ViewerOf returns what the actor may see of some groups. No groups are all groups that the actor
// may see. ok is false if the actor's role sees nothing of the floor.
func ViewerOf(a auth.Actor, groups []string) (v *Viewer, ok bool) {
	v = &Viewer{role: a.Role, groups: a.Groups, filter: groups}
	switch a.Role {
	case auth.Wall, auth.Read, auth.Supervisor:
		v.all = slices.Contains(a.Groups, auth.Everywhere)
	case auth.Agent:
		v.extension = a.Extension
	case auth.Admin, auth.Local:
		v.all = true
	default:
		return nil, false
	}
	return v, true
}

// sight is what a viewer sees of the table. A row is visible if it has one of the tags of its kind.
type sight struct {
	all bool
	// onlyGroups hides agents and calls, also if all is true.
	onlyGroups bool
	tags       [kinds][]string
	key        string // the same for all viewers that see the same
	id         string // a short form of key, in the ids of events
}

// sightOf returns what the viewer sees now. The groups of an agent may change.
func (t *table) sightOf(v *Viewer) sight {
	groups := v.groups
	switch {
	case v.all && len(v.filter) == 0 && v.role == auth.Wall:
		return sight{all: true, onlyGroups: true, key: "* groups", id: "groups"}
	case v.all && len(v.filter) == 0:
		return sight{all: true, key: "*", id: "all"}
	case v.all:
		groups = v.filter
	case v.role == auth.Agent:
		groups = slices.Concat(groups, t.agents[v.extension].groups)
	}
	var tags []string
	for _, group := range groups {
		if len(v.filter) == 0 || slices.Contains(v.filter, group) {
			tags = append(tags, groupTag(group))
		}
	}
	slices.Sort(tags)
	tags = slices.Compact(tags)
	s := sight{key: string(v.role) + " " + strings.Join(tags, " ")}
	s.tags[groupKind] = tags
	switch v.role {
	case auth.Wall:
	case auth.Agent:
		own := []string{agentTag(v.extension)}
		s.tags[agentKind], s.tags[callKind] = own, own
		s.key += " " + own[0]
	default:
		s.tags[agentKind], s.tags[callKind] = tags, tags
		if v.role == auth.Supervisor && len(v.filter) == 0 {
			s.tags[agentKind] = append(slices.Clip(tags), groupTag("")) // they can be logged in
			s.key += " and no group"
		}
	}
	hash := fnv.New64a()
	hash.Write([]byte(s.key)) // never fails
	s.id = strconv.FormatUint(hash.Sum64(), 36)
	return s
}

// sees reports whether a row is visible.
func (s *sight) sees(k kind, r *row) bool {
	return (!s.onlyGroups || k == groupKind) && (s.all || s.hasOne(k, r.tags))
}

// seesNumber reports whether the number of the row's caller is visible, if the row is.
func (s *sight) seesNumber(k kind, r *row) bool {
	return s.all || slices.Contains(s.tags[groupKind], r.numberTag) || slices.Contains(s.tags[k], agentTag(r.key))
}

// saw reports whether a row may have been visible after that version and is not any more.
func (s *sight) saw(k kind, r *row, after uint64) bool {
	if r.gone && s.sees(k, r) {
		return true
	}
	for tag, lost := range r.lost {
		if lost > after && slices.Contains(s.tags[k], tag) {
			return true
		}
	}
	return false
}

func (s *sight) hasOne(k kind, tags []string) bool {
	return slices.ContainsFunc(tags, func(tag string) bool { return slices.Contains(s.tags[k], tag) })
}
