package main

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"time"
)

// record is one row of nwayacd_cdr. Times are seconds since the epoch, 0 if there is none.
type record struct {
	outcome, cause                    string
	group, leg, to, kind              string
	visit, offers                     int
	arrived, answered, bridged, ended float64
}

// final reports that the call was over with it. The call was not handed back to come again, and the
// control over it was not lost.
func (r record) final() bool { return r.outcome != "returned" && r.outcome != "error" }

// checkRecords compares the database with what the switches saw. The server is down by then, and
// has applied everything.
func (s *soak) checkRecords(ctx context.Context) {
	rows, err := s.pg.rows(ctx, `SELECT call_uuid, outcome, cause, offers,
		extract(epoch FROM arrived), COALESCE(extract(epoch FROM answered), 0),
		COALESCE(extract(epoch FROM bridged), 0), extract(epoch FROM ended),
		group_number, leg_uuid, transferred_to, transfer_kind, visit
		FROM nwayacd_cdr ORDER BY call_uuid, visit, id`)
	if err != nil {
		s.violate("harness", err.Error(), nil)
		return
	}
	cdrs := map[string][]record{}
	for _, row := range rows {
		r := record{
			outcome: row[1], cause: row[2], arrived: number(row[4]), answered: number(row[5]),
			bridged: number(row[6]), ended: number(row[7]),
		}
		r.offers, _ = strconv.Atoi(row[3])
		r.group, r.leg, r.to, r.kind = row[8], row[9], row[10], row[11]
		r.visit, _ = strconv.Atoi(row[12])
		cdrs[row[0]] = append(cdrs[row[0]], r)
	}
	s.figures.CDRs = len(rows)
	for _, c := range s.callers() {
		s.checkCDR(c, cdrs[c.uuid])
	}
	s.checkOffers(ctx)
	s.checkRejected(ctx)
	s.checkFigures(ctx)
}

// callers are all that ever called.
func (s *soak) callers() []*caller {
	s.watch.mu.Lock()
	defer s.watch.mu.Unlock()
	return slices.Collect(maps.Values(s.watch.callers))
}

func number(text string) float64 {
	n, _ := strconv.ParseFloat(text, 64)
	return n
}

// checkCDR checks that each visit of a caller whom nwayacd took in has one CDR. There may be
// others, because nwayacd handed the call back or lost it, and the call came again.
func (s *soak) checkCDR(c *caller, cdrs []record) {
	for _, r := range cdrs {
		if disordered(r) {
			s.figures.CDRsWrong++
			s.violate("CDR with times out of order", fmt.Sprintf("%s: %+v", c.uuid, r), c)
		}
		if r.leg != "" {
			s.checkTruth(c, r)
		}
	}
	finals := s.checkTwice(c, cdrs)
	s.checkVisits(c, cdrs)
	if len(cdrs) == 0 || c.moved || c.kind != wantsAgent || len(s.watch.deedsOf(c)) > 0 {
		s.checkConsult(c, cdrs)
		return
	}
	if len(finals) > 1 {
		s.figures.CDRsTwice++
		s.violate("two CDRs", fmt.Sprintf("%s, %s: %+v", c.uuid, c.verdict, cdrs), c)
		return
	}
	s.checkOutcome(c, cdrs)
}

// checkTwice checks that no visit has two CDRs that end the call. It returns how many each visit
// has. The last CDR of a call is one of them, whatever its outcome is.
func (s *soak) checkTwice(c *caller, cdrs []record) (finals map[int]int) {
	finals = map[int]int{}
	for i, r := range cdrs {
		if r.final() || i == len(cdrs)-1 {
			finals[r.visit]++
		} else {
			s.figures.CDRsReturned++
		}
	}
	for visit, n := range finals {
		if n > 1 {
			s.figures.CDRsTwice++
			s.violate("two CDRs", fmt.Sprintf("visit %d of %s, %s: %+v", visit, c.uuid, c.verdict, cdrs), c)
		}
	}
	return finals
}

// checkVisits checks that the first visit of a call has a CDR, and each group that took it in.
func (s *soak) checkVisits(c *caller, cdrs []record) {
	isFirst := func(r record) bool { return r.visit == 1 }
	if len(cdrs) > 0 && c.kind != wantsDesk && !slices.ContainsFunc(cdrs, isFirst) {
		s.noFirstVisit(c, cdrs)
	}
	missing := map[string]bool{}
	for _, group := range c.entered {
		isOfGroup := func(r record) bool { return r.group == group }
		if group == "" || missing[group] || slices.ContainsFunc(cdrs, isOfGroup) {
			continue
		}
		missing[group] = true
		s.figures.CDRsMissing++
		s.violate("no CDR", fmt.Sprintf("of the visit of %s to group %s, %s: %+v", c.uuid, group, c.verdict, cdrs), c)
	}
}

