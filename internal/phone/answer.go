package phone

import (
	"context"
	"strings"
	"time"

	"github.com/emiago/sipgo/sip"
)

// invited handles an INVITE: a new call, or a new offer within one. The transaction ends when it
// returns.
func (c *Contact) invited(req *sip.Request, tx sip.ServerTransaction) {
	if tag, has := req.To().Params.Get("tag"); has {
		c.invitedAgain(req, tx, tag)
		return
	}
	d, err := c.newRing(req)
	if err != nil {
		respond(tx, req, 500)
		return
	}
	tx.OnCancel(func(cancel *sip.Request) {
		reason := ""
		if h := cancel.GetHeader("Reason"); h != nil {
			reason = h.Value()
		}
		d.phone.change(func() { d.finish(false, 487, reason) })
	})
	var b Behaviour
	c.phone.change(func() { b = c.takes(d.view()) })
	if !b.Silent {
		for _, code := range b.Provisional {
			d.respond(tx, req, code, Behaviour{})
		}
		d.phone.change(func() {
			if d.state == Calling {
				d.state = Ringing
			}
		})
	}
	d.ring(req, tx, b)
}

// newRing returns the dialog of a call that comes in.
func (c *Contact) newRing(req *sip.Request) (*Dialog, error) {
	v, err := newVoice(c.phone)
	if err != nil {
		return nil, err
	}
	d := &Dialog{
		phone: c.phone, contact: c, server: req.Source(), voice: v, callID: req.CallID().Value(), localTag: newTag(),
		began: time.Now(), state: Calling, seq: 1, direction: sendReceive, invite: req.Clone(),
		target: *req.From().Address.Clone(), remote: req.From().AsTo(),
		decide: make(chan Behaviour, 1), acked: make(chan struct{}), gone: make(chan struct{}),
	}
	own := *req.To()
	d.local = sip.FromHeader{Address: *own.Address.Clone(), Params: sip.NewParams()}
	d.local.Params.Add("tag", d.localTag)
	d.peer = peer{number: req.From().Address.User, name: strings.Trim(req.From().DisplayName, `"`)}
	d.refresh(req)
	v.turnTo(req.Body())
	// All answers, also the library's own 487, have this tag.
	req.To().Params.Add("tag", d.localTag)
	c.phone.change(func() { c.phone.dialogs = append(c.phone.dialogs, d) })
	return d, nil
}

// respond answers an INVITE.
func (d *Dialog) respond(tx sip.ServerTransaction, req *sip.Request, code int, b Behaviour) *sip.Response {
	res := sip.NewResponseFromRequest(req, code, reasons[code], nil)
	contact := d.contact.contact()
	if b.Forward != "" {
		if to, err := d.contact.target(b.Forward); err == nil {
			contact = &sip.ContactHeader{Address: to}
		}
	}
	res.AppendHeader(contact)
	res.AppendHeader(sip.NewHeader("Allow", allowed))
	if code == 183 || code == 200 {
		withSDP(res, d.voice.sdp(answering(directionOf(req.Body()))))
	}
	tx.Respond(res)
	return res
}

// ring waits for the phone's decision and carries it out.
func (d *Dialog) ring(req *sip.Request, tx sip.ServerTransaction, b Behaviour) {
	var decided <-chan time.Time
	if b.Code != 0 {
		timer := time.NewTimer(b.Ring)
		defer timer.Stop()
		decided = timer.C
	}
	select {
	case <-decided:
	case b = <-d.decide:
	case <-d.gone: // cancelled
		return
	case <-tx.Done():
		d.phone.change(func() { d.finish(false, 0, "") })
		return
	case <-d.phone.life.Done():
		return
	}
	if b.Code >= 300 {
		d.phone.change(func() { d.finish(true, b.Code, "") })
		d.respond(tx, req, b.Code, b)
		return
	}
	d.pickUp(req, tx, b)
}

