package report

import (
	"encoding/csv"
	"io"
	"strconv"
	"time"

	"nwayacd/internal/figures"
)

// timeForm is how times are written.
const timeForm = time.RFC3339

// cell is a text, or a number, which may be empty.
type cell struct {
	isText bool
	text   string
	number Number
}

func texted(text string) cell { return cell{isText: true, text: text} }

// column is a column of a report as a table.
type column struct {
	name string
	of   func(*Report, *Row) cell
}

// table returns the columns of the report.
func (r *Report) table() []column {
	all := []column{
		{"start", func(_ *Report, row *Row) cell {
			if row.Start.IsZero() {
				return texted("total")
			}
			return texted(row.Start.Format(timeForm))
		}},
	}
	if r.ByAgent {
		return append(all, r.agentColumns()...)
	}
	return append(all, groupColumns...)
}

func name(_ *Report, row *Row) cell { return texted(row.Of) }

func counted(name string, figure figures.Call) column {
	return column{name, func(_ *Report, row *Row) cell {
		return cell{number: Number{float64(row.Calls[figure]), true}}
	}}
}

func summed(name string, of func(*figures.Calls) int64) column {
	return column{name, func(_ *Report, row *Row) cell {
		return cell{number: Number{float64(of(&row.Calls)), true}}
	}}
}

func lasted(name string, figure figures.Call) column {
	return column{name, func(_ *Report, row *Row) cell { return cell{number: seconds(row.Calls[figure])} }}
}

func measured(name string, of func(*figures.Calls) Number) column {
	return column{name, func(_ *Report, row *Row) cell { return cell{number: of(&row.Calls)} }}
}

var groupColumns = []column{
	{"group", name},
	counted("offered", figures.Offered), counted("answered", figures.Answered),
	counted("answered_in", figures.AnsweredIn), counted("abandoned", figures.Abandoned),
	counted("abandoned_in", figures.AbandonedIn), counted("abandoned_short", figures.AbandonedShort),
	{"service_level", func(r *Report, row *Row) cell { return cell{number: ServiceLevel(&row.Calls, r.Formula)} }},
	measured("asa_seconds", SpeedOfAnswer), measured("time_to_abandon_seconds", TimeToAbandon),
	measured("aht_seconds", HandlingTime), lasted("longest_wait_seconds", figures.WaitLongest),
	counted("talks", figures.Talks), lasted("talk_seconds", figures.Talk), lasted("hold_seconds", figures.Hold),
	lasted("wrap_up_seconds", figures.WrapUp),
	counted("left_timeout", figures.LeftTimeout), counted("left_key", figures.LeftKey),
	counted("left_empty", figures.LeftEmpty), counted("left_closed", figures.LeftClosed),
	counted("left_callback", figures.LeftCallback), counted("left_moved", figures.LeftMoved),
	counted("left_taken", figures.LeftTaken), counted("left_consult", figures.LeftConsult),
	counted("left_error", figures.LeftError), counted("refused_full", figures.RefusedFull),
	counted("refused_closed", figures.RefusedClosed), counted("refused_empty", figures.RefusedEmpty),
	counted("refused_blacklisted", figures.RefusedBlacklisted), counted("returned", figures.Returned),
	summed("left", (*figures.Calls).Left), summed("refused", (*figures.Calls).Refused),
}

func worked(name string, figure figures.Work) column {
	return column{name, func(_ *Report, row *Row) cell { return cell{number: seconds(row.Work[figure])} }}
}

func did(name string, figure figures.Work) column {
	return column{name, func(_ *Report, row *Row) cell {
		return cell{number: Number{float64(row.Work[figure]), true}}
	}}
}

var agentColumns = []column{
	{"extension", name},
	did("offers", figures.Offers), did("answered", figures.OffersAnswered), did("misses", figures.Misses),
	did("withdrawn", figures.Withdrawn),
	{"aht_seconds", func(_ *Report, row *Row) cell { return cell{number: AgentHandlingTime(&row.Work)} }},
	{"occupancy", func(_ *Report, row *Row) cell { return cell{number: Occupancy(&row.Work)} }},
	worked("logged_in_seconds", figures.LoggedInTime), worked("ready_seconds", figures.ReadyTime),
	worked("ring_seconds", figures.RingTime), worked("talk_seconds", figures.TalkTime),
	worked("hold_seconds", figures.HoldTime), worked("wrap_up_seconds", figures.WrapUpTime),
	worked("outbound_seconds", figures.OutboundTime), worked("rest_seconds", figures.RestTime),
	worked("missed_seconds", figures.MissedTime), worked("unavailable_seconds", figures.UnavailableTime),
	worked("paused_seconds", figures.PausedTime),
}

// agentColumns returns the columns of agents, with two for each reason of a pause.
func (r *Report) agentColumns() []column {
	all := append([]column{}, agentColumns...)
	for _, reason := range r.Reasons {
		all = append(all,
			column{"paused_seconds " + reason, func(_ *Report, row *Row) cell {
				return cell{number: seconds(row.Pauses[reason].Time)}
			}},
			column{"pauses " + reason, func(_ *Report, row *Row) cell {
				return cell{number: Number{float64(row.Pauses[reason].Times), true}}
			}})
	}
	return all
}

// everyRow calls do for each row, and then for each total.
func (r *Report) everyRow(do func(*Row) error) error {
	for _, rows := range [][]Row{r.Rows, r.Totals} {
		for i := range rows {
			if err := do(&rows[i]); err != nil {
				return err
			}
		}
	}
	return nil
}

// appendNumber writes a number without an exponent, as short as it is exact.
func appendNumber(to []byte, x float64) []byte { return strconv.AppendFloat(to, x, 'f', -1, 64) }

// WriteCSV writes the report as CSV in UTF-8, with the mark by which spreadsheets know that. The
// last rows are the totals.
func (r *Report) WriteCSV(to io.Writer) error {
	if _, err := io.WriteString(to, "\ufeff"); err != nil {
		return err
	}
	w := csv.NewWriter(to)
	columns := r.table()
	line := make([]string, len(columns))
	for i, c := range columns {
		line[i] = harmless(c.name)
	}
	if err := w.Write(line); err != nil {
		return err
	}
	err := r.everyRow(func(row *Row) error {
		for i, c := range columns {
			line[i] = c.of(r, row).csv()
		}
		return w.Write(line)
	})
	if err != nil {
		return err
	}
	w.Flush()
	return w.Error()
}

func (c cell) csv() string {
	if c.number.Some {
		return string(appendNumber(nil, c.number.Value))
	}
	return harmless(c.text)
}

// harmless returns a text that no spreadsheet takes for a formula.
func harmless(text string) string {
	if text == "" {
		return text
	}
	switch text[0] {
	case '=', '+', '-', '@', '\t', '\r':
		return "'" + text
	}
	return text
}
