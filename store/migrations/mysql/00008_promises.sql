-- One row per promise of a case, in the order of their starts, so that a report reads one stretch of the table. systems
-- and units are kept by the digest of their names. Times are microseconds since 1970, durations microseconds.

-- +goose Up
CREATE TABLE IF NOT EXISTS promises (
  started_at BIGINT NOT NULL,
  id BIGINT NOT NULL,
  n INT NOT NULL,
  number VARCHAR(24) NOT NULL,
  clock VARCHAR(16) NOT NULL,
  nth INT NOT NULL,
  cycle INT NOT NULL,
  severity TINYINT NOT NULL,
  month INT NOT NULL,
  system_key VARCHAR(24) NOT NULL,
  unit_key VARCHAR(24) NOT NULL,
  person VARCHAR(64) NOT NULL,
  due_at BIGINT NOT NULL,
  ended_at BIGINT NOT NULL,
  state VARCHAR(16) NOT NULL,
  outcome VARCHAR(16) NOT NULL,
  met TINYINT NOT NULL,
  counted BIGINT NOT NULL,
  late_by BIGINT NOT NULL,
  contractor BIGINT NOT NULL,
  client BIGINT NOT NULL,
  spare_part BIGINT NOT NULL,
  PRIMARY KEY (started_at, id, n),
  KEY promises_case (id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin ROW_FORMAT=DYNAMIC;

CREATE TABLE IF NOT EXISTS promise_names (
  name_key VARCHAR(24) NOT NULL,
  name TEXT NOT NULL,
  PRIMARY KEY (name_key)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin ROW_FORMAT=DYNAMIC;

CREATE TABLE IF NOT EXISTS audits (
  id VARCHAR(64) NOT NULL,
  started_at BIGINT NOT NULL,
  ended_at BIGINT NOT NULL,
  checked INT NOT NULL,
  findings INT NOT NULL,
  PRIMARY KEY (id),
  KEY audits_started (started_at, id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin ROW_FORMAT=DYNAMIC;

CREATE TABLE IF NOT EXISTS audit_findings (
  audit_id VARCHAR(64) NOT NULL,
  number VARCHAR(24) NOT NULL,
  kind VARCHAR(16) NOT NULL,
  subject VARCHAR(64) NOT NULL,
  found_at BIGINT NOT NULL,
  detail TEXT NOT NULL,
  PRIMARY KEY (audit_id, number, kind, subject)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin ROW_FORMAT=DYNAMIC;

-- +goose Down
DROP TABLE IF EXISTS audit_findings;
DROP TABLE IF EXISTS audits;
DROP TABLE IF EXISTS promise_names;
DROP TABLE IF EXISTS promises;
