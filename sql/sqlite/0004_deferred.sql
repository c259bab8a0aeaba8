-- The change that an agent asked for during an offer or a call, and that takes effect when that
-- ends: busy, logout, or nothing.
ALTER TABLE call_extension ADD COLUMN deferred TEXT NOT NULL DEFAULT '';
