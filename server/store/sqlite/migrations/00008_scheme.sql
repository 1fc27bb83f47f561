-- +goose Up
-- The scheme that the codes of a license were computed by. Every license from before this column is of acen/v1, and so is one that
-- an older server adds beside newer ones.
ALTER TABLE licenses ADD COLUMN scheme INTEGER NOT NULL DEFAULT 1;

-- A server looks for active licenses of an older scheme at each start; after the upgrade there are none.
CREATE INDEX older_licenses ON licenses(id) WHERE scheme < 2 AND status = 'Active';
