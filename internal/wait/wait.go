// Package wait has what goroutines wait with: a pause, a pause that grows, a sequence that rises,
// and a token that wakes a goroutine.
package wait

import (
	"context"
	"sync"
	"time"
)

// Watermark is a sequence that rises and that can be waited for. Only Rewind lowers it.
type Watermark struct {
	mu    sync.Mutex
	value uint64
	risen chan struct{} // closed and replaced when value rises
}

// NewWatermark returns a watermark that has risen to value.
func NewWatermark(value uint64) *Watermark {
	return &Watermark{value: value, risen: make(chan struct{})}
}

// Get returns the value.
func (w *Watermark) Get() uint64 {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.value
}

// Set raises the value. A lower one changes nothing.
func (w *Watermark) Set(value uint64) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if value <= w.value {
		return
	}
	w.value = value
	close(w.risen)
	w.risen = make(chan struct{})
}

// Rewind lowers the value.
func (w *Watermark) Rewind(value uint64) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.value = min(w.value, value)
}

// Wait returns nil when the value has reached seq. If ctx ends first, it returns the cause.
func (w *Watermark) Wait(ctx context.Context, seq uint64) error {
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

// ShortestBackoff is the first pause of a Backoff.
const ShortestBackoff = 200 * time.Millisecond

// longestBackoff is the longest time until a try notices that the other side is back.
const longestBackoff = time.Second

// Backoff is the growing pause between tries.
type Backoff struct{ next time.Duration }

// Reset makes the next pause the shortest one, after a try that succeeded.
func (b *Backoff) Reset() { b.next = 0 }

// Sleep pauses. It returns false if ctx ended.
func (b *Backoff) Sleep(ctx context.Context) bool {
	b.next = min(max(2*b.next, ShortestBackoff), longestBackoff)
	return Pause(ctx, b.next, nil)
}

// Pause waits for d, or until hurry has a token. It returns false if ctx ended.
func Pause(ctx context.Context, d time.Duration, hurry <-chan struct{}) bool {
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

// Signal puts a token into a channel with one slot, if the slot is free.
func Signal(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}
