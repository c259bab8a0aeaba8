package store

import (
	"context"
	"sync"
	"time"
)

// watermark is a sequence that rises, but for rewind, and that can be waited for.
type watermark struct {
	mu    sync.Mutex
	value uint64
	risen chan struct{} // closed and replaced when value rises
}

func newWatermark(value uint64) *watermark {
	return &watermark{value: value, risen: make(chan struct{})}
}

func (w *watermark) get() uint64 {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.value
}

func (w *watermark) set(value uint64) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if value <= w.value {
		return
	}
	w.value = value
	close(w.risen)
	w.risen = make(chan struct{})
}

// rewind lowers it.
func (w *watermark) rewind(value uint64) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.value = min(w.value, value)
}

// wait returns when the value has reached at least seq, or with the cause of ctx's end.
func (w *watermark) wait(ctx context.Context, seq uint64) error {
	for {
		w.mu.Lock()
		value, risen := w.value, w.risen
		w.mu.Unlock()
		if value >= seq {
			return nil
		}
		select {
		case <-risen:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

const (
	shortestBackoff = 200 * time.Millisecond
	longestBackoff  = time.Second // so late may it be noticed that what was away is back
)

// backoff is the growing pause between tries of something that is away.
type backoff struct{ next time.Duration }

func (b *backoff) reset() { b.next = 0 }

// sleep pauses; false: ctx ended.
func (b *backoff) sleep(ctx context.Context) bool {
	b.next = min(max(2*b.next, shortestBackoff), longestBackoff)
	return pause(ctx, b.next, nil)
}

// pause waits for d, or less if hurry says so; false: ctx ended.
func pause(ctx context.Context, d time.Duration, hurry <-chan struct{}) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-hurry:
	case <-ctx.Done():
		return false
	}
	return true
}
