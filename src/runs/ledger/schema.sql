-- The ledger: every run with its rows, and the recipients of each key. A file and PostgreSQL have the same tables.
-- `file/engine.rs` and `postgres/mod.rs` fill in the types and options that differ.
-- Times are milliseconds since 1970, by the clock of the ledger. The rules for changes are in Rust: see `model.rs`.

CREATE TABLE store (
  id {bigint} PRIMARY KEY CHECK (id = 1),
  version {bigint} NOT NULL,
  -- In hexadecimal: the secret for the hashes of recipients under keys.
  secret TEXT NOT NULL,
  -- The number of the last run.
  runs {bigint} NOT NULL,
  -- The number of transactions that have changed the ledger; of a file, also the highest number in the file without
  -- its log.
  commits {bigint} NOT NULL,
  log_began {bigint} NOT NULL,
  -- The identity of the database that was created or accepted. With another one, the ledger was copied or restored.
  identity TEXT NOT NULL,
  -- The time of its newest record when a command first found that it was restored, 0 if that is unknown. NULL after it
  -- is accepted.
  complete_until {bigint}
){strict};

CREATE TABLE run (
  id {bigint} PRIMARY KEY,
  name TEXT NOT NULL UNIQUE,
  -- JSON: see `RunSettings`.
  details TEXT NOT NULL,
  bot TEXT NOT NULL,
  address TEXT NOT NULL,
  sandbox {bigint} NOT NULL,
  -- The identity of the ledger in which it began or was accepted. With another one, the run is stale.
  identity TEXT NOT NULL,
  -- JSON: see `Pace`.
  pace TEXT NOT NULL,
  -- No row up to this one waits in the order of the list (`due_at` 0).
  taken {bigint} NOT NULL,
  -- Whether several of its rows have one recipient.
  repeats {bigint} NOT NULL,
  -- Who created it, as a text of jelouctl: user, role in PostgreSQL, and host. So are `who` and `…_by`.
  created_by TEXT NOT NULL,
  created_at {bigint} NOT NULL,
  changed_at {bigint} NOT NULL,
  finished_at {bigint},
  -- When it was cancelled, and the user who did it.
  cancelled_at {bigint},
  cancelled_by TEXT,
  -- Why no process takes its rows, who paused it and when.
  paused TEXT,
  paused_by TEXT,
  paused_at {bigint},
  -- The time of the last delivery check of all its messages, and their number.
  asked_at {bigint},
  asked {bigint},
  -- JSON: see `Counts` and `DeliveryCounts`. Only a finished run has them, and a change of its rows renews them.
  counts TEXT,
  deliveries TEXT
){strict};

-- A process that sends rows of a run.
CREATE TABLE worker (
  id {bigint} PRIMARY KEY,
  run {bigint} NOT NULL,
  who TEXT NOT NULL,
  host TEXT NOT NULL,
  pid {bigint} NOT NULL,
  -- The number of its newest connection, and of its exchanges. If the process has made more exchanges, the ledger was
  -- restored.
  connection {bigint} NOT NULL,
  exchanges {bigint} NOT NULL,
  -- How long its rows are its own after its last contact.
  lease_ms {bigint} NOT NULL,
  joined_at {bigint} NOT NULL,
  seen_at {bigint} NOT NULL,
  -- When it stopped taking rows, and when it ended.
  stopped_at {bigint},
  left_at {bigint}
){strict};
CREATE INDEX worker_of_run ON worker (run);

-- The part of a row that changes.
CREATE TABLE row (
  run {bigint} NOT NULL,
  n {bigint} NOT NULL,
  state TEXT NOT NULL,
  -- The number of its last attempt or decision, from 1.
  number {bigint} NOT NULL,
  -- When a pending row may be sent, or is checked again; 0 in the order of the list.
  due_at {bigint},
  worker {bigint},
  -- The time of this state, of the start of its last attempt, and of the outcome that the process reported.
  at {bigint},
  began_at {bigint},
  ended_at {bigint},
  attempts {bigint} NOT NULL,
  http_status {bigint},
  message_id TEXT,
  -- The code is `resolved` if you have decided the row.
  code TEXT,
  api_code TEXT,
  -- Its reasons as `Message::encode` writes them, one in each line, the newest first.
  error TEXT,
  -- The delivery status of its message from Jelou, the number of reports of it, and the time of the last change.
  delivery TEXT,
  delivery_reports {bigint} NOT NULL DEFAULT 0,
  delivery_since {bigint},
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
  -- The line where it begins in the list, and its cells as JSON.
  line {bigint} NOT NULL,
  cells TEXT NOT NULL,
  -- The request, if the row makes one. `person` and `fingerprint` are those of `known`.
  recipient TEXT,
  person {bigint},
  fingerprint {bigint},
  path TEXT,
  body TEXT,
  -- The checksum of the request and its place in the list.
  checksum {bigint},
  -- Its index in the estimate of its run.
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

-- Which recipient gets which message. A recipient and a message have the same numbers in every run.
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

-- The one message of a recipient under a key: from a row, a single send, or a removed run.
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
  -- The process that sends it, and until when it may do so.
  worker {bigint},
  lease_until {bigint},
  -- Without a row: the time from which its message counts, for a limited time (`--every`). None before its outcome is
  -- written. Then it counts from the end of the lease, because it is sent before that.
  counts_from {bigint},
  -- The same by a clock that contradicts `at`, since a command with `--every` first found the message with such a clock.
  behind_from {bigint},
  -- The `--every` of the last command, in milliseconds; NULL if the message counts forever.
  every_ms {bigint},
  PRIMARY KEY (once_key, person)
){without_rowid};

-- A bot at an address, as a hash: an upper bound of the different recipients of its templates in the last 24 hours, and
-- the time of that bound.
CREATE TABLE reach (
  id {bigint} PRIMARY KEY,
  people {bigint} NOT NULL,
  at {bigint} NOT NULL
){strict};

-- A template of a bot: the last time at which it can arrive, and its recipient. A single send has no run. If it had expired
-- before the clock went back, its number is negative: it takes up room, but its recipient does not count.
CREATE TABLE reached (
  reach {bigint} NOT NULL,
  at {bigint} NOT NULL,
  run {bigint} NOT NULL,
  n {bigint} NOT NULL,
  number {bigint} NOT NULL,
  person {bigint} NOT NULL,
  PRIMARY KEY (reach, at, run, n, number)
){without_rowid};

-- The events of a run as a whole. They never decide whether a row is sent.
CREATE TABLE event (
  run {bigint} NOT NULL,
  number {bigint} NOT NULL,
  kind TEXT NOT NULL,
  at {bigint} NOT NULL,
  who TEXT NOT NULL,
  reason TEXT,
  problem TEXT,
  until {bigint},
  PRIMARY KEY (run, number)
){without_rowid};

-- A recipient that no list of this ledger reaches (`bulk exclude`). A ledger of another version copies this table.
CREATE TABLE exclusion (
  -- 1 for runs in the sandbox.
  sandbox {bigint} NOT NULL,
  -- As in `known`.
  person {bigint} NOT NULL,
  recipient TEXT NOT NULL,
  reason TEXT,
  -- The user and the machine that excluded it, and when.
  added_by TEXT NOT NULL,
  added_at {bigint} NOT NULL,
  PRIMARY KEY (sandbox, person)
){without_rowid};
