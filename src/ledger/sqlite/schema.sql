-- A run. Nothing that was written is changed or removed: each thing that happens to a row is a new record, and the last
-- record of a row determines its state.

CREATE TABLE run (
  id INTEGER PRIMARY KEY CHECK (id = 1),
  -- Of this run and no other: random.
  identity BLOB NOT NULL CHECK (length(identity) = 16),
  -- The name that its file has: one under another name is a copy.
  name TEXT NOT NULL,
  -- Who sends, where to, and what the input was: JSON.
  details TEXT NOT NULL CHECK (json_valid(details)),
  -- How many rows there are.
  rows INTEGER NOT NULL,
  -- Milliseconds since 1970, as every time here.
  created_at INTEGER NOT NULL,
  -- Of all of the above and of the schema: a change is found.
  run_checksum BLOB NOT NULL CHECK (length(run_checksum) = 32)
) STRICT;

CREATE TABLE row (
  n INTEGER PRIMARY KEY,
  -- Where the row begins in the input.
  line INTEGER NOT NULL,
  -- Absent where no request could be made, as what follows from it.
  recipient TEXT,
  -- Of the recipient's key as a person: the same for both forms of a number that has two.
  person INTEGER,
  -- The row before this one to the same person.
  before INTEGER REFERENCES row (n) CHECK (before < n),
  -- Of the request, with the recipient as a person: the same message to the same person has the same one in every run.
  fingerprint INTEGER,
  -- Of the request, in this row: a request that was changed, or stands elsewhere, is found before it leaves.
  row_checksum INTEGER,
  CHECK ((recipient IS NULL) = (person IS NULL)),
  CHECK ((recipient IS NULL) = (fingerprint IS NULL)),
  CHECK ((recipient IS NULL) = (row_checksum IS NULL))
) STRICT;

CREATE TABLE content (
  n INTEGER PRIMARY KEY REFERENCES row (n),
  -- The row of the input: a JSON array of cells, or an object.
  cells TEXT NOT NULL,
  -- Path and query below the API's address, and the body; absent where no request could be made.
  path TEXT,
  body TEXT
) STRICT;

-- A request that may leave from then on.
CREATE TABLE attempt (
  -- Checked by the commit. A check of every insert would make SQLite keep a journal for each.
  n INTEGER NOT NULL REFERENCES row (n) DEFERRABLE INITIALLY DEFERRED,
  -- Attempts and decisions of a row are counted as one, from 1.
  number INTEGER NOT NULL CHECK (number > 0),
  began_at INTEGER NOT NULL,
  PRIMARY KEY (n, number)
) STRICT, WITHOUT ROWID;

-- The result of an attempt. One without an outcome is under way, or was when the process ended.
CREATE TABLE outcome (
  n INTEGER NOT NULL,
  number INTEGER NOT NULL,
  ended_at INTEGER NOT NULL,
  -- No `IN`: of more than two values it makes SQLite build a table for every write.
  state TEXT NOT NULL CHECK (state = 'pending' OR state = 'sent' OR state = 'failed' OR state = 'unknown'),
  http_status INTEGER,
  message_id TEXT,
  code TEXT CHECK (code IS NOT NULL OR state = 'sent'),
  error TEXT,
  -- The API's own code, where its answer had one.
  api_code TEXT,
  PRIMARY KEY (n, number),
  FOREIGN KEY (n, number) REFERENCES attempt (n, number)
) STRICT, WITHOUT ROWID;

-- What was decided without a request: a row that is skipped, or the state that a person gave to one.
CREATE TABLE decision (
  n INTEGER NOT NULL REFERENCES row (n),
  number INTEGER NOT NULL CHECK (number > 0),
  "from" TEXT NOT NULL,
  "to" TEXT NOT NULL,
  -- Why a row is skipped (`model.rs`), or `resolved`.
  reason TEXT NOT NULL,
  -- Why, in words.
  problem TEXT,
  -- The other run that it is about.
  other_run TEXT,
  at INTEGER NOT NULL,
  PRIMARY KEY (n, number),
  CHECK (
    ("from" = 'pending' AND ("to" = 'skipped' OR "to" = 'unknown'))
    OR ("from" = 'unknown' AND ("to" = 'sent' OR "to" = 'failed' OR "to" = 'pending'))
    OR ("from" = 'failed' AND "to" = 'pending')
  )
) STRICT, WITHOUT ROWID;

