package queue

import (
	"errors"
	"reflect"
	"slices"
	"testing"
	"time"

	"nwayacd/agent"
)

// shift is a floor at work, with a clock and a ledger that takes the changes as a database would.
type shift struct {
	*testing.T
	f      *Floor
	now    time.Time
	ledger *ledger

	offers       []*Lease            // not yet looked at
	statuses     []agent.StatusEvent // not yet looked at
	changes      []Change            // of the last step that wrote any
	expired      []*Lease
	groupRemoved []string
	ended        []CDR
	notBack      []Waiting
}

// nine is the time at which every shift starts.
var nine = time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)

// plain are the configuration's defaults without a wrap-up.
var plain = Settings{
	Reoffer: 5 * time.Second, Remember: 30 * 24 * time.Hour, Recover: 300 * time.Second, NoAnswerToReady: true,
}

func begin(t *testing.T, s Settings) *shift {
	return &shift{T: t, f: NewFloor(s, 1), now: nine, ledger: newLedger(t)}
}

// look takes the effects of the last step, and lets the ledger check its changes.
func (s *shift) look() {
	s.Helper()
	out := s.f.TakeEffects()
	s.ledger.apply(out.Changes)
	s.ledger.matches(s.f)
	s.offers = append(s.offers, out.Offers...)
	s.statuses = append(s.statuses, out.Statuses...)
	s.expired = append(s.expired, out.Expired...)
	s.groupRemoved = append(s.groupRemoved, out.GroupRemoved...)
	s.ended = append(s.ended, out.Ended...)
	s.notBack = append(s.notBack, out.NotBack...)
	if len(out.Changes) > 0 {
		s.changes = out.Changes
	}
}

// must fails if a step fails that should succeed.
func (s *shift) must(err error) {
	s.Helper()
	if err != nil {
		s.Fatal(err)
	}
	s.look()
}

// refused fails if a step does not return the error, or changes anything.
func (s *shift) refused(err, want error) {
	s.Helper()
	if !errors.Is(err, want) {
		s.Fatalf("got %v, want %v", err, want)
	}
	out := s.f.TakeEffects()
	n := len(out.Offers) + len(out.Expired) + len(out.GroupRemoved) + len(out.Changes) +
		len(out.Statuses) + len(out.Ended) + len(out.NotBack)
	if n > 0 {
		s.Fatalf("refused, and yet: %+v", out)
	}
	s.ledger.matches(s.f)
}

// group opens a group and logs the extensions in to it.
func (s *shift) group(number string, mode Mode, extensions ...string) {
	s.Helper()
	s.must(s.f.AddGroup(number, mode, s.now))
	for _, extension := range extensions {
		s.hire(extension)
		s.must(s.f.Login(extension, append(s.view(extension).Groups, number), s.now))
	}
	s.statuses = nil
}

func (s *shift) hire(extension string) {
	s.Helper()
	if s.f.slots[extension] == nil {
		s.must(s.f.AddAgent(extension, "secret"))
	}
}

// joins gives the caller a place, a second after the one before. calls also ends the welcome.
func (s *shift) joins(uuid, caller, group string) Place {
	s.Helper()
	s.now = s.now.Add(time.Second)
	p, err := s.f.Join(Arrival{UUID: uuid, Caller: caller, Group: group, Since: s.now})
	s.must(err)
	return p
}

func (s *shift) open(uuid string) {
	s.Helper()
	s.f.Open(uuid, s.now)
	s.look()
}

func (s *shift) calls(uuid, caller, group string) {
	s.Helper()
	s.joins(uuid, caller, group)
	s.open(uuid)
}

// rings expects that exactly this agent is offered exactly this call. There must be no other offer
// since the last look.
func (s *shift) rings(uuid, extension string) *Lease {
	s.Helper()
	if len(s.offers) == 0 {
		s.Fatalf("%s rings no phone, want %s", uuid, extension)
	}
	l := s.offers[0]
	s.offers = s.offers[1:]
	if l.Call != uuid || l.Agent.Extension != extension {
		s.Fatalf("%s is offered to %s, want %s to %s", l.Call, l.Agent.Extension, uuid, extension)
	}
	s.state(extension, agent.Ring)
	return l
}

// quiet expects that no phone rings.
func (s *shift) quiet() {
	s.Helper()
	for _, l := range s.offers {
		s.Fatalf("%s is offered to %s, want no offer", l.Call, l.Agent.Extension)
	}
}

// talks answers the last offer, and bridges the two.
func (s *shift) talks(uuid, extension string) *Lease {
	s.Helper()
	l := s.rings(uuid, extension)
	s.answers(l)
	s.f.Bridged(Talk{CDR: CDR{UUID: uuid, Agent: extension, Leg: "leg of " + uuid}})
	s.look()
	return l
}

