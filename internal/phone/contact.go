package phone

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/emiago/sipgo"
	"github.com/emiago/sipgo/sip"
	"github.com/google/uuid"
)

// Header is one more header of a request.
type Header struct{ Name, Value string }

// lasting is for how many seconds a registration is asked. A phone does not register again by
// itself, so this is longer than every test and soak.
const lasting = 24 * 60 * 60

// Contact is one device of a phone. It has a socket, and a registration that leads to it.
type Contact struct {
	phone     *Phone
	transport string // as SIP writes it: UDP, TCP, WS
	server    string // host:port
	ua        *sipgo.UserAgent
	client    *sipgo.Client
	conn      sip.Connection
	host      string
	port      int
	off       atomic.Bool

	registering sync.Mutex // one REGISTER at a time
	callID      string
	tag         string
	seq         uint32

	behaviour *Behaviour // nil = as the phone; guarded by the phone
}

func newContact(ctx context.Context, p *Phone, transport string) (*Contact, error) {
	c := &Contact{
		phone: p, transport: strings.ToUpper(transport), server: p.options.Server,
		callID: uuid.NewString(), tag: newTag(),
	}
	if c.transport == "WS" {
		c.server = p.options.WebSocket
	}
	var err error
	c.ua, err = sipgo.NewUA(sipgo.WithUserAgentTransportLayerOptions(sip.WithTransportLayerReadFilter(c.filter)))
	if err != nil {
		return nil, err
	}
	if c.client, err = sipgo.NewClient(c.ua); err != nil {
		return nil, err
	}
	if err := c.serve(); err != nil {
		return nil, err
	}
	if err := c.connect(ctx); err != nil {
		return nil, errors.Join(err, c.ua.Close())
	}
	return c, nil
}

// serve sets the handler of each request.
func (c *Contact) serve() error {
	server, err := sipgo.NewServer(c.ua)
	if err != nil {
		return err
	}
	server.OnInvite(c.during(c.invited))
	server.OnAck(c.during(c.acknowledged))
	server.OnBye(c.during(c.hungUp))
	server.OnNotify(c.during(c.notified))
	server.OnUpdate(c.during(c.updated))
	server.OnCancel(func(req *sip.Request, tx sip.ServerTransaction) { respond(tx, req, 481) })
	for _, method := range []sip.RequestMethod{sip.OPTIONS, sip.INFO, sip.MESSAGE} {
		server.OnRequest(method, func(req *sip.Request, tx sip.ServerTransaction) { respond(tx, req, 200) })
	}
	return nil
}

// during lets Close wait for a handler. A request that comes when the phone is closed is dropped.
func (c *Contact) during(handle sipgo.RequestHandler) sipgo.RequestHandler {
	return func(req *sip.Request, tx sip.ServerTransaction) {
		if c.phone.begin() {
			defer c.phone.work.Done()
			handle(req, tx)
		}
	}
}

// begin adds to the phone's work. It returns false if the phone is closed.
func (p *Phone) begin() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.life.Err() != nil {
		return false
	}
	p.work.Add(1)
	return true
}

// connect opens the socket. It asks for the connection that requests to the server will take.
func (c *Contact) connect(ctx context.Context) error {
	probe := sip.NewRequest(sip.OPTIONS, sip.Uri{Scheme: "sip", Host: c.phone.options.Domain})
	probe.AppendHeader(&sip.ViaHeader{Transport: c.transport, Host: "127.0.0.1", Port: 1})
	probe.SetTransport(c.transport)
	probe.SetDestination(c.server)
	probe.Laddr = sip.Addr{IP: net.IPv4(127, 0, 0, 1)}
	var err error
	if c.conn, err = c.ua.TransportLayer().ClientRequestConnection(ctx, probe); err != nil {
		return err
	}
	host, port, err := net.SplitHostPort(c.conn.LocalAddr().String())
	if err != nil {
		return err
	}
	c.host = host
	c.port, err = strconv.Atoi(port)
	return err
}

func (c *Contact) close() {
	c.conn.Close()
	c.ua.Close()
}

// filter drops what comes in while the device is switched off.
func (c *Contact) filter(_ sip.TransportReadProps, data []byte) ([]byte, error) {
	if c.off.Load() {
		return nil, nil
	}
	return data, nil
}

// SwitchOff makes the device answer nothing from now on, as a phone without power. The contact
// stays registered.
func (c *Contact) SwitchOff() { c.off.Store(true) }

// SwitchOn ends SwitchOff.
func (c *Contact) SwitchOn() { c.off.Store(false) }

// Cut closes the socket without a last message, as if a browser's page reloads or a cable is
// pulled.
func (c *Contact) Cut() { c.conn.Close() }

// Takes sets how this device takes its next calls, whatever the phone's behaviour is.
func (c *Contact) Takes(b Behaviour) {
	c.phone.mu.Lock()
	defer c.phone.mu.Unlock()
	c.behaviour = &b
}

// takes returns how the device takes a call. The phone's lock is held.
func (c *Contact) takes(v View) Behaviour {
	switch p := c.phone; {
	case c.behaviour != nil:
		return *c.behaviour
	case p.decides != nil:
		return p.decides(v)
	default:
		return p.behaviour
	}
}

