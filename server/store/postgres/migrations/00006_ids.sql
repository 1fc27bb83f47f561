-- +goose Up
-- The sequence stays: two transactions may take an id at once.
SELECT 1;
