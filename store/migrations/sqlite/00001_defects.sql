-- A case's row holds what lists filter and sort by; its text stands apart, so that a scan of rows stays small.
-- id is the time of submission in microseconds since 1970, times 1024, plus what keeps cases of one microsecond apart:
-- the order of the rows is the order of submission. Times are microseconds since 1970, UTC.

-- +goose Up
CREATE TABLE defects (
  id INTEGER NOT NULL PRIMARY KEY,
  number TEXT NOT NULL UNIQUE,
  seq INTEGER NOT NULL,
  stage TEXT NOT NULL,
  severity INTEGER NOT NULL,
  category TEXT NOT NULL,
  assignee TEXT NOT NULL,
  reporter TEXT NOT NULL,
  system_key TEXT NOT NULL,
  asset_key TEXT NOT NULL,
  overdue INTEGER NOT NULL,
  waiting INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  next_due INTEGER NOT NULL,
  submit_key TEXT NULL
);
CREATE INDEX defects_submit_key ON defects (submit_key) WHERE submit_key IS NOT NULL;
CREATE INDEX defects_stage ON defects (stage, id);
CREATE INDEX defects_severity ON defects (severity, id);
CREATE INDEX defects_category ON defects (category, id);
CREATE INDEX defects_assignee ON defects (assignee, id);
CREATE INDEX defects_reporter ON defects (reporter, id);
CREATE INDEX defects_system ON defects (system_key, id);
CREATE INDEX defects_asset ON defects (asset_key, id);
CREATE INDEX defects_overdue ON defects (overdue, id);
CREATE INDEX defects_waiting ON defects (waiting, id);
CREATE INDEX defects_updated ON defects (updated_at, id);
CREATE INDEX defects_due ON defects (next_due, id);

CREATE TABLE defect_docs (
  id INTEGER NOT NULL PRIMARY KEY,
  policy_digest TEXT NOT NULL,
  submission TEXT NOT NULL,
  doc TEXT NOT NULL
);

CREATE TABLE policies (
  digest TEXT NOT NULL PRIMARY KEY,
  doc TEXT NOT NULL
);

CREATE TABLE events (
  id INTEGER NOT NULL,
  seq INTEGER NOT NULL,
  kind TEXT NOT NULL,
  at INTEGER NOT NULL,
  sum TEXT NOT NULL,
  idem_key TEXT NULL,
  doc TEXT NOT NULL,
  PRIMARY KEY (id, seq)
);
CREATE INDEX events_idem_key ON events (idem_key) WHERE idem_key IS NOT NULL;

CREATE TABLE tallies (
  name TEXT NOT NULL,
  slot INTEGER NOT NULL,
  n INTEGER NOT NULL,
  PRIMARY KEY (name, slot)
) WITHOUT ROWID;

-- +goose Down
DROP TABLE tallies;
DROP TABLE events;
DROP TABLE policies;
DROP TABLE defect_docs;
DROP TABLE defects;
