package httpapi

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"slices"
	"time"

	"nwayacd/acd"
	"nwayacd/queue"
)

// cdrShown is an ended visit of a call to a group.
type cdrShown struct {
	UUID          string    `json:"uuid" doc:"the caller's channel; a call has a record for each group that it visited"`
	Visit         int       `json:"visit" doc:"the number of the visit within the call, from 1"`
	CameFrom      string    `json:"came_from,omitempty" doc:"the group of the visit before"`
	Direction     string    `json:"direction" enum:"in,out" doc:"out: an agent called out"`
	Caller        string    `json:"caller" doc:"empty: anonymous"`
	CallerName    string    `json:"caller_name,omitempty"`
	Dialled       string    `json:"dialled"`
	Group         string    `json:"group"`
	VIP           bool      `json:"vip"`
	Switch        string    `json:"switch" doc:"FreeSWITCH's host name"`
	Agent         string    `json:"agent,omitempty" doc:"the agent who answered last"`
	Leg           string    `json:"leg_uuid,omitempty" doc:"the channel of that agent"`
	Offers        int       `json:"offers" doc:"how many were made"`
	Outcome       string    `json:"outcome" enum:"answered,abandoned,blacklisted,timeout,transferred,taken,returned,error,consult,moved"`
	HungUpBy      string    `json:"hung_up_by,omitempty" enum:"caller,agent"`
	Cause         string    `json:"cause,omitempty" doc:"FreeSWITCH's hangup cause, or what went wrong"`
	Survey        string    `json:"survey,omitempty" doc:"the digit pressed"`
	TransferredTo string    `json:"transferred_to,omitempty" doc:"the destination of a transfer"`
	TransferKind  string    `json:"transfer_kind,omitempty" enum:"blind,attended,by-caller"`
	Recording     string    `json:"recording,omitempty" doc:"the last recording"`
	Recordings    []string  `json:"recordings" nullable:"false" doc:"all files of the visit, in order: paths on the FreeSWITCH host"`
	PositionFirst int       `json:"position_first,omitempty" doc:"place in the line at the arrival, from 1"`
	PositionLast  int       `json:"position_last,omitempty" doc:"the same as the caller last left the line"`
	WelcomeMS     int64     `json:"welcome_ms" doc:"length of the welcome"`
	HoldMS        int64     `json:"hold_ms" doc:"how long agents held the caller: the sum of the visit's offers"`
	WrapUpMS      int64     `json:"wrap_up_ms" doc:"length of the wrap-ups that are over: the sum of the visit's offers"`
	Arrived       time.Time `json:"arrived"`
	Answered      time.Time `json:"answered,omitzero" doc:"when the first agent answered"`
	Bridged       time.Time `json:"bridged,omitzero"`
	Ended         time.Time `json:"ended"`
}

// offerShown is one try to give one call to one agent.
type offerShown struct {
	Agent     string    `json:"agent"`
	Group     string    `json:"group"`
	Leg       string    `json:"leg_uuid" doc:"the agent's channel"`
	Visit     int       `json:"visit" doc:"the visit of the call in which it was made, from 1"`
	Number    int       `json:"number" doc:"1 for the visit's first offer"`
	Recording string    `json:"recording,omitempty" doc:"the recording of the talk: a path on the FreeSWITCH host"`
	Transfer  bool      `json:"transfer" doc:"made by a transfer"`
	Outcome   string    `json:"outcome" enum:"answered,noanswer,withdrawn,expired"`
	Cause     string    `json:"cause,omitempty" doc:"FreeSWITCH's cause of a missed offer"`
	HoldMS    int64     `json:"hold_ms" doc:"how long the agent held the caller"`
	WrapUpMS  int64     `json:"wrap_up_ms,omitempty" doc:"length of the wrap-up, when it is over"`
	WrapUpEnd string    `json:"wrap_up_ended,omitempty" enum:"itself,hand,call"`
	Offered   time.Time `json:"offered"`
	Answered  time.Time `json:"answered,omitzero"`
	Ended     time.Time `json:"ended"`
}

type cdrFilter struct {
	From    time.Time `query:"from" doc:"only calls that arrived at or after this time" example:"2026-01-31T00:00:00Z"`
	To      time.Time `query:"to" doc:"only calls that arrived before this time" example:"2026-02-01T00:00:00Z"`
	Group   string    `query:"group"`
	Agent   string    `query:"agent" doc:"the agent who answered last"`
	Caller  string    `query:"caller"`
	UUID    string    `query:"uuid" doc:"the caller's channel"`
	Outcome string    `query:"outcome" enum:"answered,abandoned,blacklisted,timeout,transferred,taken,returned,error,consult,moved"`
	Cursor  int64     `query:"cursor" minimum:"0" doc:"next of the page before"`
	Limit   int       `query:"limit" minimum:"1" maximum:"500" default:"50" doc:"records on the page"`
}

// cdrPage is a page of ended calls.
type cdrPage struct {
	Items []cdrShown `json:"items" nullable:"false"`
	Next  int64      `json:"next,omitempty" doc:"the cursor of the next page; absent on the last one"`
}

