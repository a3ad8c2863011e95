-- The index of substrings, see grams.go: texts that came lately, and what gathers them.

-- +goose Up
CREATE TABLE search_tail (
  id INTEGER NOT NULL PRIMARY KEY,
  body BLOB NOT NULL
);

CREATE TABLE search_segments (
  segment INTEGER NOT NULL PRIMARY KEY,
  docs INTEGER NOT NULL,
  size INTEGER NOT NULL,
  first_id INTEGER NOT NULL,
  last_id INTEGER NOT NULL,
  ids BLOB NOT NULL
);

CREATE TABLE search_postings (
  bucket INTEGER NOT NULL,
  segment INTEGER NOT NULL,
  postings BLOB NOT NULL,
  PRIMARY KEY (bucket, segment)
);

-- One row is always there: on MySQL it is what is locked.
INSERT INTO search_segments (segment, docs, size, first_id, last_id, ids) VALUES (1, 0, 0, 0, 0, x'');

-- +goose Down
DROP TABLE search_postings;
DROP TABLE search_segments;
DROP TABLE search_tail;
