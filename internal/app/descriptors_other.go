//go:build !unix

package app

import "math"

// fileLimit is how many files the process may have open.
func fileLimit() int { return math.MaxInt32 }
