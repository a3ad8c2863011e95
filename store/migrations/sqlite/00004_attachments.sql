-- A file's case is named by its number: the case's own row may come later.

-- +goose Up
CREATE TABLE attachments (
  id TEXT NOT NULL PRIMARY KEY,
  number TEXT NOT NULL,
  name TEXT NOT NULL,
  type TEXT NOT NULL,
  size INTEGER NOT NULL,
  sum TEXT NOT NULL,
  uploaded_by TEXT NOT NULL,
  uploaded_at INTEGER NOT NULL
);
CREATE INDEX attachments_number ON attachments (number, uploaded_at, id);

-- +goose Down
DROP TABLE attachments;
