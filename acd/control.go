package acd

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"slices"
	"strings"
	"time"

	"nwayacd/esl"
	"nwayacd/queue"
)

// Errors of the operations on live channels. An operator reads the text of each after -ERR.
var (
	ErrNoChannel   = errors.New("no such channel on any linked FreeSWITCH")
	ErrNotTalking  = errors.New("not in a talk")
	ErrBlacklisted = errors.New("the blacklist of the group has the caller's number")
	ErrNoLink      = errors.New("no link to a FreeSWITCH")
	ErrArgument    = errors.New("cannot be part of a FreeSWITCH command")
	ErrNoHold      = errors.New("only a SIP phone can hold")
	ErrRefused     = errors.New("FreeSWITCH")
	ErrGateway     = errors.New("not among the gateways of [acd]")
)

// threeWayTimeout is how long a third party's phone rings.
const threeWayTimeout = 30 * time.Second

// CallView is a call as the lists show it.
type CallView struct {
	UUID      string
	Caller    string // "" = anonymous
	Dialled   string
	Group     string
	VIP       bool
	Phase     Phase
	Agent     string // the agent who rings or talks; "" = none
	Switch    string // FreeSWITCH-Hostname
	Arrived   time.Time
	PhaseFrom time.Time
}

// CallViews returns the calls that are being served. The one that arrived first comes first.
func (s *Server) CallViews() []CallView {
	var views []CallView
	for _, c := range s.channels.all() {
		if v := c.view.Load(); v != nil {
			views = append(views, *v)
		}
	}
	slices.SortFunc(views, func(a, b CallView) int {
		return cmp.Or(a.Arrived.Compare(b.Arrived), cmp.Compare(a.UUID, b.UUID))
	})
	return views
}

// CallOf returns the call of a channel, which may be the caller's or the agent's. ok is false if
// there is none.
func (s *Server) CallOf(uuid string) (view CallView, ok bool) {
	c := s.channels.caller(uuid)
	if c == nil {
		c = s.channels.legCall(uuid)
	}
	if c == nil {
		return CallView{}, false
	}
	v := c.view.Load()
	if v == nil {
		return CallView{}, false
	}
	return *v, true
}

// Enqueue sends a live channel into the group, on whichever linked FreeSWITCH has it. The channel
// comes to our socket port like a call of the dialplan, and comes again if this process dies.
//   - A caller who waits here keeps the time of arrival in the other group.
//   - A caller who talks leaves the agent, and gets a new place.
//
// If the group's blacklist names a caller of ours, nothing happens, because the group would hang
// them up. Errors: queue.ErrNoGroup, queue.ErrTransfers, ErrBlacklisted, ErrNoChannel, ErrNoLink,
// and ErrRefused with FreeSWITCH's reason.
func (s *Server) Enqueue(ctx context.Context, uuid, group string) error {
	c := s.channels.caller(uuid)
	if c != nil {
		who := c.who()
		if s.Dispatcher.blacklisted(queue.Arrival{Caller: who.number, Group: group, Since: time.Now()}, who.dialled) {
			return fmt.Errorf("group %s: %w", group, ErrBlacklisted)
		}
		if !c.channel().is().talks() {
			return s.Dispatcher.requestMove(uuid, group)
		}
	}
	if _, known := s.Dispatcher.group(group); !known {
		return fmt.Errorf("group %s: %w", group, queue.ErrNoGroup)
	}
	conn, err := s.find(ctx, uuid)
	if err != nil {
		return err
	}
	commands := []esl.Command{esl.API("uuid_setvar " + uuid + " " + outcomeVariable)}
	if from := dialplanPosition(ctx, conn, uuid); from != "" {
		commands = append(commands, esl.API("uuid_setvar "+uuid+" "+homeVariable+" "+from))
	}
	commands = append(commands, s.fetch(conn, uuid, group))
	if c != nil {
		c.orderedTo.Store(&group) // before the order, because the event of the transfer may come before the reply
	}
	if _, err = s.order(ctx, conn, commands...); err != nil && c != nil {
		c.orderedTo.CompareAndSwap(&group, nil)
	}
	return err
}

// dialplanPosition returns the place of a live channel in the dialplan, as home does. The channel
// is sent there if no server can be reached. It returns "" if FreeSWITCH does not answer.
func dialplanPosition(ctx context.Context, conn *esl.Connection, uuid string) string {
	replies, err := conn.Do(ctx, esl.API("uuid_dump "+uuid))
	if err != nil {
		return ""
	}
	return homeOf(dumped(replies[0]))
}

