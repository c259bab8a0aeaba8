package setting

import "time"

// Field connects a setting with its field in T and in U.
type Field[T, U any] struct {
	optional bool // the field can tell the default from every value
	get      func(*T) Value
	set      func(*T, Value)
	put      func(*U, Value)
	changed  func(*U) (Value, bool)
	apply    func(*U, *T)
	copy     func(*T, *U)
}

// codec turns the values of a field into those of a setting, and back.
type codec[V any] struct {
	to   func(V) Value
	from func(Value) V
}

// TextField connects a text.
func TextField[T, U any](in func(*T) *string, by func(*U) **string) Field[T, U] {
	return field(in, by, plain[string](), false)
}

// TextOrDefaultField connects a text that is the default if it is empty.
func TextOrDefaultField[T, U any](in func(*T) *string, by func(*U) **string) Field[T, U] {
	return field(in, by, orDefault(plain[string]()), true)
}

// FlagField connects a flag.
func FlagField[T, U any](in func(*T) *bool, by func(*U) **bool) Field[T, U] {
	return field(in, by, plain[bool](), false)
}

// NumberField connects a number.
func NumberField[T, U any, V ~int | ~uint8](in func(*T) *V, by func(*U) **V) Field[T, U] {
	return field(in, by, whole[V](), false)
}

// SecondsField connects a time in whole seconds.
func SecondsField[T, U any](in func(*T) *time.Duration, by func(*U) **time.Duration) Field[T, U] {
	return field(in, by, seconds, false)
}

// SecondsOrDefaultField connects a time in whole seconds that is the default if it is 0.
func SecondsOrDefaultField[T, U any](in func(*T) *time.Duration, by func(*U) **time.Duration) Field[T, U] {
	return field(in, by, orDefault(seconds), true)
}

// OwnTextField connects a text that may be left to its default.
func OwnTextField[T, U any](in func(*T) *Own[string], by func(*U) **Own[string]) Field[T, U] {
	return field(in, by, own(plain[string]()), true)
}

// OwnNumberField connects a number that may be left to its default.
func OwnNumberField[T, U any](in func(*T) *Own[int], by func(*U) **Own[int]) Field[T, U] {
	return field(in, by, own(whole[int]()), true)
}

// OwnSecondsField connects a time in whole seconds that may be left to its default.
func OwnSecondsField[T, U any](in func(*T) *Own[time.Duration], by func(*U) **Own[time.Duration]) Field[T, U] {
	return field(in, by, own(seconds), true)
}

func field[T, U, V any](in func(*T) *V, by func(*U) **V, c codec[V], optional bool) Field[T, U] {
	return Field[T, U]{
		optional: optional,
		get:      func(of *T) Value { return c.to(*in(of)) },
		set:      func(of *T, v Value) { *in(of) = c.from(v) },
		put:      func(u *U, v Value) { *by(u) = new(c.from(v)) },
		changed: func(u *U) (Value, bool) {
			if to := *by(u); to != nil {
				return c.to(*to), true
			}
			return nil, false
		},
		apply: func(u *U, of *T) {
			if to := *by(u); to != nil {
				*in(of) = *to
			}
		},
		copy: func(of *T, u *U) { *by(u) = new(*in(of)) },
	}
}

func plain[V any]() codec[V] {
	return codec[V]{func(v V) Value { return v }, func(v Value) V { return v.(V) }}
}

func whole[V ~int | ~uint8]() codec[V] {
	return codec[V]{func(v V) Value { return int64(v) }, func(v Value) V { return V(v.(int64)) }}
}

var seconds = codec[time.Duration]{
	func(d time.Duration) Value { return int64(d / time.Second) },
	func(v Value) time.Duration { return time.Duration(v.(int64)) * time.Second },
}

// orDefault takes the zero value for the default.
func orDefault[V comparable](c codec[V]) codec[V] {
	var zero V
	return codec[V]{
		func(v V) Value {
			if v == zero {
				return nil
			}
			return c.to(v)
		},
		func(v Value) V {
			if v == nil {
				return zero
			}
			return c.from(v)
		},
	}
}

func own[V comparable](c codec[V]) codec[Own[V]] {
	return codec[Own[V]]{
		func(o Own[V]) Value {
			if !o.Set {
				return nil
			}
			return c.to(o.Value)
		},
		func(v Value) Own[V] {
			if v == nil {
				return Own[V]{}
			}
			return Is(c.from(v))
		},
	}
}
