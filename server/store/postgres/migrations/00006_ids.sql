-- +goose Up
-- The sequence is kept: two transactions may take an id at the same time.
SELECT 1;
