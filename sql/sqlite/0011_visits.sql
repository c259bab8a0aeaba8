-- The visits with the sums of their offers, for people who query the database. Hold and wrap-up belong
-- to the offer: a visit may have several agents, and a wrap-up may end after the visit's record.
CREATE VIEW IF NOT EXISTS nwayacd_visit AS SELECT
    c.id, c.call_uuid, c.visit, c.direction, c.caller, c.caller_name, c.dialled, c.group_number, c.came_from, c.vip,
    c.switch, c.agent, c.leg_uuid, c.offers, c.outcome, c.hung_up_by, c.cause, c.survey, c.transferred_to,
    c.transfer_kind, c.recording, c.recordings, c.position_first, c.position_last, c.welcome_ms, c.exit_key,
    c.callback_id, c.sl_seconds, c.short_seconds, c.arrived, c.answered, c.bridged, c.ended,
    (SELECT CAST(COALESCE(sum(o.hold_ms), 0) AS bigint) FROM nwayacd_offer o
        WHERE o.call_uuid = c.call_uuid AND o.visit = c.visit) AS hold_ms,
    (SELECT CAST(COALESCE(sum(o.wrap_up_ms), 0) AS bigint) FROM nwayacd_offer o
        WHERE o.call_uuid = c.call_uuid AND o.visit = c.visit) AS wrap_up_ms
FROM nwayacd_cdr c;
