-- One row per promise of a case, in the order of their starts, so that a report reads one stretch of the table. systems
-- and units are kept by the digest of their names. Times are microseconds since 1970, durations microseconds.

-- +goose Up
CREATE TABLE promises (
  started_at INTEGER NOT NULL,
  id INTEGER NOT NULL,
  n INTEGER NOT NULL,
  number TEXT NOT NULL,
  clock TEXT NOT NULL,
  nth INTEGER NOT NULL,
  cycle INTEGER NOT NULL,
  severity INTEGER NOT NULL,
  month INTEGER NOT NULL,
  system_key TEXT NOT NULL,
  unit_key TEXT NOT NULL,
  person TEXT NOT NULL,
  due_at INTEGER NOT NULL,
  ended_at INTEGER NOT NULL,
  state TEXT NOT NULL,
  outcome TEXT NOT NULL,
  met INTEGER NOT NULL,
  counted INTEGER NOT NULL,
  late_by INTEGER NOT NULL,
  contractor INTEGER NOT NULL,
  client INTEGER NOT NULL,
  spare_part INTEGER NOT NULL,
  PRIMARY KEY (started_at, id, n)
) WITHOUT ROWID;
CREATE INDEX promises_case ON promises (id);

CREATE TABLE promise_names (
  name_key TEXT NOT NULL PRIMARY KEY,
  name TEXT NOT NULL
);

CREATE TABLE audits (
  id TEXT NOT NULL PRIMARY KEY,
  started_at INTEGER NOT NULL,
  ended_at INTEGER NOT NULL,
  checked INTEGER NOT NULL,
  findings INTEGER NOT NULL
);
CREATE INDEX audits_started ON audits (started_at, id);

CREATE TABLE audit_findings (
  audit_id TEXT NOT NULL,
  number TEXT NOT NULL,
  kind TEXT NOT NULL,
  subject TEXT NOT NULL,
  found_at INTEGER NOT NULL,
  detail TEXT NOT NULL,
  PRIMARY KEY (audit_id, number, kind, subject)
);

-- +goose Down
DROP TABLE audit_findings;
DROP TABLE audits;
DROP TABLE promise_names;
DROP TABLE promises;
