// Package live makes the live stream: the floor as rows for screens, and what changes of them.
//
// One goroutine reads the floor when it has changed, at most five times a second, for all streams.
// It encodes each row once per version. A stream has no queue: it remembers the version that it has
// sent last, and gets the rows that are newer. A slow stream gets fewer and larger frames.
//
// The package knows no HTTP. Package httpapi writes the frames.
package live

import (
	"context"
	"strconv"
	"sync"
	"time"

	"nwayacd/queue"
)

const (
	gap       = 200 * time.Millisecond // shortest time between two versions
	tickEvery = 2 * time.Second        // between two ticks
)

// Floor is what the hub reads. Package acd implements it.
type Floor interface {
	// Watch returns a channel that has a token if something has changed since the last Changed.
	Watch() <-chan struct{}
	// Changed returns what has changed since the last Changed. It calls also while no record can be
	// written.
	Changed(also func()) queue.Changed
}

// Hub keeps the rows of the floor for all streams.
type Hub struct {
	floor   Floor
	life    string // differs after a restart of the server
	figures *Figures

	mu     sync.Mutex
	table  table
	ticks  uint64        // how many there were
	news   chan struct{} // closed when there is a new version or a tick
	frames map[frameKey][]byte
}

// New returns a hub for the floor. Run makes it follow the floor.
func New(floor Floor, figures *Figures) *Hub {
	return &Hub{
		floor: floor, figures: figures, life: strconv.FormatInt(time.Now().UnixNano(), 36),
		table: newTable(), news: make(chan struct{}), frames: map[frameKey][]byte{},
	}
}

// Run follows the floor until ctx is done, and returns ctx's cause. Each tick reads the floor, too,
// so a stream with ticks proves that the floor answers.
func (h *Hub) Run(ctx context.Context) error {
	watched := h.floor.Watch()
	ticker, pause := time.NewTicker(tickEvery), time.NewTimer(gap)
	defer ticker.Stop()
	defer pause.Stop()
	changed, due := (<-chan struct{})(nil), true
	for {
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-ticker.C:
			due = true
			if changed == nil {
				continue // the pause ends first
			}
		case <-pause.C:
			if changed = watched; !due {
				continue
			}
		case <-changed:
		}
		h.update(time.Now(), due)
		changed, due = nil, false
		pause.Reset(gap)
	}
}

// update makes a version of what has changed.
func (h *Hub) update(now time.Time, tick bool) {
	var ended []visit
	changed := h.floor.Changed(func() { ended = h.figures.take() })
	counted := h.figures.look(ended, now, tick)
	h.mu.Lock()
	defer h.mu.Unlock()
	before := h.table.version
	h.table.update(&changed, counted, now)
	if h.table.version != before {
		clear(h.frames)
	}
	if tick {
		h.ticks++
	}
	if tick || h.table.version != before {
		close(h.news)
		h.news = make(chan struct{})
	}
}
