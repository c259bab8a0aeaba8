package sim

import (
	"context"
	"slices"
	"strings"
	"sync"
	"time"

	"nwayacd/esl"
)

// step is one state of a channel's life: it blocks until the state is over and returns the next,
// nil for the hang-up.
type step func() step

// channel is one leg. Its goroutine (live) is FreeSWITCH's session thread: all
// that it runs, nested or not, runs there; others only leave it orders.
type channel struct {
	s         *Switch
	serial    uint64 // order of creation
	uuid      string
	name      string // sofia/internal/1000@sim.local
	outbound  bool
	ext       string // of the phone at its other end; "" = none
	device    string // which telephone of the extension it is
	originate uint64 // number of the originate that made it
	call      *Call  // the caller's handle; nil on other legs
	created   time.Time
	answered  chan struct{}
	gone      chan struct{} // closed when the channel is over, but for connections that linger
	ctx       context.Context
	down      context.CancelFunc // ctx is done when it is hung up
	wake      chan struct{}
	talk      time.Duration // hangs up so long after a bridge; 0 = never
	dies      bool          // hangs up once a bridge is ordered

	// The channel's goroutine alone has these.
	plan []Action // what is left of the dialplan

	// referring keeps apart a REFER that puts a caller in this channel's place, and the end of this
	// channel's originate.
	referring   sync.Mutex
	originating bool // it lets another phone ring (CF_ORIGINATOR); guarded by referring

	mu          sync.Mutex // guards what follows
	vars        []esl.Header
	callerID    string
	callerName  string
	dialled     string
	dialplan    string
	rdnis       string        // the number it was transferred from
	transferred string        // transfer_source of its last transfer
	profiles    int           // caller profiles so far: each transfer and each uuid_bridge begins a new one
	otherLeg    *channel      // of the present profile; stays when a bridge ends, goes with a transfer
	otherType   string        // what it is: originator or originatee
	held        bool          // by its own phone (CF_LEG_HOLDING)
	intercepted bool          // its peer is being taken by somebody's intercept (CF_INTERCEPT)
	lag         time.Duration // until it notices the end of the bridge in progress
	state       string        // CS_…
	callState   string
	progressed  time.Time
	media       time.Time // early media since
	answeredAt  time.Time
	bridgedAt   time.Time
	hungUp      time.Time
	cause       string
	app, data   string
	running     int // applications, one inside the other
	peer        *channel
	inbox       []*message
	quiet       chan struct{} // closed when the inbox is empty; nil when nobody waits
	deaf        bool          // obeys no message now
	locked      int
	playing     []int         // numbers of what uuid_break can end, outermost first
	lastPlay    int           // the last such number given out
	broken      int           // all up to this number are broken
	brokenOne   int           // and this one
	order       step          // what the channel is to do instead of what it does
	reset       bool          // CS_RESET: the connection is lost, go on in the dialplan
	release     chan struct{} // of the park in progress
	conns       []*listener   // of its socket applications
	digits      []byte
	digitSignal chan struct{} // closed by the next digit; nil when nobody waits
	recording   []string
}

func newChannel(s *Switch, uuid, name string) *channel {
	c := &channel{
		s: s, serial: s.born.Add(1), uuid: uuid, name: name, created: time.Now(), dialplan: "XML",
		answered: make(chan struct{}), gone: make(chan struct{}), wake: make(chan struct{}, 1),
		state: "CS_NEW", callState: "DOWN", profiles: 1,
	}
	c.ctx, c.down = context.WithCancel(s.ctx)
	return c
}

// live runs the channel from its first step to its destruction.
func (c *channel) live(first step) {
	c.fire("CHANNEL_CREATE")
	for next := first; next != nil && c.up(); {
		next = next()
	}
	c.hangup("NORMAL_CLEARING")
	<-c.ctx.Done() // who hung up has told of it
	c.destroy()
}

func (c *channel) destroy() {
	c.mu.Lock()
	conns := c.conns
	c.mu.Unlock()
	c.s.schedule.remove(c.uuid)
	c.setState("CS_HANGUP")
	for _, l := range conns {
		l.channelDown()
	}
	c.setState("CS_REPORTING")
	c.fire("CHANNEL_HANGUP_COMPLETE")
	c.setState("CS_DESTROY")
	close(c.gone)
	c.changed()
	for _, l := range conns { // each holds the session's lock, and with linger for long
		<-l.finished
	}
	c.s.forget(c)
	c.fire("CHANNEL_DESTROY")
}

