-- The revisions of the sets of holidays. Rows are only ever added: a set in force is what the program ships and its
-- revisions in order. doc is the change itself, effect what it did to the set's days when it was made.

-- +goose Up
CREATE TABLE holiday_revisions (
  set_name TEXT NOT NULL,
  n INTEGER NOT NULL,
  doc TEXT NOT NULL,
  effect TEXT NOT NULL,
  document TEXT NOT NULL,
  made_by TEXT NOT NULL,
  why TEXT NOT NULL,
  made_at INTEGER NOT NULL,
  idem_key TEXT,
  print TEXT NOT NULL,
  PRIMARY KEY (set_name, n)
);
CREATE UNIQUE INDEX holiday_revisions_idem_key ON holiday_revisions (idem_key) WHERE idem_key IS NOT NULL;

-- +goose Down
DROP TABLE holiday_revisions;
