package demo

import (
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"nwayacd/internal/app"
	"nwayacd/queue"
)

// tally counts the calls and offers of the demo. The server's goroutines call it.
type tally struct {
	began   time.Time
	arrived int // callers; only the demo's own goroutine uses it
	doubles int // set at the end

	mu     sync.Mutex
	offers []time.Duration
	result result
}

func (t *tally) offer(took time.Duration) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.offers = append(t.offers, took)
}

func (t *tally) cdr(c queue.CDR) {
	t.mu.Lock()
	defer t.mu.Unlock()
	switch c.Outcome {
	case queue.Answered, queue.Transferred:
		t.result.Answered++
		t.result.MissedOffers += c.Offers - 1
	case queue.Abandoned, queue.Returned: // returned: they hung up while the server stopped, because the demo was over
		t.result.Abandoned++
		t.result.MissedOffers += c.Offers
	}
}

func (t *tally) waiting(groups []queue.GroupView) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, g := range groups {
		t.result.WaitingMax = max(t.result.WaitingMax, g.Waiting)
	}
}

// finish completes the result.
func (t *tally) finish() {
	t.mu.Lock()
	defer t.mu.Unlock()
	slices.Sort(t.offers)
	t.result.Calls, t.result.DoubleOffers = t.arrived, t.doubles
	t.result.OfferP50, t.result.OfferP99 = percentile(t.offers, 50), percentile(t.offers, 99)
	t.result.Duration = time.Since(t.began).Seconds()
}

// percentile returns the nearest rank of sorted times, in milliseconds. It returns 0 if there are
// none.
func percentile(sorted []time.Duration, p int) float64 {
	if len(sorted) == 0 {
		return 0
	}
	rank := (len(sorted)*p + 99) / 100
	return float64(sorted[max(1, rank)-1].Nanoseconds()) / 1e6
}

// report prints the result. It returns an error if an agent had two calls at once, or a caller was
// neither answered nor hung up.
func (t *tally) report(to io.Writer, asJSON bool) error {
	if err := t.result.write(to, asJSON); err != nil {
		return err
	}
	r := t.result
	if lost := r.Calls - r.Answered - r.Abandoned; r.DoubleOffers > 0 || lost > 0 {
		return fmt.Errorf("nwayacd: demo: %d double offers, %d callers neither answered nor abandoned", r.DoubleOffers,
			lost)
	}
	return nil
}

// screen is the live table of the demo. A terminal shows it in one place. Any other output gets a
// line from time to time.
type screen struct {
	demo   *Demo
	server *app.Daemon
	inline bool // the output is a terminal
	lines  int  // of the table that was drawn last
	next   time.Time
}

const (
	screenEvery = 200 * time.Millisecond
	lineEvery   = 2 * time.Second
)

func newScreen(d *Demo, server *app.Daemon) *screen {
	return &screen{demo: d, server: server, inline: app.IsTerminal(os.Stdout)}
}

func (s *screen) draw(t *tally) {
	now := time.Now()
	if s.demo.JSON || now.Before(s.next) {
		return
	}
	t.mu.Lock()
	answered, offers := t.result.Answered, len(t.offers)
	t.mu.Unlock()
	if !s.inline {
		s.next = now.Add(lineEvery)
		fmt.Printf("%4.0fs  %d of %d callers arrived, %d answered, %d offers\n", now.Sub(t.began).Seconds(), t.arrived,
			s.demo.Calls, answered, offers)
		return
	}
	s.next = now.Add(screenEvery)
	s.erase()
	var b strings.Builder
	fmt.Fprintf(&b, "nwayacd demo  %5.1f s   arrived %d/%d   answered %d   offers %d\n\n", now.Sub(t.began).Seconds(),
		t.arrived, s.demo.Calls, answered, offers)
	for _, g := range s.server.Dispatcher().Groups() {
		fmt.Fprintf(&b, "group %-6s waiting %-4d talking %-4d free agents %-4d %s\n", g.Number, g.Waiting, g.Talking,
			g.Available, strings.Repeat("#", min(g.Waiting, 40)))
	}
	b.WriteString("\n")
	for i, a := range s.server.Dispatcher().Agents() {
		if i == 16 {
			b.WriteString("…\n")
			break
		}
		fmt.Fprintf(&b, "%-6s %-9s %.8s\n", a.Extension, a.Call, a.CallUUID)
	}
	s.lines = strings.Count(b.String(), "\n")
	fmt.Print(b.String())
}

// erase removes the last table from the terminal.
func (s *screen) erase() {
	if s.lines > 0 {
		fmt.Printf("\x1b[%dA\x1b[J", s.lines)
	}
}

func (s *screen) finish() {
	if s.inline {
		s.erase()
	}
}