// hangup ends the channel for a cause; the first one stands.
func (c *channel) hangup(cause string) {
	c.mu.Lock()
	if c.cause != "" {
		c.mu.Unlock()
		return
	}
	c.cause, c.hungUp, c.callState = cause, time.Now(), "HANGUP"
	holding := c.held // still, for the end of its bridge: CF_HANGUP_HELD
	c.mu.Unlock()
	c.s.trace(c.uuid, "hangup", cause)
	if holding {
		c.fire("CHANNEL_UNHOLD")
	}
	c.fire("CHANNEL_HANGUP")
	c.down()
	c.kick()
	c.changed()
	if ringing := c.s.find(c.getVar("att_xfer_kill_uuid")); ringing != nil {
		ringing.hangup("NORMAL_CLEARING")
	}
}

// phoneLeaves is the channel's own phone hanging up: its BYE is noted first (sofia.c,
// sofia_handle_sip_i_bye).
func (c *channel) phoneLeaves() {
	c.setVar("sip_term_status", "200")
	c.hangup("NORMAL_CLEARING")
}

// up says whether the channel is not hung up. It is down before CHANNEL_HANGUP is told
// (switch_channel.c, switch_channel_perform_hangup), and woken after.
func (c *channel) up() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.cause == "" && c.ctx.Err() == nil
}

// answer is the channel picking up.
func (c *channel) answer() {
	c.mu.Lock()
	if !c.answeredAt.IsZero() || c.cause != "" {
		c.mu.Unlock()
		return
	}
	c.answeredAt, c.callState = time.Now(), "ACTIVE"
	c.mu.Unlock()
	c.fire("CHANNEL_ANSWER")
	c.fire("CHANNEL_CALLSTATE")
	close(c.answered)
	c.changed()
}

// preAnswer opens early media, unless there is media already.
func (c *channel) preAnswer() {
	c.mu.Lock()
	if !c.answeredAt.IsZero() || !c.media.IsZero() || c.cause != "" {
		c.mu.Unlock()
		return
	}
	c.media, c.callState = time.Now(), "EARLY"
	c.mu.Unlock()
	c.fire("CHANNEL_PROGRESS_MEDIA")
	c.fire("CHANNEL_CALLSTATE")
}

func (c *channel) isAnswered() bool {
	select {
	case <-c.answered:
		return true
	default:
		return false
	}
}

// hasMedia says whether something can be heard on it: answered or early media.
func (c *channel) hasMedia() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return !c.answeredAt.IsZero() || !c.media.IsZero()
}

func (c *channel) setState(state string) {
	c.mu.Lock()
	c.state = state
	c.mu.Unlock()
	c.fire("CHANNEL_STATE")
}

// redirect orders the channel to leave what it does for next.
func (c *channel) redirect(next step) {
	c.mu.Lock()
	c.order, c.reset = next, false
	c.mu.Unlock()
	c.kick()
}

// ordered takes the order that interrupted the channel, or else, which may be nil.
func (c *channel) ordered(otherwise step) step {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.order != nil {
		otherwise, c.order = c.order, nil
	}
	return otherwise
}

// interrupted says whether the channel has to leave all that it runs.
func (c *channel) interrupted() bool {
	if !c.up() {
		return true
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.order != nil || c.reset
}

func (c *channel) isReset() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.reset
}

func (c *channel) clearReset() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.reset = false
}

func (c *channel) kick() {
	select {
	case c.wake <- struct{}{}:
	default:
	}
}

func (c *channel) changed() {
	if c.call != nil {
		c.call.changed()
	}
}

func (c *channel) setVar(name, value string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.setVarLocked(name, value)
}

// setVarLocked puts a variable that is set again behind all others, as
// switch_event_add_header does with unique headers.
func (c *channel) setVarLocked(name, value string) {
	c.vars = slices.DeleteFunc(c.vars, func(v esl.Header) bool { return sameName(v.Name, name) })
	if value != "" {
		c.vars = append(c.vars, esl.Header{Name: name, Value: value})
	}
}

// pushVar adds to the values of a variable: SWITCH_STACK_PUSH.
func (c *channel) pushVar(name, value string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	old := ""
	for _, v := range c.vars {
		if sameName(v.Name, name) {
			old = v.Value
		}
	}
	if old != "" {
		value = "ARRAY::" + strings.TrimPrefix(old, "ARRAY::") + "|:" + value
	}
	c.setVarLocked(name, value)
}

func (c *channel) getVar(name string) string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.getVarLocked(name)
}

func (c *channel) getVarLocked(name string) string {
	for _, v := range c.vars {
		if sameName(v.Name, name) {
			return v.Value
		}
	}
	return c.profileLocked(name)
}

// profileLocked returns what FreeSWITCH serves as variables though it stands in the caller profile.
func (c *channel) profileLocked(name string) string {
	switch strings.ToLower(name) {
	case "uuid":
		return c.uuid
	case "caller_id_number":
		return c.callerID
	case "caller_id_name":
		return c.callerName
	case "destination_number":
		return c.dialled
	case "channel_name":
		return c.name
	case "hostname":
		return c.s.opt.Name
	}
	return ""
}
