package store

import (
	"context"
	"time"

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

func readCDR(scan func(...any) error) (queue.CDR, error) {
	var c queue.CDR
	var arrived, answered, bridged, ended stamp
	var direction, from, recordings text
	err := scan(&c.UUID, &c.Caller, &c.Dialled, &c.Group, &c.VIP, &c.Switch, &c.Agent, &c.Leg, &c.Offers, &c.Outcome,
		&c.HungUpBy,
		&c.Cause, &c.Survey, &c.Recording, &arrived, &answered, &bridged, &ended,
		&c.Visit, &direction, &c.CallerName, &from, &c.TransferredTo, &c.TransferKind, &recordings)
	c.Arrived, c.Answered, c.Bridged, c.Ended = arrived.Time, answered.Time, bridged.Time, ended.Time
	if direction != inbound {
		c.Direction = queue.Direction(direction)
	}
	c.CameFrom, c.Recordings = from.trimmed(), recordings.list()
	return c, err
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
	var offered, answered, ended stamp
	err := scan(&o.Call, &o.Group, &o.Agent, &o.Leg, &o.Number, &o.Transfer, &o.Outcome, &o.Cause, &offered, &answered,
		&ended,
		&o.Visit, &o.Recording)
	o.Offered, o.Answered, o.Ended = offered.Time, answered.Time, ended.Time
	return o, err
}
