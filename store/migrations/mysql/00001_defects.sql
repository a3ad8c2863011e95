-- A case's row holds what lists filter and sort by; its text stands apart, so that a scan of rows stays small.
-- id is the time of submission in microseconds since 1970, times 1024, plus what keeps cases of one microsecond apart:
-- the order of the rows is the order of submission. Times are microseconds since 1970, UTC.

-- +goose Up
CREATE TABLE IF NOT EXISTS defects (
  id BIGINT NOT NULL,
  number VARCHAR(20) NOT NULL,
  seq INT NOT NULL,
  stage VARCHAR(16) NOT NULL,
  severity TINYINT NOT NULL,
  category VARCHAR(16) NOT NULL,
  assignee VARCHAR(64) NOT NULL,
  reporter VARCHAR(64) NOT NULL,
  system_key VARCHAR(24) NOT NULL,
  asset_key VARCHAR(24) NOT NULL,
  overdue TINYINT NOT NULL,
  waiting TINYINT NOT NULL,
  created_at BIGINT NOT NULL,
  updated_at BIGINT NOT NULL,
  next_due BIGINT NOT NULL,
  submit_key VARCHAR(64) NULL,
  PRIMARY KEY (id),
  UNIQUE KEY defects_number (number),
  KEY defects_submit_key (submit_key),
  KEY defects_stage (stage, id),
  KEY defects_severity (severity, id),
  KEY defects_category (category, id),
  KEY defects_assignee (assignee, id),
  KEY defects_reporter (reporter, id),
  KEY defects_system (system_key, id),
  KEY defects_asset (asset_key, id),
  KEY defects_overdue (overdue, id),
  KEY defects_waiting (waiting, id),
  KEY defects_updated (updated_at, id),
  KEY defects_due (next_due, id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin ROW_FORMAT=DYNAMIC;

CREATE TABLE IF NOT EXISTS defect_docs (
  id BIGINT NOT NULL,
  policy_digest VARCHAR(24) NOT NULL,
  submission MEDIUMTEXT NOT NULL,
  doc MEDIUMTEXT NOT NULL,
  PRIMARY KEY (id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin ROW_FORMAT=DYNAMIC;

CREATE TABLE IF NOT EXISTS policies (
  digest VARCHAR(24) NOT NULL,
  doc MEDIUMTEXT NOT NULL,
  PRIMARY KEY (digest)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin ROW_FORMAT=DYNAMIC;

CREATE TABLE IF NOT EXISTS events (
  id BIGINT NOT NULL,
  seq INT NOT NULL,
  kind VARCHAR(24) NOT NULL,
  at BIGINT NOT NULL,
  sum VARCHAR(24) NOT NULL,
  idem_key VARCHAR(64) NULL,
  doc MEDIUMTEXT NOT NULL,
  PRIMARY KEY (id, seq),
  KEY events_idem_key (idem_key)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin ROW_FORMAT=DYNAMIC;

CREATE TABLE IF NOT EXISTS tallies (
  name VARCHAR(64) NOT NULL,
  slot INT NOT NULL,
  n BIGINT NOT NULL,
  PRIMARY KEY (name, slot)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin ROW_FORMAT=DYNAMIC;

-- +goose Down
DROP TABLE IF EXISTS tallies;
DROP TABLE IF EXISTS events;
DROP TABLE IF EXISTS policies;
DROP TABLE IF EXISTS defect_docs;
DROP TABLE IF EXISTS defects;
