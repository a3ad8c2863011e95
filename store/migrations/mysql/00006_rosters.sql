-- A roster's row points at its latest version; every version stays, for the question who was on duty then. Overrides and
-- swaps (roster_changes) stay too. Times are microseconds since 1970, UTC; 0 is none.

-- +goose Up
CREATE TABLE IF NOT EXISTS rosters (
  name VARCHAR(64) NOT NULL,
  version INT NOT NULL,
  PRIMARY KEY (name)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin ROW_FORMAT=DYNAMIC;

CREATE TABLE IF NOT EXISTS roster_versions (
  name VARCHAR(64) NOT NULL,
  version INT NOT NULL,
  saved_at BIGINT NOT NULL,
  saved_by VARCHAR(64) NOT NULL,
  reason TEXT NOT NULL,
  doc MEDIUMTEXT NOT NULL,
  PRIMARY KEY (name, version),
  KEY roster_versions_saved (name, saved_at)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin ROW_FORMAT=DYNAMIC;

CREATE TABLE IF NOT EXISTS roster_changes (
  id VARCHAR(64) NOT NULL,
  roster VARCHAR(64) NOT NULL,
  kind VARCHAR(16) NOT NULL,
  state VARCHAR(16) NOT NULL,
  made_at BIGINT NOT NULL,
  starts_at BIGINT NOT NULL,
  ends_at BIGINT NOT NULL,
  doc MEDIUMTEXT NOT NULL,
  PRIMARY KEY (id),
  KEY roster_changes_made (roster, kind, made_at, id),
  KEY roster_changes_ends (roster, ends_at),
  KEY roster_changes_live (ends_at)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin ROW_FORMAT=DYNAMIC;

CREATE TABLE IF NOT EXISTS duty_presence (
  id VARCHAR(64) NOT NULL,
  roster VARCHAR(64) NOT NULL,
  shift VARCHAR(200) NOT NULL,
  username VARCHAR(64) NOT NULL,
  at BIGINT NOT NULL,
  out_at BIGINT NOT NULL,
  note_in TEXT NOT NULL,
  note_out TEXT NOT NULL,
  present VARCHAR(64) NULL,
  PRIMARY KEY (id),
  UNIQUE KEY duty_presence_present (present),
  KEY duty_presence_at (at, id),
  KEY duty_presence_roster (roster, at, id),
  KEY duty_presence_username (username, at, id),
  KEY duty_presence_out (out_at, at, id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin ROW_FORMAT=DYNAMIC;

CREATE TABLE IF NOT EXISTS duty_log (
  id VARCHAR(64) NOT NULL,
  roster VARCHAR(64) NOT NULL,
  shift VARCHAR(200) NOT NULL,
  at BIGINT NOT NULL,
  username VARCHAR(64) NOT NULL,
  number VARCHAR(64) NOT NULL,
  body TEXT NOT NULL,
  PRIMARY KEY (id),
  KEY duty_log_at (at, id),
  KEY duty_log_roster (roster, at, id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin ROW_FORMAT=DYNAMIC;

CREATE TABLE IF NOT EXISTS hand_overs (
  id VARCHAR(64) NOT NULL,
  roster VARCHAR(64) NOT NULL,
  shift VARCHAR(200) NOT NULL,
  at BIGINT NOT NULL,
  from_user VARCHAR(64) NOT NULL,
  to_user VARCHAR(64) NOT NULL,
  open_cases INT NOT NULL,
  note TEXT NOT NULL,
  acknowledged_at BIGINT NOT NULL,
  remark TEXT NOT NULL,
  PRIMARY KEY (id),
  KEY hand_overs_at (at, id),
  KEY hand_overs_roster (roster, at, id),
  KEY hand_overs_pending (acknowledged_at, at, id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin ROW_FORMAT=DYNAMIC;

-- How many open cases somebody has is asked whenever one is assigned by duty. MySQL has no CREATE INDEX IF NOT EXISTS.
SET @defects_load = IF((SELECT COUNT(*) FROM information_schema.statistics WHERE table_schema = DATABASE() AND table_name = 'defects' AND index_name = 'defects_load') = 0,
  'CREATE INDEX defects_load ON defects (assignee, stage)', 'DO 0');
PREPARE defects_load FROM @defects_load;
EXECUTE defects_load;
DEALLOCATE PREPARE defects_load;

-- +goose Down
SET @defects_load = IF((SELECT COUNT(*) FROM information_schema.statistics WHERE table_schema = DATABASE() AND table_name = 'defects' AND index_name = 'defects_load') > 0,
  'DROP INDEX defects_load ON defects', 'DO 0');
PREPARE defects_load FROM @defects_load;
EXECUTE defects_load;
DEALLOCATE PREPARE defects_load;
DROP TABLE IF EXISTS hand_overs;
DROP TABLE IF EXISTS duty_log;
DROP TABLE IF EXISTS duty_presence;
DROP TABLE IF EXISTS roster_changes;
DROP TABLE IF EXISTS roster_versions;
DROP TABLE IF EXISTS rosters;
