package main

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"sync"
	"time"
)

// figures are all that was counted.
type figures struct {
	Seed      uint64  `json:"seed"`
	Seconds   float64 `json:"seconds"`
	Race      bool    `json:"race"`
	Calls     int     `json:"calls"`
	Answered  int     `json:"answered"`
	Abandoned int     `json:"abandoned"`
	Returned  int     `json:"returned"`
	Crashed   int     `json:"crashed_with_switch"`
	Lost      int     `json:"lost"`
	Stranded  int     `json:"dead_air"`
	Offers    int     `json:"offers"`
	Missed    int     `json:"missed"`
	Doubles   int     `json:"double_offers"`
	Twice     int     `json:"two_agents_for_one_caller"`
	Stuck     int     `json:"stuck_agents"`
	WaitMax   float64 `json:"longest_wait_s"`

	CDRs         int `json:"cdrs"`
	CDRsMissing  int `json:"cdrs_missing"`
	CDRsTwice    int `json:"cdrs_twice"`
	CDRsReturned int `json:"cdrs_of_calls_that_came_back"`
	CDRsWrong    int `json:"cdrs_wrong"`
	// CDRsUnwritten are of talks that a killed server had not written yet.
	CDRsUnwritten int `json:"cdrs_unwritten"`
	OffersKept    int `json:"offers_in_database"`
	Edits         int `json:"sql_edits"`
	Refused       int `json:"commands_refused"`

	Faults     map[string]int `json:"faults"`
	FaultsAll  int            `json:"faults_all"`
	Starts     int            `json:"starts"`
	Refusals   int            `json:"starts_refused"`
	RSSFirst   int64          `json:"rss_first"`
	RSSMax     int64          `json:"rss_max"`
	RSSLast    int64          `json:"rss_last"`
	RSSIdle    int64          `json:"rss_idle"`
	Violations map[string]int `json:"violations"`

	// Deeds are what people and other programs tried with calls, by name, and how often that
	// succeeded.
	Deeds map[string]*tries `json:"deeds"`
	// Truths is how many records were compared with a transfer that the soak itself made.
	Truths int `json:"records_held_against_deeds"`
	// SlowEnds is how many talks the simulated switch took so long to end that their record proves
	// nothing.
	SlowEnds int `json:"talks_ended_slowly"`
	// UnseenEnds is how many talks ended without being seen by the server, as their record says.
	UnseenEnds int `json:"talks_ended_unseen"`
	// Rests is how many rests after missed offers were compared with what the phones saw.
	Rests int `json:"rests_checked"`
	// Looks is how often the judge compared nwayacd's lists while nothing was broken.
	Looks int `json:"looks"`
	// Turns is how many offers were compared with another waiting caller of the same group.
	Turns int `json:"turns_checked"`
	// FigureRows is how many rows of figures were made again from the records.
	FigureRows int `json:"figure_rows"`

	mu sync.Mutex
}

// tries counts an attempt of one kind of deed.
type tries struct {
	Tried int `json:"tried"`
	Done  int `json:"done"`
}

// did counts a deed that was tried, and whether it succeeded.
func (f *figures) did(name string, done bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	t := f.Deeds[name]
	if t == nil {
		t = &tries{}
		f.Deeds[name] = t
	}
	t.Tried++
	if done {
		t.Done++
	}
}

func (f *figures) count(n *int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	*n++
}

// shown is how many violations of one kind are reported in full.
const shown = 8

// violate records that an invariant does not hold, and reports the call's story.
func (s *soak) violate(kind, what string, c *caller) {
	s.figures.mu.Lock()
	s.figures.Violations[kind]++
	n := s.figures.Violations[kind]
	s.figures.mu.Unlock()
	if n > shown {
		return
	}
	now := time.Now()
	from := now.Add(-30 * time.Second)
	text := fmt.Sprintf("VIOLATION at %.3f s: %s: %s\n", now.Sub(s.began).Seconds(), kind, what)
	if c != nil {
		from = c.born
		text += fmt.Sprintf("  the story of %s\n%s", c.uuid, c.story.between(s.began, time.Time{}, now))
	}
	text += "  what went wrong meanwhile\n" + s.story.between(s.began, from.Add(-10*time.Second), now)
	s.say(text)
	if c != nil {
		s.following.Go(func() { s.sayLogged(c.uuid) })
	}
}

// sayLogged prints what nwayacd logged of a call.
func (s *soak) sayLogged(uuid string) {
	var text strings.Builder
	text.WriteString("  what nwayacd logged of " + uuid + "\n")
	for _, line := range s.srv.logged(uuid, 80) {
		text.WriteString("    " + line + "\n")
	}
	s.say(text.String())
}

func (s *soak) say(text string) {
	s.saying.Lock()
	defer s.saying.Unlock()
	io.WriteString(s.out, text)
}

// lines prints the progress from time to time until done is closed.
func (s *soak) lines(done <-chan struct{}) {
	tick := time.NewTicker(s.opt.Lines)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			s.tally()
			s.sayLine()
		case <-done:
			return
		}
	}
}

func (s *soak) sayLine() {
	here := len(s.watch.here())
	s.figures.mu.Lock()
	f := &s.figures
	violations := 0
	for _, n := range f.Violations {
		violations += n
	}
	text := fmt.Sprintf(
		"%6.0fs  calls %d  answered %d  abandoned %d  here %d  offers %d  faults %d  starts %d  RSS %d MiB (max %d) "+
			" violations %d\n",
		time.Since(s.began).Seconds(), f.Calls, f.Answered, f.Abandoned, here, f.Offers, f.FaultsAll, f.Starts,
		f.RSSLast>>20, f.RSSMax>>20, violations)
	s.figures.mu.Unlock()
	s.say(text)
}

// tally brings the figures up to date.
func (s *soak) tally() {
	verdicts, waited := map[string]int{}, time.Duration(0)
	s.watch.mu.Lock()
	calls, offers := len(s.watch.callers), len(s.watch.all)
	for _, c := range s.watch.callers {
		verdicts[c.verdict]++
		waited = max(waited, c.waitedFor)
	}
	s.watch.mu.Unlock()
	faults, sum := s.breaker.counts()
	starts, refusals := s.keeper.counts()
	rss := s.srv.weight()
	s.figures.mu.Lock()
	defer s.figures.mu.Unlock()
	f := &s.figures
	f.Seconds, f.Calls, f.Offers = time.Since(s.began).Seconds(), calls, offers
	f.Answered, f.Abandoned, f.Returned, f.Crashed, f.Lost = verdicts[served], verdicts[abandoned], verdicts[returned],
		verdicts[crashed], verdicts[lost]
	f.WaitMax = waited.Seconds()
	f.Faults, f.FaultsAll, f.Starts, f.Refusals = faults, sum, starts, refusals
	f.RSSFirst, f.RSSMax, f.RSSLast = rss.First, rss.Max, rss.Last
	f.Doubles, f.Twice, f.Stuck = f.Violations["double offer"], f.Violations["two agents for one caller"],
		f.Violations["stuck agent"]
	f.Stranded = f.Violations["dead air"]
}

// json is the last line.
func (f *figures) json() string {
	f.mu.Lock()
	defer f.mu.Unlock()
	text, err := json.Marshal(f)
	if err != nil {
		return err.Error()
	}
	return string(text)
}

func (f *figures) violated() (n int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, m := range f.Violations {
		n += m
	}
	return n
}
