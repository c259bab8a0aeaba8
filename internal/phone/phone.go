// Package phone is a SIP phone for tests and for the soak. It registers contacts, places and takes
// calls, holds them and transfers them, as the phone on a desk does.
//
// Its media is plain RTP with PCMU. Over WebSocket FreeSWITCH demands DTLS. So a WebSocket contact
// can register, ring and refuse, but a call that it answers has no sound.
//
// It owns SIP sockets, registrations, dialogs and the media it sends. It must know nothing of this
// program: not its wire, not its database, not its groups.
package phone

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/emiago/sipgo/sip"
)

// prepareLibrary makes the SIP library quiet, in its log and on the wire. After Timer_1xx the
// library sends "100 Trying" by itself, which a phone without an answer must not send. A number may
// have thousands of digits.
var prepareLibrary = sync.OnceFunc(func() {
	sip.SetDefaultLogger(slog.New(slog.DiscardHandler))
	sip.Timer_1xx = 24 * time.Hour
	sip.UDPMTUSize = 60_000
})

// nowhere is the server of a phone that only takes calls.
const nowhere = "127.0.0.1:9"

// Options are the options of a phone.
type Options struct {
	// Number is the user part of the phone's address, and its extension.
	Number string
	// Name is the display name that others see; "" means none.
	Name string
	// Server is the host:port of the switch's SIP profile, for UDP and TCP; "" means that the phone
	// only takes calls.
	Server string
	// WebSocket is the host:port of the profile's WebSocket; "" means that the phone does not use
	// it.
	WebSocket string
	// Domain is the host part of the phone's address; "" means 127.0.0.1.
	Domain string
	// OnTalk makes the phone pick up when the switch sends it "Event: talk", as desk phones do.
	OnTalk bool
	// HangUpTransferred makes the phone end its dialogs when the switch reports that a transfer has
	// succeeded, as most phones do.
	HangUpTransferred bool
}

// Phone is a SIP phone. Its methods may be called from several goroutines.
type Phone struct {
	options Options
	life    context.Context
	end     context.CancelFunc
	work    sync.WaitGroup

	mu        sync.Mutex
	changed   chan struct{}        // closed when anything below or in a dialog has changed
	decides   func(View) Behaviour // nil = behaviour
	behaviour Behaviour
	contacts  []*Contact
	dialogs   []*Dialog
}

// New returns a phone that has not registered yet. It answers every call until Takes sets another
// behaviour.
func New(o Options) *Phone {
	prepareLibrary()
	if o.Domain == "" {
		o.Domain = "127.0.0.1"
	}
	if o.Server == "" {
		o.Server = nowhere
	}
	p := &Phone{options: o, changed: make(chan struct{}), behaviour: Answers(0)}
	p.life, p.end = context.WithCancel(context.Background())
	return p
}

// Number returns the phone's extension.
func (p *Phone) Number() string { return p.options.Number }

// Close ends the phone as a power cut does. It unregisters nothing and sends nothing. It returns
// when all its goroutines have ended.
func (p *Phone) Close() {
	p.mu.Lock()
	p.end()
	contacts, dialogs := slices.Clone(p.contacts), slices.Clone(p.dialogs)
	p.mu.Unlock()
	for _, d := range dialogs {
		d.voice.stop()
	}
	for _, c := range contacts {
		c.close()
	}
	p.work.Wait()
}

// Takes sets how the phone takes its next calls.
func (p *Phone) Takes(b Behaviour) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.behaviour = b
}

// Decides sets a function that decides from each call how the phone takes it. The function must not
// use the phone.
func (p *Phone) Decides(how func(View) Behaviour) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.decides = how
}

// Register registers one more contact, with a socket and a Call-ID of its own. The transport is
// "udp", "tcp" or "ws".
func (p *Phone) Register(ctx context.Context, transport string) (*Contact, error) {
	c, err := p.Open(ctx, transport)
	if err != nil {
		return nil, err
	}
	return c, c.Refresh(ctx)
}

// Open makes a contact with its socket and does not register it. A caller that has its port can
// call it there.
func (p *Phone) Open(ctx context.Context, transport string) (*Contact, error) {
	c, err := newContact(ctx, p, transport)
	if err != nil {
		return nil, fmt.Errorf("phone %s, %s: %w", p.options.Number, transport, err)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.contacts = append(p.contacts, c)
	return c, nil
}

// line returns the contact from which the phone calls: the first one, or a UDP socket that is not
// registered.
func (p *Phone) line(ctx context.Context) (*Contact, error) {
	p.mu.Lock()
	var first *Contact
	if len(p.contacts) > 0 {
		first = p.contacts[0]
	}
	p.mu.Unlock()
	if first != nil {
		return first, nil
	}
	return p.Open(ctx, "udp")
}

// Call places a call to a number or to a whole SIP address and returns when the INVITE is sent.
func (p *Phone) Call(ctx context.Context, to string, headers ...Header) (*Dialog, error) {
	c, err := p.line(ctx)
	if err != nil {
		return nil, err
	}
	return c.Call(ctx, to, headers...)
}

// Dialogs returns all dialogs that the phone has had, in the order in which they began.
func (p *Phone) Dialogs() []*Dialog {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.dialogs)
}

// Contacts returns the phone's devices, in the order in which they came.
func (p *Phone) Contacts() []*Contact {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.contacts)
}

// Find waits until the phone has a dialog of which the condition is true, and returns the latest
// such.
func (p *Phone) Find(ctx context.Context, is func(View) bool) (found *Dialog, err error) {
	err = p.wait(ctx, func() bool {
		for _, d := range slices.Backward(p.dialogs) {
			if is(d.view()) {
				found = d
				return true
			}
		}
		return false
	})
	return found, err
}

// InCall waits until the phone has a dialog that is answered, and returns the latest such.
func (p *Phone) InCall(ctx context.Context) (*Dialog, error) {
	return p.Find(ctx, func(v View) bool { return v.State == Answered })
}

// Rings waits until a call rings at the phone, and returns it.
func (p *Phone) Rings(ctx context.Context) (*Dialog, error) {
	return p.Find(ctx, func(v View) bool { return v.State == Ringing && !v.Outgoing })
}

// wait returns when a condition is true. It looks at each change and holds the lock while it looks.
func (p *Phone) wait(ctx context.Context, so func() bool) error {
	for {
		p.mu.Lock()
		done, changed := so(), p.changed
		p.mu.Unlock()
		if done {
			return nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return fmt.Errorf("phone %s: %w", p.options.Number, context.Cause(ctx))
		case <-p.life.Done():
			return fmt.Errorf("phone %s was closed", p.options.Number)
		}
	}
}

// change runs a change of the state under the lock, and wakes every waiter.
func (p *Phone) change(do func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	do()
	close(p.changed)
	p.changed = make(chan struct{})
}

// dialog finds a dialog by its Call-ID and our tag; nil if there is none.
func (p *Phone) dialog(callID, tag string) *Dialog {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, d := range slices.Backward(p.dialogs) {
		if d.callID == callID && d.localTag == tag {
			return d
		}
	}
	return nil
}
