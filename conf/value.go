package conf

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"
)

const day = 24 * time.Hour

// longest bounds every number of seconds: a day. A larger number is most likely a typing error.
const longest = int64(day / time.Second)

// value connects a field of Config with its value in the file.
type value struct {
	set func(any) error // sets the field to what the TOML decoder returned; on an error the field does not change
	get func() any      // returns the field in the file's type: bool, int64, string, Secret or []string
}

// String returns the value as TOML. A secret is hidden.
func (v value) String() string {
	switch now := v.get().(type) {
	case string:
		return strconv.Quote(now)
	case Secret:
		return strconv.Quote(now.String())
	case []string:
		quoted := make([]string, len(now))
		for i, s := range now {
			quoted[i] = strconv.Quote(s)
		}
		return "[" + strings.Join(quoted, ", ") + "]"
	default:
		return fmt.Sprint(now)
	}
}

func toggle(field *bool) value {
	return value{
		set: func(v any) error {
			b, ok := v.(bool)
			if !ok {
				return mismatch(v, "true or false, without quotes")
			}
			*field = b
			return nil
		},
		get: func() any { return *field },
	}
}

func count(field *int, low, high int64) value {
	return value{
		set: func(v any) error {
			n, err := whole(v, "", low, high)
			if err == nil {
				*field = int(n)
			}
			return err
		},
		get: func() any { return int64(*field) },
	}
}

func seconds(field *time.Duration, low int64) value {
	return span(field, time.Second, " of seconds", low, longest)
}

func secondsTo(field *time.Duration, high int64) value {
	return span(field, time.Second, " of seconds", 0, high)
}

func days(field *time.Duration) value {
	return span(field, day, " of days", 0, 3650)
}

func span(field *time.Duration, unit time.Duration, of string, low, high int64) value {
	return value{
		set: func(v any) error {
			n, err := whole(v, of, low, high)
			if err == nil {
				*field = time.Duration(n) * unit
			}
			return err
		},
		get: func() any { return int64(*field / unit) },
	}
}

func whole(v any, of string, low, high int64) (int64, error) {
	want := fmt.Sprintf("a whole number%s from %d to %d", of, low, high)
	n, ok := v.(int64)
	if !ok {
		return 0, mismatch(v, want)
	}
	if n < low || n > high {
		return 0, fmt.Errorf("is %d; it must be %s", n, want)
	}
	return n, nil
}

func text(field *string, checks ...check) value {
	return value{
		set: func(v any) error { return setText(v, field, checks) },
		get: func() any { return *field },
	}
}

func secret(field *Secret, checks ...check) value {
	return value{
		set: func(v any) error { return setText(v, field, checks) },
		get: func() any { return *field },
	}
}

func setText[T ~string](v any, field *T, checks []check) error {
	s, ok := v.(string)
	if !ok {
		return mismatch(v, "a text in double quotes")
	}
	for _, check := range checks {
		if err := check(s); err != nil {
			return err
		}
	}
	*field = T(s)
	return nil
}

func networks(field *[]netip.Prefix) value {
	return value{
		set: func(v any) error {
			list, ok := v.([]any)
			if !ok {
				return mismatch(v, `a list such as ["10.0.0.0/24", "10.1.2.3"]`)
			}
			found, err := parseNetworks(list)
			if err == nil {
				*field = found
			}
			return err
		},
		get: func() any {
			list := make([]string, len(*field))
			for i, network := range *field {
				list[i] = network.String()
			}
			return list
		},
	}
}

// words returns the value of a list of words. Each word must pass the check.
func words(field *[]string, right check) value {
	return value{
		set: func(v any) error {
			list, ok := v.([]any)
			if !ok {
				return mismatch(v, `a list such as ["one", "two"]`)
			}
			var found []string // an empty list is nil, as a default is
			var faults []error
			for _, v := range list {
				word, ok := v.(string)
				if !ok {
					faults = append(faults, mismatch(v, "a word in double quotes"))
				} else if err := right(word); err != nil {
					faults = append(faults, err)
				}
				found = append(found, word)
			}
			if err := errors.Join(faults...); err != nil {
				return err
			}
			*field = found
			return nil
		},
		get: func() any { return slices.Clone(*field) },
	}
}

func parseNetworks(list []any) ([]netip.Prefix, error) {
	var found []netip.Prefix // nil, as by default, if the list is empty
	var faults []error
	for _, v := range list {
		network, err := parseNetwork(v)
		found = append(found, network)
		faults = append(faults, err)
	}
	return found, errors.Join(faults...)
}

// parseNetwork accepts a network or a single address.
func parseNetwork(v any) (netip.Prefix, error) {
	s, ok := v.(string)
	if !ok {
		return netip.Prefix{}, mismatch(v, `a network in double quotes, such as "10.0.0.0/24"`)
	}
	if address, err := netip.ParseAddr(s); err == nil && address.Zone() == "" {
		address = address.Unmap()
		return netip.PrefixFrom(address, address.BitLen()), nil
	}
	network, err := netip.ParsePrefix(s)
	if err != nil {
		return netip.Prefix{}, fmt.Errorf("%q is not a network; examples are 10.0.0.0/24 and 10.1.2.3", s)
	}
	if network != network.Masked() {
		return netip.Prefix{},
			fmt.Errorf("%q is a host within a network; write %s for the network, or %s for the host", s,
				network.Masked(), network.Addr())
	}
	return network, nil
}

// mismatch reports the type and never the value, which may be a secret without quotes.
func mismatch(v any, want string) error {
	return fmt.Errorf("is %s; it must be %s", typeName(v), want)
}

func typeName(v any) string {
	switch v.(type) {
	case string:
		return "a text"
	case bool:
		return "true or false"
	case int64:
		return "a whole number"
	case float64:
		return "a number with a fraction"
	case time.Time:
		return "a date"
	case []any:
		return "a list"
	case []map[string]any:
		return "a list of sections"
	case map[string]any:
		return "a section"
	default:
		return "something else"
	}
}
