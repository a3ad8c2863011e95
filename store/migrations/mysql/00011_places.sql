-- Lists are read in their order along an index: promises of a person, a system or a unit, notices of somebody over all
-- channels, changes of rosters, and what an audit walks over. looks_open is what an audit goes by, which must not trust the
-- stage alone: a case that has not ended, or is said to have ended and still promises something.
-- The indexes of changes take the place of two that ended before the ID. MySQL has no IF NOT EXISTS for columns and indexes.

-- +goose Up
SET @looks_open = IF((SELECT COUNT(*) FROM information_schema.columns WHERE table_schema = DATABASE() AND table_name = 'defects' AND column_name = 'looks_open') = 0,
  'ALTER TABLE defects ADD COLUMN looks_open TINYINT AS (stage NOT IN (''closed'', ''converted'', ''withdrawn'', ''duplicate'') OR next_due <> 9223372036854775807) VIRTUAL', 'DO 0');
PREPARE looks_open FROM @looks_open;
EXECUTE looks_open;
DEALLOCATE PREPARE looks_open;

SET @promises_person = IF((SELECT COUNT(*) FROM information_schema.statistics WHERE table_schema = DATABASE() AND table_name = 'promises' AND index_name = 'promises_person') = 0,
  'CREATE INDEX promises_person ON promises (person, started_at, id, n)', 'DO 0');
PREPARE promises_person FROM @promises_person;
EXECUTE promises_person;
DEALLOCATE PREPARE promises_person;

SET @promises_system = IF((SELECT COUNT(*) FROM information_schema.statistics WHERE table_schema = DATABASE() AND table_name = 'promises' AND index_name = 'promises_system') = 0,
  'CREATE INDEX promises_system ON promises (system_key, started_at, id, n)', 'DO 0');
PREPARE promises_system FROM @promises_system;
EXECUTE promises_system;
DEALLOCATE PREPARE promises_system;

SET @promises_unit = IF((SELECT COUNT(*) FROM information_schema.statistics WHERE table_schema = DATABASE() AND table_name = 'promises' AND index_name = 'promises_unit') = 0,
  'CREATE INDEX promises_unit ON promises (unit_key, started_at, id, n)', 'DO 0');
PREPARE promises_unit FROM @promises_unit;
EXECUTE promises_unit;
DEALLOCATE PREPARE promises_unit;

SET @notices_username = IF((SELECT COUNT(*) FROM information_schema.statistics WHERE table_schema = DATABASE() AND table_name = 'notices' AND index_name = 'notices_username') = 0,
  'CREATE INDEX notices_username ON notices (username, id)', 'DO 0');
PREPARE notices_username FROM @notices_username;
EXECUTE notices_username;
DEALLOCATE PREPARE notices_username;

SET @roster_changes_place = IF((SELECT COUNT(*) FROM information_schema.statistics WHERE table_schema = DATABASE() AND table_name = 'roster_changes' AND index_name = 'roster_changes_place') = 0,
  'CREATE INDEX roster_changes_place ON roster_changes (ends_at, id)', 'DO 0');
PREPARE roster_changes_place FROM @roster_changes_place;
EXECUTE roster_changes_place;
DEALLOCATE PREPARE roster_changes_place;

SET @roster_changes_roster = IF((SELECT COUNT(*) FROM information_schema.statistics WHERE table_schema = DATABASE() AND table_name = 'roster_changes' AND index_name = 'roster_changes_roster') = 0,
  'CREATE INDEX roster_changes_roster ON roster_changes (roster, ends_at, id)', 'DO 0');
PREPARE roster_changes_roster FROM @roster_changes_roster;
EXECUTE roster_changes_roster;
DEALLOCATE PREPARE roster_changes_roster;

SET @roster_changes_live = IF((SELECT COUNT(*) FROM information_schema.statistics WHERE table_schema = DATABASE() AND table_name = 'roster_changes' AND index_name = 'roster_changes_live') > 0,
  'DROP INDEX roster_changes_live ON roster_changes', 'DO 0');
PREPARE roster_changes_live FROM @roster_changes_live;
EXECUTE roster_changes_live;
DEALLOCATE PREPARE roster_changes_live;

SET @roster_changes_ends = IF((SELECT COUNT(*) FROM information_schema.statistics WHERE table_schema = DATABASE() AND table_name = 'roster_changes' AND index_name = 'roster_changes_ends') > 0,
  'DROP INDEX roster_changes_ends ON roster_changes', 'DO 0');
PREPARE roster_changes_ends FROM @roster_changes_ends;
EXECUTE roster_changes_ends;
DEALLOCATE PREPARE roster_changes_ends;

