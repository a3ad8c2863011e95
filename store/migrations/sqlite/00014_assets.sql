-- The register of assets. A number is found whichever way it is capitalised, by number_key. ends is the last day of the
-- warranty, empty when unknown; suggested is the figure of a number that the register made up, so that the next is known;
-- body is the folded text that people search in. Every change of an asset is kept with what it changed.

-- +goose Up
CREATE TABLE assets (
  number_key TEXT NOT NULL PRIMARY KEY,
  suggested INTEGER NOT NULL,
  kind TEXT NOT NULL,
  state TEXT NOT NULL,
  owner TEXT NOT NULL,
  system_name TEXT NOT NULL,
  vendor TEXT NOT NULL,
  model TEXT NOT NULL,
  parent_key TEXT NOT NULL,
  address TEXT NOT NULL,
  ends TEXT NOT NULL,
  revision INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  body BLOB NOT NULL,
  doc TEXT NOT NULL
);
CREATE INDEX assets_suggested ON assets (suggested);
CREATE INDEX assets_kind ON assets (kind, number_key);
CREATE INDEX assets_state ON assets (state, number_key);
CREATE INDEX assets_owner ON assets (owner, number_key);
CREATE INDEX assets_system ON assets (system_name, number_key);
CREATE INDEX assets_vendor ON assets (vendor, number_key);
CREATE INDEX assets_model ON assets (model, number_key);
CREATE INDEX assets_parent ON assets (parent_key, number_key);
CREATE INDEX assets_address ON assets (address);
CREATE INDEX assets_ends ON assets (ends, number_key);

CREATE TABLE asset_changes (
  number_key TEXT NOT NULL,
  revision INTEGER NOT NULL,
  made_by TEXT NOT NULL,
  made_name TEXT NOT NULL,
  made_at INTEGER NOT NULL,
  doc TEXT NOT NULL,
  PRIMARY KEY (number_key, revision)
);

-- +goose Down
DROP TABLE asset_changes;
DROP TABLE assets;