func (p *Port) recordOperations(r resource) {
	register(r, operation{
		id: "list-cdrs", method: http.MethodGet, path: apiPrefix + "/cdrs", summary: "Search ended calls",
		about: "The call that ended last comes first. A call is listed when the database has its record, " +
			"shortly after its end.",
	}, p.listCDRs)
	register(r, operation{
		id: "list-abandoned", method: http.MethodGet, path: apiPrefix + "/abandoned",
		summary: "List callers who gave up, and to whom no agent has talked since",
		about: "The last one comes first. Of several visits of a caller to a group, the last one is listed. " +
			"Callers without a number are not.",
	}, p.listAbandoned)
	register(r, operation{
		id: "list-offers", method: http.MethodGet, path: apiPrefix + "/calls/{uuid}/offers",
		summary:  "List the offers of a call",
		about:    "The call may be current or ended. Only offers that have ended are listed, in their order.",
		refusals: []int{http.StatusNotFound},
	}, p.listOffers)
}

func (p *Port) listCDRs(ctx context.Context, in *cdrFilter) (*output[cdrPage], error) {
	q, show := p.Server.Viewer(ctx).Search(queue.CDRSearch{
		From: in.From, To: in.To, Group: in.Group, Agent: in.Agent, Caller: in.Caller, Call: in.UUID,
		Outcome: queue.Outcome(in.Outcome), Before: in.Cursor, Limit: in.Limit,
	})
	calls, next, err := p.Database.SearchCDRs(ctx, q)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errDatabase, err)
	}
	return &output[cdrPage]{cdrPage{
		listed(calls, func(v queue.VisitRecord) cdrShown { return showVisit(show(v)) }).Body.Items,
		next,
	}}, nil
}

// lately is how far back list-abandoned goes unless a time is given.
const lately = 24 * time.Hour

type abandonedFilter struct {
	From  time.Time `query:"from" doc:"only callers who arrived at or after this time; absent: 24 hours ago"`
	Limit int       `query:"limit" minimum:"1" maximum:"500" default:"200"`
}

func (p *Port) listAbandoned(ctx context.Context, in *abandonedFilter) (*output[items[cdrShown]], error) {
	from := in.From
	if from.IsZero() {
		from = time.Now().Add(-lately)
	}
	all, err := p.Database.Unreached(ctx, from, p.Server.Viewer(ctx).Groups(), in.Limit)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errDatabase, err)
	}
	return listed(all, showVisit), nil
}

func (p *Port) listOffers(ctx context.Context, in *callPath) (*output[items[offerShown]], error) {
	offers, err := p.Database.Offers(ctx, in.UUID)
	viewer := p.Server.Viewer(ctx)
	offers = slices.DeleteFunc(offers, func(o queue.OfferRecord) bool { return !viewer.Offer(&o) })
	if err == nil && len(offers) == 0 {
		err = p.checkKnown(ctx, in.UUID)
	} else if err != nil {
		err = fmt.Errorf("%w: %w", errDatabase, err)
	}
	if err != nil {
		return nil, err
	}
	return listed(offers, showOffer), nil
}

// checkKnown returns nil if the call is current or has ended, and the actor may see it.
func (p *Port) checkKnown(ctx context.Context, uuid string) error {
	if slices.ContainsFunc(p.calls(ctx), func(v acd.CallView) bool { return v.UUID == uuid }) {
		return nil
	}
	q, _ := p.Server.Viewer(ctx).Search(queue.CDRSearch{Call: uuid, Limit: 1})
	calls, _, err := p.Database.SearchCDRs(ctx, q)
	switch {
	case err != nil:
		return fmt.Errorf("%w: %w", errDatabase, err)
	case len(calls) == 0:
		return fmt.Errorf("%s: %w", uuid, queue.ErrNoCall)
	}
	return nil
}

func showVisit(c queue.VisitRecord) cdrShown {
	return cdrShown{
		UUID: c.UUID, Visit: c.VisitNumber(), CameFrom: c.CameFrom, Direction: cmp.Or(string(c.Direction), "in"),
		Caller: c.Caller, CallerName: c.CallerName, Dialled: c.Dialled, Group: c.Group, VIP: c.VIP,
		Switch: c.Switch, Agent: c.Agent, Leg: c.Leg,
		Offers: c.Offers, Outcome: string(c.Outcome), HungUpBy: string(c.HungUpBy), Cause: c.Cause, Survey: c.Survey,
		TransferredTo: c.TransferredTo, TransferKind: string(c.TransferKind),
		Recording: c.Recording, Recordings: recordings(&c.CDR),
		PositionFirst: c.PositionFirst, PositionLast: c.PositionLast, WelcomeMS: c.Welcome.Milliseconds(),
		HoldMS: c.Hold.Milliseconds(), WrapUpMS: c.WrapUp.Milliseconds(),
		Arrived: c.Arrived, Answered: c.Answered, Bridged: c.Bridged, Ended: c.Ended,
	}
}

// recordings returns all files of the visit. Old records have no list, only one name.
func recordings(c *queue.CDR) []string {
	if len(c.Recordings) == 0 && c.Recording != "" {
		return []string{c.Recording}
	}
	return orEmpty(c.Recordings)
}

func showOffer(o queue.OfferRecord) offerShown {
	return offerShown{
		Agent: o.Agent, Group: o.Group, Leg: o.Leg, Visit: o.VisitNumber(), Number: o.Number, Recording: o.Recording,
		Transfer: o.Transfer, Outcome: string(o.Outcome), Cause: o.Cause,
		HoldMS: o.Hold.Milliseconds(), WrapUpMS: o.WrapUp.Milliseconds(), WrapUpEnd: string(o.WrapUpEnded),
		Offered: o.Offered, Answered: o.Answered, Ended: o.Ended,
	}
}
