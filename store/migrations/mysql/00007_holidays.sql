-- The revisions of the sets of holidays. Rows are only ever added: a set in force is what the program ships and its
-- revisions in order. doc is the change itself, effect what it did to the set's days when it was made.

-- +goose Up
CREATE TABLE IF NOT EXISTS holiday_revisions (
  set_name VARCHAR(40) NOT NULL,
  n INT NOT NULL,
  doc MEDIUMTEXT NOT NULL,
  effect MEDIUMTEXT NOT NULL,
  document VARCHAR(255) NOT NULL,
  made_by VARCHAR(100) NOT NULL,
  why TEXT NOT NULL,
  made_at BIGINT NOT NULL,
  idem_key VARCHAR(64) NULL,
  print VARCHAR(64) NOT NULL,
  PRIMARY KEY (set_name, n),
  UNIQUE KEY holiday_revisions_idem_key (idem_key)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin ROW_FORMAT=DYNAMIC;

-- +goose Down
DROP TABLE IF EXISTS holiday_revisions;