-- How far a message came, as Jelou reported later. The last one of a row counts. No state of a row depends on it.
CREATE TABLE delivery (
  n INTEGER NOT NULL REFERENCES row (n),
  -- From 1.
  number INTEGER NOT NULL CHECK (number > 0),
  learnt_at INTEGER NOT NULL,
  -- Jelou's own word.
  status TEXT NOT NULL,
  -- Since when, where it is told; of a failure its code, and why.
  at INTEGER,
  code TEXT,
  reason TEXT,
  -- Of the message, where the answer to it had none.
  message_id TEXT,
  PRIMARY KEY (n, number)
) STRICT, WITHOUT ROWID;

-- When Jelou was asked for all of them, and for how many rows.
CREATE TABLE inquiry (
  number INTEGER PRIMARY KEY,
  at INTEGER NOT NULL,
  rows INTEGER NOT NULL
) STRICT;

-- An event of the whole run. Only reports use it; nothing depends on it.
CREATE TABLE event (
  number INTEGER PRIMARY KEY,
  kind TEXT NOT NULL,
  at INTEGER NOT NULL,
  -- Why: a word, and in words.
  reason TEXT,
  problem TEXT,
  -- Of a wait: when it is to end.
  until INTEGER
) STRICT;

-- The progress of the ledger. Every commit updates it, and it is compared with the records when the ledger is opened.
CREATE TABLE progress (
  id INTEGER PRIMARY KEY CHECK (id = 1),
  -- The last process that opened the ledger to write: this is in the file itself before anything is in the log.
  opened INTEGER NOT NULL DEFAULT 0,
  -- The same number, by the first commit that is in the log alone: without its log the ledger has two numbers.
  began INTEGER NOT NULL DEFAULT 0,
  -- The same number again, once that process has ended in order.
  closed INTEGER NOT NULL DEFAULT 0,
  commits INTEGER NOT NULL DEFAULT 0,
  -- Of all attempts, outcomes and decisions: the sum of their hashes.
  records INTEGER NOT NULL DEFAULT 0,
  -- How many rows are in each state, by those records.
  pending INTEGER NOT NULL,
  inflight INTEGER NOT NULL DEFAULT 0,
  sent INTEGER NOT NULL DEFAULT 0,
  failed INTEGER NOT NULL DEFAULT 0,
  unknown INTEGER NOT NULL DEFAULT 0,
  skipped INTEGER NOT NULL DEFAULT 0,
  -- The last outcome or decision; where there is none, when the run was made.
  changed_at INTEGER NOT NULL,
  -- The conditions that were given anew when the run was resumed, in place of those of its details: JSON.
  conditions TEXT CHECK (conditions IS NULL OR json_valid(conditions)),
  -- Of these alone.
  conditions_checksum INTEGER,
  CHECK ((conditions IS NULL) = (conditions_checksum IS NULL))
) STRICT;

-- The state of each row, with the number of its last record, or 0 if it has none.
CREATE VIEW standing AS
SELECT
  row.n AS n,
  -- Not `max()`: a function may fail, so SQLite would keep a journal for each insert whose trigger reads this.
  CASE
    WHEN coalesce(decision.number, 0) > coalesce(attempt.number, 0) THEN decision.number
    ELSE coalesce(attempt.number, 0)
  END AS number,
  CASE
    WHEN coalesce(decision.number, 0) > coalesce(attempt.number, 0) THEN decision."to"
    WHEN attempt.number IS NULL THEN 'pending'
    ELSE coalesce(outcome.state, 'inflight')
  END AS state,
  CASE
    WHEN coalesce(decision.number, 0) > coalesce(attempt.number, 0) THEN decision.at
    ELSE coalesce(outcome.ended_at, attempt.began_at)
  END AS at
FROM row
LEFT JOIN attempt ON attempt.n = row.n
  AND attempt.number = (SELECT max(number) FROM attempt WHERE attempt.n = row.n)
LEFT JOIN outcome ON outcome.n = row.n AND outcome.number = attempt.number
LEFT JOIN decision ON decision.n = row.n
  AND decision.number = (SELECT max(number) FROM decision WHERE decision.n = row.n);
