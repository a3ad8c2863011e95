-- What has changed, in one order for all cases: processes follow it to tell people who are looking. Its end is all that anybody
-- needs; the rest is forgotten.

-- +goose Up
CREATE TABLE feed (
  n INTEGER PRIMARY KEY AUTOINCREMENT,
  number TEXT NOT NULL,
  seq INTEGER NOT NULL
);

-- +goose Down
DROP TABLE feed;
