package main

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	desk "nwayacd/internal/phone"
)

// concludes judges what is left after load and faults.
func (b *office) concludes(ctx context.Context) {
	for _, w := range b.seats {
		w.mu.Lock()
		w.good = true
		w.mu.Unlock()
		limited, stop := context.WithTimeout(ctx, patience)
		w.registers(limited, w.main)
		stop()
	}
	if !b.within(emptyLimit, func() bool { return b.here() == 0 }) {
		b.tells("caller left over", fmt.Sprintf("%d callers are still here", b.here()), nil)
	}
	b.within(settleLimit, func() bool { return len(b.notAsLeft(ctx)) == 0 })
	for _, wrong := range b.notAsLeft(ctx) {
		b.tells("agent not as left", wrong, nil)
	}
	b.testsAgents(ctx)
	b.within(lapseLimit, func() bool { return len(b.remains(ctx)) == 0 })
	for _, left := range b.remains(ctx) {
		b.tells("left over", left, nil)
	}
}

func (b *office) here() (n int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, g := range b.guests {
		if g.over.IsZero() {
			n++
		}
	}
	return n
}

// notAsLeft are the agents who are not as their persons left them.
func (b *office) notAsLeft(ctx context.Context) (wrong []string) {
	var agents []listedAgent
	if err := b.list(ctx, "nway_list_exts", &agents); err != nil {
		return []string{err.Error()}
	}
	for _, a := range agents {
		i := slices.IndexFunc(b.seats, func(w *seat) bool { return w.number == a.Extension })
		if i < 0 {
			continue
		}
		w := b.seats[i]
		w.mu.Lock()
		want := w.state
		w.mu.Unlock()
		if !isAs(a, want) {
			wrong = append(wrong, fmt.Sprintf("%s is %+v, not %s", a.Extension, a, want))
		}
	}
	return wrong
}

// remains are channels, dialogs and rows that belong to no call any more.
func (b *office) remains(ctx context.Context) (left []string) {
	limited, stop := context.WithTimeout(ctx, patience)
	defer stop()
	if text, err := b.board.Conn.API(limited, "show channels"); err != nil || !strings.Contains(text, "0 total") {
		left = append(left, fmt.Sprintf("FreeSWITCH has channels: %s %v", text, err))
	}
	for _, w := range append(b.seats[:len(b.seats):len(b.seats)], b.others...) {
		for _, d := range w.phone.Dialogs() {
			if v := d.View(); v.State == desk.Ringing || v.State == desk.Answered {
				left = append(left, fmt.Sprintf("the phone %s has a call: %+v", w.number, v))
			}
		}
	}
	rows, err := b.pg.rows(ctx, "SELECT call_uuid FROM callin_queue")
	if err != nil {
		left = append(left, err.Error())
	}
	for _, row := range rows {
		left = append(left, "callin_queue has "+row[0])
	}
	return left
}

// officeRecord is one row of nwayacd_cdr.
type officeRecord struct {
	caller, uuid, group, agent, outcome, to, kind string
	visit                                         int
}

// checksRecords compares the database with what the phones saw.
func (b *office) checksRecords(ctx context.Context) {
	rows, err := b.pg.rows(ctx,
		`SELECT caller, call_uuid, group_number, agent, outcome, transferred_to, transfer_kind, visit
		FROM nwayacd_cdr ORDER BY id`)
	if err != nil {
		b.violate("harness", err.Error(), nil)
		return
	}
	b.figures.CDRs = len(rows)
	of := map[string][]officeRecord{}
	for _, row := range rows {
		r := officeRecord{
			caller: row[0], uuid: row[1], group: row[2], agent: row[3], outcome: row[4], to: row[5],
			kind: row[6],
		}
		r.visit, _ = strconv.Atoi(row[7])
		of[r.caller] = append(of[r.caller], r)
	}
	for _, g := range b.guests {
		b.checksVisits(g, of[g.number])
		b.checksEnd(g, of[g.number])
	}
	for _, d := range b.deeds {
		b.checksDeed(d, of[d.caller])
	}
}

// checksVisits checks that a caller who reached a group has one CDR for each visit.
func (b *office) checksVisits(g *guest, records []officeRecord) {
	finals := map[int]int{}
	for _, r := range records {
		if r.outcome != "returned" && r.outcome != "error" {
			finals[r.visit]++
		}
	}
	for visit, n := range finals {
		if n > 1 {
			b.figures.CDRsTwice++
			b.tells("two CDRs", fmt.Sprintf("visit %d of %s: %+v", visit, g.number, records), g)
		}
	}
	if v := g.line.View(); len(records) == 0 && isGroup(g.dialled) && v.Code == 200 {
		b.figures.CDRsMissing++
		b.tells("no CDR", g.number, g)
	}
}

// checksEnd checks that a caller who did not hang up has not abandoned the call. There may be
// another end: an agent answers and hangs up before the two could talk. The caller waits on, then.
func (b *office) checksEnd(g *guest, records []officeRecord) {
	v := g.line.View()
	from, to := v.Ended.Add(-8*time.Second), v.Ended.Add(4*time.Second)
	if len(records) == 0 || v.ByUs || v.Code != 200 || b.wasTouched(g, v.Ended) || b.srv.diedWithin(from, to) ||
		b.breaker.brokenWithin(from, to) {
		return
	}
	if last := records[len(records)-1]; last.outcome == "abandoned" {
		b.figures.CDRsWrong++
		b.tells("CDR with another outcome", fmt.Sprintf("%s did not hang up: %+v", g.number, records), g)
	}
}

// checksDeed compares the record of a talk with what the soak did with it.
func (b *office) checksDeed(d officeDeed, records []officeRecord) {
	from, to := d.at.Add(-8*time.Second), d.at.Add(4*time.Second)
	several := 0
	for _, other := range b.deeds {
		if other.caller == d.caller {
			several++
		}
	}
	if !d.sure || several > 1 || b.srv.diedWithin(from, to) || b.breaker.brokenWithin(from, to) {
		return
	}
	for _, r := range records {
		if r.agent != d.agent || r.outcome == "consult" {
			continue
		}
		b.figures.Truths++
		if r.to != d.to || r.kind != d.kind {
			b.figures.CDRsWrong++
			b.tells("CDR of another transfer",
				fmt.Sprintf("%s was transferred by %s to %s (%s): %+v", d.caller, d.agent, d.to, d.kind, records),
				b.guestOf(d.caller))
		}
		return
	}
}
