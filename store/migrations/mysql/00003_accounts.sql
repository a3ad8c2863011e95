-- +goose Up
CREATE TABLE IF NOT EXISTS users (
  username VARCHAR(64) NOT NULL,
  name VARCHAR(200) NOT NULL,
  roles VARCHAR(500) NOT NULL,
  hash VARCHAR(500) NOT NULL,
  disabled TINYINT NOT NULL,
  version INT NOT NULL,
  not_before BIGINT NOT NULL,
  created_at BIGINT NOT NULL,
  updated_at BIGINT NOT NULL,
  PRIMARY KEY (username)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin ROW_FORMAT=DYNAMIC;

CREATE TABLE IF NOT EXISTS revocations (
  token_id VARCHAR(64) NOT NULL,
  until BIGINT NOT NULL,
  PRIMARY KEY (token_id),
  KEY revocations_until (until)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin ROW_FORMAT=DYNAMIC;

-- +goose Down
DROP TABLE IF EXISTS revocations;
DROP TABLE IF EXISTS users;
