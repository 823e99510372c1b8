-- The store: every run with its rows, and who got a message under which key. It is the same in a file and in PostgreSQL,
-- except for what `file.rs` replaces: in SQLite BIGINT is INTEGER, tables are STRICT, and those marked so are WITHOUT ROWID.
-- Times are milliseconds since 1970, by the clock of the store. What may be written, and when, is decided in Rust: see `model.rs`.

CREATE TABLE store (
  id BIGINT PRIMARY KEY CHECK (id = 1),
  version BIGINT NOT NULL,
  -- In hexadecimal: the secret of the hashes of people under keys.
  secret TEXT NOT NULL,
  -- The number of the last run.
  runs BIGINT NOT NULL,
  -- How many transactions have changed the store; and in a file, how many of them the file itself had when its log began.
  commits BIGINT NOT NULL,
  log_began BIGINT NOT NULL,
  -- Of a file: another number once it was put back to an earlier state, negative until a command has refused to send for it.
  epoch BIGINT NOT NULL
);

CREATE TABLE run (
  id BIGINT PRIMARY KEY,
  name TEXT NOT NULL UNIQUE,
  -- JSON: see `Details`.
  details TEXT NOT NULL,
  bot TEXT NOT NULL,
  address TEXT NOT NULL,
  sandbox BIGINT NOT NULL,
  -- The identity of the store in which it was begun or last resumed.
  identity TEXT NOT NULL,
  -- JSON: see `Pace`.
  pace TEXT NOT NULL,
  -- No row up to this one waits in the order of the list (`due_at` 0).
  taken BIGINT NOT NULL,
  -- Whether several of its rows go to one person.
  repeats BIGINT NOT NULL,
  created_at BIGINT NOT NULL,
  changed_at BIGINT NOT NULL,
  finished_at BIGINT,
  cancelled_at BIGINT,
  -- Why no process takes its rows, who paused it and when; and the stale about it that a person was last shown.
  paused TEXT,
  paused_by TEXT,
  paused_at BIGINT,
  told TEXT,
  -- When Jelou was last asked for all of its messages, and for how many.
  asked_at BIGINT,
  asked BIGINT
);

-- A process that sends rows of a run.
CREATE TABLE worker (
  id BIGINT PRIMARY KEY,
  run BIGINT NOT NULL,
  host TEXT NOT NULL,
  pid BIGINT NOT NULL,
  -- The number of its newest connection; how many exchanges it has had. A store that has fewer of them than the process was
  -- put back to an earlier state.
  connection BIGINT NOT NULL,
  exchanges BIGINT NOT NULL,
  -- How long its rows are its own after it was last heard from.
  lease_ms BIGINT NOT NULL,
  joined_at BIGINT NOT NULL,
  seen_at BIGINT NOT NULL,
  -- When it took its last row; when it ended.
  stopped_at BIGINT,
  left_at BIGINT
);
CREATE INDEX worker_of_run ON worker (run);

-- The part of a row that changes.
CREATE TABLE row (
  run BIGINT NOT NULL,
  n BIGINT NOT NULL,
  state TEXT NOT NULL,
  -- Of its last attempt or decision, from 1.
  number BIGINT NOT NULL,
  -- When a pending row may leave, or is looked at again; 0 in the order of the list.
  due_at BIGINT,
  worker BIGINT,
  -- Since when it has this state; when its last attempt began; when the process that made it said how it ended.
  at BIGINT,
  began_at BIGINT,
  ended_at BIGINT,
  attempts BIGINT NOT NULL,
  http_status BIGINT,
  message_id TEXT,
  -- The code is `resolved` once a person has decided.
  code TEXT,
  api_code TEXT,
  error TEXT,
  -- How far its message came, as Jelou says; how many reports of it there were, and since when it is so.
  delivery TEXT,
  learnt BIGINT NOT NULL DEFAULT 0,
  learnt_at BIGINT,
  delivery_at BIGINT,
  delivery_code TEXT,
  delivery_reason TEXT,
  delivered_at BIGINT,
  read_at BIGINT,
  PRIMARY KEY (run, n)
) /*WITHOUT ROWID*/;
CREATE INDEX row_due ON row (run, due_at) WHERE state = 'pending' AND due_at > 0;
CREATE INDEX row_inflight ON row (run, worker) WHERE state = 'inflight';

