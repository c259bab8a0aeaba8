package phone

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/emiago/sipgo/sip"
	"github.com/google/uuid"
)

// Call places a call from this device and returns when the INVITE is sent.
func (c *Contact) Call(ctx context.Context, to string, headers ...Header) (*Dialog, error) {
	target, err := c.target(to)
	if err != nil {
		return nil, err
	}
	d, req, err := c.newCall(target, headers)
	if err != nil {
		return nil, err
	}
	tx, err := c.client.TransactionRequest(ctx, req, asBuilt)
	if err != nil {
		d.voice.stop()
		return nil, fmt.Errorf("phone %s: INVITE: %w", c.phone.options.Number, err)
	}
	if !c.phone.begin() {
		return nil, errors.New("the phone was closed")
	}
	c.phone.change(func() { c.phone.dialogs = append(c.phone.dialogs, d) })
	go func() { // ends with the INVITE's final answer, or with the phone
		defer c.phone.work.Done()
		d.follow(tx)
	}()
	return d, nil
}

// target is a whole address, or a number at the phone's domain.
func (c *Contact) target(to string) (uri sip.Uri, err error) {
	if strings.HasPrefix(to, "sip:") {
		err = sip.ParseUri(to, &uri)
		return uri, err
	}
	return c.address(to), nil
}

// newCall returns the dialog of a call with its INVITE.
func (c *Contact) newCall(target sip.Uri, headers []Header) (*Dialog, *sip.Request, error) {
	v, err := newVoice(c.phone)
	if err != nil {
		return nil, nil, err
	}
	d := &Dialog{
		phone: c.phone, contact: c, server: c.server, voice: v, callID: uuid.NewString(), localTag: newTag(),
		outgoing: true, began: time.Now(), state: Calling, target: target, seq: 1, direction: sendReceive,
		remote: sip.ToHeader{Address: target, Params: sip.NewParams()},
		decide: make(chan Behaviour, 1), gone: make(chan struct{}),
	}
	d.local = sip.FromHeader{DisplayName: c.phone.options.Name, Address: c.address(""), Params: sip.NewParams()}
	d.local.Params.Add("tag", d.localTag)
	d.peer.number = target.User
	req := d.requestNumbered(sip.INVITE, d.seq)
	for _, h := range headers {
		req.AppendHeader(sip.NewHeader(h.Name, h.Value))
	}
	withSDP(req, v.sdp(sendReceive))
	d.invite = req
	return d, req, nil
}

// follow handles the answers to our INVITE until the final one.
func (d *Dialog) follow(tx sip.ClientTransaction) {
	for {
		select {
		case res := <-tx.Responses():
			if d.answer(tx, res) {
				return
			}
		case <-tx.Done():
			d.phone.change(func() { d.finish(false, 0, fmt.Sprint(tx.Err())) })
			return
		case <-d.phone.life.Done():
			return
		}
	}
}

// answer handles one answer to our INVITE, and reports whether it was the final one.
func (d *Dialog) answer(tx sip.ClientTransaction, res *sip.Response) bool {
	switch {
	case res.StatusCode == 100:
		return false
	case res.IsProvisional():
		d.phone.change(func() { d.progress(res) })
		return false
	case !res.IsSuccess():
		reason := ""
		if h := res.GetHeader("Reason"); h != nil {
			reason = h.Value()
		}
		d.phone.change(func() { d.finish(d.cancelled && res.StatusCode == 487, res.StatusCode, reason) })
		return true
	}
	late := false
	d.phone.change(func() {
		d.progress(res)
		late = d.cancelled || d.state == Over
		if !late {
			d.state, d.code = Answered, res.StatusCode
			d.voice.speak()
		}
	})
	tx.OnRetransmission(func(*sip.Response) { d.ack(res) })
	d.ack(res)
	if late { // the CANCEL crossed the 200
		ctx, stop := context.WithTimeout(d.phone.life, 5*time.Second)
		defer stop()
		d.contact.do(ctx, d.request(sip.BYE))
		d.phone.change(func() { d.finish(true, 0, "") })
	}
	return true
}

// progress takes from an answer what it has about the other side.
func (d *Dialog) progress(res *sip.Response) {
	if tag, has := res.To().Params.Get("tag"); has {
		d.remote.Params = sip.NewParams()
		d.remote.Params.Add("tag", tag)
		if d.state == Calling {
			d.state = Ringing
		}
	}
	d.refresh(res)
	d.hears(res)
	d.voice.turnTo(res.Body())
}

// ack sends the ACK of a 200 to an INVITE of ours.
func (d *Dialog) ack(res *sip.Response) {
	d.phone.mu.Lock()
	req := d.requestNumbered(sip.ACK, res.CSeq().SeqNo)
	d.phone.mu.Unlock()
	d.contact.client.WriteRequest(req, asBuilt)
}

// Cancel ends a call that has not been answered. It waits for the first provisional answer, and
// returns when the dialog is over.
func (d *Dialog) Cancel(ctx context.Context) error {
	d.phone.change(func() { d.cancelled = true })
	if err := d.IsRinging(ctx); err != nil {
		if d.View().State == Over {
			return nil
		}
		return err
	}
	if d.View().State == Answered {
		return d.bye(ctx)
	}
	req := sip.NewRequest(sip.CANCEL, *d.invite.Recipient.Clone())
	for _, name := range []string{"Via", "From", "To", "Call-ID"} {
		sip.CopyHeaders(name, d.invite, req)
	}
	hops := sip.MaxForwardsHeader(70)
	req.AppendHeader(&sip.CSeqHeader{SeqNo: d.invite.CSeq().SeqNo, MethodName: sip.CANCEL})
	req.AppendHeader(&hops)
	req.SetTransport(d.contact.transport)
	req.SetDestination(d.server)
	req.SetBody(nil)
	if _, err := d.contact.do(ctx, req); err != nil {
		return err
	}
	return d.IsOver(ctx)
}

// withSDP gives a message a body.
func withSDP(m interface {
	AppendHeader(sip.Header)
	SetBody([]byte)
}, sdp string,
) {
	m.AppendHeader(sip.NewHeader("Content-Type", "application/sdp"))
	m.SetBody([]byte(sdp))
}
