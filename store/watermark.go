package store

import (
	"context"
	"sync"
	"time"
)

// watermark is a sequence that rises and that can be waited for. Only rewind lowers it.
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

// rewind lowers the value.
func (w *watermark) rewind(value uint64) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.value = min(w.value, value)
}

// wait returns nil when the value has reached seq. If ctx ends first, it returns the cause.
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
	longestBackoff  = time.Second // the longest time until a try notices that the other side is back
)

// backoff is the growing pause between tries.
type backoff struct{ next time.Duration }

func (b *backoff) reset() { b.next = 0 }

// sleep pauses. It returns false if ctx ended.
func (b *backoff) sleep(ctx context.Context) bool {
	b.next = min(max(2*b.next, shortestBackoff), longestBackoff)
	return pause(ctx, b.next, nil)
}

// pause waits for d, or until hurry has a token. It returns false if ctx ended.
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
