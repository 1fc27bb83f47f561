-- +goose Up
-- At most one license of a program occupies a Site code: an active one, or permanently one whose removal code was
-- given.
DROP INDEX active_sites;
DROP INDEX spent_sites;
CREATE UNIQUE INDEX taken_sites ON licenses(program_id, site) WHERE status IN ('Active', 'Removed', 'Transferred') OR released_at IS NOT NULL;

-- Most families have one license, which is found by its id.
DROP INDEX license_families;
CREATE INDEX license_families ON licenses(original_id) WHERE id <> original_id;
