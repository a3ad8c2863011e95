-- +goose Up
CREATE TABLE users (
  username TEXT NOT NULL PRIMARY KEY,
  name TEXT NOT NULL,
  roles TEXT NOT NULL,
  hash TEXT NOT NULL,
  disabled INTEGER NOT NULL,
  version INTEGER NOT NULL,
  not_before INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL
);

CREATE TABLE revocations (
  token_id TEXT NOT NULL PRIMARY KEY,
  until INTEGER NOT NULL
);
CREATE INDEX revocations_until ON revocations (until);

-- +goose Down
DROP TABLE revocations;
DROP TABLE users;
