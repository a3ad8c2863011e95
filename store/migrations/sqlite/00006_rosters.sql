-- A roster's row points at its latest version; every version stays, for the question who was on duty then. Overrides and
-- swaps (roster_changes) stay too. Times are microseconds since 1970, UTC; 0 is none.

-- +goose Up
CREATE TABLE rosters (
  name TEXT NOT NULL PRIMARY KEY,
  version INTEGER NOT NULL
);

CREATE TABLE roster_versions (
  name TEXT NOT NULL,
  version INTEGER NOT NULL,
  saved_at INTEGER NOT NULL,
  saved_by TEXT NOT NULL,
  reason TEXT NOT NULL,
  doc TEXT NOT NULL,
  PRIMARY KEY (name, version)
);
CREATE INDEX roster_versions_saved ON roster_versions (name, saved_at);

CREATE TABLE roster_changes (
  id TEXT NOT NULL PRIMARY KEY,
  roster TEXT NOT NULL,
  kind TEXT NOT NULL,
  state TEXT NOT NULL,
  made_at INTEGER NOT NULL,
  starts_at INTEGER NOT NULL,
  ends_at INTEGER NOT NULL,
  doc TEXT NOT NULL
);
CREATE INDEX roster_changes_made ON roster_changes (roster, kind, made_at, id);
CREATE INDEX roster_changes_ends ON roster_changes (roster, ends_at);
CREATE INDEX roster_changes_live ON roster_changes (ends_at);

CREATE TABLE duty_presence (
  id TEXT NOT NULL PRIMARY KEY,
  roster TEXT NOT NULL,
  shift TEXT NOT NULL,
  username TEXT NOT NULL,
  at INTEGER NOT NULL,
  out_at INTEGER NOT NULL,
  note_in TEXT NOT NULL,
  note_out TEXT NOT NULL,
  present TEXT NULL UNIQUE
);
CREATE INDEX duty_presence_at ON duty_presence (at, id);
CREATE INDEX duty_presence_roster ON duty_presence (roster, at, id);
CREATE INDEX duty_presence_username ON duty_presence (username, at, id);
CREATE INDEX duty_presence_out ON duty_presence (out_at, at, id);

CREATE TABLE duty_log (
  id TEXT NOT NULL PRIMARY KEY,
  roster TEXT NOT NULL,
  shift TEXT NOT NULL,
  at INTEGER NOT NULL,
  username TEXT NOT NULL,
  number TEXT NOT NULL,
  body TEXT NOT NULL
);
CREATE INDEX duty_log_at ON duty_log (at, id);
CREATE INDEX duty_log_roster ON duty_log (roster, at, id);

CREATE TABLE hand_overs (
  id TEXT NOT NULL PRIMARY KEY,
  roster TEXT NOT NULL,
  shift TEXT NOT NULL,
  at INTEGER NOT NULL,
  from_user TEXT NOT NULL,
  to_user TEXT NOT NULL,
  open_cases INTEGER NOT NULL,
  note TEXT NOT NULL,
  acknowledged_at INTEGER NOT NULL,
  remark TEXT NOT NULL
);
CREATE INDEX hand_overs_at ON hand_overs (at, id);
CREATE INDEX hand_overs_roster ON hand_overs (roster, at, id);
CREATE INDEX hand_overs_pending ON hand_overs (acknowledged_at, at, id);

-- How many open cases somebody has is asked whenever one is assigned by duty.
CREATE INDEX defects_load ON defects (assignee, stage);

-- +goose Down
DROP INDEX defects_load;
DROP TABLE hand_overs;
DROP TABLE duty_log;
DROP TABLE duty_presence;
DROP TABLE roster_changes;
DROP TABLE roster_versions;
DROP TABLE rosters;
