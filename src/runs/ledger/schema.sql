-- The store: every run with its rows, and who got a message under which key. A file and PostgreSQL have the same tables:
-- `file.rs` and `postgres/mod.rs` fill in the types and options that differ.
-- Times are milliseconds since 1970, by the clock of the store. What may be written, and when, is decided in Rust: see `model.rs`.

CREATE TABLE store (
  id {bigint} PRIMARY KEY CHECK (id = 1),
  version {bigint} NOT NULL,
  -- In hexadecimal: the secret of the hashes of people under keys.
  secret TEXT NOT NULL,
  -- The number of the last run.
  runs {bigint} NOT NULL,
  -- How many transactions have changed the store; and in a file, how many of them the file itself had when its log began.
  commits {bigint} NOT NULL,
  log_began {bigint} NOT NULL,
  -- Of a file: another number once it was put back to an earlier state, negative until a command has refused to send for it.
  epoch {bigint} NOT NULL
){strict};

CREATE TABLE run (
  id {bigint} PRIMARY KEY,
  name TEXT NOT NULL UNIQUE,
  -- JSON: see `RunSettings`.
  details TEXT NOT NULL,
  bot TEXT NOT NULL,
  address TEXT NOT NULL,
  sandbox {bigint} NOT NULL,
  -- The identity of the store in which it was begun or last resumed.
  identity TEXT NOT NULL,
  -- JSON: see `Pace`.
  pace TEXT NOT NULL,
  -- No row up to this one waits in the order of the list (`due_at` 0).
  taken {bigint} NOT NULL,
  -- Whether several of its rows go to one person.
  repeats {bigint} NOT NULL,
  created_at {bigint} NOT NULL,
  changed_at {bigint} NOT NULL,
  finished_at {bigint},
  cancelled_at {bigint},
  -- Why no process takes its rows, who paused it and when; and why it was stale when the user last saw it.
  paused TEXT,
  paused_by TEXT,
  paused_at {bigint},
  told TEXT,
  -- When Jelou was last asked for all of its messages, and for how many.
  asked_at {bigint},
  asked {bigint}
){strict};

-- A process that sends rows of a run.
CREATE TABLE worker (
  id {bigint} PRIMARY KEY,
  run {bigint} NOT NULL,
  host TEXT NOT NULL,
  pid {bigint} NOT NULL,
  -- The number of its newest connection; how many exchanges it has had. A store that has fewer of them than the process was
  -- put back to an earlier state.
  connection {bigint} NOT NULL,
  exchanges {bigint} NOT NULL,
  -- How long its rows are its own after it was last heard from.
  lease_ms {bigint} NOT NULL,
  joined_at {bigint} NOT NULL,
  seen_at {bigint} NOT NULL,
  -- When it took its last row; when it ended.
  stopped_at {bigint},
  left_at {bigint}
){strict};
CREATE INDEX worker_of_run ON worker (run);

-- The part of a row that changes.
CREATE TABLE row (
  run {bigint} NOT NULL,
  n {bigint} NOT NULL,
  state TEXT NOT NULL,
  -- Of its last attempt or decision, from 1.
  number {bigint} NOT NULL,
  -- When a pending row may leave, or is looked at again; 0 in the order of the list.
  due_at {bigint},
  worker {bigint},
  -- Since when it has this state; when its last attempt began; when the process that made it said how it ended.
  at {bigint},
  began_at {bigint},
  ended_at {bigint},
  attempts {bigint} NOT NULL,
  http_status {bigint},
  message_id TEXT,
  -- The code is `resolved` once a person has decided.
  code TEXT,
  api_code TEXT,
  error TEXT,
  -- How far its message came, as Jelou says; how many reports of it there were, and since when it is so.
  delivery TEXT,
  learnt {bigint} NOT NULL DEFAULT 0,
  learnt_at {bigint},
  delivery_at {bigint},
  delivery_code TEXT,
  delivery_reason TEXT,
  delivered_at {bigint},
  read_at {bigint},
  PRIMARY KEY (run, n)
){without_rowid};
CREATE INDEX row_due ON row (run, due_at) WHERE state = 'pending' AND due_at > 0;
CREATE INDEX row_inflight ON row (run, worker) WHERE state = 'inflight';

