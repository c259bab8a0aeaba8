package httpapi

import (
	"context"
	"errors"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"nwayacd/api/live"
	"nwayacd/internal/auth"
)

const liveAbout = "Server-sent events for screens. " +
	"snapshot has all rows of groups, agents and calls; delta has the rows that changed, and the keys of those " +
	"that are gone. tick has the server's clock, every 2 seconds. bye says why the server ends the stream. " +
	"At most five frames a second. The stream resumes after Last-Event-ID. docs/live.md describes the rows."

var errNoSight = errors.New("the role may not see the floor")

type liveInput struct {
	Groups      []string `query:"groups" maxItems:"1000" doc:"only these groups; absent: all that may be seen"`
	LastEventID string   `header:"Last-Event-ID" maxLength:"64" doc:"the id of the last event that was received"`
}

func (p *Port) liveOperation(r resource) {
	const path = apiPrefix + "/live"
	register(r, operation{
		id: "follow-floor", method: http.MethodGet, path: path, summary: "Follow the floor, for screens",
		about: liveAbout, refusals: []int{http.StatusForbidden},
	}, p.followFloor)
	r.api.OpenAPI().Paths[path].Get.Responses["200"].Content = map[string]*huma.MediaType{
		eventMIME: {Schema: &huma.Schema{Type: huma.TypeString}},
	}
}

func (p *Port) followFloor(ctx context.Context, in *liveInput) (*eventStream, error) {
	actor, _ := auth.From(ctx)
	viewer, ok := live.ViewerOf(actor, in.Groups)
	if !ok {
		return nil, errNoSight
	}
	return p.openStream(ctx, func(ctx context.Context, w http.ResponseWriter) error {
		return p.streamFloor(ctx, w, p.Live.Open(viewer, in.LastEventID))
	})
}

// streamFloor writes frames until ctx is done or the client does not keep up.
func (p *Port) streamFloor(ctx context.Context, w http.ResponseWriter, s *live.Stream) error {
	out := &eventWriter{w, http.NewResponseController(w)}
	if err := out.begin(); err != nil {
		return err
	}
	for {
		frame, err := s.Next(ctx)
		switch {
		case errors.Is(err, context.Canceled): // the client has gone
			return err
		case errors.Is(err, errStopping):
			return errors.Join(err, out.bytes(live.Bye("stopping")))
		case err != nil:
			return errors.Join(err, out.bytes(live.Bye("rights")))
		}
		if err := out.bytes(frame); err != nil {
			return err
		}
	}
}