// pickUp answers with 200, and repeats it until the ACK has come. It hangs up later if the
// behaviour has HangsUp.
func (d *Dialog) pickUp(req *sip.Request, tx sip.ServerTransaction, b Behaviour) {
	mine := false
	d.phone.change(func() {
		if mine = d.state != Over; mine {
			d.state, d.code = Answered, 200
			d.voice.speak()
		}
	})
	if !mine {
		return // cancelled in this moment
	}
	res := d.respond(tx, req, 200, b)
	again := time.NewTicker(sip.T1)
	defer again.Stop()
	for limit := time.After(64 * sip.T1); ; {
		select {
		case <-d.acked:
			d.leaveLater(b)
			return
		case <-again.C:
			if d.contact.transport == "UDP" {
				tx.Respond(res)
			}
		case <-limit:
			d.phone.change(func() { d.finish(false, 0, "no ACK came") })
			return
		case <-d.gone:
			return
		case <-d.phone.life.Done():
			return
		}
	}
}

// leaveLater hangs up when the phone has talked for the time of its behaviour.
func (d *Dialog) leaveLater(b Behaviour) {
	if !b.HangsUp || !d.phone.begin() {
		return
	}
	go func() { // ends when the talk is over, or with the phone
		defer d.phone.work.Done()
		ctx, stop := context.WithTimeout(d.phone.life, b.Talk)
		defer stop()
		d.IsOver(ctx)
		bye, stopBye := context.WithTimeout(d.phone.life, 5*time.Second)
		defer stopBye()
		d.HangUp(bye)
	}()
}

// PickUp answers a call that rings.
func (d *Dialog) PickUp() { d.tell(Answers(0)) }

// Refuse ends a call that rings with that code.
func (d *Dialog) Refuse(code int) { d.tell(Refuses(code, 0)) }

func (d *Dialog) tell(b Behaviour) {
	select {
	case d.decide <- b:
	default: // the answer is sent already
	}
}

// invitedAgain handles a new offer within a call: the switch holds the phone, or takes it back.
func (c *Contact) invitedAgain(req *sip.Request, tx sip.ServerTransaction, tag string) {
	d := c.phone.dialog(req.CallID().Value(), tag)
	if d == nil {
		respond(tx, req, 481)
		return
	}
	c.phone.change(func() {
		d.refresh(req)
		d.hears(req)
		d.offers = append(d.offers, directionOf(req.Body()))
		d.voice.turnTo(req.Body())
	})
	d.respond(tx, req, 200, Behaviour{})
}

// acknowledged handles the ACK of a 200.
func (c *Contact) acknowledged(req *sip.Request, _ sip.ServerTransaction) {
	tag, _ := req.To().Params.Get("tag")
	d := c.phone.dialog(req.CallID().Value(), tag)
	if d == nil || d.outgoing {
		return
	}
	c.phone.change(func() {
		d.voice.turnTo(req.Body())
		if !d.hasAck && d.state == Answered {
			d.hasAck = true
			close(d.acked)
		}
	})
}

// hungUp handles a BYE.
func (c *Contact) hungUp(req *sip.Request, tx sip.ServerTransaction) {
	tag, _ := req.To().Params.Get("tag")
	d := c.phone.dialog(req.CallID().Value(), tag)
	if d == nil {
		respond(tx, req, 481)
		return
	}
	respond(tx, req, 200)
	reason := ""
	if h := req.GetHeader("Reason"); h != nil {
		reason = h.Value()
	}
	c.phone.change(func() { d.finish(false, 0, reason) })
}

// updated handles an UPDATE, with which FreeSWITCH sends the number and name of the other end.
func (c *Contact) updated(req *sip.Request, tx sip.ServerTransaction) {
	tag, _ := req.To().Params.Get("tag")
	d := c.phone.dialog(req.CallID().Value(), tag)
	if d == nil {
		respond(tx, req, 481)
		return
	}
	c.phone.change(func() { d.hears(req) })
	if len(req.Body()) > 0 {
		d.respond(tx, req, 200, Behaviour{})
		return
	}
	respond(tx, req, 200)
}
