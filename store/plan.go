package store

import "maps"

// step is a set of rows of one kind that one pass of its statements writes.
type step struct {
	kind kind
	docs []doc
	at   map[string]int // the index in docs for a key
}

// plan orders a batch into few steps. Rows with the same key keep their order. Of the same kind
// they merge, so several updates of one extension are one row.
type plan struct{ steps []*step }

func (p *plan) add(r row) {
	for i := len(p.steps) - 1; i >= 0; i-- {
		s := p.steps[i]
		if s.kind == r.kind && !s.kind.sweeps() {
			s.put(r)
			return
		}
		if s.conflicts(r) {
			break
		}
	}
	s := &step{kind: r.kind, at: map[string]int{}}
	s.put(r)
	p.steps = append(p.steps, s)
}

func (s *step) put(r row) {
	if i, known := s.at[r.key]; known && r.key != "" && !s.kind.adds() {
		maps.Copy(s.docs[i], r.doc)
		return
	}
	s.at[r.key] = len(s.docs)
	s.docs = append(s.docs, r.doc)
}

// These are the things that kinds of rows are about.
const (
	aboutAgents = 1 << iota
	aboutGroups
	aboutMembers
	aboutWaiting
	aboutBlacklist
	aboutVIPs
	aboutTalks
	aboutOffers
	aboutUsers
	aboutTokens
	aboutSessions
	aboutReasons
)

var about = map[kind]int{
	setAgent: aboutAgents, addAgent: aboutAgents, removeAgent: aboutAgents | aboutMembers,
	setGroup: aboutGroups, addGroup: aboutGroups | aboutMembers, removeGroup: aboutGroups | aboutMembers,
	setMembership: aboutMembers, joinGroup: aboutMembers, leaveGroup: aboutMembers,
	putWaiting: aboutWaiting, dropWaiting: aboutWaiting,
	putBlacklisted: aboutBlacklist, dropBlacklisted: aboutBlacklist,
	putVIP: aboutVIPs, dropVIP: aboutVIPs,
	putTalk: aboutTalks, dropTalk: aboutTalks,
	putOffer: aboutOffers, putWrapUp: aboutOffers,
	putReason: aboutReasons, dropReason: aboutReasons,
	sweepWaiting: aboutWaiting, sweepTalks: aboutTalks,
	putUser: aboutUsers, setUser: aboutUsers, dropUser: aboutUsers,
	putToken: aboutTokens, setToken: aboutTokens, dropToken: aboutTokens,
	putSession: aboutSessions, setSession: aboutSessions, dropSession: aboutSessions,
}

// sweeps reports whether a row of the kind concerns all rows of its table.
func (k kind) sweeps() bool { return k == sweepWaiting || k == sweepTalks }

// adds reports whether each row of the kind is written by itself. The key of such a row only says
// which agent it is about.
func (k kind) adds() bool { return k == putOffer || k == putWrapUp }

// conflicts reports whether r must stay after s. Memberships have two keys, so any two of them may
// conflict.
func (s *step) conflicts(r row) bool {
	shared := about[s.kind] & about[r.kind]
	_, same := s.at[r.key]
	return shared&aboutMembers != 0 || shared != 0 && (same || s.kind.sweeps() || r.kind.sweeps())
}
