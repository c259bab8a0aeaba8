package store

import (
	"database/sql"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// These types read a column of any type, because an existing database may have others. NULL is "",
// false, 0 or the zero time.

// text reads a column as its text.
type text string

// Scan accepts any value of a database driver.
func (t *text) Scan(value any) error {
	switch v := value.(type) {
	case nil:
		*t = ""
	case []byte:
		*t = text(v)
	case string:
		*t = text(v)
	case bool:
		*t = text(strconv.FormatBool(v))
	case int64:
		*t = text(strconv.FormatInt(v, 10))
	default:
		*t = text(fmt.Sprint(v))
	}
	return nil
}

func (t text) trimmed() string { return strings.TrimSpace(string(t)) }

// integer returns the column's whole number. ok is false if it is NULL or no number.
func (t text) integer() (n int64, ok bool) {
	n, err := strconv.ParseInt(t.trimmed(), 10, 64)
	return n, err == nil
}

// list returns the texts of a column that holds JSON. It returns nil if the column is not JSON.
func (t text) list() []string {
	var list []string
	if err := json.Unmarshal([]byte(t), &list); err != nil || len(list) == 0 {
		return nil
	}
	return list
}

// stamp reads a time. A value that is no time, and infinity, is the zero time.
type stamp struct{ time.Time }

var stampForms = []string{
	time.RFC3339Nano, "2006-01-02 15:04:05.999999999Z07:00", "2006-01-02 15:04:05.999999999Z07",
	"2006-01-02 15:04:05.999999999",
	"2006-01-02",
}

// Scan accepts any value of a database driver.
func (s *stamp) Scan(value any) error {
	s.Time = time.Time{}
	var t text
	switch v := value.(type) {
	case nil:
		return nil
	case time.Time:
		s.Time = v
		return nil
	default:
		if err := t.Scan(v); err != nil {
			return err
		}
	}
	for _, form := range stampForms {
		if at, err := time.Parse(form, t.trimmed()); err == nil {
			s.Time = at
			return nil
		}
	}
	return nil
}

// collect reads all rows and closes them.
func collect[T any](rows *sql.Rows, read func(scan func(...any) error) (T, error)) ([]T, error) {
	defer rows.Close()
	var all []T
	for rows.Next() {
		one, err := read(rows.Scan)
		if err != nil {
			return nil, err
		}
		all = append(all, one)
	}
	return all, rows.Err()
}
