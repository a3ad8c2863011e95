-- Notices are written with the event that calls for them. about is the number of the case; of an announcement, whose seq is
-- 0, the digest of its key. due_at is when one is next looked at: when it may be sent, when it is tried again, when whoever
-- has it in hand is taken for gone; the greatest number when it is done. since is when trying began. alone is one that a
-- channel refused together with others. Channels hold how far the limit of each is used up.

-- +goose Up
CREATE TABLE notices (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  about TEXT NOT NULL,
  seq INTEGER NOT NULL,
  username TEXT NOT NULL,
  channel TEXT NOT NULL,
  address TEXT NOT NULL,
  language TEXT NOT NULL,
  topic TEXT NOT NULL,
  audience TEXT NOT NULL,
  severity INTEGER NOT NULL,
  at INTEGER NOT NULL,
  args TEXT NOT NULL,
  state TEXT NOT NULL,
  tries INTEGER NOT NULL,
  error TEXT NOT NULL,
  alone INTEGER NOT NULL,
  lease TEXT NOT NULL,
  due_at INTEGER NOT NULL,
  held_until INTEGER NOT NULL,
  since INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  done_at INTEGER NOT NULL,
  read_at INTEGER NOT NULL
);

CREATE UNIQUE INDEX notices_once ON notices (about, seq, username, channel);
CREATE INDEX notices_due ON notices (channel, severity, due_at);
CREATE INDEX notices_unread ON notices (username, channel, read_at, id);
CREATE INDEX notices_inbox ON notices (username, channel, id);
CREATE INDEX notices_state ON notices (state, id);

CREATE TABLE notice_settings (
  username TEXT NOT NULL,
  doc TEXT NOT NULL,
  PRIMARY KEY (username)
);

CREATE TABLE channels (
  name TEXT NOT NULL,
  free_at INTEGER NOT NULL,
  PRIMARY KEY (name)
);

-- +goose Down
DROP TABLE channels;
DROP TABLE notice_settings;
DROP TABLE notices;
