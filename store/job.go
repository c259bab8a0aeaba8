package store

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/rs/zerolog"

	"nwayacd/internal/wait"
)

// A job is work on a table that may be large: it builds an index, or fills a column of old rows. A
// migration must not do that, because a server that starts waits for its end. Run does the jobs
// after the start, while calls are served, and `nwayacd migrate` does them at once.
//
// The table nwayacd_job says how far each job is. So a job goes on where it was after a restart.
type job struct {
	name  string  // in nwayacd_job; the name of the index, if it is one
	step  jobStep // nil for an index
	index string  // what CREATE INDEX says after the name, "ON table (columns)"; "" if there is a step
}

// jobStep works on about so many rows after position, in tx, and returns the position that it
// reached. The first position is "". The same transaction writes the position that it returns, so
// each row is worked on once. A step that takes over a second is rolled back, and tried again with
// fewer rows.
type jobStep func(ctx context.Context, tx *transaction, position string, rows int) (next string, done bool, err error)

const (
	stepLimit = time.Second            // of one step, while calls are served
	stepGoal  = 200 * time.Millisecond // steps become larger until they take half as long
	// A step of fewer rows is hardly shorter, because most of its time is that of its statements.
	// Only a step that took over stepLimit is tried again with fewer.
	fewestRows = 1000
	mostRows   = 20_000

	firstRetry = 200 * time.Millisecond // of jobs that failed
	lastRetry  = 30 * time.Second
)

// jobRunner does the jobs of a database, one after the other.
type jobRunner struct {
	db      *database
	session func() (*database, error) // opens one without a limit for an answer, because an index may take long
	log     zerolog.Logger

	// ready waits until the next step may begin. nil = at once, and steps have no limit.
	ready func(context.Context) error
	// note receives the jobs that are not done, and why the last try of one failed. done receives
	// the name of one that is.
	note func(pending []string, fault error)
	done func(name string)
}

// FinishJobs does all that migrations left for later, to its end. It calls done with the name of
// each job. A server may be running meanwhile.
func FinishJobs(ctx context.Context, o Options, done func(name string)) (err error) {
	db, err := newDatabase(&o)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	r := &jobRunner{
		db: db, session: func() (*database, error) { return newDatabase(&o) }, log: zerolog.Nop(),
		note: func([]string, error) {}, done: done,
	}
	for backoff := (wait.Backoff{}); ; {
		err := r.round(ctx)
		if err == nil {
			return nil
		}
		if !errors.Is(err, errIndexBusy) || !backoff.Sleep(ctx) {
			return fmt.Errorf("store: %w", db.sanitized(err))
		}
	}
}

// jobs does what migrations left for later, until all is done or ctx ends. A job that fails is
// tried again after the others.
func (s *Store) jobs(ctx context.Context) {
	r := &jobRunner{
		db: s.db, session: func() (*database, error) { o := s.migrateOptions; return newDatabase(&o) }, log: s.log,
		ready: s.allApplied, note: s.noteJobs, done: func(string) {},
	}
	failed := ""
	for pause := firstRetry; ; pause = min(2*pause, lastRetry) {
		err := r.round(ctx)
		if err == nil || ctx.Err() != nil {
			return
		}
		if text := s.db.sanitized(err).Error(); text != failed {
			failed = text
			s.log.Warn().Str("error", text).
				Msg("work on tables that an upgrade left for later cannot go on; it is tried again")
		}
		if !wait.Pause(ctx, pause, nil) {
			return
		}
	}
}

// allApplied waits until all that was written before it is in the database.
func (s *Store) allApplied(ctx context.Context) error { return s.applied.Wait(ctx, s.journal.Newest()) }

// round tries each job that is not done, and returns the errors of those that failed.
func (r *jobRunner) round(ctx context.Context) error {
	if r.ready != nil {
		if err := r.ready(ctx); err != nil {
			return err
		}
	}
	left, err := r.unfinished(ctx)
	if err != nil {
		return err
	}
	var faults []error
	for at := 0; at < len(left); {
		r.note(names(left), errors.Join(faults...))
		if err := r.do(ctx, left[at]); err != nil {
			faults = append(faults, fmt.Errorf("%s: %w", left[at].name, err))
			at++
			continue
		}
		left = append(left[:at:at], left[at+1:]...)
	}
	err = errors.Join(faults...)
	r.note(names(left), err)
	return err
}

func names(jobs []job) (all []string) {
	for _, j := range jobs {
		all = append(all, j.name)
	}
	return all
}

