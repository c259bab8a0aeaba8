package store

import (
	"sync"

	"nwayacd/agent"
	"nwayacd/internal/auth"
	"nwayacd/queue"
)

// ownWrites has, for each agent, the sequence of this server's last change to each column of its
// state and to its memberships. A change that is not applied yet will overwrite an edit by another
// program. There is one entry for each agent.
type ownWrites struct {
	mu        sync.Mutex
	written   map[string]*columnWrites
	passwords map[string]password
	auth      authWrites
}

// columnWrites has the sequence for each column. It is notKept if a resync will write the column.
type columnWrites struct{ registered, up, idle, call, since, deferred, pause, groups uint64 }

// add notes which columns of an agent a change writes.
func (p *ownWrites) add(c *queue.Change, seq uint64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch u := c.Agent; {
	case u != nil:
		w := p.columnsOf(u.Extension)
		setIf(&w.registered, u.Registered, seq)
		setIf(&w.up, u.Up, seq)
		setIf(&w.idle, u.Idle, seq)
		setIf(&w.call, u.Call, seq)
		setIf(&w.since, u.Since, seq)
		setIf(&w.deferred, u.Deferred, seq)
		setIf(&w.pause, u.PauseReason, seq)
	case c.Membership != nil:
		p.columnsOf(c.Membership.Extension).groups = seq
	case c.MemberJoined != nil:
		p.columnsOf(c.MemberJoined.Extension).groups = seq
	case c.MemberLeft != nil:
		p.columnsOf(c.MemberLeft.Extension).groups = seq
	case c.AgentAdded != nil:
		p.setPassword(c.AgentAdded.Extension, password{c.AgentAdded.Password, seq})
	case c.AgentRemoved != nil:
		delete(p.passwords, *c.AgentRemoved)
	case c.Auth != nil:
		p.auth.add(c.Auth, seq)
	}
}

func (p *ownWrites) columnsOf(extension string) *columnWrites {
	w := p.written[extension]
	if w == nil {
		w = &columnWrites{}
		p.written[extension] = w
	}
	return w
}

// clearOverwritten clears the columns in u that this server wrote after applied.
func (p *ownWrites) clearOverwritten(u *agent.Update, applied uint64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	w := p.written[u.Extension]
	if w == nil {
		return
	}
	clearBeyond(&u.Registered, w.registered, applied)
	clearBeyond(&u.Up, w.up, applied)
	clearBeyond(&u.Idle, w.idle, applied)
	clearBeyond(&u.Call, w.call, applied)
	clearBeyond(&u.Since, w.since, applied)
	clearBeyond(&u.Deferred, w.deferred, applied)
	clearBeyond(&u.PauseReason, w.pause, applied)
}

// overlaid returns an edit of a user, token or session, with what this server wrote after applied.
func (p *ownWrites) overlaid(c *auth.Change, applied uint64) *auth.Change {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.auth.overlaid(c, applied)
}

// overwritesGroups reports whether this server wrote the extension's memberships after applied.
func (p *ownWrites) overwritesGroups(extension string, applied uint64) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	w := p.written[extension]
	return w != nil && w.groups > applied
}

func setIf[T any](at *uint64, changed *T, seq uint64) {
	if changed != nil {
		*at = seq
	}
}

func clearBeyond[T any](field **T, written, applied uint64) {
	if written > applied {
		*field = nil
	}
}
