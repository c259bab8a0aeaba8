-- A record is about one visit of a call to a group, so a call may have several rows in nwayacd_cdr.
-- They share call_uuid, and visit numbers them. Older rows are first visits. Each column has a
-- constant default, so SQLite rewrites no table. Each lookup has its index, because the rows of one
-- call_uuid are few.
ALTER TABLE nwayacd_cdr ADD COLUMN visit INTEGER NOT NULL DEFAULT 1;
ALTER TABLE nwayacd_cdr ADD COLUMN direction TEXT NOT NULL DEFAULT 'in'; -- in, out (nwaycallout)
ALTER TABLE nwayacd_cdr ADD COLUMN caller_name TEXT NOT NULL DEFAULT '';
ALTER TABLE nwayacd_cdr ADD COLUMN came_from TEXT; -- the group of the visit before; NULL for the first visit
ALTER TABLE nwayacd_cdr ADD COLUMN transferred_to TEXT NOT NULL DEFAULT '';
ALTER TABLE nwayacd_cdr ADD COLUMN transfer_kind TEXT NOT NULL DEFAULT ''; -- blind, attended, by-caller
ALTER TABLE nwayacd_cdr ADD COLUMN recordings TEXT NOT NULL DEFAULT '[]'; -- all files of the visit, in order, as JSON
ALTER TABLE nwayacd_offer ADD COLUMN visit INTEGER NOT NULL DEFAULT 1;
ALTER TABLE nwayacd_offer ADD COLUMN recording TEXT NOT NULL DEFAULT '';
ALTER TABLE callin_queue ADD COLUMN callin_name TEXT;
ALTER TABLE callin_queue ADD COLUMN visit INTEGER NOT NULL DEFAULT 1;
ALTER TABLE callin_queue ADD COLUMN came_from TEXT;
-- How long the agent's phone may send no sign before it is unreachable; NULL and 0 are the
-- configured time.
ALTER TABLE call_extension ADD COLUMN progress_seconds INTEGER;
-- The text that agents' phones show before the caller's name.
ALTER TABLE ext_group ADD COLUMN caller_prefix TEXT;
