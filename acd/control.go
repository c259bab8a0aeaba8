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
)

// Errors of the operations on live channels. The text of each is what an operator reads after -ERR.
var (
	ErrNoChannel  = errors.New("no such channel on any linked FreeSWITCH")
	ErrNotTalking = errors.New("not in a talk")
	ErrNoLink     = errors.New("no link to a FreeSWITCH")
	ErrArgument   = errors.New("cannot be part of a FreeSWITCH command")
	ErrNoHold     = errors.New("only a SIP phone can hold")
	ErrRefused    = errors.New("FreeSWITCH")
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
	Phase     string // greet, refuse, wait, ring, talk, leave
	Agent     string // who rings or talks
	Switch    string // FreeSWITCH-Hostname
	Arrived   time.Time
	PhaseFrom time.Time
}

// CallViews lists the calls being served and the talks that go on without us, the longest here first.
func (s *Server) CallViews() []CallView {
	var views []CallView
	for _, c := range s.calls.all() {
		if v := c.view.Load(); v != nil {
			views = append(views, *v)
		}
	}
	for _, t := range s.talks.all() {
		views = append(views, talkView(t))
	}
	slices.SortFunc(views, func(a, b CallView) int {
		return cmp.Or(a.Arrived.Compare(b.Arrived), cmp.Compare(a.UUID, b.UUID))
	})
	return views
}

// Enqueue sends a live channel, on whichever linked FreeSWITCH has it, into the group: it dials us as a call of the dialplan does, and
// comes back to us should we die. Errors: queue.ErrNoGroup, queue.ErrCallHere, ErrNoChannel, ErrNoLink, and FreeSWITCH's word.
func (s *Server) Enqueue(ctx context.Context, uuid, group string) error {
	if err := s.Dispatcher.mayJoin(uuid, group); err != nil {
		return err
	}
	conn, err := s.find(ctx, uuid)
	if err != nil {
		return err
	}
	_, err = s.order(ctx, conn, esl.API("uuid_setvar "+uuid+" "+outcomeVariable), s.fetch(conn, uuid, group))
	return err
}

// fetch is the command that makes a live channel dial us for the group, and come back should we die meanwhile.
func (s *Server) fetch(conn *esl.Connection, uuid, group string) esl.Command {
	return esl.API("uuid_transfer " + uuid + " '" + s.wayBack(conn, group) + "' inline")
}

// wayBack are the actions of an inline dialplan that lead a caller to us, or home while nobody of us can be reached. conn is with their FreeSWITCH.
func (s *Server) wayBack(conn *esl.Connection, group string) string {
	socket := "socket:" + s.advertised(conn) + "/" + appQueue + "/" + url.PathEscape(group) + " async full"
	return "set:socket_resume=true," + socket + ",sleep:1000," + socket + ",transfer:${" + homeVariable + "}"
}

// Advertise sets the address (host:port) that a FreeSWITCH dials back for a live channel; without a host, ours as seen on that switch's link.
func (s *Server) Advertise(address string) { s.advertise.Store(&address) }

// advertised is the address at which the FreeSWITCH of that link reaches our socket port: the configured one, or else the one we reach it
// from.
func (s *Server) advertised(conn *esl.Connection) string {
	address := *s.advertise.Load()
	host, port, err := net.SplitHostPort(address)
	if err != nil || host != "" {
		return address
	}
	host, _, _ = net.SplitHostPort(conn.LocalAddr().String())
	return net.JoinHostPort(host, port)
}