// checkOutcome compares the last CDR of a call with what the switch saw.
func (s *soak) checkOutcome(c *caller, cdrs []record) {
	last := cdrs[len(cdrs)-1]
	switch {
	case agrees(c, last):
	case s.unseenTalk(c, last):
		s.figures.CDRsUnwritten++
	default:
		s.figures.CDRsWrong++
		s.violate("CDR with another outcome", fmt.Sprintf("%s, %s: %+v", c.uuid, c.verdict, cdrs), c)
	}
}

// unseenTalk reports whether the only talk of a call was too short for its record. The server was
// killed right after the talk began, or its switch was. Or a network to its switch was cut, and the
// talk was over when the server could look again. That may take longer if the link and the calls
// were cut, because then no event of the talk had a way.
func (s *soak) unseenTalk(c *caller, r record) bool {
	if c.bridges != 1 {
		return false
	}
	lasted := s.watch.talkEnd(c).Sub(c.bridged)
	switch {
	case r.outcome == "error" && s.srv.diedIn(c.bridged, c.bridged.Add(unwritten)):
		return true
	case r.bridged != 0:
		return false
	case isCrash(c.cause) && lasted < unwritten:
		return true
	}
	over := c.bridged.Add(lasted)
	link := s.breaker.cutWithin(c.sw, "link", c.bridged, over)
	calls := s.breaker.cutWithin(c.sw, "calls", c.bridged, over)
	return lasted <= shortTalk && (link || calls) || lasted <= untold && link && calls
}

// checkConsult checks that a consulting call whose place or talk went to another caller ended as
// consult, and was not abandoned.
func (s *soak) checkConsult(c *caller, cdrs []record) {
	if !c.connects || len(cdrs) == 0 || s.srv.diedWithin(c.born, c.over.Add(untold)) ||
		s.breaker.brokenWithin(c.born, c.over) || s.breaker.blindWithin(c.born, c.over) {
		return
	}
	if last := cdrs[len(cdrs)-1]; last.outcome != "consult" && last.outcome != "moved" {
		s.figures.CDRsWrong++
		s.violate("CDR of a consulting call", fmt.Sprintf("%s: %+v", c.uuid, cdrs), c)
	}
}

// checkTruth compares the record of a talk with what the soak did with it.
func (s *soak) checkTruth(c *caller, r record) {
	deeds := s.watch.deedsWith(r.leg)
	if len(deeds) > 0 && deeds[0].caller != c.uuid {
		return // of the consulting call whose talk the caller took over
	}
	switch {
	case len(deeds) == 0 && s.watch.endedSlowly(r.leg):
		s.figures.count(&s.figures.SlowEnds)
	case len(deeds) == 0 && r.cause == endedUnseen:
		s.figures.count(&s.figures.UnseenEnds)
	case r.bridged == 0 && r.kind == "blind" && c.moved: // sent away between the agent's answer and the bridge
	case len(deeds) == 0 && (r.to != "" || r.kind != "") && r.outcome != "moved":
		s.figures.CDRsWrong++
		s.violate("CDR of a transfer that nobody made", fmt.Sprintf("%s: %+v", c.uuid, r), c)
	case len(deeds) == 1 && deeds[0].sure:
		d := deeds[0]
		from, to := d.at.Add(-2*time.Second), d.at.Add(4*time.Second)
		// A link that died without a notice is still believed in. Nothing else reports a transfer.
		// A server that starts sees only where the caller is by then.
		if s.srv.diedWithin(from.Add(-startBound), to) || s.breaker.brokenWithin(from, to) ||
			s.breaker.blindWithin(from, to) {
			return
		}
		s.figures.count(&s.figures.Truths)
		if r.to != d.to || r.kind != d.kind {
			s.figures.CDRsWrong++
			s.violate("CDR of another transfer",
				fmt.Sprintf("%s was transferred to %s (%s) at %.3f s: %+v", c.uuid, d.to, d.kind,
					d.at.Sub(s.began).Seconds(), r), c)
		}
	}
}

// noFirstVisit judges a caller whose first visit has no CDR.
func (s *soak) noFirstVisit(c *caller, cdrs []record) {
	if s.srv.diedIn(c.takenIn, c.takenIn.Add(unwritten)) {
		s.figures.CDRsUnwritten++
		return
	}
	s.figures.CDRsMissing++
	s.violate("no CDR", fmt.Sprintf("of the first visit of %s: %+v", c.uuid, cdrs), c)
}

func disordered(r record) bool {
	at := r.arrived
	for _, next := range []float64{r.answered, r.bridged, r.ended} {
		if next != 0 && next < at {
			return true
		}
		at = max(at, next)
	}
	return at == 0
}

