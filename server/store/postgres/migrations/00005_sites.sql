-- +goose Up
-- At most one license of a program occupies a Site code: an active one, or permanently one whose removal code was
-- given.
DROP INDEX active_sites;
DROP INDEX spent_sites;
CREATE UNIQUE INDEX taken_sites ON licenses(program_id, site) WHERE status IN ('Active', 'Removed', 'Transferred') OR released_at IS NOT NULL;

-- Most families have one license, which is found by its id.
DROP INDEX license_families;
CREATE INDEX license_families ON licenses(original_id) WHERE id <> original_id;

-- The program of a license is that of its order, whose foreign key refers to it, and programs are never deleted. A
-- second foreign key would make every new license lock the row of its program.
ALTER TABLE licenses DROP CONSTRAINT licenses_program_id_fkey;
