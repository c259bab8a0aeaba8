package live

import (
	"context"
	"strconv"
	"strings"
	"time"
)

// Stream is one viewer's stream. It is for one goroutine.
type Stream struct {
	hub    *Hub
	viewer *Viewer
	sight  string // id of what was visible in the last frame
	sent   uint64 // the version of the last frame; 0 = none
	ticks  uint64 // the tick that was sent last
}

// Open returns a stream for the viewer. It resumes after the event with that id, if the changes
// since then are still kept.
func (h *Hub) Open(v *Viewer, lastID string) *Stream {
	h.mu.Lock()
	defer h.mu.Unlock()
	s := &Stream{hub: h, viewer: v, ticks: max(h.ticks, 1) - 1} // a tick comes first, for the viewer's clock
	life, version, _ := strings.Cut(lastID, "-")
	if life, sight, _ := strings.Cut(life, "."); life == h.life {
		if n, err := strconv.ParseUint(version, 10, 64); err == nil && n <= h.table.version {
			s.sent, s.sight = n, sight
		}
	}
	return s
}

// Next waits for the next frame, a server-sent event, and returns it. The caller must not alter it.
// If ctx ends first, Next returns ctx's cause.
func (s *Stream) Next(ctx context.Context) ([]byte, error) {
	for {
		frame, news := s.take()
		if frame != nil {
			return frame, nil
		}
		select {
		case <-news:
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		}
	}
}

// take returns the next frame if there is one. Otherwise it returns a channel that is closed when
// there may be one.
func (s *Stream) take() ([]byte, <-chan struct{}) {
	h := s.hub
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.table.version == 0 {
		return nil, h.news // the floor has not been read yet
	}
	if s.sent != h.table.version {
		if frame := s.advance(); frame != nil {
			return frame, nil
		}
	}
	if s.ticks != h.ticks {
		s.ticks = h.ticks
		return h.tickFrame(s.sight, time.Now()), nil
	}
	return nil, h.news
}

// advance brings the stream to the present version. It returns nil if the viewer sees no change.
func (s *Stream) advance() []byte {
	h := s.hub
	now := h.table.sightOf(s.viewer)
	since := s.sent
	if now.id != s.sight || since < h.table.oldest {
		since = 0
	}
	s.sent, s.sight = h.table.version, now.id
	return h.frame(&now, since)
}
