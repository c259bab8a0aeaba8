package setting

import (
	"bytes"
	"encoding/json"
)

// Own is a value that may be left to its default. The zero value is left to it.
type Own[V comparable] struct {
	Set   bool `json:"Set"`
	Value V    `json:"Value"`
}

// Is returns an Own with that value.
func Is[V comparable](value V) Own[V] { return Own[V]{true, value} }

// Or returns the value, or the default if none is set.
func (o Own[V]) Or(byDefault V) V {
	if o.Set {
		return o.Value
	}
	return byDefault
}

// unset is the JSON of an Own without a value. It is not null, because a null in an update is read
// as a field that stays as it is.
var unset = []byte(`"` + Default + `"`)

// MarshalJSON writes the value, or "default".
func (o Own[V]) MarshalJSON() ([]byte, error) {
	if !o.Set {
		return unset, nil
	}
	return json.Marshal(o.Value)
}

// UnmarshalJSON reads what MarshalJSON wrote.
func (o *Own[V]) UnmarshalJSON(text []byte) error {
	*o = Own[V]{}
	if bytes.Equal(text, unset) {
		return nil
	}
	o.Set = true
	return json.Unmarshal(text, &o.Value)
}
