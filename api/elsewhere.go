package api

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"strings"
	"time"

	"nwayacd/esl"
)

// reachLimit bounds the way to the FreeSWITCH behind the port, login included.
const reachLimit = 10 * time.Second

// Elsewhere is the FreeSWITCH that gets what is not ours.
type Elsewhere struct {
	Name     string
	Address  string // of its event socket
	Password string
}

// passage is one client's own connection to it. What comes from there goes to the client as it is and in the order it comes.
type passage struct {
	nc       net.Conn
	in       *esl.Reader
	answered chan struct{} // holds one when a reply has gone to the client
}

// open connects and logs in. A connection of its own for each client keeps their subscriptions, filters and replies apart.
func (e *Elsewhere) open(ctx context.Context) (*passage, error) {
	ctx, stop := context.WithTimeout(ctx, reachLimit)
	defer stop()
	nc, err := (&net.Dialer{}).DialContext(ctx, "tcp", e.Address)
	if err != nil {
		return nil, err
	}
	defer context.AfterFunc(ctx, func() { nc.SetDeadline(time.Unix(1, 0)) })()
	p := &passage{nc: nc, in: esl.NewReader(nc, esl.Limits{MaxBody: 64 << 20}), answered: make(chan struct{}, 1)}
	if err := p.login(e.Password); err != nil {
		nc.Close()
		return nil, err
	}
	p.in.Hurry(nc)
	return p, nil
}

func (p *passage) login(password string) error {
	if err := p.expect(esl.ContentAuth, ""); err != nil {
		return err
	}
	if err := p.write([]byte("auth " + password + "\n\n")); err != nil {
		return err
	}
	return p.expect(esl.ContentReply, "+OK")
}

func (p *passage) expect(kind, reply string) error {
	f, err := p.in.ReadFrame()
	switch {
	case err != nil:
		return err
	case f.Raw("Content-Type") == esl.ContentRejection:
		return esl.ErrRejected
	case f.Raw("Content-Type") != kind:
		return fmt.Errorf("it sends %s instead of %s", f.Raw("Content-Type"), kind)
	case !strings.HasPrefix(f.Raw("Reply-Text"), reply):
		return esl.ErrAuth
	}
	return nil
}

func (p *passage) write(frame []byte) error {
	if err := p.nc.SetWriteDeadline(time.Now().Add(writeLimit)); err != nil {
		return err
	}
	_, err := p.nc.Write(frame)
	return err
}

// passOn lets FreeSWITCH answer the request. It returns when the answer has gone to the client.
func (c *client) passOn(ctx context.Context, r *esl.Request) error {
	if c.elsewhere == nil {
		p, err := c.port.PassThrough.open(ctx)
		if err != nil {
			c.port.Log.Warn().Err(err).Str("freeswitch", c.port.PassThrough.Name).Msg("a client's request could not be passed on")
			return c.reply("-ERR FreeSWITCH " + c.port.PassThrough.Name + " cannot be reached")
		}
		c.elsewhere = p
		c.following.Go(func() { c.bring(ctx, p) }) // ends with the session
	}
	if err := c.elsewhere.write(wire(r)); err != nil {
		return err
	}
	select {
	case <-c.elsewhere.answered:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// errElsewhere ends the session of a client whose FreeSWITCH is gone, as that FreeSWITCH itself would have ended it.
var errElsewhere = errors.New("api: the FreeSWITCH behind the port is gone")

// bring takes what comes from FreeSWITCH to the client.
func (c *client) bring(ctx context.Context, p *passage) {
	defer p.nc.Close()
	defer context.AfterFunc(ctx, func() { p.nc.Close() })()
	for farewell := disconnected(); ; {
		f, err := p.in.ReadFrame()
		if err != nil {
			c.send(farewell)
			c.end(fmt.Errorf("%w: %w", errElsewhere, err)) // changes nothing where the client ended it
			return
		}
		if isOurEvent(f) {
			continue
		}
		if c.send(relay(f)) != nil {
			return
		}
		switch f.Raw("Content-Type") {
		case esl.ContentReply, esl.ContentAPI:
			signalAnswer(p.answered)
		case esl.ContentDisconnect:
			farewell = nil // FreeSWITCH's own
		}
	}
}

func signalAnswer(answered chan struct{}) {
	select {
	case answered <- struct{}{}:
	default: // a reply nobody asked for
	}
}

// wire is the request as it came.
func wire(r *esl.Request) []byte {
	frame := []byte(r.Line + "\n")
	for name, value := range r.Headers() {
		frame = append(frame, name+": "+value+"\n"...)
	}
	return append(append(frame, '\n'), r.Body()...)
}

// relay is the frame as it came.
func relay(f *esl.Event) []byte {
	var frame []byte
	for name := range f.Headers() {
		frame = append(frame, name+": "+f.Raw(name)+"\n"...)
	}
	return append(append(frame, '\n'), f.Body()...)
}

// isOurEvent recognises the events that we fired into FreeSWITCH ourselves: the client has them from us already.
func isOurEvent(f *esl.Event) bool {
	kind, body := f.Raw("Content-Type"), f.Body()
	if !strings.HasPrefix(kind, "text/event-") || !strings.Contains(body, "nwayacd") {
		return false
	}
	switch kind {
	case contentJSON:
		var e struct {
			Subclass string `json:"Event-Subclass"`
		}
		return json.Unmarshal([]byte(body), &e) == nil && strings.HasPrefix(e.Subclass, "nwayacd::")
	case contentXML:
		return strings.Contains(body, "<Event-Subclass>nwayacd%3A%3A")
	}
	e, err := esl.ParseEvent(body)
	return err == nil && strings.HasPrefix(e.Subclass(), "nwayacd::")
}
