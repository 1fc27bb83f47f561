-- +goose Up
ALTER TABLE programs ADD COLUMN tasks TEXT NOT NULL DEFAULT '{}';
ALTER TABLE programs ADD COLUMN first_serial INTEGER NOT NULL DEFAULT 0;
ALTER TABLE programs ADD COLUMN last_serial INTEGER NOT NULL DEFAULT 0;
ALTER TABLE programs ADD COLUMN order_licenses INTEGER NOT NULL DEFAULT 1;
ALTER TABLE programs ADD COLUMN subscription_days INTEGER NOT NULL DEFAULT 0;

ALTER TABLE clients ADD COLUMN contact TEXT NOT NULL DEFAULT '{}';

CREATE UNIQUE INDEX serials ON orders(program_id, serial_number) WHERE serial_number <> '';

-- A Site code is spent by a removal code, not by a reactivation: a lock that changes back makes the same code.
DROP INDEX ended_sites;
CREATE INDEX spent_sites ON licenses(program_id, site) WHERE status IN ('Removed', 'Transferred');
CREATE INDEX ended_licenses_of_order ON licenses(order_id, ended_at) WHERE ended_at IS NOT NULL;
CREATE INDEX activated_licenses_of_order ON licenses(order_id, activated_at) WHERE id = original_id;

-- Former activation codes of a license, whose features or expiry the vendor has changed: a PC that has not received the
-- change makes its removal code from a former one.
CREATE TABLE former_activations (
  license_id INTEGER NOT NULL REFERENCES licenses(id),
  activation TEXT NOT NULL,
  PRIMARY KEY (license_id, activation)
) STRICT, WITHOUT ROWID;

CREATE TABLE history (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  at INTEGER NOT NULL,
  order_id INTEGER NOT NULL REFERENCES orders(id),
  license_id INTEGER NOT NULL,
  task TEXT NOT NULL,
  outcome TEXT NOT NULL,
  device TEXT NOT NULL
) STRICT;
CREATE INDEX history_of_order ON history(order_id, id);
INSERT INTO history (at, order_id, license_id, task, outcome, device)
  SELECT ordered_at, id, 0, 'order', 'ok', '' FROM orders;
INSERT INTO history (at, order_id, license_id, task, outcome, device)
  SELECT activated_at, order_id, id, 'new-license', 'ok', '' FROM licenses ORDER BY activated_at, id;

CREATE TABLE verifications (
  id TEXT PRIMARY KEY,
  number_hash BLOB NOT NULL,
  expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX verifications_by_age ON verifications(expires_at);

CREATE TABLE password_resets (
  token_hash BLOB PRIMARY KEY,
  client_id INTEGER NOT NULL,
  expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX password_resets_by_age ON password_resets(expires_at);
CREATE INDEX password_resets_of_client ON password_resets(client_id);

CREATE TABLE failures (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  at INTEGER NOT NULL,
  kind TEXT NOT NULL,
  host TEXT NOT NULL,
  account TEXT NOT NULL,
  license_id INTEGER NOT NULL
) STRICT;
CREATE INDEX failures_of_host ON failures(host, at);
CREATE INDEX failures_of_account ON failures(account, at) WHERE account <> '';
CREATE INDEX failures_of_license ON failures(license_id, at) WHERE license_id <> 0;
CREATE INDEX failures_by_age ON failures(at);
