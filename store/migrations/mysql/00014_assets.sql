-- The register of assets. A number is found whichever way it is capitalised, by number_key. ends is the last day of the
-- warranty, empty when unknown; suggested is the figure of a number that the register made up, so that the next is known;
-- body is the folded text that people search in. Every change of an asset is kept with what it changed.

-- +goose Up
CREATE TABLE IF NOT EXISTS assets (
  number_key VARCHAR(64) NOT NULL,
  suggested INT NOT NULL,
  kind VARCHAR(16) NOT NULL,
  state VARCHAR(16) NOT NULL,
  owner VARCHAR(200) NOT NULL,
  system_name VARCHAR(200) NOT NULL,
  vendor VARCHAR(100) NOT NULL,
  model VARCHAR(200) NOT NULL,
  parent_key VARCHAR(64) NOT NULL,
  address VARCHAR(255) NOT NULL,
  ends VARCHAR(10) NOT NULL,
  revision INT NOT NULL,
  updated_at BIGINT NOT NULL,
  body BLOB NOT NULL,
  doc MEDIUMTEXT NOT NULL,
  PRIMARY KEY (number_key),
  KEY assets_suggested (suggested),
  KEY assets_kind (kind, number_key),
  KEY assets_state (state, number_key),
  KEY assets_owner (owner, number_key),
  KEY assets_system (system_name, number_key),
  KEY assets_vendor (vendor, number_key),
  KEY assets_model (model, number_key),
  KEY assets_parent (parent_key, number_key),
  KEY assets_address (address),
  KEY assets_ends (ends, number_key)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin ROW_FORMAT=DYNAMIC;

CREATE TABLE IF NOT EXISTS asset_changes (
  number_key VARCHAR(64) NOT NULL,
  revision INT NOT NULL,
  made_by VARCHAR(64) NOT NULL,
  made_name VARCHAR(200) NOT NULL,
  made_at BIGINT NOT NULL,
  doc MEDIUMTEXT NOT NULL,
  PRIMARY KEY (number_key, revision)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin ROW_FORMAT=DYNAMIC;

-- +goose Down
DROP TABLE IF EXISTS asset_changes;
DROP TABLE IF EXISTS assets;