// fetch returns the command that sends a live channel to our socket port for the group. If this
// process dies meanwhile, the channel tries again.
func (s *Server) fetch(conn *esl.Connection, uuid, group string) esl.Command {
	return transferInline(uuid, s.wayBack(conn, group))
}

// transferInline returns the command that sends a channel into an inline dialplan.
func transferInline(uuid, actions string) esl.Command {
	return esl.API("uuid_transfer " + uuid + " '" + actions + "' inline")
}

// wayBack returns the actions of an inline dialplan that lead a caller to our socket port, or home
// if no server can be reached. The connection must be with the caller's FreeSWITCH.
func (s *Server) wayBack(conn *esl.Connection, group string) string {
	socket := "socket:" + s.advertised(conn) + "/" + appQueue + "/" + url.PathEscape(group) + " async full"
	actions := []string{parkForEver, resume, socket}
	// together as long as a restart of this process may take
	for _, pause := range []string{"1000", "2000", "4000", "8000"} {
		actions = append(actions, "sleep:"+pause, resume, socket)
	}
	return strings.Join(append(actions, "transfer:${"+homeVariable+"}"), ",")
}

// parkForEver is the action with which a caller comes back after a talk. A transfer that is faster
// than the park after the talk finds that park's limit still set. The socket application would read
// it, and FreeSWITCH would hang the caller up.
const parkForEver = "multiunset:park_after_bridge park_timeout"

// resume is the action before each socket line. A talk has unset the variable since the one before.
// Without it, FreeSWITCH leaves the caller in silence if the connection is lost at once.
const resume = "set:socket_resume=true"

// Advertise sets the address (host:port) to which a FreeSWITCH connects for a live channel. If the
// host is empty, it is the local address of the connection to that FreeSWITCH.
func (s *Server) Advertise(address string) { s.advertise.Store(&address) }

// advertised returns the address at which that connection's FreeSWITCH reaches our socket port: the
// configured one, or the local address of the connection.
func (s *Server) advertised(conn *esl.Connection) string {
	address := *s.advertise.Load()
	host, port, err := net.SplitHostPort(address)
	if err != nil || host != "" {
		return address
	}
	host, _, _ = net.SplitHostPort(conn.LocalAddr().String())
	return net.JoinHostPort(host, port)
}

// socketAddress returns the address at which the FreeSWITCH of a channel reaches our socket port.
// It returns "" if the channel has no connection.
func (s *Server) socketAddress(ch *channel) string {
	if ch.conn == nil {
		return ""
	}
	return s.advertised(ch.conn)
}

// Hold plays hold music to the caller of a talk, or brings the caller back. uuid is the caller's or
// the agent's channel. FreeSWITCH's hold acts on the agent's leg, which must be a SIP channel. For
// any other channel FreeSWITCH says +OK and starts music that nothing ends. Errors: ErrNotTalking,
// ErrNoLink, ErrNoHold, and ErrRefused with FreeSWITCH's reason.
func (s *Server) Hold(ctx context.Context, uuid string, hold bool) error {
	c, leg, err := s.talkOf(uuid)
	if err != nil {
		return err
	}
	conn := c.wire()
	if conn == nil {
		return ErrNoLink
	}
	if !hold {
		// The music may only be queued, because FreeSWITCH starts it when the caller's phone has
		// sent some frames (switch_ivr_bridge.c). So the queue is emptied too.
		replies, err := conn.Do(ctx, esl.API("uuid_hold off "+leg), c.breakAll())
		if err != nil {
			return err
		}
		return refusal(replies[0])
	}
	name, err := conn.API(ctx, "uuid_getvar "+leg+" channel_name")
	if err != nil {
		return err
	}
	if !strings.HasPrefix(name, "sofia/") && !strings.HasPrefix(name, "verto.rtc/") {
		return fmt.Errorf("%s: %w", name, ErrNoHold)
	}
	_, err = s.order(ctx, conn, esl.API("uuid_hold "+leg))
	return err
}

// Drop hangs up the caller of a call that is served here. uuid is the caller's or the agent's
// channel. The CDR says that an operator did it. Errors: queue.ErrNoCall, ErrNoLink, and ErrRefused
// with FreeSWITCH's reason.
func (s *Server) Drop(ctx context.Context, uuid string) error {
	c := s.channels.caller(uuid)
	if c == nil {
		c = s.channels.legCall(uuid)
	}
	if c == nil {
		return fmt.Errorf("%s: %w", uuid, queue.ErrNoCall)
	}
	conn := c.wire()
	if conn == nil {
		return ErrNoLink
	}
	c.dropped.Store(true) // before the order, because the event of the hang-up may come before the reply
	_, err := s.order(ctx, conn, esl.API("uuid_kill "+c.uuid()+" MANAGER_REQUEST"))
	if err != nil {
		c.dropped.Store(false)
	}
	return err
}

