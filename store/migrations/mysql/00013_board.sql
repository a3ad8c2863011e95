-- What the watch board asks for: which promises that nobody has kept yet fall due first, how many were kept and broken on
-- a day, how many cases ended on it. A case that has ended is not updated again. MySQL has no CREATE INDEX IF NOT EXISTS.

-- +goose Up
SET @promises_open = IF((SELECT COUNT(*) FROM information_schema.statistics WHERE table_schema = DATABASE() AND table_name = 'promises' AND index_name = 'promises_open') = 0,
  'CREATE INDEX promises_open ON promises (outcome, ended_at, due_at)', 'DO 0');
PREPARE promises_open FROM @promises_open;
EXECUTE promises_open;
DEALLOCATE PREPARE promises_open;

SET @promises_due = IF((SELECT COUNT(*) FROM information_schema.statistics WHERE table_schema = DATABASE() AND table_name = 'promises' AND index_name = 'promises_due') = 0,
  'CREATE INDEX promises_due ON promises (outcome, due_at)', 'DO 0');
PREPARE promises_due FROM @promises_due;
EXECUTE promises_due;
DEALLOCATE PREPARE promises_due;

SET @defects_ended = IF((SELECT COUNT(*) FROM information_schema.statistics WHERE table_schema = DATABASE() AND table_name = 'defects' AND index_name = 'defects_ended') = 0,
  'CREATE INDEX defects_ended ON defects (stage, updated_at)', 'DO 0');
PREPARE defects_ended FROM @defects_ended;
EXECUTE defects_ended;
DEALLOCATE PREPARE defects_ended;

-- +goose Down
SET @defects_ended = IF((SELECT COUNT(*) FROM information_schema.statistics WHERE table_schema = DATABASE() AND table_name = 'defects' AND index_name = 'defects_ended') > 0,
  'DROP INDEX defects_ended ON defects', 'DO 0');
PREPARE defects_ended FROM @defects_ended;
EXECUTE defects_ended;
DEALLOCATE PREPARE defects_ended;

SET @promises_due = IF((SELECT COUNT(*) FROM information_schema.statistics WHERE table_schema = DATABASE() AND table_name = 'promises' AND index_name = 'promises_due') > 0,
  'DROP INDEX promises_due ON promises', 'DO 0');
PREPARE promises_due FROM @promises_due;
EXECUTE promises_due;
DEALLOCATE PREPARE promises_due;

SET @promises_open = IF((SELECT COUNT(*) FROM information_schema.statistics WHERE table_schema = DATABASE() AND table_name = 'promises' AND index_name = 'promises_open') > 0,
  'DROP INDEX promises_open ON promises', 'DO 0');
PREPARE promises_open FROM @promises_open;
EXECUTE promises_open;
DEALLOCATE PREPARE promises_open;
