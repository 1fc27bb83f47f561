-- +goose Up
-- The scheme of the codes of a license. Licenses from before this column, and those that an older server adds, are of
-- acen/v1.
ALTER TABLE licenses ADD COLUMN scheme INTEGER NOT NULL DEFAULT 1;

-- A server looks for active licenses of an older scheme at each start. After the upgrade there are none.
CREATE INDEX older_licenses ON licenses(id) WHERE scheme < 2 AND status = 'Active';
