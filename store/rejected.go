package store

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"nwayacd/internal/wait"
	"nwayacd/queue"
	"nwayacd/store/journal"
)

// Retried is what became of the changes in nwayacd_rejected.
type Retried struct {
	Written int // they are in their tables now
	Left    int // the database refuses them still, or the floor has a newer state
	// NoPassword are extensions whose addition is left, because nwayacd_rejected keeps no password.
	NoPassword []string
}

// RetryRejected tries the changes in nwayacd_rejected again. A server may be running: it receives
// what another program would have changed.
func RetryRejected(ctx context.Context, o Options) (done Retried, err error) {
	db, err := newDatabase(&o)
	if err != nil {
		return done, err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	if err := db.connect(ctx); err != nil {
		return done, err
	}
	if err := db.checkSchema(ctx); err != nil {
		return done, db.sanitized(err)
	}
	if err := db.inspect(ctx, db); err != nil {
		return done, db.sanitized(err)
	}
	s := &Store{db: db, log: o.Log, turn: make(turn, 1)}
	done, err = s.retryRejected(ctx, true)
	return done, db.sanitized(err)
}

// retryAtStart tries the changes in nwayacd_rejected again, once, when the database is there.
func (s *Store) retryAtStart(ctx context.Context) {
	for backoff := (wait.Backoff{}); ; {
		done, err := s.retryRejected(ctx, false)
		if done.Written+done.Left > 0 {
			s.log.Warn().Int("written", done.Written).Int("left", done.Left).Strs("without-password", done.NoPassword).
				Msg("the changes that the database had refused were tried again; " +
					"docs/operations.md says what to do with those that are left")
		}
		if err == nil || !backoff.Sleep(ctx) {
			return
		}
	}
}

// rejectedRow is a row of nwayacd_rejected.
type rejectedRow struct {
	journal string
	seq     int64
	change  string
	why     string
}

// retryRejected tries all rows. By hand it also tries what another server did not know.
func (s *Store) retryRejected(ctx context.Context, byHand bool) (done Retried, err error) {
	var last rejectedRow
	for {
		rows, err := s.db.QueryContext(ctx, s.db.listRejected, last.journal, last.seq)
		if err != nil {
			return done, err
		}
		page, err := collect(rows, func(scan func(...any) error) (r rejectedRow, err error) {
			return r, scan(&r.journal, &r.seq, &r.change, &r.why)
		})
		if err != nil || len(page) == 0 {
			return done, err
		}
		for _, r := range page {
			if r.why == errSuperseded.Error() && !byHand {
				done.Left++
				continue
			}
			written, noPassword, err := s.retryOne(ctx, r)
			if err != nil {
				return done, err
			}
			switch {
			case written:
				done.Written++
			case noPassword != "":
				done.NoPassword = append(done.NoPassword, noPassword)
				fallthrough
			default:
				done.Left++
			}
		}
		last = page[len(page)-1]
	}
}

// withoutSecret returns what nwayacd_rejected keeps of a change, and the password that it leaves
// out. Everybody who may look into that table could read it, and the server knows it.
func withoutSecret(e *entry) (kept, secret string) {
	added := e.change.AgentAdded
	if added == nil || added.Password == "" {
		return string(e.Body), ""
	}
	body, err := appendChange(nil, &queue.Change{AgentAdded: &queue.NewAgent{Extension: added.Extension}})
	if err != nil {
		return "", added.Password // an operator finds the extension in the log
	}
	return string(body), added.Password
}

// lacksPassword reports whether the change adds an extension whose password is not known. The
// server knows it from its floor.json; `nwayacd retry-rejected` does not.
func (s *Store) lacksPassword(c *queue.Change) bool {
	s.ownWrites.addPassword(c)
	return c.AgentAdded != nil && c.AgentAdded.Password == ""
}

// retryOne writes the change to its table, and removes the row in the same transaction. A change of
// state stays, because the floor has written a newer one since. noPassword is the extension whose
// addition stays, because its password is not known. If an operator has added the extension again,
// the row goes.
func (s *Store) retryOne(ctx context.Context, r rejectedRow) (written bool, noPassword string, err error) {
	e := entry{Record: journal.Record{Body: []byte(r.change)}}
	if json.Unmarshal(e.Body, &e.change) != nil || !isHistory(&e.change) && !isOperatorChange(&e.change) {
		return false, "", nil
	}
	var writes []entry
	if !s.lacksPassword(&e.change) { // it also adds the password
		writes = []entry{e}
	} else {
		extension, there := e.change.AgentAdded.Extension, false
		if err := s.db.QueryRowContext(ctx, s.db.hasAgent, extension).Scan(&there); err != nil || !there {
			return false, extension, err
		}
	}
	if err := s.turn.lock(ctx); err != nil {
		return false, "", err
	}
	defer s.turn.unlock()
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	err = s.db.transactOpenly(ctx, func(tx *transaction) error {
		if err := s.checkTerm(ctx, tx); err != nil {
			return err
		}
		if err := s.writeEntries(ctx, tx, writes); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, s.db.dropRejected, r.journal, r.seq)
		return err
	})
	if err != nil && s.refuses(err) {
		return false, "", nil
	}
	return err == nil, "", err
}