// unfinished returns the jobs that nwayacd_job does not call done.
func (r *jobRunner) unfinished(ctx context.Context) (left []job, err error) {
	for _, j := range r.db.jobs {
		_, done, err := r.db.progress(ctx, r.db, j.name, "")
		if err != nil {
			return nil, err
		}
		if !done {
			left = append(left, j)
		}
	}
	return left, nil
}

// progress reads how far a job is. lock is what the query says after that.
func (db *database) progress(
	ctx context.Context, from querier, name, lock string,
) (position string, done bool, err error) {
	rows, err := from.QueryContext(ctx, db.readJob+lock, name)
	if err != nil {
		return "", false, err
	}
	_, err = collect(rows, func(scan func(...any) error) (struct{}, error) {
		return struct{}{}, scan(&position, &done)
	})
	return position, done, err
}

func (r *jobRunner) do(ctx context.Context, j job) error {
	began := time.Now()
	r.log.Info().Str("job", j.name).Msg("work on a table that an upgrade left for later begins")
	work := r.steps
	if j.step == nil {
		work = r.index
	}
	if err := work(ctx, j); err != nil {
		return err
	}
	r.log.Info().Str("job", j.name).Dur("took", time.Since(began)).
		Msg("work on a table that an upgrade left for later is done")
	r.done(j.name)
	return nil
}

// index builds an index, and notes that.
func (r *jobRunner) index(ctx context.Context, j job) error {
	if err := r.db.buildIndex(ctx, r, j); err != nil {
		return err
	}
	return r.db.transact(ctx, func(tx *transaction) error {
		_, err := tx.ExecContext(ctx, r.db.writeJob, j.name, "", true)
		return err
	})
}

// steps does the steps of a job until it is done.
func (r *jobRunner) steps(ctx context.Context, j job) error {
	return inSteps(ctx, r.ready, mostRows, func(ctx context.Context, rows int) (done bool, err error) {
		return r.step(ctx, j, rows)
	})
}

// inSteps does steps until one says that all is done. A step works on so many rows, which are at
// most most. ready waits until the next step may begin; nil = at once, and steps have no limit.
// After each step inSteps pauses for as long as the step took, because the database has other work,
// too.
func inSteps(
	ctx context.Context, ready func(context.Context) error, most int,
	step func(ctx context.Context, rows int) (done bool, err error),
) error {
	for rows := min(fewestRows, most); ; {
		if ready != nil {
			if err := ready(ctx); err != nil {
				return err
			}
		}
		began := time.Now()
		done, err := limitedStep(ctx, ready != nil, rows, step)
		took := time.Since(began)
		switch {
		case err != nil && (ctx.Err() != nil || took < stepLimit || rows == 1):
			return err
		case err == nil && done:
			return nil
		case err != nil:
			rows = max(rows/2, 1)
		case took > stepGoal:
			rows = max(rows/2, min(rows, fewestRows))
		case took < stepGoal/2:
			rows = min(2*rows, most)
		}
		if ready != nil && !wait.Pause(ctx, took, nil) {
			return context.Cause(ctx)
		}
	}
}

func limitedStep(
	ctx context.Context, limited bool, rows int, step func(ctx context.Context, rows int) (done bool, err error),
) (done bool, err error) {
	if limited {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeoutCause(ctx, stepLimit, fmt.Errorf("a step took over %s", stepLimit))
		defer cancel()
	}
	done, err = step(ctx, rows)
	if err != nil && ctx.Err() != nil {
		err = errors.Join(context.Cause(ctx), err)
	}
	return done && err == nil, err
}

// step does one step, and writes how far the job is in the same transaction. The row is locked, so
// `nwayacd migrate` and a server do not do the same step.
func (r *jobRunner) step(ctx context.Context, j job, rows int) (done bool, err error) {
	err = r.db.transact(ctx, func(tx *transaction) error {
		if _, err := tx.ExecContext(ctx, r.db.addJob, j.name); err != nil {
			return err
		}
		position, over, err := r.db.progress(ctx, tx, j.name, r.db.lockJob)
		if err != nil || over {
			done = over
			return err
		}
		if position, done, err = j.step(ctx, tx, position, rows); err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, r.db.writeJob, j.name, position, done)
		return err
	})
	return done, err
}

// noteJobs keeps for Status which jobs are not done.
func (s *Store) noteJobs(pending []string, fault error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.jobsLeft, s.jobFault = pending, s.db.sanitized(fault)
}