// endedUnseen is the cause in the record of a talk whose end the server did not see, because it was
// dead or had no link. It saw where the dialplan had taken the caller by then.
const endedUnseen = "ended unseen"

// unwritten is how old a visit or a talk may be of which a server that is killed has written
// nothing yet. What comes during an fsync waits for its end. The event of a bridge may come over a
// slow path, on a machine whose processors are busy. If the talk is over before the next server
// looks, no trace of it is left.
const unwritten = 300 * time.Millisecond

// shortTalk is how long a talk lasts at most that a server behind a cut network may not have seen.
const shortTalk = time.Second

// agrees compares the outcome of a call's last record with what happened to the call.
func agrees(c *caller, r record) bool {
	switch r.outcome {
	case "answered", "transferred":
		// in the instant of the answer
		return c.verdict == served || c.verdict == crashed || r.bridged == 0 && c.verdict == abandoned
	case "abandoned":
		return c.verdict == abandoned
	case "returned", "timeout":
		return c.verdict != served // handed back, and gone before they came again
	case "error":
		return c.verdict != served // the call was cut off, and did not come again
	}
	return false
}

// untold is for how long a server may have missed a leg's end, because the call's connection was
// half-open and the offer had not run out.
const untold = 10 * time.Second

// startBound is how long a server takes from its death until the next one has looked around, on a
// busy machine.
const startBound = 8 * time.Second

// underWay is for how long an originate may be on its way. A frozen path delivers it later, also if
// the server that wrote it is dead by then.
const underWay = 5 * time.Second

// offerRow is one row of nwayacd_offer.
type offerRow struct {
	leg, caller, extension string
	offered                float64 // seconds since the epoch
}

// checkOffers checks that each leg that rang has one row, and no leg two. A leg that rang, or was
// about to, as the server was killed may have none.
func (s *soak) checkOffers(ctx context.Context) {
	rows, err := s.pg.rows(ctx, `SELECT leg_uuid, call_uuid, agent, extract(epoch FROM offered), outcome
		FROM nwayacd_offer`)
	if err != nil {
		s.violate("harness", err.Error(), nil)
		return
	}
	s.watch.mu.Lock()
	seen := s.watch.all
	s.watch.mu.Unlock()
	offerOf, kept := map[string]string{}, map[string]int{}
	for _, l := range seen {
		offerOf[l.uuid] = l.offer
	}
	var unseen []offerRow
	for _, row := range rows {
		if offer := offerOf[row[0]]; offer != "" {
			kept[offer]++
		} else {
			unseen = append(unseen, offerRow{row[0], row[1], row[2], number(row[3])})
		}
		if row[4] != "answered" {
			s.figures.Missed++
		}
	}
	s.figures.OffersKept = len(rows)
	for _, l := range seen {
		if l.offer != l.uuid {
			continue // a telephone beside the first one
		}
		switch n := kept[l.uuid]; {
		case n == 0 && !slices.ContainsFunc(unseen, l.isOf) &&
			!s.srv.diedWithin(l.born.Add(-underWay), l.over.Add(untold)):
			s.violate("no row of an offer", fmt.Sprintf("leg %s of %s for %s", l.uuid, l.extension, l.caller),
				s.watch.find(l.caller))
		case n > 1:
			s.violate("two rows of one offer", fmt.Sprintf("leg %s of %s for %s: %d", l.uuid, l.extension, l.caller, n),
				s.watch.find(l.caller))
		}
	}
}

// isOf reports whether the leg is of that offer. The row names the leg of the agent's first
// telephone, and if that cannot be called at all, no switch sees it.
func (l *legSeen) isOf(row offerRow) bool {
	since := float64(l.born.UnixMicro())/1e6 - row.offered
	return row.caller == l.caller && row.extension == l.extension && since >= 0 && since < underWay.Seconds()
}

func (s *soak) checkRejected(ctx context.Context) {
	rows, err := s.pg.rows(ctx, "SELECT change, error FROM nwayacd_rejected")
	if err != nil {
		s.violate("harness", err.Error(), nil)
	}
	for _, row := range rows {
		s.violate("rejected by the database", row[0]+": "+row[1], nil)
	}
}

// diedWithin reports whether a process ended in that time, or so soon after it that the end of what
// it saw was not written.
func (s *server) diedWithin(from, to time.Time) bool {
	return s.diedIn(from, to.Add(2*time.Second))
}

// diedIn reports whether a process ended in that time.
func (s *server) diedIn(from, to time.Time) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.ContainsFunc(s.deaths, func(at time.Time) bool { return at.After(from) && at.Before(to) })
}
