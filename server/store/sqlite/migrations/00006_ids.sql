-- +goose Up
-- Licenses are never deleted: the last one determines the next id.
DROP TABLE license_ids;
