-- +goose Up
-- When a license was released: its PC gave the removal code, and another PC may pick up the license without it.
ALTER TABLE licenses ADD COLUMN released_at INTEGER;

-- A Site code is spent as soon as its removal code was given.
DROP INDEX spent_sites;
CREATE INDEX spent_sites ON licenses(program_id, site) WHERE status IN ('Removed', 'Transferred') OR released_at IS NOT NULL;
