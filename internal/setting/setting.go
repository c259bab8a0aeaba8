// Package setting describes what can be set for a group and for an agent. The tables queue.Settings
// and agent.Settings are made of it.
//
// A table is the only place that knows its settings. Commands, HTTP, pages, docs/groups.md, and the
// reading and writing of columns follow it. The package knows no database and no port.
package setting

import (
	"fmt"
	"slices"
	"strings"
)

// Default is the word that leaves a setting to its default.
const Default = "default"

// Value is a value of a setting: nil (left to the default), a bool, an int64 or a string.
type Value = any

// Words are a text in the languages of the console.
type Words struct{ EN, ZH string }

// Setting is one setting of a T, a group or an agent. U is a change of a T. Its nil fields stay as
// they are.
type Setting[T, U any] struct {
	Key    string // in commands, HTTP and pages
	Column string // in the table of T
	Rule
	// Default is the value that counts if none is set. nil: DefaultIn says which.
	Default Value
	// DefaultIn is the key of the configuration that has the default; "" = Default is it.
	DefaultIn string
	// Supervisor is true if a supervisor of the group may set it, and not only an administrator.
	Supervisor bool
	Help       Words
	Field[T, U]
}

// Table has the settings of a T, in the order in which they are shown.
type Table[T, U any] []Setting[T, U]

// Find returns the setting with that key, or an error that names all keys.
func (t Table[T, U]) Find(key string) (*Setting[T, U], error) {
	if i := slices.IndexFunc(t, func(s Setting[T, U]) bool { return s.Key == key }); i >= 0 {
		return &t[i], nil
	}
	return nil, fmt.Errorf("%s is no setting; there are %s", shorten(key), strings.Join(t.Keys(), ", "))
}

// Keys returns the keys of all settings, in the order of the table.
func (t Table[T, U]) Keys() []string {
	keys := make([]string, len(t))
	for i := range t {
		keys[i] = t[i].Key
	}
	return keys
}

// Columns returns the columns of all settings, in the order of the table.
func (t Table[T, U]) Columns() []string {
	columns := make([]string, len(t))
	for i := range t {
		columns[i] = t[i].Column
	}
	return columns
}

// ByColumn returns the setting that a column has, or nil if the column has none.
func (t Table[T, U]) ByColumn(column string) *Setting[T, U] {
	if i := slices.IndexFunc(t, func(s Setting[T, U]) bool { return s.Column == column }); i >= 0 {
		return &t[i]
	}
	return nil
}

// Apply changes what u sets in of.
func (t Table[T, U]) Apply(u *U, of *T) {
	for i := range t {
		t[i].apply(u, of)
	}
}

// Copy makes u set all settings, to what they are in of.
func (t Table[T, U]) Copy(of *T, u *U) {
	for i := range t {
		t[i].copy(of, u)
	}
}

// Parse reads a value that an operator has typed. The word default is nil. The error says which
// values are allowed.
func (s *Setting[T, U]) Parse(text string) (Value, error) {
	if text == Default {
		return nil, nil
	}
	v, ok := s.parse(text)
	if !ok {
		return nil, s.wrong(text)
	}
	return v, nil
}

// FromJSON takes over a value from JSON, as encoding/json decodes it into an any. null is nil. The
// error says which values are allowed.
func (s *Setting[T, U]) FromJSON(value any) (Value, error) {
	if value == nil {
		return nil, nil
	}
	v, ok := s.fromJSON(value)
	if !ok {
		return nil, s.wrong(fmt.Sprint(value))
	}
	return v, nil
}

func (s *Setting[T, U]) wrong(text string) error {
	return fmt.Errorf("%s %q: the value must be %s, or %s", s.Key, shorten(text), s.Wanted().EN, Default)
}

// Put makes u set the setting. nil leaves it to the default.
func (s *Setting[T, U]) Put(u *U, v Value) {
	if v == nil && !s.optional {
		v = s.Default
	}
	s.put(u, v)
}

// Changed returns the value that u sets. ok is false if u does not set it.
func (s *Setting[T, U]) Changed(u *U) (v Value, ok bool) { return s.changed(u) }

// Own returns the value of the setting, or nil if it is left to the default.
func (s *Setting[T, U]) Own(of *T) Value { return s.get(of) }

// InForce returns the value that counts: the own one, or the default. It is nil if the
// configuration has the default.
func (s *Setting[T, U]) InForce(of *T) Value {
	if v := s.get(of); v != nil {
		return v
	}
	return s.Default
}

// Read sets the setting of a row that was read, by the text of its column. NULL is "". ok is false
// if the text is no value of the setting, which is then left to the default.
func (s *Setting[T, U]) Read(of *T, column string) (ok bool) {
	v, ok := s.read(column)
	if v == nil && !s.optional {
		v = s.Default
	}
	s.set(of, v)
	return ok
}

// Show returns a value as an operator types it.
func Show(v Value) string {
	if v == nil {
		return Default
	}
	return fmt.Sprint(v)
}

// shorten cuts a text to a length that a refusal can show.
func shorten(text string) string {
	const most = 60
	if letters := []rune(text); len(letters) > most {
		return string(letters[:most]) + "…"
	}
	return text
}
