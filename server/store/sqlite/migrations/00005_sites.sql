-- +goose Up
-- A Site code is taken by one license of a program at most: by an active one, or for ever by one whose removal code was given.
DROP INDEX active_sites;
DROP INDEX spent_sites;
CREATE UNIQUE INDEX taken_sites ON licenses(program_id, site) WHERE status IN ('Active', 'Removed', 'Transferred') OR released_at IS NOT NULL;