SET @defects_looks_open = IF((SELECT COUNT(*) FROM information_schema.statistics WHERE table_schema = DATABASE() AND table_name = 'defects' AND index_name = 'defects_looks_open') = 0,
  'CREATE INDEX defects_looks_open ON defects (looks_open, id)', 'DO 0');
PREPARE defects_looks_open FROM @defects_looks_open;
EXECUTE defects_looks_open;
DEALLOCATE PREPARE defects_looks_open;

-- +goose Down
SET @defects_looks_open = IF((SELECT COUNT(*) FROM information_schema.statistics WHERE table_schema = DATABASE() AND table_name = 'defects' AND index_name = 'defects_looks_open') > 0,
  'DROP INDEX defects_looks_open ON defects', 'DO 0');
PREPARE defects_looks_open FROM @defects_looks_open;
EXECUTE defects_looks_open;
DEALLOCATE PREPARE defects_looks_open;

SET @roster_changes_live = IF((SELECT COUNT(*) FROM information_schema.statistics WHERE table_schema = DATABASE() AND table_name = 'roster_changes' AND index_name = 'roster_changes_live') = 0,
  'CREATE INDEX roster_changes_live ON roster_changes (ends_at)', 'DO 0');
PREPARE roster_changes_live FROM @roster_changes_live;
EXECUTE roster_changes_live;
DEALLOCATE PREPARE roster_changes_live;

SET @roster_changes_ends = IF((SELECT COUNT(*) FROM information_schema.statistics WHERE table_schema = DATABASE() AND table_name = 'roster_changes' AND index_name = 'roster_changes_ends') = 0,
  'CREATE INDEX roster_changes_ends ON roster_changes (roster, ends_at)', 'DO 0');
PREPARE roster_changes_ends FROM @roster_changes_ends;
EXECUTE roster_changes_ends;
DEALLOCATE PREPARE roster_changes_ends;

SET @roster_changes_roster = IF((SELECT COUNT(*) FROM information_schema.statistics WHERE table_schema = DATABASE() AND table_name = 'roster_changes' AND index_name = 'roster_changes_roster') > 0,
  'DROP INDEX roster_changes_roster ON roster_changes', 'DO 0');
PREPARE roster_changes_roster FROM @roster_changes_roster;
EXECUTE roster_changes_roster;
DEALLOCATE PREPARE roster_changes_roster;

SET @roster_changes_place = IF((SELECT COUNT(*) FROM information_schema.statistics WHERE table_schema = DATABASE() AND table_name = 'roster_changes' AND index_name = 'roster_changes_place') > 0,
  'DROP INDEX roster_changes_place ON roster_changes', 'DO 0');
PREPARE roster_changes_place FROM @roster_changes_place;
EXECUTE roster_changes_place;
DEALLOCATE PREPARE roster_changes_place;

SET @notices_username = IF((SELECT COUNT(*) FROM information_schema.statistics WHERE table_schema = DATABASE() AND table_name = 'notices' AND index_name = 'notices_username') > 0,
  'DROP INDEX notices_username ON notices', 'DO 0');
PREPARE notices_username FROM @notices_username;
EXECUTE notices_username;
DEALLOCATE PREPARE notices_username;

SET @promises_unit = IF((SELECT COUNT(*) FROM information_schema.statistics WHERE table_schema = DATABASE() AND table_name = 'promises' AND index_name = 'promises_unit') > 0,
  'DROP INDEX promises_unit ON promises', 'DO 0');
PREPARE promises_unit FROM @promises_unit;
EXECUTE promises_unit;
DEALLOCATE PREPARE promises_unit;

SET @promises_system = IF((SELECT COUNT(*) FROM information_schema.statistics WHERE table_schema = DATABASE() AND table_name = 'promises' AND index_name = 'promises_system') > 0,
  'DROP INDEX promises_system ON promises', 'DO 0');
PREPARE promises_system FROM @promises_system;
EXECUTE promises_system;
DEALLOCATE PREPARE promises_system;

SET @promises_person = IF((SELECT COUNT(*) FROM information_schema.statistics WHERE table_schema = DATABASE() AND table_name = 'promises' AND index_name = 'promises_person') > 0,
  'DROP INDEX promises_person ON promises', 'DO 0');
PREPARE promises_person FROM @promises_person;
EXECUTE promises_person;
DEALLOCATE PREPARE promises_person;

SET @looks_open = IF((SELECT COUNT(*) FROM information_schema.columns WHERE table_schema = DATABASE() AND table_name = 'defects' AND column_name = 'looks_open') > 0,
  'ALTER TABLE defects DROP COLUMN looks_open', 'DO 0');
PREPARE looks_open FROM @looks_open;
EXECUTE looks_open;
DEALLOCATE PREPARE looks_open;
