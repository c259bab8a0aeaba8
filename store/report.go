package store

import (
	"context"
	"time"

	"nwayacd/internal/figures"
)

// reportLimit bounds one query of a report. Reports have a connection of their own, so they hold up
// neither the applier nor searches.
const reportLimit = time.Minute

// report calls take for each row of a query of reports.
func (s *Store) report(ctx context.Context, doing, query string, take func(scan func(...any) error) error,
	args ...any,
) error {
	ctx, cancel := s.queryContext(ctx, reportLimit)
	defer cancel()
	s.db.statements.Add(1)
	rows, err := s.db.reports.QueryContext(ctx, query, args...)
	if err != nil {
		return s.wrap(ctx, doing, err)
	}
	defer rows.Close()
	for rows.Next() {
		if err := take(rows.Scan); err != nil {
			return s.wrap(ctx, doing, err)
		}
	}
	if err := rows.Err(); err != nil {
		return s.wrap(ctx, doing, err)
	}
	return nil
}

// CallFigures calls take with the figures of each quarter hour that begins in [from, to), of these
// groups (nil = all).
func (s *Store) CallFigures(
	ctx context.Context, from, to time.Time, groups []string, take func(figures.CallKey, *figures.Calls),
) error {
	return s.report(ctx, "read the figures of groups", s.db.figures.calls, func(scan func(...any) error) error {
		var key figures.CallKey
		var calls figures.Calls
		var start stamp
		into := []any{&key.Group, &start}
		for i := range calls {
			into = append(into, &calls[i])
		}
		if err := scan(into...); err != nil {
			return err
		}
		key.Start = start.UTC()
		take(key, &calls)
		return nil
	}, startStamp(from), startStamp(to), listOrNull(groups))
}

// AgentFigures calls take with the figures of agents in each quarter hour that begins in [from,
// to). Of the work for groups it takes that of these groups (nil = all).
func (s *Store) AgentFigures(
	ctx context.Context, from, to time.Time, groups []string, take func(figures.AgentKey, *figures.Agent),
) error {
	return s.report(ctx, "read the figures of agents", s.db.figures.agents, func(scan func(...any) error) error {
		var key figures.AgentKey
		var work figures.Agent
		var start stamp
		into := []any{&key.Extension, &start, &key.Group}
		for i := range work {
			into = append(into, &work[i])
		}
		if err := scan(into...); err != nil {
			return err
		}
		key.Start = start.UTC()
		take(key, &work)
		return nil
	}, startStamp(from), startStamp(to), listOrNull(groups))
}

// PauseFigures calls take with the pauses of agents in each quarter hour that begins in [from, to).
func (s *Store) PauseFigures(
	ctx context.Context, from, to time.Time, take func(figures.PauseKey, figures.Pause),
) error {
	return s.report(ctx, "read the figures of pauses", s.db.figures.pauses, func(scan func(...any) error) error {
		var key figures.PauseKey
		var pause figures.Pause
		var start stamp
		if err := scan(&key.Extension, &start, &key.Reason, &pause.Time, &pause.Times); err != nil {
			return err
		}
		key.Start = start.UTC()
		take(key, pause)
		return nil
	}, startStamp(from), startStamp(to))
}

// startStamp returns the begin of a quarter hour as the tables of figures have it.
func startStamp(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05Z") }
