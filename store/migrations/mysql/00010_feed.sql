-- What has changed, in one order for all cases: processes follow it to tell people who are looking. Its end is all that anybody
-- needs; the rest is forgotten.

-- +goose Up
CREATE TABLE IF NOT EXISTS feed (
  n BIGINT NOT NULL AUTO_INCREMENT,
  number VARCHAR(20) NOT NULL,
  seq INT NOT NULL,
  PRIMARY KEY (n)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin ROW_FORMAT=DYNAMIC;

-- +goose Down
DROP TABLE IF EXISTS feed;
