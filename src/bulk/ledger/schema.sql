-- A run. Small rows change while it goes on; what they were made of stands apart and never changes.

CREATE TABLE run (
  id INTEGER PRIMARY KEY CHECK (id = 1),
  -- Who sends, where to, and what the input was: JSON.
  details TEXT NOT NULL CHECK (json_valid(details)),
  -- Of all requests, whatever their order.
  digest BLOB NOT NULL CHECK (length(digest) = 16),
  -- Milliseconds since 1970, as every time here.
  created_at INTEGER NOT NULL,
  finished_at INTEGER
) STRICT;

CREATE TABLE row (
  n INTEGER PRIMARY KEY,
  -- Where the row begins in the input.
  line INTEGER NOT NULL,
  recipient TEXT,
  -- The row before this one to the same recipient.
  before INTEGER REFERENCES row (n) CHECK (before < n),
  state TEXT NOT NULL CHECK (state IN ('pending', 'inflight', 'sent', 'failed', 'unknown', 'skipped')),
  attempts INTEGER NOT NULL DEFAULT 0 CHECK (attempts >= 0),
  -- Of the last change.
  at INTEGER,
  CHECK (state IN ('pending', 'skipped') OR (attempts > 0 AND at IS NOT NULL)),
  CHECK (recipient IS NOT NULL OR state = 'skipped')
) STRICT;

CREATE TABLE content (
  n INTEGER PRIMARY KEY REFERENCES row (n),
  -- The row of the input: a JSON array of cells, or an object.
  cells TEXT NOT NULL,
  -- Path and query below the API's address, and the body; absent where no request could be made.
  path TEXT,
  body TEXT,
  -- Why the row is skipped.
  problem TEXT
) STRICT;

-- What happened when; the last one of a row is its outcome.
CREATE TABLE attempt (
  row INTEGER NOT NULL REFERENCES row (n),
  number INTEGER NOT NULL,
  began_at INTEGER NOT NULL,
  ended_at INTEGER NOT NULL CHECK (ended_at >= began_at),
  state TEXT NOT NULL CHECK (state IN ('pending', 'sent', 'failed', 'unknown')),
  http_status INTEGER,
  message_id TEXT,
  code TEXT CHECK (code IS NOT NULL OR state = 'sent'),
  error TEXT,
  PRIMARY KEY (row, number)
) STRICT, WITHOUT ROWID;
