package main

import (
	"context"
	"fmt"
	"sync"
	"time"
)

// keeper starts the server whenever it does not run, as systemd does, unless a fault holds it down.
type keeper struct {
	s       *soak
	mu      sync.Mutex
	holders int
	up      chan struct{} // closed when no fault holds it down
	starts  int
	refused int // failed starts, because the database was away
}

func newKeeper(s *soak) *keeper {
	up := make(chan struct{})
	close(up)
	return &keeper{s: s, up: up}
}

func (k *keeper) hold() {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.holders++; k.holders == 1 {
		k.up = make(chan struct{})
	}
}

func (k *keeper) release() {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.holders--; k.holders == 0 {
		close(k.up)
	}
}

func (k *keeper) allowed() chan struct{} {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.up
}

// run keeps the server running until ctx is done. It leaves the last process running.
func (k *keeper) run(ctx context.Context) {
	for {
		select {
		case <-k.allowed():
		case <-ctx.Done():
			return
		}
		over, err := k.s.srv.start()
		if err != nil {
			k.s.violate("harness", err.Error(), nil)
			return
		}
		k.mu.Lock()
		k.starts++
		k.mu.Unlock()
		k.s.story.add("nwayacd starts")
		select {
		case <-over:
			k.ended(ctx)
		case <-ctx.Done():
			return
		}
	}
}

// ended looks at how a process ended without a signal, and waits a moment before the next one.
func (k *keeper) ended(ctx context.Context) {
	how, lived, asked := k.s.srv.exited()
	k.s.watch.orphan()
	k.s.story.add("nwayacd is gone after %s: %v", lived.Round(time.Millisecond), how)
	if asked {
		return
	}
	if k.s.databaseTroubled(lived) {
		k.mu.Lock()
		k.refused++
		k.mu.Unlock()
	} else {
		k.s.violate("server ended",
			fmt.Sprintf("nwayacd ended by itself after %s: %v\n%s", lived, how, k.s.srv.LastWords()), nil)
	}
	select {
	case <-time.After(time.Second):
	case <-ctx.Done():
	}
}

func (k *keeper) counts() (starts, refused int) {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.starts, k.refused
}
