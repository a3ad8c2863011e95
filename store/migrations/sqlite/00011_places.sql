-- Lists are read in their order along an index: promises of a person, a system or a unit, notices of somebody over all
-- channels, changes of rosters, and what an audit walks over. looks_open is what an audit goes by, which must not trust the
-- stage alone: a case that has not ended, or is said to have ended and still promises something.
-- The indexes of changes take the place of two that ended before the ID.

-- +goose Up
ALTER TABLE defects ADD COLUMN looks_open INTEGER GENERATED ALWAYS AS (stage NOT IN ('closed', 'converted', 'withdrawn', 'duplicate') OR next_due <> 9223372036854775807) VIRTUAL;

CREATE INDEX promises_person ON promises (person, started_at, id, n);
CREATE INDEX promises_system ON promises (system_key, started_at, id, n);
CREATE INDEX promises_unit ON promises (unit_key, started_at, id, n);
CREATE INDEX notices_username ON notices (username, id);
DROP INDEX roster_changes_live;
DROP INDEX roster_changes_ends;
CREATE INDEX roster_changes_place ON roster_changes (ends_at, id);
CREATE INDEX roster_changes_roster ON roster_changes (roster, ends_at, id);
CREATE INDEX defects_looks_open ON defects (looks_open, id);

-- +goose Down
DROP INDEX defects_looks_open;
DROP INDEX roster_changes_roster;
DROP INDEX roster_changes_place;
CREATE INDEX roster_changes_ends ON roster_changes (roster, ends_at);
CREATE INDEX roster_changes_live ON roster_changes (ends_at);
DROP INDEX notices_username;
DROP INDEX promises_unit;
DROP INDEX promises_system;
DROP INDEX promises_person;
ALTER TABLE defects DROP COLUMN looks_open;
