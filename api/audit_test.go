package api_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"testing"

	"nwayacd/acd"
	"nwayacd/api/apitest"
	"nwayacd/esl"
	"nwayacd/internal/auth"
	"nwayacd/queue"
)

// TestTheAuditLogHasWhatBecameOfAnOrder ends orders in all ways, as those to FreeSWITCH end.
func TestTheAuditLogHasWhatBecameOfAnOrder(t *testing.T) {
	for _, c := range []struct {
		err  error
		want auth.Outcome
	}{
		{nil, auth.OK},
		{queue.ErrNoCall, auth.Refused},
		{acd.ErrNotTalking, auth.Refused},
		{acd.ErrGateway, auth.Refused},
		{acd.ErrNoLink, auth.Failed},
		{fmt.Errorf("%w: USER_BUSY", acd.ErrRefused), auth.Failed},
		{fmt.Errorf("uuid_hold: %w", esl.ErrLate), auth.Failed},
		{fmt.Errorf("uuid_hold: %w", esl.ErrClosed), auth.Failed},
		{&net.OpError{Op: "dial", Err: errors.New("connection refused")}, auth.Failed},
		{context.Canceled, auth.Failed},
	} {
		s, _ := apitest.Server()
		audit := &apitest.Audit{}
		s.Audit = audit
		ctx := auth.WithOrder(t.Context(), &auth.Order{Action: "nway_uuid_hold", Object: "u"})
		if err := s.InOrder(ctx, func() error { return c.err }); !errors.Is(err, c.err) {
			t.Errorf("%v became %v", c.err, err)
		}
		got := audit.Take()
		if len(got) != 1 || got[0].Outcome != c.want || c.err != nil && got[0].Reason != c.err.Error() {
			t.Errorf("%v: %+v, want %s", c.err, got, c.want)
		}
	}
}

func TestTheAuditLogHasAnOrderThatEndsInAPanic(t *testing.T) {
	s, _ := apitest.Server()
	audit := &apitest.Audit{}
	s.Audit = audit
	func() {
		defer func() { recover() }()
		s.InOrder(auth.WithOrder(t.Context(), &auth.Order{Action: "nway_drop"}), func() error { panic("x") })
	}()
	if got := audit.Take(); len(got) != 1 || got[0].Outcome != auth.Failed || got[0].Reason == "" {
		t.Errorf("%+v", got)
	}
}
