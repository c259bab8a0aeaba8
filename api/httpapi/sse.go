package httpapi

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"nwayacd/acd"
	"nwayacd/api"
)

const (
	keepAlive    = 15 * time.Second // between comments on a quiet stream
	streamWrite  = 5 * time.Second  // for one event; a slower client is cut off
	eventLost    = "nwayacd::lost"  // the listener missed events and should read the lists again
	eventMIME    = "text/event-stream"
	streamsAbout = "Server-sent events. The name is the subclass (nwayacd::queue, nwayacd::info, nwayacd::agent), " +
		"the data a JSON object of the event's headers. The stream resumes after Last-Event-ID. " +
		"If the server no longer has the events in between, nwayacd::lost comes first. " +
		"A listener that does not keep up is cut off."
)

var (
	errStreams  = errors.New("too many streams of events are open")
	errQuiet    = errors.New("nothing happened")
	errStopping = errors.New("shutting down")
)

type eventsAfter struct {
	LastEventID string `header:"Last-Event-ID" maxLength:"64" doc:"the id of the last event that was received"`
}

// eventStream is an answer that does not end by itself.
type eventStream struct{ Body func(huma.Context) }

func (p *Port) eventOperation(r resource) {
	register(r, operation{
		id: "follow-events", method: http.MethodGet, path: apiPrefix + "/events", summary: "Follow the events",
		about: streamsAbout,
	}, p.followEvents)
	r.api.OpenAPI().Paths[apiPrefix+"/events"].Get.Responses["200"].Content = map[string]*huma.MediaType{
		eventMIME: {Schema: &huma.Schema{Type: huma.TypeString}},
	}
}

func (p *Port) followEvents(ctx context.Context, in *eventsAfter) (*eventStream, error) {
	return p.openStream(ctx, func(ctx context.Context, w http.ResponseWriter) error {
		return p.stream(ctx, w, in.LastEventID)
	})
}

// openStream returns an answer that write writes, until its context is done. It is refused if there
// are too many.
func (p *Port) openStream(ctx context.Context, write func(context.Context, http.ResponseWriter) error) (
	*eventStream, error,
) {
	if isShort(ctx) {
		return nil, errStreams
	}
	if int(p.streams.Add(1)) > p.bounds().Total/2 {
		p.streams.Add(-1)
		return nil, errStreams
	}
	return &eventStream{func(c huma.Context) {
		defer p.streams.Add(-1)
		r, w := humago.Unwrap(c)
		while, over := p.Server.While(r.Context())
		defer over()
		ctx, cancel := context.WithCancelCause(while)
		defer cancel(nil)
		defer context.AfterFunc(p.stopping, func() { cancel(errStopping) })()
		err := write(ctx, w)
		p.Log.Debug().Err(err).Str("client", r.RemoteAddr).Msg("a stream of events ended")
	}}, nil
}

// stream writes events until ctx is done or the listener does not keep up.
func (p *Port) stream(ctx context.Context, w http.ResponseWriter, lastID string) error {
	out := &eventWriter{w, http.NewResponseController(w)}
	after, known := p.afterID(lastID)
	l := p.Server.ACD.Events.Listen(after) // before the answer begins, so that no event is missed
	defer func() { l.Close() }()
	err := out.begin()
	if err == nil && !known {
		err = out.lost()
	}
	if err != nil {
		return err
	}
	viewer := p.Server.Viewer(ctx)
	for first := true; ; first = false {
		e, err := nextEvent(ctx, l, viewer)
		switch {
		case err == nil:
			err = out.event(p.instance+"-"+strconv.FormatUint(e.ID, 10), e)
		case errors.Is(err, errQuiet):
			err = out.text(": keep-alive\n\n")
		case errors.Is(err, acd.ErrSlow) && first: // the server no longer has the event to resume after
			l.Close()
			l = p.Server.ACD.Events.Listen(0)
			err = out.lost()
		}
		if err != nil {
			return err
		}
	}
}

// afterID returns the number of the event in Last-Event-ID. known is false if the server has
// restarted since.
func (p *Port) afterID(lastID string) (after uint64, known bool) {
	if lastID == "" {
		return 0, true
	}
	life, number, _ := strings.Cut(lastID, "-")
	after, err := strconv.ParseUint(number, 10, 64)
	if life != p.instance || err != nil {
		return 0, false
	}
	return after, true
}

// nextEvent waits for the next event that the viewer may see. It returns errQuiet after keepAlive.
func nextEvent(ctx context.Context, l *acd.Listener, viewer api.Viewer) (acd.Event, error) {
	ctx, stop := context.WithTimeoutCause(ctx, keepAlive, errQuiet)
	defer stop()
	for {
		e, err := l.Next(ctx)
		if err != nil {
			return e, err
		}
		if e, shown := viewer.Event(e); shown {
			return e, nil
		}
	}
}

// eventWriter writes to one listener.
type eventWriter struct {
	to   http.ResponseWriter
	conn *http.ResponseController
}

func (w *eventWriter) begin() error {
	w.to.Header().Set("Content-Type", eventMIME)
	w.to.Header().Set("Cache-Control", "no-store")
	w.to.Header().Set("X-Accel-Buffering", "no") // otherwise nginx would hold events back
	if err := w.conn.SetReadDeadline(time.Time{}); err != nil {
		return err
	}
	return w.text("retry: 2000\n\n")
}

func (w *eventWriter) event(id string, e acd.Event) error {
	headers := make(map[string]string, len(e.Headers))
	for _, h := range e.Headers {
		headers[h.Name] = h.Value
	}
	data, err := json.Marshal(headers)
	if err != nil {
		return err
	}
	return w.text("id: " + id + "\nevent: " + e.Subclass + "\ndata: " + string(data) + "\n\n")
}

func (w *eventWriter) lost() error { return w.text("event: " + eventLost + "\ndata: {}\n\n") }

// text writes and flushes at once.
func (w *eventWriter) text(text string) error { return w.bytes([]byte(text)) }

func (w *eventWriter) bytes(text []byte) error {
	if err := w.conn.SetWriteDeadline(time.Now().Add(streamWrite)); err != nil {
		return err
	}
	if _, err := w.to.Write(text); err != nil {
		return err
	}
	return w.conn.Flush()
}
