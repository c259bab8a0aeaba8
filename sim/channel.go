package sim

import (
	"context"
	"slices"
	"strings"
	"sync"
	"time"

	"nwayacd/esl"
)

// step is one state of a channel's life. It blocks until the state is over and returns the next
// state, or nil for the hang-up.
type step func() step

// channel is one leg. Its goroutine (live) is FreeSWITCH's session thread, which runs all of the
// channel's applications, nested or not. Other goroutines only leave orders for it.
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
	gone      chan struct{} // closed when the channel is over, except for connections that linger
	ctx       context.Context
	down      context.CancelFunc // ctx is done when it is hung up
	wake      chan struct{}
	talk      time.Duration // time after a bridge at which it hangs up; 0 = never
	late      time.Duration // how long FreeSWITCH takes to bridge it
	dies      bool          // hangs up as soon as a bridge is ordered
	diesLater bool          // hangs up as soon as a bridge is made

	// Only the channel's goroutine uses these.
	plan []Action // the rest of the dialplan

	// referring separates a REFER that puts a caller in this channel's place from the end of this
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
	otherLeg    *channel      // of the present profile; it stays when a bridge ends, and is removed by a transfer
	otherType   string        // its role: originator or originatee
	held        bool          // by its own phone (CF_LEG_HOLDING)
	intercepted bool          // an intercept is taking its peer (CF_INTERCEPT)
	lag         time.Duration // until it sees the end of the bridge in progress
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
	quiet       chan struct{} // closed when the inbox is empty; nil if nothing waits for that
	deaf        bool          // reads no message now
	locked      int
	playing     []int         // numbers of what uuid_break can end, outermost first
	lastPlay    int           // the last such number given out
	broken      int           // all up to this number are broken
	brokenOne   int           // and this one
	stopped     int           // all up to this number were broken by a bridge that ended
	order       step          // the step that the channel is to begin instead of what it does
	reset       bool          // CS_RESET: the connection is lost, continue in the dialplan
	release     chan struct{} // of the park in progress
	conns       []*listener   // of its socket applications
	digits      []byte
	digitSignal chan struct{} // closed by the next digit; nil if nothing waits for one
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
	<-c.ctx.Done() // the phone that hung up has sent it already
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
	for _, l := range conns { // each holds the session's lock; with linger, for long
		<-l.finished
	}
	c.s.forget(c)
	c.fire("CHANNEL_DESTROY")
}

// crash is the cause of the channels of a switch that crashed.
const crash = "CRASH"

func (c *channel) crashed() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.cause == crash
}

// hangup ends the channel for a cause. The first cause stays.
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

// phoneLeaves is the hang-up of the channel's own phone, whose BYE is noted first (sofia.c,
// sofia_handle_sip_i_bye).
func (c *channel) phoneLeaves() {
	c.setVar("sip_term_status", "200")
	c.hangup("NORMAL_CLEARING")
}

// up reports whether the channel is not hung up. A channel is down before CHANNEL_HANGUP is fired
// (switch_channel.c, switch_channel_perform_hangup), and is woken after that.
func (c *channel) up() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.cause == "" && c.ctx.Err() == nil
}

// answer lets the channel answer.
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

// hasMedia reports whether the channel has media, because it is answered or has early media.
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

// interrupted reports whether the channel has to leave all that it runs.
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

// setVarLocked sets a variable. One that is set again goes behind all others, as in
// switch_event_add_header with unique headers.
func (c *channel) setVarLocked(name, value string) {
	c.vars = slices.DeleteFunc(c.vars, func(v esl.Header) bool { return sameName(v.Name, name) })
	if value != "" {
		c.vars = append(c.vars, esl.Header{Name: name, Value: value})
	}
}

// pushVar adds to the values of a variable (SWITCH_STACK_PUSH).
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

// profileLocked returns those fields of the caller profile that FreeSWITCH serves as variables.
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
