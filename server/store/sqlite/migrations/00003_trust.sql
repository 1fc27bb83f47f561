-- +goose Up
-- Former signing keys of a program: license files signed with them stay valid.
ALTER TABLE programs ADD COLUMN former_keys TEXT NOT NULL DEFAULT '[]';
-- The next signing key: programs get its public key before it is used.
ALTER TABLE programs ADD COLUMN sealed_next BLOB;

-- A serial number is stored as its id and its features, because the rest follows from the program's seed. The server
-- moves the contents of unread_serial when it starts with its master key.
ALTER TABLE orders ADD COLUMN serial_id INTEGER NOT NULL DEFAULT 0;
ALTER TABLE orders ADD COLUMN serial_features INTEGER NOT NULL DEFAULT 0;
ALTER TABLE orders ADD COLUMN unread_serial TEXT NOT NULL DEFAULT '';
UPDATE orders SET unread_serial = serial_number WHERE serial_number <> '';
DROP INDEX serials;
ALTER TABLE orders DROP COLUMN serial_number;
CREATE UNIQUE INDEX serial_ids ON orders(program_id, serial_id) WHERE serial_id <> 0;

CREATE TABLE bans (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  kind TEXT NOT NULL,
  subject TEXT NOT NULL,
  reason TEXT NOT NULL,
  made_by TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  ends_at INTEGER
) STRICT;
CREATE INDEX bans_of_subject ON bans(kind, subject, ends_at);

CREATE TABLE options (
  name TEXT PRIMARY KEY,
  value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE templates (
  name TEXT PRIMARY KEY,
  subject TEXT NOT NULL,
  body TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- Body and attachment of a mail are erased after it was sent or given up, because it may contain a link that sets a
-- password.
UPDATE mails SET body = '', attachment = NULL WHERE state <> 'queued';
CREATE INDEX audit_by_age ON audit(at);
