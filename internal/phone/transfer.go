package phone

import (
	"context"
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/emiago/sipgo/sip"
)

// Hold puts the other side on hold with a re-INVITE.
func (d *Dialog) Hold(ctx context.Context) error { return d.reinvite(ctx, sendOnly) }

// Unhold takes the other side back.
func (d *Dialog) Unhold(ctx context.Context) error { return d.reinvite(ctx, sendReceive) }

func (d *Dialog) reinvite(ctx context.Context, direction string) error {
	req := d.request(sip.INVITE)
	withSDP(req, d.voice.sdp(direction))
	res, err := d.contact.do(ctx, req)
	if err != nil {
		return fmt.Errorf("phone %s: re-INVITE: %w", d.phone.options.Number, err)
	}
	if res.StatusCode != 200 {
		return fmt.Errorf("phone %s: re-INVITE: %d %s", d.phone.options.Number, res.StatusCode, res.Reason)
	}
	d.phone.change(func() {
		d.direction = direction
		d.refresh(res)
		d.voice.turnTo(res.Body())
	})
	d.ack(res)
	return nil
}

// Refer is a blind transfer of the other side to a number or a whole address. It returns when the
// switch has accepted the request (202).
func (d *Dialog) Refer(ctx context.Context, to string) error {
	target, err := d.contact.target(to)
	if err != nil {
		return err
	}
	return d.refer(ctx, "<"+target.String()+">")
}

// ReferReplacing is an attended transfer. The other side of this dialog takes the phone's place in
// the other dialog. Most phones send it in the held dialog, some in the consulting one; the result
// is the same.
func (d *Dialog) ReferReplacing(ctx context.Context, other *Dialog) error {
	d.phone.mu.Lock()
	tag, _ := other.remote.Params.Get("tag")
	replaces := fmt.Sprintf("%s;to-tag=%s;from-tag=%s", other.callID, tag, other.localTag)
	target := fmt.Sprintf("<sip:%s@%s?Replaces=%s>",
		other.peerUser(), d.phone.options.Domain, url.QueryEscape(replaces))
	d.phone.mu.Unlock()
	return d.refer(ctx, target)
}

// peerUser is the number with which the other dialog was made.
func (d *Dialog) peerUser() string {
	if d.outgoing {
		return d.dialled()
	}
	return d.remote.Address.User
}

func (d *Dialog) refer(ctx context.Context, target string) error {
	req := d.request(sip.REFER)
	req.AppendHeader(sip.NewHeader("Refer-To", target))
	own := d.contact.address("")
	req.AppendHeader(sip.NewHeader("Referred-By", "<"+own.String()+">"))
	res, err := d.contact.do(ctx, req)
	if err != nil {
		return fmt.Errorf("phone %s: REFER: %w", d.phone.options.Number, err)
	}
	if res.StatusCode/100 != 2 {
		return fmt.Errorf("phone %s: REFER: %d %s", d.phone.options.Number, res.StatusCode, res.Reason)
	}
	return nil
}

// Press sends keys, one after the other, as INFO.
func (d *Dialog) Press(ctx context.Context, keys string) error {
	for _, key := range keys {
		req := d.request(sip.INFO)
		req.AppendHeader(sip.NewHeader("Content-Type", "application/dtmf-relay"))
		req.SetBody(fmt.Appendf(nil, "Signal=%c\r\nDuration=160\r\n", key))
		res, err := d.contact.do(ctx, req)
		if err == nil && res.StatusCode != 200 {
			err = fmt.Errorf("%d %s", res.StatusCode, res.Reason)
		}
		if err != nil {
			return fmt.Errorf("phone %s: INFO: %w", d.phone.options.Number, err)
		}
	}
	return nil
}

// Transferred waits for the result of a REFER of this dialog. It returns nil if the transfer has
// succeeded. A dialog that the switch ends without a NOTIFY counts as transferred, too.
func (d *Dialog) Transferred(ctx context.Context) error {
	final := ""
	err := d.Wait(ctx, func(v View) bool {
		for _, line := range v.Notified {
			if status, is := strings.CutPrefix(line, "SIP/2.0 "); is && !strings.HasPrefix(status, "1") {
				final = status
			}
		}
		return final != "" || v.State == Over
	})
	if err == nil && final != "" && !strings.HasPrefix(final, "2") {
		return fmt.Errorf("phone %s: the transfer failed: %s", d.phone.options.Number, final)
	}
	return err
}

// notified handles a NOTIFY: the progress of a transfer, or a command to the phone.
func (c *Contact) notified(req *sip.Request, tx sip.ServerTransaction) {
	respond(tx, req, 200)
	tag, _ := req.To().Params.Get("tag")
	d := c.phone.dialog(req.CallID().Value(), tag)
	if d == nil {
		return
	}
	line := ""
	if h := req.GetHeader("Event"); h != nil {
		line = h.Value()
	}
	talk := line == "talk"
	if body := strings.TrimSpace(string(req.Body())); strings.HasPrefix(body, "SIP/2.0") {
		line, _, _ = strings.Cut(body, "\r\n")
	}
	c.phone.change(func() { d.notified = append(d.notified, line) })
	if talk && c.phone.options.OnTalk {
		d.PickUp()
	}
	if strings.HasPrefix(line, "SIP/2.0 2") && c.phone.options.HangUpTransferred {
		ctx, stop := context.WithTimeout(c.phone.life, 5*time.Second)
		defer stop()
		for _, own := range c.phone.Dialogs() {
			own.HangUp(ctx)
		}
	}
}
