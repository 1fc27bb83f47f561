-- +goose Up
-- Serial ids whose serial numbers cannot make an order.
CREATE TABLE blocked_serials (
  program_id INTEGER NOT NULL REFERENCES programs(id),
  serial_id INTEGER NOT NULL,
  reason TEXT NOT NULL,
  blocked_at INTEGER NOT NULL,
  PRIMARY KEY (program_id, serial_id)
) STRICT, WITHOUT ROWID;

-- Ranges of serial ids that were made with the same features. Serial numbers are computed from id and features.
CREATE TABLE serial_batches (
  program_id INTEGER NOT NULL REFERENCES programs(id),
  first_id INTEGER NOT NULL,
  last_id INTEGER NOT NULL CHECK (last_id >= first_id),
  features INTEGER NOT NULL,
  made_at INTEGER NOT NULL,
  PRIMARY KEY (program_id, first_id)
) STRICT, WITHOUT ROWID;
