// Package apitest has a server for the tests of package api and of its ports.
package apitest

import (
	"context"
	"sync/atomic"

	"github.com/rs/zerolog"

	"nwayacd/acd"
	"nwayacd/agent"
	"nwayacd/api"
	"nwayacd/internal/auth"
	"nwayacd/queue"
)

// Journal counts the changes that are written to it.
type Journal struct{ Written atomic.Uint64 }

// Write counts the changes.
func (j *Journal) Write(changes ...queue.Change) uint64 { return j.Written.Add(uint64(len(changes))) }

// Sync returns at once.
func (*Journal) Sync(context.Context, uint64) error { return nil }

// Server returns a server without calls, and its journal. The server has the group 110 and the
// extension 1000.
func Server() (api.Server, *Journal) {
	journal := &Journal{}
	s := acd.New(acd.Options{Journal: journal, Log: zerolog.Nop()}, queue.Snapshot{
		Groups: []queue.Group{{Number: "110", Mode: queue.Cyclic}},
		Agents: []agent.Agent{{Profile: agent.Profile{Extension: "1000", Name: "Ann|a"}}},
	})
	return api.Server{
		ACD:     s,
		Reload:  func() (string, error) { return "read again", nil },
		Version: func(context.Context) string { return "nwayacd 1.2.3, commit abc, go1.26, SQLite 3" },
	}, journal
}

// As returns a context for the work that an actor of the role ordered.
func As(ctx context.Context, role auth.Role) context.Context {
	return auth.With(ctx, auth.Actor{Name: "test", Role: role, Way: auth.WayCommand})
}
