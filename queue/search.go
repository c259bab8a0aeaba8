package queue

import "time"

// CDRSearch selects ended calls. A field that is zero selects all.
type CDRSearch struct {
	From, To time.Time // of the arrival; To itself is not among them
	Group    string
	Agent    string // the last agent who answered
	Caller   string
	Call     string // uuid of the caller's channel
	Outcome  Outcome
	Before   int64 // what the page before gave as next; 0 = the first page
	Limit    int   // of the page; at least 1
}
