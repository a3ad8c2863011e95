-- Who signs in whose place, and when. ended_at is 0 unless it was ended before its time.

-- +goose Up
CREATE TABLE substitutions (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  username TEXT NOT NULL,
  substitute TEXT NOT NULL,
  from_at INTEGER NOT NULL,
  until_at INTEGER NOT NULL,
  reason TEXT NOT NULL,
  made_by TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  ended_at INTEGER NOT NULL
);

CREATE INDEX substitutions_absent ON substitutions (username, id);
CREATE INDEX substitutions_substitute ON substitutions (substitute, id);
CREATE INDEX substitutions_running ON substitutions (ended_at, until_at);

-- +goose Down
DROP TABLE substitutions;
