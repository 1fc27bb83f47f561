-- +goose Up
-- Licenses are never erased: the last one tells the next id.
DROP TABLE license_ids;