-- The part of a row that never changes.
CREATE TABLE message (
  run {bigint} NOT NULL,
  n {bigint} NOT NULL,
  -- Where it begins in the list, and its cells as JSON.
  line {bigint} NOT NULL,
  cells TEXT NOT NULL,
  -- The request, if one could be made; `person` and `fingerprint` are those of `known`.
  recipient TEXT,
  person {bigint},
  fingerprint {bigint},
  path TEXT,
  body TEXT,
  -- Of the request and its place in the list.
  checksum {bigint},
  -- Its place in the estimate of its run.
  charge {bigint},
  PRIMARY KEY (run, n)
){strict};

-- An attempt that may have reached Jelou, of a row that was sent again.
CREATE TABLE tried (
  run {bigint} NOT NULL,
  n {bigint} NOT NULL,
  number {bigint} NOT NULL,
  began_at {bigint} NOT NULL,
  message_id TEXT,
  PRIMARY KEY (run, n, number)
){without_rowid};

-- Who gets which message: a person and a message have the same numbers in every run.
CREATE TABLE known (
  person {bigint} NOT NULL,
  fingerprint {bigint} NOT NULL,
  run {bigint} NOT NULL,
  n {bigint} NOT NULL,
  PRIMARY KEY (person, fingerprint, run, n)
){without_rowid};

-- A key of --once, with the bot and the address for which it counts.
CREATE TABLE once_key (
  id {bigint} PRIMARY KEY,
  key TEXT NOT NULL,
  bot TEXT NOT NULL,
  address TEXT NOT NULL,
  UNIQUE (key, bot, address)
){strict};

-- The one message of a person under a key: that of a row, or else of a single send or of a run that was removed.
CREATE TABLE claim (
  once_key {bigint} NOT NULL,
  -- A keyed hash.
  person TEXT NOT NULL,
  run {bigint},
  n {bigint},
  -- Without a row: as `OnceState`.
  state TEXT,
  at {bigint},
  message_id TEXT,
  -- The process that sends it, and until when it may.
  worker {bigint},
  lease_until {bigint},
  -- Without a row: since when its message counts, for a limited time (`--every`). None as long as its outcome is not written:
  -- then it counts from the end of the lease, before which it has left.
  counts_from {bigint},
  -- The `--every` of the last command, in milliseconds; none if the message counts forever.
  every_ms {bigint},
  PRIMARY KEY (once_key, person)
){without_rowid};

-- A bot at an address, as a hash: an upper bound of how many different people its templates reached in the last 24 hours,
-- and when that was written.
CREATE TABLE reach (
  id {bigint} PRIMARY KEY,
  people {bigint} NOT NULL,
  at {bigint} NOT NULL
){strict};

-- A template of a bot: when it has arrived at the latest, and for whom. A single send has no run. The number of one that had
-- expired before the clock went back is negative: it takes a place, and its recipient does not count.
CREATE TABLE reached (
  reach {bigint} NOT NULL,
  at {bigint} NOT NULL,
  run {bigint} NOT NULL,
  n {bigint} NOT NULL,
  number {bigint} NOT NULL,
  person {bigint} NOT NULL,
  PRIMARY KEY (reach, at, run, n, number)
){without_rowid};

-- What happened to a run as a whole. No row leaves, or stays, because of it.
CREATE TABLE event (
  run {bigint} NOT NULL,
  number {bigint} NOT NULL,
  kind TEXT NOT NULL,
  at {bigint} NOT NULL,
  reason TEXT,
  problem TEXT,
  until {bigint},
  PRIMARY KEY (run, number)
){without_rowid};
