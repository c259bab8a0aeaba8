-- What an agent asked for during an offer or a call, and is to become when that ends: busy, logout, or nothing.
ALTER TABLE call_extension ADD COLUMN deferred TEXT NOT NULL DEFAULT '';
