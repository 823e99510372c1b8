-- The claims of single sends and removed runs: hashes of people and words, never a number or a text.

CREATE TABLE store (
  id INTEGER PRIMARY KEY CHECK (id = 1),
  -- What the hashes are keyed with.
  secret BLOB NOT NULL,
  -- How many keys there are, and the sum of the hashes of their rows.
  keys INTEGER NOT NULL,
  sum INTEGER NOT NULL,
  -- Of the three before.
  seal INTEGER NOT NULL
) STRICT;

CREATE TABLE once_key (
  id INTEGER PRIMARY KEY,
  name TEXT NOT NULL,
  bot TEXT NOT NULL,
  address TEXT NOT NULL,
  -- How many people it has, and the sum of the hashes of their rows.
  people INTEGER NOT NULL,
  sum INTEGER NOT NULL,
  UNIQUE (name, bot, address)
) STRICT;

CREATE TABLE person (
  once_key INTEGER NOT NULL,
  hash BLOB NOT NULL,
  state TEXT NOT NULL,
  at INTEGER NOT NULL,
  -- The name of the lock file of the process that sends it.
  holder INTEGER,
  message_id TEXT,
  run TEXT,
  words BLOB,
  kind BLOB,
  shown BLOB,
  PRIMARY KEY (once_key, hash)
) STRICT, WITHOUT ROWID;
