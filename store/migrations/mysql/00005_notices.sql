-- Notices are written with the event that calls for them. about is the number of the case; of an announcement, whose seq is
-- 0, the digest of its key. due_at is when one is next looked at: when it may be sent, when it is tried again, when whoever
-- has it in hand is taken for gone; the greatest number when it is done. since is when trying began. alone is one that a
-- channel refused together with others. Channels hold how far the limit of each is used up.

-- +goose Up
CREATE TABLE IF NOT EXISTS notices (
  id BIGINT NOT NULL AUTO_INCREMENT,
  about VARCHAR(64) NOT NULL,
  seq INT NOT NULL,
  username VARCHAR(64) NOT NULL,
  channel VARCHAR(32) NOT NULL,
  address VARCHAR(320) NOT NULL,
  language VARCHAR(2) NOT NULL,
  topic VARCHAR(32) NOT NULL,
  audience VARCHAR(16) NOT NULL,
  severity SMALLINT NOT NULL,
  at BIGINT NOT NULL,
  args TEXT NOT NULL,
  state VARCHAR(8) NOT NULL,
  tries INT NOT NULL,
  error VARCHAR(500) NOT NULL,
  alone SMALLINT NOT NULL,
  lease VARCHAR(64) NOT NULL,
  due_at BIGINT NOT NULL,
  held_until BIGINT NOT NULL,
  since BIGINT NOT NULL,
  created_at BIGINT NOT NULL,
  done_at BIGINT NOT NULL,
  read_at BIGINT NOT NULL,
  PRIMARY KEY (id),
  UNIQUE KEY notices_once (about, seq, username, channel),
  KEY notices_due (channel, severity, due_at),
  KEY notices_unread (username, channel, read_at, id),
  KEY notices_inbox (username, channel, id),
  KEY notices_state (state, id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin ROW_FORMAT=DYNAMIC;

CREATE TABLE IF NOT EXISTS notice_settings (
  username VARCHAR(64) NOT NULL,
  doc TEXT NOT NULL,
  PRIMARY KEY (username)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin ROW_FORMAT=DYNAMIC;

CREATE TABLE IF NOT EXISTS channels (
  name VARCHAR(32) NOT NULL,
  free_at BIGINT NOT NULL,
  PRIMARY KEY (name)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin ROW_FORMAT=DYNAMIC;

-- +goose Down
DROP TABLE IF EXISTS channels;
DROP TABLE IF EXISTS notice_settings;
DROP TABLE IF EXISTS notices;