// Hold lets the caller of a talk hear hold music, or brings it back; uuid is the caller's or the agent's channel. FreeSWITCH's hold acts on
// the agent's leg, which must be a SIP one: for any other it says +OK and starts music that nothing ends. Errors: ErrNotTalking, ErrNoHold
// and FreeSWITCH's word.
func (s *Server) Hold(ctx context.Context, uuid string, hold bool) error {
	c, leg, err := s.talkOf(uuid)
	if err != nil {
		return err
	}
	if !hold {
		// The music may only be queued yet: FreeSWITCH starts it when the caller's phone has sent some frames (switch_ivr_bridge.c).
		replies, err := c.conn.Do(ctx, esl.API("uuid_hold off "+leg), c.breakAll())
		if err != nil {
			return err
		}
		return refusal(replies[0])
	}
	name, err := c.conn.API(ctx, "uuid_getvar "+leg+" channel_name")
	if err != nil {
		return err
	}
	if !strings.HasPrefix(name, "sofia/") && !strings.HasPrefix(name, "verto.rtc/") {
		return fmt.Errorf("%s: %w", name, ErrNoHold)
	}
	_, err = s.order(ctx, c.conn, esl.API("uuid_hold "+leg))
	return err
}

// ThreeWay rings phone through the gateway into the talk that the channel is in. It returns when the third party has answered, or with
// FreeSWITCH's word why it has not.
func (s *Server) ThreeWay(ctx context.Context, uuid, phone, gateway string) error {
	c, _, err := s.talkOf(uuid)
	if err != nil {
		return err
	}
	if dialable(phone) != phone || dialable(gateway) != gateway {
		return fmt.Errorf("%s, %s: %w", phone, gateway, ErrArgument)
	}
	// A connection of its own: a plain api call holds up all that comes after it on the same one, and here it lasts as long as it rings.
	ctx, stop := context.WithTimeout(ctx, threeWayTimeout+replyLimit)
	defer stop()
	conn, err := s.dial(ctx, c.at)
	if err != nil {
		return err
	}
	defer conn.Close()
	vars := esl.Vars(
		esl.Header{Name: "originate_timeout", Value: seconds(threeWayTimeout)},
		esl.Header{Name: "ignore_early_media", Value: "true"},
		esl.Header{Name: "origination_caller_id_number", Value: c.shownCaller()},
	)
	_, err = s.order(ctx, conn, esl.API("originate "+vars+"sofia/gateway/"+gateway+"/"+phone+" &three_way("+c.uuid+")"))
	return err
}

// talkOf is the call in whose talk the channel is, caller or agent, and the agent's leg.
func (s *Server) talkOf(uuid string) (c *call, leg string, err error) {
	c = s.calls.find(uuid)
	if l := s.legs.find(uuid); c == nil && l != nil {
		c = s.calls.find(l.offer.Call)
	}
	if c == nil {
		return nil, "", fmt.Errorf("%s: %w", uuid, ErrNotTalking)
	}
	partner, v := c.partner.Load(), c.view.Load()
	if partner == nil || v == nil || v.Phase != "talk" {
		return nil, "", fmt.Errorf("%s: %w", uuid, ErrNotTalking)
	}
	return c, *partner, nil
}

// find is the link to the FreeSWITCH that has the channel.
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

// dial opens a connection of its own to a FreeSWITCH.
func (s *Server) dial(ctx context.Context, at Switch) (*esl.Connection, error) {
	if at.Address == "" {
		return nil, ErrNoLink
	}
	if s.options.Dial == nil {
		return esl.Dial(ctx, at.Address, at.Password, esl.Options{})
	}
	nc, err := s.options.Dial(ctx)
	if err != nil {
		return nil, err
	}
	return esl.Login(ctx, nc, at.Password, esl.Options{})
}

// order sends commands and returns what the last one printed; where that is a refusal, it is the error.
func (s *Server) order(ctx context.Context, conn *esl.Connection, commands ...esl.Command) (string, error) {
	replies, err := conn.Do(ctx, commands...)
	if err != nil {
		return "", err
	}
	last := replies[len(replies)-1]
	return last.Text(), refusal(last)
}

// refusal is nil, or FreeSWITCH's word why not.
func refusal(r esl.Reply) error {
	if r.OK() {
		return nil
	}
	return fmt.Errorf("%w: %s", ErrRefused, strings.TrimSpace(strings.TrimPrefix(r.Text(), "-ERR")))
}
