-- What is known of people beside their names, and when their sessions began to be others: version counts every change of
-- an account, epoch is the version that last voided its sessions; 0 for an account that none has since this step. MySQL
-- commits a change of a table by itself: one that was cut off is not made twice.

-- +goose Up
SET @step = (SELECT IF(COUNT(*) > 0, 'DO 0',
  'ALTER TABLE users ADD COLUMN unit VARCHAR(200) NOT NULL DEFAULT \'\', ADD COLUMN phone VARCHAR(64) NOT NULL DEFAULT \'\', ADD COLUMN email VARCHAR(320) NOT NULL DEFAULT \'\', ADD COLUMN epoch INT NOT NULL DEFAULT 0')
  FROM information_schema.columns WHERE table_schema = DATABASE() AND table_name = 'users' AND column_name = 'epoch');
PREPARE step FROM @step;
EXECUTE step;
DEALLOCATE PREPARE step;

-- +goose Down
SET @step = (SELECT IF(COUNT(*) = 0, 'DO 0', 'ALTER TABLE users DROP COLUMN epoch, DROP COLUMN email, DROP COLUMN phone, DROP COLUMN unit')
  FROM information_schema.columns WHERE table_schema = DATABASE() AND table_name = 'users' AND column_name = 'epoch');
PREPARE step FROM @step;
EXECUTE step;
DEALLOCATE PREPARE step;
