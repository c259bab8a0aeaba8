package app

import (
	"cmp"
	"os"
	"strings"
	"time"
)

// zoneOf returns the time zone of reports: the configured one, otherwise that of TZ, otherwise UTC.
func zoneOf(name string) *time.Location {
	zone, err := time.LoadLocation(cmp.Or(name, strings.TrimPrefix(os.Getenv("TZ"), ":"), "UTC"))
	if err != nil {
		return time.UTC
	}
	return zone
}
