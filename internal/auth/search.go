package auth

import "time"

// Search selects entries of the audit log. An empty field selects all.
type Search struct {
	Before   int64 // entries older than this one; 0 = from the newest
	From, To time.Time
	Actor    string
	Object   string
	Action   string
	Limit    int
}
