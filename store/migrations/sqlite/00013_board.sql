-- What the watch board asks for: which promises that nobody has kept yet fall due first, how many were kept and broken on
-- a day, how many cases ended on it. A case that has ended is not updated again.

-- +goose Up
CREATE INDEX promises_open ON promises (outcome, ended_at, due_at);
CREATE INDEX promises_due ON promises (outcome, due_at);
CREATE INDEX defects_ended ON defects (stage, updated_at);

-- +goose Down
DROP INDEX defects_ended;
DROP INDEX promises_due;
DROP INDEX promises_open;
