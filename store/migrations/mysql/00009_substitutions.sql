-- Who signs in whose place, and when. ended_at is 0 unless it was ended before its time.

-- +goose Up
CREATE TABLE IF NOT EXISTS substitutions (
  id BIGINT NOT NULL AUTO_INCREMENT,
  username VARCHAR(64) NOT NULL,
  substitute VARCHAR(64) NOT NULL,
  from_at BIGINT NOT NULL,
  until_at BIGINT NOT NULL,
  reason TEXT NOT NULL,
  made_by VARCHAR(64) NOT NULL,
  created_at BIGINT NOT NULL,
  ended_at BIGINT NOT NULL,
  PRIMARY KEY (id),
  KEY substitutions_absent (username, id),
  KEY substitutions_substitute (substitute, id),
  KEY substitutions_running (ended_at, until_at)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin ROW_FORMAT=DYNAMIC;

-- +goose Down
DROP TABLE IF EXISTS substitutions;
