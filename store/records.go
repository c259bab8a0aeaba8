package store

import (
	"context"
	"database/sql"
	"slices"
	"time"

	"nwayacd/agent"
	"nwayacd/queue"
)

// CDRs returns the calls that arrived at since or later, in the order in which they ended. Calls
// that are still in the journal are not among them.
func (s *Store) CDRs(ctx context.Context, since time.Time) ([]queue.CDR, error) {
	ctx, cancel := s.queryContext(ctx, searchLimit)
	defer cancel()
	all, err := search(ctx, s.db, readCDR, s.db.cdrs, since.UTC().Format(time.RFC3339Nano))
	if err != nil {
		return nil, s.wrap(ctx, "read CDRs", err)
	}
	return all, nil
}

// cdrColumns are the columns that readCDR reads, in its order.
const cdrColumns = `call_uuid, caller, dialled, group_number, vip, switch, agent, leg_uuid, offers, outcome, hung_up_by,
	cause, survey, recording, arrived, answered, bridged, ended,
	visit, direction, caller_name, came_from, transferred_to, transfer_kind, recordings,
	position_first, position_last, welcome_ms, exit_key, callback_id, sl_seconds, short_seconds`

func readCDR(scan func(...any) error) (queue.CDR, error) {
	var c queue.CDR
	var arrived, answered, bridged, ended stamp
	var direction, from, recordings text
	var first, last sql.NullInt64
	var welcome int64
	err := scan(&c.UUID, &c.Caller, &c.Dialled, &c.Group, &c.VIP, &c.Switch, &c.Agent, &c.Leg, &c.Offers, &c.Outcome,
		&c.HungUpBy,
		&c.Cause, &c.Survey, &c.Recording, &arrived, &answered, &bridged, &ended,
		&c.Visit, &direction, &c.CallerName, &from, &c.TransferredTo, &c.TransferKind, &recordings,
		&first, &last, &welcome, &c.ExitKey, &c.CallbackID, &c.ServiceLevel, &c.Short)
	c.PositionFirst, c.PositionLast = int(first.Int64), int(last.Int64)
	c.Welcome = time.Duration(welcome) * time.Millisecond
	c.Arrived, c.Answered, c.Bridged, c.Ended = arrived.Time, answered.Time, bridged.Time, ended.Time
	if direction != inbound {
		c.Direction = queue.Direction(direction)
	}
	c.CameFrom, c.Recordings = from.trimmed(), recordings.list()
	return c, err
}

// visitRecordColumns are the columns that readVisit reads, in its order: those of the CDR, and the
// sums of the visit's offers. The table of the CDRs is c there.
const visitRecordColumns = cdrColumns + `,
	(SELECT CAST(COALESCE(sum(s.hold_ms), 0) AS bigint) FROM nwayacd_offer s
		WHERE s.call_uuid = c.call_uuid AND s.visit = c.visit),
	(SELECT CAST(COALESCE(sum(s.wrap_up_ms), 0) AS bigint) FROM nwayacd_offer s
		WHERE s.call_uuid = c.call_uuid AND s.visit = c.visit)`

func readVisit(scan func(...any) error) (v queue.VisitRecord, err error) {
	var hold, wrapUp int64
	v.CDR, err = readCDR(func(columns ...any) error { return scan(append(columns, &hold, &wrapUp)...) })
	v.Hold, v.WrapUp = time.Duration(hold)*time.Millisecond, time.Duration(wrapUp)*time.Millisecond
	return v, err
}

// AgentLog returns the entries of the agent's log from one time to another, in their order.
func (s *Store) AgentLog(ctx context.Context, extension string, from, to time.Time) ([]agent.LogEntry, error) {
	ctx, cancel := s.queryContext(ctx, searchLimit)
	defer cancel()
	q := &s.db.figures
	all, err := search(ctx, s.db, countedEntry, q.entriesOf, extension, from.Add(-time.Second).UTC().Format(q.bound),
		to.Add(2*time.Second).UTC().Format(q.bound))
	if err != nil {
		return nil, s.wrap(ctx, "read the agent's log", err)
	}
	return slices.DeleteFunc(all, func(l agent.LogEntry) bool { return l.At.Before(from) || l.At.After(to) }), nil
}

// Offers returns the offers of one call, in the order in which they ended. Offers that are still in
// the journal are not among them.
func (s *Store) Offers(ctx context.Context, call string) ([]queue.OfferRecord, error) {
	ctx, cancel := s.queryContext(ctx, searchLimit)
	defer cancel()
	all, err := search(ctx, s.db, readOffer, s.db.offers, call)
	if err != nil {
		return nil, s.wrap(ctx, "read offers", err)
	}
	return all, nil
}

func readOffer(scan func(...any) error) (queue.OfferRecord, error) {
	var o queue.OfferRecord
	var offered, answered, ended, arrived stamp
	var hold int64
	var wrapUp sql.NullInt64
	err := scan(&o.Call, &o.Group, &o.Agent, &o.Leg, &o.Number, &o.Transfer, &o.Outcome, &o.Cause, &offered, &answered,
		&ended,
		&o.Visit, &o.Recording, &arrived, &o.Level, &hold, &wrapUp, &o.WrapUpEnded)
	o.Arrived, o.Hold = arrived.Time, time.Duration(hold)*time.Millisecond
	o.WrapUp = time.Duration(wrapUp.Int64) * time.Millisecond
	o.Offered, o.Answered, o.Ended = offered.Time, answered.Time, ended.Time
	return o, err
}
