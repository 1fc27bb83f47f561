-- +goose Up
CREATE TABLE programs (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  name TEXT NOT NULL UNIQUE,
  signature TEXT NOT NULL,
  requires_activation INTEGER NOT NULL,
  merged_codes INTEGER NOT NULL,
  accepts_serials INTEGER NOT NULL,
  policy TEXT NOT NULL,
  features INTEGER NOT NULL,
  license_days INTEGER NOT NULL,
  public_key TEXT NOT NULL,
  sealed_activation BLOB NOT NULL,
  sealed_serial BLOB NOT NULL,
  sealed_signing BLOB NOT NULL,
  created_at INTEGER NOT NULL
) STRICT;

CREATE TABLE clients (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  username TEXT NOT NULL UNIQUE COLLATE NOCASE,
  password_hash TEXT NOT NULL,
  registration_name TEXT NOT NULL,
  first_name TEXT NOT NULL,
  last_name TEXT NOT NULL,
  company TEXT NOT NULL,
  emails TEXT NOT NULL,
  active INTEGER NOT NULL,
  created_at INTEGER NOT NULL
) STRICT;

CREATE TABLE orders (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  client_id INTEGER NOT NULL REFERENCES clients(id),
  program_id INTEGER NOT NULL REFERENCES programs(id),
  ordered_at INTEGER NOT NULL,
  licenses_total INTEGER NOT NULL CHECK (licenses_total >= 0),
  licenses_active INTEGER NOT NULL DEFAULT 0 CHECK (licenses_active BETWEEN 0 AND licenses_total),
  serial_number TEXT NOT NULL,
  active INTEGER NOT NULL,
  visible INTEGER NOT NULL,
  can_manage INTEGER NOT NULL,
  features INTEGER NOT NULL,
  policy TEXT NOT NULL,
  licenses_expire_at INTEGER,
  has_subscription INTEGER NOT NULL,
  subscription_expires_at INTEGER
) STRICT;
CREATE INDEX orders_of_client ON orders(client_id, id);

CREATE TABLE licenses (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  order_id INTEGER NOT NULL REFERENCES orders(id),
  program_id INTEGER NOT NULL REFERENCES programs(id),
  original_id INTEGER NOT NULL,
  site INTEGER NOT NULL,
  machine TEXT NOT NULL,
  activation TEXT NOT NULL,
  note TEXT NOT NULL,
  features INTEGER NOT NULL,
  policy TEXT NOT NULL,
  activated_at INTEGER NOT NULL,
  expires_at INTEGER,
  last_alive_at INTEGER,
  status TEXT NOT NULL,
  ended_at INTEGER
) STRICT;
CREATE INDEX licenses_of_order ON licenses(order_id, id);
CREATE INDEX active_licenses_of_order ON licenses(order_id, id) WHERE status = 'Active';
CREATE UNIQUE INDEX active_sites ON licenses(program_id, site) WHERE status = 'Active';
CREATE INDEX ended_sites ON licenses(program_id, site) WHERE status <> 'Active';
CREATE INDEX license_families ON licenses(original_id);

CREATE TABLE license_ids (
  only INTEGER PRIMARY KEY CHECK (only = 1),
  next INTEGER NOT NULL
) STRICT;
INSERT INTO license_ids VALUES (1, 20001);

CREATE TABLE sessions (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  client_id INTEGER NOT NULL REFERENCES clients(id),
  device_name TEXT NOT NULL,
  access_hash BLOB NOT NULL UNIQUE,
  access_expires_at INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  ended_at INTEGER
) STRICT;
CREATE INDEX sessions_of_client ON sessions(client_id);

CREATE TABLE refresh_tokens (
  hash BLOB PRIMARY KEY,
  session_id INTEGER NOT NULL REFERENCES sessions(id),
  expires_at INTEGER NOT NULL,
  used_at INTEGER
) STRICT, WITHOUT ROWID;

CREATE TABLE answers (
  client_id INTEGER NOT NULL,
  key TEXT NOT NULL,
  request BLOB NOT NULL,
  status INTEGER NOT NULL,
  body BLOB NOT NULL,
  created_at INTEGER NOT NULL,
  PRIMARY KEY (client_id, key)
) STRICT, WITHOUT ROWID;
CREATE INDEX answers_by_age ON answers(created_at);

CREATE TABLE mails (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  client_id INTEGER NOT NULL,
  license_id INTEGER NOT NULL,
  host TEXT NOT NULL,
  message_id TEXT NOT NULL,
  recipients TEXT NOT NULL,
  subject TEXT NOT NULL,
  body TEXT NOT NULL,
  attachment_name TEXT NOT NULL,
  attachment BLOB,
  state TEXT NOT NULL,
  attempts INTEGER NOT NULL,
  next_at INTEGER NOT NULL,
  last_error TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  ended_at INTEGER
) STRICT;
CREATE INDEX mails_due ON mails(next_at) WHERE state = 'queued';
CREATE INDEX mails_by_age ON mails(created_at);

CREATE TABLE audit (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  at INTEGER NOT NULL,
  actor TEXT NOT NULL,
  client_id INTEGER NOT NULL,
  host TEXT NOT NULL,
  device TEXT NOT NULL,
  action TEXT NOT NULL,
  object TEXT NOT NULL,
  outcome TEXT NOT NULL,
  detail TEXT NOT NULL
) STRICT;

-- +goose StatementBegin
CREATE TRIGGER audit_is_not_changed BEFORE UPDATE ON audit
BEGIN SELECT RAISE(ABORT, 'the audit trail is append-only'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER audit_is_not_erased BEFORE DELETE ON audit
BEGIN SELECT RAISE(ABORT, 'the audit trail is append-only'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER licenses_are_not_erased BEFORE DELETE ON licenses
BEGIN SELECT RAISE(ABORT, 'licenses are never erased'); END;
-- +goose StatementEnd
