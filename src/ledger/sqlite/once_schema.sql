-- The claims of single sends and removed runs: hashes of people and words, never a number or a text.

CREATE TABLE store (
  id INTEGER PRIMARY KEY CHECK (id = 1),
  -- What the hashes are keyed with.
  secret BLOB NOT NULL
) STRICT;

-- Every bucket exists from the start.
CREATE TABLE bucket (
  id INTEGER PRIMARY KEY,
  -- The hashes of its claims, added to a number that follows from the secret.
  sum INTEGER NOT NULL
) STRICT;

CREATE TABLE claim (
  -- By the hash of key, bot, address and person.
  bucket INTEGER NOT NULL,
  name TEXT NOT NULL,
  bot TEXT NOT NULL,
  address TEXT NOT NULL,
  person BLOB NOT NULL,
  state TEXT NOT NULL,
  at INTEGER NOT NULL,
  -- The name of the lock file of the process that sends it.
  holder INTEGER,
  message_id TEXT,
  run TEXT,
  words BLOB,
  PRIMARY KEY (bucket, name, bot, address, person)
) STRICT, WITHOUT ROWID;
