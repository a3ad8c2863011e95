-- The index of substrings, see grams.go: texts that came lately, and what gathers them.

-- +goose Up
CREATE TABLE IF NOT EXISTS search_tail (
  id BIGINT NOT NULL,
  body MEDIUMBLOB NOT NULL,
  PRIMARY KEY (id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin ROW_FORMAT=DYNAMIC;

CREATE TABLE IF NOT EXISTS search_segments (
  segment INT NOT NULL,
  docs INT NOT NULL,
  size BIGINT NOT NULL,
  first_id BIGINT NOT NULL,
  last_id BIGINT NOT NULL,
  ids MEDIUMBLOB NOT NULL,
  PRIMARY KEY (segment)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin ROW_FORMAT=DYNAMIC;

CREATE TABLE IF NOT EXISTS search_postings (
  bucket INT NOT NULL,
  segment INT NOT NULL,
  postings MEDIUMBLOB NOT NULL,
  PRIMARY KEY (bucket, segment)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin ROW_FORMAT=DYNAMIC;

-- One row is always there, for its lock.
INSERT INTO search_segments (segment, docs, size, first_id, last_id, ids)
SELECT 1, 0, 0, 0, 0, '' FROM (SELECT 1) one WHERE NOT EXISTS (SELECT 1 FROM search_segments);

-- +goose Down
DROP TABLE IF EXISTS search_postings;
DROP TABLE IF EXISTS search_segments;
DROP TABLE IF EXISTS search_tail;