// ThreeWay calls phone through the gateway, and adds it to the talk that the channel is in. It
// returns when the third party has answered. Otherwise the error has FreeSWITCH's reason. If the
// agent hangs up later, the caller and the third party stay together.
func (s *Server) ThreeWay(ctx context.Context, uuid, phone, gateway string) error {
	c, _, err := s.talkOf(uuid)
	if err != nil {
		return err
	}
	if dialable(phone) != phone || dialable(gateway) != gateway {
		return fmt.Errorf("%s, %s: %w", phone, gateway, ErrArgument)
	}
	if !s.mayCallThrough(gateway) {
		return fmt.Errorf("gateway %s: %w", gateway, ErrGateway)
	}
	// A connection of its own is used, because a plain api call holds up everything after it on the
	// same connection. This one lasts as long as the phone rings.
	ctx, stop := context.WithTimeout(ctx, threeWayTimeout+replyLimit)
	defer stop()
	conn, err := s.dial(ctx, c.channel().at())
	if err != nil {
		return err
	}
	defer conn.Close()
	third := &thirdLeg{newUUID(), phone}
	s.channels.addThird(c, third.uuid)
	vars := esl.Vars(
		esl.Header{Name: "origination_uuid", Value: third.uuid},
		esl.Header{Name: "originate_timeout", Value: seconds(threeWayTimeout)},
		esl.Header{Name: "ignore_early_media", Value: "true"},
		esl.Header{Name: "origination_caller_id_number", Value: c.who().shown()},
	)
	originate := "originate " + vars + "sofia/gateway/" + gateway + "/" + phone + " &three_way(" + c.uuid() + ")"
	_, err = s.order(ctx, conn, esl.API(originate))
	if err != nil {
		s.channels.removeThird(third.uuid)
		return err
	}
	c.third.Store(third)
	return nil
}

// mayCallThrough reports whether the configuration allows calls through the gateway.
func (s *Server) mayCallThrough(gateway string) bool {
	allowed := s.settings.Load().Gateways
	return len(allowed) == 0 || slices.Contains(allowed, gateway)
}

// talkOf returns the call in whose talk the channel is, as caller or as agent, and the uuid of the
// agent's leg. The error is ErrNotTalking if there is none.
func (s *Server) talkOf(uuid string) (c *call, leg string, err error) {
	if c = s.channels.caller(uuid); c == nil {
		c = s.channels.legCall(uuid)
	}
	if c == nil || c.channel().is() != talking {
		return nil, "", fmt.Errorf("%s: %w", uuid, ErrNotTalking)
	}
	return c, c.legUUID(), nil
}

// find returns the connection of the link to the FreeSWITCH that has the channel. Errors:
// ErrNoChannel and ErrNoLink.
func (s *Server) find(ctx context.Context, uuid string) (*esl.Connection, error) {
	if !isUUID(uuid) {
		return nil, fmt.Errorf("%q: %w", uuid, ErrNoChannel)
	}
	linked := false
	for _, l := range s.links {
		conn := l.conn.Load()
		if conn == nil {
			continue
		}
		linked = true
		if there, err := conn.API(ctx, "uuid_exists "+uuid); err == nil && there == "true" {
			return conn, nil
		}
	}
	if !linked {
		return nil, ErrNoLink
	}
	return nil, fmt.Errorf("%s: %w", uuid, ErrNoChannel)
}

// dial opens another connection to a FreeSWITCH.
func (s *Server) dial(ctx context.Context, at Switch) (*esl.Connection, error) {
	if at.Address == "" {
		return nil, ErrNoLink
	}
	if s.options.Dial == nil {
		return esl.Dial(ctx, at.Address, at.password(), esl.Options{})
	}
	nc, err := s.options.Dial(ctx)
	if err != nil {
		return nil, err
	}
	return esl.Login(ctx, nc, at.password(), esl.Options{})
}

// order sends commands and returns what the last one printed. If FreeSWITCH refused the last one,
// it returns an error.
func (s *Server) order(ctx context.Context, conn *esl.Connection, commands ...esl.Command) (string, error) {
	replies, err := conn.Do(ctx, commands...)
	if err != nil {
		return "", err
	}
	last := replies[len(replies)-1]
	return last.Text(), refusal(last)
}

// refusal returns nil if FreeSWITCH accepted the command, otherwise ErrRefused with the reason.
func refusal(r esl.Reply) error {
	if r.OK() {
		return nil
	}
	return fmt.Errorf("%w: %s", ErrRefused, strings.TrimSpace(strings.TrimPrefix(r.Text(), "-ERR")))
}
