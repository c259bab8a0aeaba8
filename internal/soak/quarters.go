package main

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// figureTables are the tables of figures. The keys are the columns that name a row.
var figureTables = []struct{ name, key string }{
	{"nwayacd_interval", "group_number, start"},
	{"nwayacd_agent_interval", "extension, start, group_number"},
	{"nwayacd_pause_interval", "extension, start, reason"},
}

// checkFigures compares the figures that the processes of the server have written, one after
// another, with those that `nwayacd rebuild-figures` makes from the records. Each difference is a
// violation. The server is down by then.
func (s *soak) checkFigures(ctx context.Context) {
	written, err := s.figureRows(ctx)
	from, to := s.began.UTC(), time.Now().UTC().Add(time.Minute)
	made := map[string]string{}
	if err == nil {
		err = s.srv.Do(ctx, "rebuild-figures", from.Format(time.RFC3339), to.Format(time.RFC3339))
	}
	if err == nil {
		made, err = s.figureRows(ctx)
	}
	if err == nil && len(made) == 0 {
		err = errors.New("there are no figures of this run")
	}
	if err != nil {
		s.violate("harness", err.Error(), nil)
		return
	}
	s.figures.FigureRows = len(made)
	for row, records := range made {
		if written[row] != records {
			s.differs(row, written[row], records)
		}
	}
	for row, figures := range written {
		if made[row] == "" {
			s.differs(row, figures, "")
		}
	}
}

func (s *soak) differs(row, written, records string) {
	s.violate("figures that the records do not make",
		fmt.Sprintf("%s\n    the server wrote  %s\n    the records make  %s", row, written, records), nil)
}

// figureRows reads the figures that are not zero: by table and key, the columns in the order of
// their names.
func (s *soak) figureRows(ctx context.Context) (map[string]string, error) {
	all := map[string]string{}
	for _, table := range figureTables {
		rows, err := s.pg.rows(ctx, fmt.Sprintf(
			`SELECT concat_ws(' ', %s), (SELECT string_agg(key || ' ' || value, ', ' ORDER BY key)
				FROM jsonb_each(to_jsonb(t)) WHERE jsonb_typeof(value) = 'number' AND value <> '0') FROM %s AS t`,
			table.key, table.name))
		if err != nil {
			return nil, err
		}
		for _, row := range rows {
			if row[1] != "" {
				all[table.name+" "+row[0]] = row[1]
			}
		}
	}
	return all, nil
}