// Refresh registers the contact, or registers it again.
func (c *Contact) Refresh(ctx context.Context) error { return c.register(ctx, lasting) }

// Unregister removes this contact. The phone's other contacts stay.
func (c *Contact) Unregister(ctx context.Context) error { return c.register(ctx, 0) }

func (c *Contact) register(ctx context.Context, seconds int) error {
	c.registering.Lock()
	defer c.registering.Unlock()
	c.seq++
	own := c.address("")
	from := &sip.FromHeader{Address: own, Params: sip.NewParams()}
	from.Params.Add("tag", c.tag)
	domain := sip.Uri{Scheme: "sip", Host: c.phone.options.Domain}
	req := c.request(sip.REGISTER, domain, from, &sip.ToHeader{Address: own}, c.callID, c.seq)
	req.AppendHeader(sip.NewHeader("Expires", strconv.Itoa(seconds)))
	res, err := c.do(ctx, req)
	if err != nil {
		return fmt.Errorf("phone %s: REGISTER over %s: %w", c.phone.options.Number, c.transport, err)
	}
	if res.StatusCode != 200 {
		return fmt.Errorf("phone %s: REGISTER: %d %s", c.phone.options.Number, res.StatusCode, res.Reason)
	}
	return nil
}

// address returns a SIP address in the phone's domain; "" stands for the phone's own number.
func (c *Contact) address(user string) sip.Uri {
	if user == "" {
		user = c.phone.options.Number
	}
	return sip.Uri{Scheme: "sip", User: user, Host: c.phone.options.Domain}
}

// contact is the address at which the switch reaches this device.
func (c *Contact) contact() *sip.ContactHeader {
	uri := sip.Uri{Scheme: "sip", User: c.phone.options.Number, Host: c.host, Port: c.port}
	if c.transport != "UDP" {
		uri.UriParams = sip.NewParams()
		uri.UriParams.Add("transport", strings.ToLower(c.transport))
	}
	return &sip.ContactHeader{Address: uri}
}

// allowed are the methods that the phone understands.
const allowed = "INVITE, ACK, BYE, CANCEL, OPTIONS, INFO, NOTIFY, REFER, UPDATE, MESSAGE"

// request builds a request with all headers that it needs. It goes to the switch, whatever its
// address is.
func (c *Contact) request(
	method sip.RequestMethod, to sip.Uri, from *sip.FromHeader, callee *sip.ToHeader, callID string, seq uint32,
) *sip.Request {
	req := sip.NewRequest(method, to)
	via := &sip.ViaHeader{
		ProtocolName: "SIP", ProtocolVersion: "2.0", Transport: c.transport, Host: c.host, Port: c.port,
		Params: sip.NewParams(),
	}
	via.Params.Add("branch", sip.GenerateBranch())
	via.Params.Add("rport", "")
	id, hops := sip.CallIDHeader(callID), sip.MaxForwardsHeader(70)
	req.AppendHeader(via)
	req.AppendHeader(from)
	req.AppendHeader(callee)
	req.AppendHeader(&id)
	req.AppendHeader(&sip.CSeqHeader{SeqNo: seq, MethodName: method})
	req.AppendHeader(&hops)
	req.AppendHeader(c.contact())
	req.AppendHeader(sip.NewHeader("Allow", allowed))
	req.AppendHeader(sip.NewHeader("Supported", "replaces"))
	req.SetTransport(c.transport)
	req.SetDestination(c.server)
	req.SetBody(nil)
	return req
}

// asBuilt stops the library from adding to a request.
func asBuilt(*sipgo.Client, *sip.Request) error { return nil }

// do sends a request and returns its final answer.
func (c *Contact) do(ctx context.Context, req *sip.Request) (*sip.Response, error) {
	res, err := c.client.Do(ctx, req, asBuilt)
	if err == nil && res == nil {
		err = errors.New("no answer")
	}
	return res, err
}

func newTag() string { return strings.ReplaceAll(uuid.NewString(), "-", "")[:12] }

// reasons are the words of the answers that phones give.
var reasons = map[int]string{
	180: "Ringing", 183: "Session Progress", 200: "OK", 302: "Moved Temporarily", 404: "Not Found",
	408: "Request Timeout", 480: "Temporarily Unavailable", 481: "Call/Transaction Does Not Exist", 486: "Busy Here",
	487: "Request Terminated", 488: "Not Acceptable Here", 500: "Server Internal Error", 503: "Service Unavailable",
	600: "Busy Everywhere", 603: "Decline",
}

// respond answers a request that needs only a code.
func respond(tx sip.ServerTransaction, req *sip.Request, code int) {
	tx.Respond(sip.NewResponseFromRequest(req, code, reasons[code], nil))
}

// Number returns the extension of the phone to which this device belongs.
func (c *Contact) Number() string { return c.phone.options.Number }

// Port returns the port of the device's socket, on 127.0.0.1.
func (c *Contact) Port() int { return c.port }

// Phone returns the phone to which this device belongs.
func (c *Contact) Phone() *Phone { return c.phone }