-- The part of a row that never changes.
CREATE TABLE message (
  run BIGINT NOT NULL,
  n BIGINT NOT NULL,
  -- Where it begins in the list, and its cells as JSON.
  line BIGINT NOT NULL,
  cells TEXT NOT NULL,
  -- The request, if one could be made; `person` and `fingerprint` are those of `known`.
  recipient TEXT,
  person BIGINT,
  fingerprint BIGINT,
  path TEXT,
  body TEXT,
  -- Of the request and its place in the list.
  checksum BIGINT,
  -- Its place in the estimate of its run.
  charge BIGINT,
  PRIMARY KEY (run, n)
);

-- An attempt that may have reached Jelou, of a row that was sent again.
CREATE TABLE tried (
  run BIGINT NOT NULL,
  n BIGINT NOT NULL,
  number BIGINT NOT NULL,
  began_at BIGINT NOT NULL,
  message_id TEXT,
  PRIMARY KEY (run, n, number)
) /*WITHOUT ROWID*/;

-- Who gets which message: a person and a message have the same numbers in every run.
CREATE TABLE known (
  person BIGINT NOT NULL,
  fingerprint BIGINT NOT NULL,
  run BIGINT NOT NULL,
  n BIGINT NOT NULL,
  PRIMARY KEY (person, fingerprint, run, n)
) /*WITHOUT ROWID*/;

-- A key of --once, with the bot and the address for which it counts.
CREATE TABLE once_key (
  id BIGINT PRIMARY KEY,
  key TEXT NOT NULL,
  bot TEXT NOT NULL,
  address TEXT NOT NULL,
  UNIQUE (key, bot, address)
);

-- The one message of a person under a key: that of a row, or else of a single send or of a run that was removed.
CREATE TABLE claim (
  once_key BIGINT NOT NULL,
  -- A keyed hash.
  person TEXT NOT NULL,
  run BIGINT,
  n BIGINT,
  -- Without a row: as `OnceState`.
  state TEXT,
  at BIGINT,
  message_id TEXT,
  -- The process that sends it, and until when it may.
  worker BIGINT,
  lease_until BIGINT,
  -- Without a row: since when its message counts, for a limited time (`--every`). None as long as its outcome is not written:
  -- then it counts from the end of the lease, before which it has left.
  counts_from BIGINT,
  -- The `--every` of the last command, in milliseconds; none if the message counts forever.
  every_ms BIGINT,
  PRIMARY KEY (once_key, person)
) /*WITHOUT ROWID*/;

-- A bot at an address, as a hash: an upper bound of how many different people its templates reached in the last 24 hours,
-- and when that was written.
CREATE TABLE reach (
  id BIGINT PRIMARY KEY,
  people BIGINT NOT NULL,
  at BIGINT NOT NULL
);

-- A template of a bot: when it has arrived at the latest, and for whom. A single send has no run. The number of one that had
-- expired before the clock went back is negative: it takes a place, and its recipient does not count.
CREATE TABLE reached (
  reach BIGINT NOT NULL,
  at BIGINT NOT NULL,
  run BIGINT NOT NULL,
  n BIGINT NOT NULL,
  number BIGINT NOT NULL,
  person BIGINT NOT NULL,
  PRIMARY KEY (reach, at, run, n, number)
) /*WITHOUT ROWID*/;

-- What happened to a run as a whole. No row leaves, or stays, because of it.
CREATE TABLE event (
  run BIGINT NOT NULL,
  number BIGINT NOT NULL,
  kind TEXT NOT NULL,
  at BIGINT NOT NULL,
  reason TEXT,
  problem TEXT,
  until BIGINT,
  PRIMARY KEY (run, number)
) /*WITHOUT ROWID*/;
