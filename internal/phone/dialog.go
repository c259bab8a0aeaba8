package phone

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/emiago/sipgo/sip"
)

// State is how far a dialog is.
type State string

// The states of a dialog.
const (
	Calling  State = "calling"  // our INVITE is sent; nothing but 100 has come
	Ringing  State = "ringing"  // 180 or 183
	Answered State = "answered" // 200
	Over     State = "over"
)

// Dialog is one call of a phone.
type Dialog struct {
	phone    *Phone
	contact  *Contact
	voice    *voice
	callID   string
	localTag string
	outgoing bool
	began    time.Time
	invite   *sip.Request // the first one; it is only read
	server   string       // the destination of requests; host:port
	decide   chan Behaviour
	acked    chan struct{} // closed by the first ACK; of a call that came in
	gone     chan struct{} // closed when the dialog is over

	// The phone's lock guards the rest.
	state     State
	local     sip.FromHeader // of requests that the phone sends
	remote    sip.ToHeader
	target    sip.Uri
	seq       uint32
	code      int
	reason    string
	byUs      bool
	cancelled bool
	hasAck    bool
	ended     time.Time
	peer      peer
	offers    []string
	notified  []string
	direction string
}

// peer is the other end, as the switch names it.
type peer struct{ number, name string }

// View is a dialog at one moment.
type View struct {
	State    State
	Outgoing bool
	// Number and Name are those of the other end: from the INVITE at first, and then as the switch
	// corrects them.
	Number, Name string
	// Dialled is the number that was called.
	Dialled string
	// Code is the final answer to the INVITE; 0 means that there is none.
	Code int
	// Reason is the Reason header of the CANCEL or BYE that came, or of the final answer.
	Reason string
	// ByUs is true if this phone ended the dialog.
	ByUs         bool
	Began, Ended time.Time
	// Offers are the directions that the switch has offered in a re-INVITE: sendonly, sendrecv,
	// inactive.
	Offers []string
	// Notified are the NOTIFYs of this dialog: the status line of a sipfrag, or the name of the
	// event.
	Notified []string
	// Held is true if this phone holds the other end.
	Held bool
	// Hears is the number of the phone whose voice comes now, or "".
	Hears string
	// HeardAt is when media came last.
	HeardAt time.Time
}

// Number returns the number of the other end.
func (d *Dialog) Number() string { return d.View().Number }

// View returns the dialog as it is now.
func (d *Dialog) View() View {
	d.phone.mu.Lock()
	defer d.phone.mu.Unlock()
	return d.view()
}

func (d *Dialog) view() View {
	v := View{
		State: d.state, Outgoing: d.outgoing, Number: d.peer.number, Name: d.peer.name, Dialled: d.dialled(),
		Code: d.code, Reason: d.reason, ByUs: d.byUs, Began: d.began, Ended: d.ended, Held: d.direction == sendOnly,
		Offers: slices.Clone(d.offers), Notified: slices.Clone(d.notified),
	}
	v.Hears, v.HeardAt = d.voice.heard()
	return v
}

func (d *Dialog) dialled() string { return d.invite.Recipient.User }

// Header returns a header of the INVITE that came, or that was sent, or "" if it has none of that
// name.
func (d *Dialog) Header(name string) string {
	if h := d.invite.GetHeader(name); h != nil {
		return h.Value()
	}
	return ""
}

// CallID returns the dialog's Call-ID.
func (d *Dialog) CallID() string { return d.callID }

// Contact returns the device that has the dialog.
func (d *Dialog) Contact() *Contact { return d.contact }

// Wait returns when a condition is true of the dialog.
func (d *Dialog) Wait(ctx context.Context, so func(View) bool) error {
	if err := d.phone.wait(ctx, func() bool { return so(d.view()) }); err != nil {
		return fmt.Errorf("%w; its call with %s is %s", err, d.Number(), d.View().State)
	}
	return nil
}

// IsAnswered waits until the dialog is answered. It returns an error at once if the dialog ends
// instead.
func (d *Dialog) IsAnswered(ctx context.Context) error { return d.reaches(ctx, Answered) }

// IsRinging waits until the other side rings, or has answered already.
func (d *Dialog) IsRinging(ctx context.Context) error { return d.reaches(ctx, Ringing, Answered) }

// IsOver waits until the dialog is over.
func (d *Dialog) IsOver(ctx context.Context) error { return d.reaches(ctx, Over) }

func (d *Dialog) reaches(ctx context.Context, states ...State) error {
	err := d.Wait(ctx, func(v View) bool { return slices.Contains(states, v.State) || v.State == Over })
	if v := d.View(); err == nil && !slices.Contains(states, v.State) {
		return fmt.Errorf("phone %s: the call with %s ended: %d %s", d.phone.options.Number, v.Number, v.Code, v.Reason)
	}
	return err
}

// finish ends the dialog. Only the first end counts. The lock is held.
func (d *Dialog) finish(byUs bool, code int, reason string) {
	if d.state == Over {
		return
	}
	d.state, d.byUs, d.ended = Over, byUs, time.Now()
	if code != 0 {
		d.code = code
	}
	if reason != "" {
		d.reason = reason
	}
	close(d.gone)
	d.voice.stop()
}

// request builds the next request within the dialog.
func (d *Dialog) request(method sip.RequestMethod) *sip.Request {
	d.phone.mu.Lock()
	defer d.phone.mu.Unlock()
	d.seq++
	return d.requestNumbered(method, d.seq)
}

func (d *Dialog) requestNumbered(method sip.RequestMethod, seq uint32) *sip.Request {
	from, to := d.local, d.remote
	from.Params, to.Params = from.Params.Clone(), to.Params.Clone()
	req := d.contact.request(method, *d.target.Clone(), &from, &to, d.callID, seq)
	req.SetDestination(d.server)
	return req
}

// HangUp ends the dialog with a BYE, a CANCEL or a refusal, as its state demands. It returns when
// the other side has agreed.
func (d *Dialog) HangUp(ctx context.Context) error {
	switch v := d.View(); {
	case v.State == Over:
		return nil
	case v.State == Answered:
		return d.bye(ctx)
	case d.outgoing:
		return d.Cancel(ctx)
	default:
		d.Refuse(486)
		return d.IsOver(ctx)
	}
}

// bye waits for the ACK first, as RFC 3261 demands of the side that was called.
func (d *Dialog) bye(ctx context.Context) error {
	if !d.outgoing {
		select {
		case <-d.acked:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
	req := d.request(sip.BYE)
	mine := false
	d.phone.change(func() { mine = d.state != Over; d.finish(true, 0, "") })
	if !mine {
		return nil
	}
	_, err := d.contact.do(ctx, req) // a 481 means that the other side was first
	return err
}

// hears takes the number and name of the other end from a message of the switch.
func (d *Dialog) hears(m interface{ GetHeader(string) sip.Header }) {
	for _, name := range []string{"P-Asserted-Identity", "Remote-Party-ID"} {
		if h := m.GetHeader(name); h != nil {
			d.peer = parsePeer(h.Value())
			return
		}
	}
}

func parsePeer(value string) peer {
	var uri sip.Uri
	params := sip.NewParams()
	name, err := sip.ParseAddressValue(value, &uri, &params)
	if err != nil {
		return peer{}
	}
	return peer{number: uri.User, name: strings.Trim(name, `"`)}
}

// refresh takes the other side's new address, which any INVITE and its answer may change.
func (d *Dialog) refresh(m interface{ Contact() *sip.ContactHeader }) {
	if contact := m.Contact(); contact != nil {
		d.target = *contact.Address.Clone()
	}
}
