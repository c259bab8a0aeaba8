package cmdport

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"strings"
	"time"

	"nwayacd/api"
	"nwayacd/esl"
	"nwayacd/internal/auth"
)

// reachLimit bounds the time to connect to the FreeSWITCH behind the port and to log in there.
const reachLimit = 10 * time.Second

// PassThrough is the FreeSWITCH that gets every request which is not for nwayacd.
type PassThrough struct {
	Name     string
	Address  string // of its event socket
	Password *auth.Secret
}

// upstream is one client's own connection to that FreeSWITCH. What FreeSWITCH sends goes to the
// client unchanged and in order.
type upstream struct {
	nc       net.Conn
	in       *esl.Reader
	answered chan error // one slot: a reply has been sent to the client; errPassed if FreeSWITCH refuses
}

// dial connects and logs in. Each client has its own connection, which keeps subscriptions, filters
// and replies of clients apart.
func (p *PassThrough) dial(ctx context.Context) (*upstream, error) {
	ctx, stop := context.WithTimeout(ctx, reachLimit)
	defer stop()
	nc, err := (&net.Dialer{}).DialContext(ctx, "tcp", p.Address)
	if err != nil {
		return nil, err
	}
	defer context.AfterFunc(ctx, func() { nc.SetDeadline(time.Unix(1, 0)) })()
	u := &upstream{nc: nc, in: esl.NewReader(nc, esl.Limits{MaxBody: 64 << 20}), answered: make(chan error, 1)}
	if err := u.login(p.Password.Text()); err != nil {
		nc.Close()
		return nil, err
	}
	u.in.EnforceFrameTime(nc)
	return u, nil
}

func (u *upstream) login(password string) error {
	if err := u.expect(esl.ContentAuth, ""); err != nil {
		return err
	}
	if err := u.write([]byte("auth " + password + "\n\n")); err != nil {
		return err
	}
	return u.expect(esl.ContentReply, "+OK")
}

func (u *upstream) expect(kind, reply string) error {
	f, err := u.in.ReadFrame()
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

func (u *upstream) write(frame []byte) error {
	if err := u.nc.SetWriteDeadline(time.Now().Add(writeLimit)); err != nil {
		return err
	}
	_, err := u.nc.Write(frame)
	return err
}

// passThrough lets FreeSWITCH answer the request. It returns when the answer has been sent to the
// client. The audit log gets what became of an order.
func (c *client) passThrough(ctx context.Context, r *esl.Request) error {
	outcome, err := c.passOn(ctx, r)
	if err != nil {
		outcome = fmt.Errorf("%w%w", api.ErrFailed, err)
	}
	if o := passedOrder(r); o != nil {
		c.port.Server.Conclude(auth.WithOrder(ctx, o), outcome)
	}
	return err
}

// errUnreached is why a request did not get to the FreeSWITCH.
var errUnreached = fmt.Errorf("%wthe FreeSWITCH behind the port cannot be reached", api.ErrFailed)

// passOn is passThrough without the audit log. outcome is what became of the request. err ends the
// session.
func (c *client) passOn(ctx context.Context, r *esl.Request) (outcome, err error) {
	if c.upstream == nil {
		u, err := c.port.PassThrough.dial(ctx)
		if err != nil {
			c.port.Log.Warn().Err(err).Str("freeswitch", c.port.PassThrough.Name).
				Msg("a client's request could not be passed on")
			return errUnreached, c.reply("-ERR FreeSWITCH " + c.port.PassThrough.Name + " cannot be reached")
		}
		c.upstream = u
		c.following.Go(func() { c.relay(ctx, u) }) // ends with the session
	}
	if err := c.upstream.write(requestFrame(r)); err != nil {
		return nil, err
	}
	select {
	case outcome := <-c.upstream.answered:
		return outcome, nil
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
}

// errUpstream ends the session of a client whose FreeSWITCH is gone, as that FreeSWITCH would have
// done.
var errUpstream = errors.New("cmdport: the connection to the FreeSWITCH behind the port is lost")

// relay sends the client what FreeSWITCH sends, except the events that this server fired there.
func (c *client) relay(ctx context.Context, u *upstream) {
	defer u.nc.Close()
	defer context.AfterFunc(ctx, func() { u.nc.Close() })()
	for farewell := disconnected(); ; {
		f, err := u.in.ReadFrame()
		if err != nil {
			c.send(farewell)
			c.end(fmt.Errorf("%w: %w", errUpstream, err)) // changes nothing if the client ended the session
			return
		}
		if isOurEvent(f) {
			continue
		}
		if c.send(eventFrame(f)) != nil {
			return
		}
		switch f.Raw("Content-Type") {
		case esl.ContentReply, esl.ContentAPI:
			signalAnswer(u.answered, refusedThere(f))
		case esl.ContentDisconnect:
			farewell = nil // FreeSWITCH has sent its own
		}
	}
}

func signalAnswer(answered chan error, outcome error) {
	select {
	case answered <- outcome:
	default: // a reply to no request
	}
}

// requestFrame returns the request as it came.
func requestFrame(r *esl.Request) []byte {
	frame := []byte(r.Line + "\n")
	for name, value := range r.Headers() {
		frame = append(frame, name+": "+value+"\n"...)
	}
	return append(append(frame, '\n'), r.Body()...)
}

// eventFrame returns the frame as it came.
func eventFrame(f *esl.Event) []byte {
	var frame []byte
	for name := range f.Headers() {
		frame = append(frame, name+": "+f.Raw(name)+"\n"...)
	}
	return append(append(frame, '\n'), f.Body()...)
}

// isOurEvent reports whether this server fired the event into FreeSWITCH. The client already has it
// from this server.
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
