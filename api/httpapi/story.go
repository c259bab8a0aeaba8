package httpapi

import (
	"context"
	"fmt"
	"net/http"
	"reflect"
	"slices"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"nwayacd/agent"
	"nwayacd/queue"
)

// momentShown is something that happened to a call.
type momentShown struct {
	At    time.Time `json:"at"`
	What  string    `json:"what" enum:"arrived,offered,answered,missed,withdrawn,expired,hold,unhold,talk-ended,wrap-up-ended,transferred,ended"`
	Visit int       `json:"visit"`
	Group string    `json:"group"`
	Agent string    `json:"agent,omitempty"`
	// Detail is the outcome, the cause or the destination.
	Detail string `json:"detail,omitempty" doc:"the outcome, the cause, or the destination of a transfer"`
}

// storyShown is all that the records say of a call.
type storyShown struct {
	Visits  []cdrShown    `json:"visits" nullable:"false"`
	Offers  []offerShown  `json:"offers" nullable:"false"`
	Moments []momentShown `json:"moments" nullable:"false" doc:"on one time line"`
}

func (p *Port) storyOperations(r resource) {
	register(r, operation{
		id: "get-story", method: http.MethodGet, path: apiPrefix + "/calls/{uuid}/story",
		summary: "Tell a call from its records",
		about: "Every visit, offer, talk, hold and transfer of the call on one time line, " +
			"as far as they have ended. As SVG, it is a picture of them, with the JSON in its metadata.",
		refusals: []int{http.StatusNotFound, http.StatusUnprocessableEntity},
	}, p.story)
	registry := r.api.OpenAPI().Components.Schemas
	r.api.OpenAPI().Paths[apiPrefix+"/calls/{uuid}/story"].Get.Responses["200"].Content = map[string]*huma.MediaType{
		"application/json": {Schema: registry.Schema(reflect.TypeFor[storyShown](), true, "")},
		pictureType:        {Schema: &huma.Schema{Type: huma.TypeString}},
	}
}

type storyQuery struct {
	UUID     string `path:"uuid" maxLength:"128" doc:"the caller's channel"`
	Format   string `query:"format" enum:"json,svg" default:"json"`
	Zone     string `query:"zone" doc:"time zone of the times in a picture; without it, that of the configuration"`
	Language string `query:"language" enum:"en,zh" default:"en" doc:"of the texts in a picture"`
}

// storyOutput has a storyShown, or the bytes of a picture.
type storyOutput struct {
	ContentType string `header:"Content-Type"`
	Policy      string `header:"Content-Security-Policy"`
	Body        any
}

// told is the story of a call, as records and as they are shown.
type told struct {
	visits []queue.VisitRecord
	offers []queue.OfferRecord
	shown  storyShown
}

// storyVisits bounds the visits of a story.
const storyVisits = 500

func (p *Port) story(ctx context.Context, in *storyQuery) (*storyOutput, error) {
	zone, err := p.zone(in.Zone)
	if err != nil {
		return nil, err
	}
	t, err := p.tell(ctx, in.UUID)
	switch {
	case err != nil:
		return nil, err
	case in.Format == "svg":
		picture, err := p.drawnStory(ctx, t, zone, in.Language)
		return &storyOutput{pictureType, picturePolicy, picture}, err
	}
	return &storyOutput{Policy: policy, Body: t.shown}, nil
}

// tell returns the story of a call, as far as the actor may see it.
func (p *Port) tell(ctx context.Context, uuid string) (*told, error) {
	viewer := p.Server.Viewer(ctx)
	q, show := viewer.Search(queue.CDRSearch{Call: uuid, Limit: storyVisits})
	visits, _, err := p.Database.SearchCDRs(ctx, q)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errDatabase, err)
	}
	offers, err := p.Database.Offers(ctx, uuid)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errDatabase, err)
	}
	offers = slices.DeleteFunc(offers, func(o queue.OfferRecord) bool { return !viewer.Offer(&o) })
	if len(visits)+len(offers) == 0 {
		if err := p.checkKnown(ctx, uuid); err != nil {
			return nil, err
		}
	}
	slices.SortStableFunc(visits, func(a, b queue.VisitRecord) int { return a.VisitNumber() - b.VisitNumber() })
	for i := range visits {
		visits[i] = show(visits[i])
	}
	shown, err := p.storyOf(ctx, visits, offers)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errDatabase, err)
	}
	return &told{visits, offers, *shown}, nil
}

// storyOf shows the records of a call, and their moments on one time line.
func (p *Port) storyOf(
	ctx context.Context, visits []queue.VisitRecord, offers []queue.OfferRecord,
) (*storyShown, error) {
	out := &storyShown{Visits: []cdrShown{}, Offers: []offerShown{}, Moments: []momentShown{}}
	for i := range visits {
		out.Visits = append(out.Visits, showVisit(visits[i]))
		out.Moments = append(out.Moments, momentsOfVisit(&visits[i].CDR)...)
	}
	for i := range offers {
		out.Offers = append(out.Offers, showOffer(offers[i]))
		moments, err := p.momentsOfOffer(ctx, &offers[i])
		if err != nil {
			return nil, err
		}
		out.Moments = append(out.Moments, moments...)
	}
	slices.SortStableFunc(out.Moments, func(a, b momentShown) int { return a.At.Compare(b.At) })
	return out, nil
}

func momentsOfVisit(c *queue.CDR) []momentShown {
	moment := func(at time.Time, what, detail string) momentShown {
		return momentShown{At: at, What: what, Visit: c.VisitNumber(), Group: c.Group, Detail: detail}
	}
	all := []momentShown{moment(c.Arrived, "arrived", c.CameFrom)}
	if c.TransferKind != queue.NoTransfer {
		all = append(all, moment(c.Ended, "transferred", string(c.TransferKind)+" "+c.TransferredTo))
	}
	return append(all, moment(c.Ended, "ended", string(c.Outcome)))
}

// endOfOffer is what the outcome of an offer is called on the time line.
var endOfOffer = map[queue.OfferOutcome]string{
	queue.OfferAnswered: "talk-ended", queue.OfferMissed: "missed", queue.OfferWithdrawn: "withdrawn",
	queue.OfferExpired: "expired",
}

func (p *Port) momentsOfOffer(ctx context.Context, o *queue.OfferRecord) ([]momentShown, error) {
	moment := func(at time.Time, what, detail string) momentShown {
		return momentShown{At: at, What: what, Visit: o.VisitNumber(), Group: o.Group, Agent: o.Agent, Detail: detail}
	}
	all := []momentShown{moment(o.Offered, "offered", "")}
	if !o.Answered.IsZero() {
		all = append(all, moment(o.Answered, "answered", ""))
	}
	if o.Hold > 0 {
		log, err := p.Database.AgentLog(ctx, o.Agent, o.Answered, o.Ended)
		if err != nil {
			return nil, err
		}
		held := false
		for _, l := range log {
			if holds := l.Standing == agent.StandingTalking.String() && l.Reason == agent.Holding; holds != held {
				held = holds
				all = append(all, moment(l.At, map[bool]string{true: "hold", false: "unhold"}[holds], ""))
			}
		}
	}
	all = append(all, moment(o.Ended, endOfOffer[o.Outcome], o.Cause))
	if o.WrapUpEnded != queue.NoWrapUp {
		all = append(all, moment(o.Ended.Add(o.WrapUp), "wrap-up-ended", string(o.WrapUpEnded)))
	}
	return all, nil
}