func (s *shift) answers(l *Lease) {
	s.Helper()
	if !s.f.Answer(l, s.now) {
		s.Fatalf("%s cannot answer %s", l.Agent.Extension, l.Call)
	}
	s.look()
	s.state(l.Agent.Extension, agent.Talking)
}

// misses expects that the caller is requeued.
func (s *shift) misses(l *Lease) {
	s.Helper()
	if !s.f.Miss(l, Miss{}, s.now) {
		s.Fatalf("%s is not back in the line", l.Call)
	}
	s.look()
}

// ends ends the talk, and the caller leaves.
func (s *shift) ends(l *Lease) {
	s.Helper()
	s.f.End(l, s.now)
	s.look()
	s.leaves(l.Call)
}

func (s *shift) leaves(uuid string) {
	s.Helper()
	s.f.Leave(uuid, s.now)
	s.look()
}

// losesConnection is a caller whose connection is lost. a has the CDR that counts if the caller
// does not come back.
func (s *shift) losesConnection(uuid string, a Absent) (kept bool) {
	s.Helper()
	if a.CDR.UUID == "" {
		a.CDR = CDR{UUID: uuid, Outcome: Failed}
	}
	kept = s.f.LeaveAbsent(uuid, a, s.now)
	s.ledger.away[uuid] = kept
	s.look()
	return kept
}

// hangsUp ends the talk of a call that Load or RecoverTalk put on the floor.
func (s *shift) hangsUp(uuid string) {
	s.Helper()
	_, l, ok := s.f.Resumed(uuid)
	if !ok {
		s.Fatalf("%s is in no talk", uuid)
	}
	s.f.End(l, s.now)
	s.f.Leave(uuid, s.now)
	for _, t := range s.f.Talks() {
		if t.CDR.UUID == uuid {
			s.f.Ended(t.CDR)
		}
	}
	s.look()
}

// records expects that exactly these CDRs were written since the last look, in order.
// withoutPositions returns the CDRs as their owner has handed them over. The floor adds the
// positions.
func withoutPositions(cdrs []CDR) []CDR {
	cdrs = slices.Clone(cdrs)
	for i := range cdrs {
		cdrs[i].PositionFirst, cdrs[i].PositionLast = 0, 0
	}
	return cdrs
}

func talkWithoutPositions(t Talk) Talk {
	t.CDR = withoutPositions([]CDR{t.CDR})[0]
	return t
}

func (s *shift) records(want ...CDR) {
	s.Helper()
	if len(s.ended)+len(want) > 0 && !reflect.DeepEqual(withoutPositions(s.ended), want) {
		s.Fatalf("CDRs: %+v, want %+v", s.ended, want)
	}
	s.ended = nil
}

func (s *shift) edit(c Change) {
	s.Helper()
	s.ledger.outside(c)
	s.f.Edit(c, s.now)
	s.look()
}

// pass lets time go by. What is due happens at its own time.
func (s *shift) pass(d time.Duration) {
	s.Helper()
	end := s.now.Add(d)
	for next := s.f.Next(); !next.IsZero() && !next.After(end); next = s.f.Next() {
		if next.After(s.now) {
			s.now = next
		}
		s.f.Tick(s.now)
		s.look()
	}
	s.now = end
}

func (s *shift) view(extension string) AgentView {
	s.Helper()
	for _, v := range s.f.Agents() {
		if v.Extension == extension {
			return v
		}
	}
	s.Fatalf("no agent %s", extension)
	return AgentView{}
}

func (s *shift) state(extension string, want agent.CallState) {
	s.Helper()
	if got := s.view(extension).Agent.Call; got != want {
		s.Fatalf("%s is %v, want %v", extension, got, want)
	}
}

// counts expects how many agents are available in the group, and how many callers wait and talk.
func (s *shift) counts(group string, available, waiting, talking int) {
	s.Helper()
	for _, v := range s.f.Groups() {
		if v.Number == group {
			if v.Available != available || v.Waiting != waiting || v.Talking != talking {
				s.Fatalf("group %s: %d available, %d waiting, %d talking; want %d, %d, %d",
					group, v.Available, v.Waiting, v.Talking, available, waiting, talking)
			}
			return
		}
	}
	s.Fatalf("no group %s", group)
}

// said expects these agent events since the last look, in order.
func (s *shift) said(extension string, want ...agent.Status) {
	s.Helper()
	var got []agent.Status
	for _, entry := range s.statuses {
		if entry.Extension == extension {
			got = append(got, entry.Status)
		}
	}
	s.statuses = nil
	if !slices.Equal(got, want) {
		s.Fatalf("events of %s: %v, want %v", extension, got, want)
	}
}
