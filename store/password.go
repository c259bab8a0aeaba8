package store

import (
	"context"
	"database/sql"
	"errors"

	"nwayacd/queue"
)

// password is the password of a phone that is known without the database. sequence is that of the
// change that wrote it, or 0 if it was read.
type password struct {
	text     string
	sequence uint64
}

// Password returns the password with which an extension's phone registers. ok is false if there is
// no such extension. While the database is away it returns the last known password, so that phones
// stay registered.
func (s *Store) Password(ctx context.Context, extension string) (text string, ok bool, err error) {
	applied := s.applied.Get()
	known, ok := s.ownWrites.password(extension)
	if ok && known.sequence > applied {
		return known.text, true, nil // the database does not have it yet
	}
	limit := rowLimit
	if ok {
		limit = knownLimit
	}
	ctx, cancel := s.queryContext(ctx, limit)
	defer cancel()
	text, found, err := s.readPassword(ctx, extension)
	switch {
	case err != nil && ok:
		return known.text, true, nil
	case err != nil:
		return "", false, s.wrap(ctx, "read a password", err)
	case found:
		s.ownWrites.confirmPassword(extension, text, applied)
	}
	return text, found, nil
}

func (s *Store) readPassword(ctx context.Context, extension string) (string, bool, error) {
	var column text
	err := s.db.QueryRowContext(ctx, s.db.load.password, extension).Scan(&column)
	if errors.Is(err, sql.ErrNoRows) {
		return "", false, nil
	}
	return string(column), err == nil, err
}

func (p *ownWrites) password(extension string) (password, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	known, ok := p.passwords[extension]
	return known, ok
}

// addPassword adds the known password to an account that a resync writes without one.
func (p *ownWrites) addPassword(c *queue.Change) {
	if c.AgentAdded == nil || c.AgentAdded.Password != "" {
		return
	}
	if known, ok := p.password(c.AgentAdded.Extension); ok {
		c.AgentAdded = &queue.NewAgent{Extension: c.AgentAdded.Extension, Password: known.text}
	}
}

// allPasswords returns all known passwords by extension.
func (p *ownWrites) allPasswords() map[string]string {
	p.mu.Lock()
	defer p.mu.Unlock()
	texts := make(map[string]string, len(p.passwords))
	for extension, known := range p.passwords {
		texts[extension] = known.text
	}
	return texts
}

// confirmPassword notes a password that was read from a database with all changes up to applied. A
// password that was written later stays.
func (p *ownWrites) confirmPassword(extension, text string, applied uint64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.passwords[extension].sequence <= applied {
		p.setPassword(extension, password{text: text})
	}
}

// setPassword sets a known password. The caller holds mu.
func (p *ownWrites) setPassword(extension string, known password) {
	if p.passwords == nil {
		p.passwords = map[string]password{}
	}
	p.passwords[extension] = known
}
