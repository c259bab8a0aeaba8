package report

import (
	"encoding/json"
	"io"
)

// WriteJSON writes the report as JSON. A row has the names of the table's columns. A figure that
// cannot be computed is null.
func (r *Report) WriteJSON(to io.Writer) error {
	columns := r.table()
	shown := struct {
		From    string            `json:"from"`
		To      string            `json:"to"`
		Zone    string            `json:"zone"`
		Step    Step              `json:"step"`
		Formula string            `json:"formula"`
		Columns []string          `json:"columns"`
		Rows    []json.RawMessage `json:"rows"`
		Totals  []json.RawMessage `json:"totals"`
		Total   json.RawMessage   `json:"total"`
	}{
		From: r.From.Format(timeForm), To: r.To.Format(timeForm), Zone: r.Zone.String(), Step: r.Step,
		Formula: r.Formula, Rows: []json.RawMessage{}, Totals: []json.RawMessage{},
	}
	for _, c := range columns {
		shown.Columns = append(shown.Columns, c.name)
	}
	for i := range r.Rows {
		shown.Rows = append(shown.Rows, r.object(columns, &r.Rows[i]))
	}
	for i := range r.Totals {
		shown.Totals = append(shown.Totals, r.object(columns, &r.Totals[i]))
	}
	shown.Total = r.object(columns, &r.Total)
	return json.NewEncoder(to).Encode(shown)
}

// object returns a row as a JSON object, in the order of the columns.
func (r *Report) object(columns []column, row *Row) []byte {
	text := []byte{'{'}
	for i, c := range columns {
		if i > 0 {
			text = append(text, ',')
		}
		name, _ := json.Marshal(c.name) // every string has a JSON
		text = append(append(text, name...), ':')
		text = append(text, c.of(r, row).json()...)
	}
	return append(text, '}')
}

func (c cell) json() []byte {
	if c.isText {
		text, _ := json.Marshal(c.text) // every string has a JSON
		return text
	}
	text, _ := c.number.MarshalJSON() // never fails
	return text
}
