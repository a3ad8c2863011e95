-- A file's case is named by its number: the case's own row may come later.

-- +goose Up
CREATE TABLE IF NOT EXISTS attachments (
  id VARCHAR(64) NOT NULL,
  number VARCHAR(20) NOT NULL,
  name VARCHAR(255) NOT NULL,
  type VARCHAR(255) NOT NULL,
  size BIGINT NOT NULL,
  sum VARCHAR(64) NOT NULL,
  uploaded_by VARCHAR(64) NOT NULL,
  uploaded_at BIGINT NOT NULL,
  PRIMARY KEY (id),
  KEY attachments_number (number, uploaded_at, id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin ROW_FORMAT=DYNAMIC;

-- +goose Down
DROP TABLE IF EXISTS attachments;
