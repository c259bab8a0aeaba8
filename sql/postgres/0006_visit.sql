-- A record is about one visit of a call to a group, so a call may have several rows in nwayacd_cdr.
-- They share call_uuid, and visit numbers them. Older rows are first visits. Each column has a
-- constant default, so PostgreSQL rewrites no table. Each lookup has its index, because the rows of
-- one call_uuid are few.
ALTER TABLE nwayacd_cdr
    ADD COLUMN IF NOT EXISTS visit integer NOT NULL DEFAULT 1,
    ADD COLUMN IF NOT EXISTS direction text NOT NULL DEFAULT 'in', -- in, out (nwaycallout)
    ADD COLUMN IF NOT EXISTS caller_name text NOT NULL DEFAULT '',
    ADD COLUMN IF NOT EXISTS came_from text,                       -- the group of the visit before; NULL for the first visit
    ADD COLUMN IF NOT EXISTS transferred_to text NOT NULL DEFAULT '',
    ADD COLUMN IF NOT EXISTS transfer_kind text NOT NULL DEFAULT '',    -- blind, attended, by-caller
    ADD COLUMN IF NOT EXISTS recordings text NOT NULL DEFAULT '[]';     -- all files of the visit, in order, as JSON
ALTER TABLE nwayacd_offer
    ADD COLUMN IF NOT EXISTS visit integer NOT NULL DEFAULT 1,
    ADD COLUMN IF NOT EXISTS recording text NOT NULL DEFAULT '';
ALTER TABLE callin_queue
    ADD COLUMN IF NOT EXISTS callin_name text,
    ADD COLUMN IF NOT EXISTS visit integer NOT NULL DEFAULT 1,
    ADD COLUMN IF NOT EXISTS came_from text;
-- How long the agent's phone may send no sign before it is unreachable; NULL and 0 are the
-- configured time.
ALTER TABLE call_extension ADD COLUMN IF NOT EXISTS progress_seconds integer;
-- The text that agents' phones show before the caller's name.
ALTER TABLE ext_group ADD COLUMN IF NOT EXISTS caller_prefix text;
