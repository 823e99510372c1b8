-- The ledger of runs that several machines send: one schema in one database. All times are the database's own; workers
-- pass only durations. A run is changed only by the functions in `functions.sql`, which lock its row first: this gives
-- one order of events and prevents deadlocks.

-- The schema may exist already for the role that creates the ledger, but no one else may own it: the functions run with
-- this role's rights, and anyone who can add functions beside them could have theirs run instead of ours.
DO $$
DECLARE
  standing pg_namespace;
  problem text;
BEGIN
  SELECT * INTO standing FROM pg_namespace WHERE nspname = 'jelouctl';
  IF NOT FOUND THEN
    CREATE SCHEMA jelouctl;
    RETURN;
  END IF;
  problem := CASE
    WHEN standing.nspowner <> (SELECT oid FROM pg_roles WHERE rolname = current_user) THEN 'belongs to another role'
    WHEN EXISTS (SELECT 1 FROM aclexplode(standing.nspacl) WHERE privilege_type = 'CREATE' AND grantee <> standing.nspowner)
      THEN 'lets other roles make things in it'
    WHEN EXISTS (SELECT 1 FROM pg_depend WHERE refclassid = 'pg_namespace'::regclass AND refobjid = standing.oid)
      THEN 'is not empty'
  END;
  IF problem IS NOT NULL THEN
    RAISE 'there is a schema jelouctl already, and it %', problem USING ERRCODE = 'insufficient_privilege';
  END IF;
END $$;
SET LOCAL search_path = jelouctl;

CREATE TABLE ledger (version int PRIMARY KEY);

CREATE TABLE run (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  name text NOT NULL UNIQUE,
  -- The sender, the address, and the input: JSON.
  details text NOT NULL,
  -- The conditions that were given when the run was resumed: JSON.
  conditions text,
  bot text NOT NULL,
  api_url text NOT NULL,
  sandbox boolean NOT NULL,
  -- The transaction that makes the run; only it adds rows.
  made_in xid8 NOT NULL,
  created_at timestamptz NOT NULL,
  -- The time of the last outcome or decision.
  changed_at timestamptz NOT NULL,
  -- When every row was final; null until then.
  finished_at timestamptz,
  -- When a person cancelled it: from then on every row that is pending, or becomes pending again, is skipped.
  cancelled_at timestamptz,
  -- Why no rows are taken until a person resumes the run, and who requested that.
  paused text,
  paused_by text,
  paused_at timestamptz,
  -- How often it was paused or stopped: a person who resumes it was shown all of that.
  pauses bigint NOT NULL DEFAULT 0,
  -- Whether a row was taken since the run was made, paused or stopped, or since no sender was active.
  is_under_way boolean NOT NULL DEFAULT false,
  -- The database when the run was made or resumed: another one may have lost outcomes of rows.
  database text NOT NULL,
  -- The transaction that had written the run's rows by then: a dump that was restored since may lack their outcomes.
  written_by xid NOT NULL,
  -- The doubt about the database that was shown to the person who resumed the run.
  told text,
  -- Requests per second: the full rate, and the rate after the API said that it was too much.
  rate float8 NOT NULL CHECK (rate > 0),
  pace float8 NOT NULL,
  -- The time of the next request at that pace; the time at which the next one would be due if none had been early; the
  -- time until which none may be sent.
  due_at timestamptz NOT NULL,
  spread_at timestamptz NOT NULL,
  stopped_until timestamptz NOT NULL,
  paced_at timestamptz NOT NULL,
  cut_at timestamptz NOT NULL,
  -- When rows of lost workers were last looked for.
  swept_at timestamptz NOT NULL,
  -- All rows up to this one that were not waiting have been taken.
  cursor bigint NOT NULL DEFAULT 0,
  CHECK ((paused IS NULL) = (paused_by IS NULL) AND (paused IS NULL) = (paused_at IS NULL))
) WITH (fillfactor = 10);

-- A process that sends rows of a run.
CREATE TABLE worker (
  -- Not a sequence: a database that was reset to an earlier state would give another process the number of a live one.
  id bigint PRIMARY KEY DEFAULT floor(random() * 9007199254740992),
  run bigint NOT NULL REFERENCES run ON DELETE CASCADE,
  -- The number of its latest connection; older connections can no longer do anything.
  session int NOT NULL DEFAULT 1,
  host text NOT NULL,
  pid bigint NOT NULL,
  -- How long a row belongs to it.
  lease_ms int NOT NULL,
  joined_at timestamptz NOT NULL,
  seen_at timestamptz NOT NULL,
  -- It takes no more rows, and waits for those in flight.
  stopped_at timestamptz,
  left_at timestamptz
) WITH (fillfactor = 50);
CREATE INDEX worker_run ON worker (run);

-- The part of a row that changes.
CREATE TABLE row (
  run bigint NOT NULL,
  n bigint NOT NULL,
  -- The previous row to the same person.
  before bigint,
  state text NOT NULL CHECK (state IN ('pending', 'inflight', 'sent', 'failed', 'unknown', 'skipped')),
  -- The number of the last attempt or decision: a report about an earlier one changes nothing.
  number int NOT NULL,
  worker bigint,
  -- The time from which it may be taken; null while it waits for the previous row.
  due_at timestamptz,
  -- Set until the worker that took it reports its outcome.
  lease_until timestamptz,
  -- The time of its last change of state.
  at timestamptz,
  -- When its last attempt began.
  began_at timestamptz,
  PRIMARY KEY (run, n),
  CHECK (CASE state WHEN 'inflight' THEN lease_until IS NOT NULL AND worker IS NOT NULL WHEN 'unknown' THEN true
    ELSE lease_until IS NULL END)
) WITH (fillfactor = 80);
CREATE INDEX row_pending ON row (run, due_at, n) WHERE state = 'pending';
-- Not `WHERE state IN (…)`: the planner would prefer that index to the primary key.
CREATE INDEX row_lease ON row (run, lease_until) WHERE lease_until IS NOT NULL;
CREATE INDEX row_before ON row (run, before) WHERE before IS NOT NULL;

-- The part of a row that does not change. These tables have no foreign keys: each would cost a query per row.
CREATE TABLE content (
  run bigint NOT NULL,
  n bigint NOT NULL,
  -- The byte offset of the row in the input, and its cells: JSON.
  line bigint NOT NULL,
  cells text NOT NULL,
  -- Null if no request could be made.
  recipient text,
  path text,
  body text,
  -- Hashes for the comparison with rows of other runs: the person, and the message to the person.
  person bigint,
  fingerprint bigint,
  -- A checksum of the request and its row: a request that was changed or moved is detected before it is sent.
  row_checksum bigint,
  PRIMARY KEY (run, n)
);
CREATE INDEX content_fingerprint ON content (fingerprint) WHERE fingerprint IS NOT NULL;
CREATE INDEX content_person ON content (person) WHERE person IS NOT NULL;

-- The outcome of an attempt. A row that is `inflight` has an attempt without one.
CREATE TABLE outcome (
  run bigint NOT NULL,
  n bigint NOT NULL,
  number int NOT NULL,
  worker bigint NOT NULL,
  began_at timestamptz NOT NULL,
  ended_at timestamptz NOT NULL,
  state text NOT NULL,
  http_status int,
  message_id text,
  code text,
  -- The API's own code, if there is one.
  api_code text,
  error text,
  PRIMARY KEY (run, n, number)
);

-- Decisions without a request.
CREATE TABLE decision (
  run bigint NOT NULL,
  n bigint NOT NULL,
  number int NOT NULL,
  "from" text NOT NULL,
  "to" text NOT NULL,
  -- Why a row is skipped, or `resolved`.
  reason text NOT NULL,
  -- The reason in words.
  problem text,
  -- The other run that it refers to.
  other_run text,
  at timestamptz NOT NULL,
  PRIMARY KEY (run, n, number),
  CHECK (("from" = 'pending' AND "to" IN ('skipped', 'unknown')) OR ("from" = 'unknown' AND "to" IN ('sent', 'failed', 'pending'))
    OR ("from" = 'failed' AND "to" = 'pending'))
);

-- How far a message came, as Jelou reported later: only a row's last record counts. No state of a row depends on it.
CREATE TABLE delivery (
  run bigint NOT NULL,
  n bigint NOT NULL,
  -- From 1.
  number int NOT NULL CHECK (number > 0),
  learnt_at timestamptz NOT NULL,
  -- Jelou's own word.
  status text NOT NULL,
  -- Since when, if known; for a failure, its code and the reason.
  at timestamptz,
  code text,
  reason text,
  -- The message's id, if the answer had none.
  message_id text,
  PRIMARY KEY (run, n, number)
);

-- When Jelou was asked for all of them, and for how many.
CREATE TABLE inquiry (
  number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  run bigint NOT NULL,
  at timestamptz NOT NULL,
  rows bigint NOT NULL
);
CREATE INDEX inquiry_run ON inquiry (run);

-- The events of a run, other than those of its rows: they never decide whether a row may be sent.
CREATE TABLE event (
  number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  run bigint NOT NULL,
  kind text NOT NULL,
  at timestamptz NOT NULL,
  reason text,
  problem text,
  until timestamptz
);
CREATE INDEX event_run ON event (run);

CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE '%', TG_ARGV[0];
END $$;

CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE 'a row cannot go from % to %', OLD.state, NEW.state;
END $$;

CREATE TRIGGER row_follows BEFORE UPDATE OF state ON row FOR EACH ROW WHEN (OLD.state <> NEW.state AND NOT (
  (OLD.state = 'pending' AND NEW.state IN ('inflight', 'skipped', 'unknown'))
  OR (OLD.state IN ('inflight', 'unknown') AND NEW.state IN ('sent', 'failed', 'unknown', 'pending'))
  OR (OLD.state = 'failed' AND NEW.state = 'pending'))) EXECUTE FUNCTION refuse_change();

CREATE TRIGGER row_begins BEFORE INSERT ON row FOR EACH ROW WHEN (NOT (
  (NEW.state = 'pending' AND NEW.number = 0) OR (NEW.state = 'skipped' AND NEW.number = 1))
  OR NEW.worker IS NOT NULL) EXECUTE FUNCTION refuse('a row begins as pending, or skipped');

-- The rows of a run are added when it is made.
CREATE FUNCTION refuse_more() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = jelouctl, pg_temp AS $$
BEGIN
  IF EXISTS (SELECT 1 FROM (SELECT DISTINCT run FROM added) AS of LEFT JOIN run ON run.id = of.run
    WHERE run.made_in IS DISTINCT FROM pg_current_xact_id_if_assigned()) THEN
    RAISE 'a run takes no new rows';
  END IF;
  RETURN NULL;
END $$;

CREATE TRIGGER row_is_complete AFTER INSERT ON row REFERENCING NEW TABLE AS added
FOR EACH STATEMENT EXECUTE FUNCTION refuse_more();

CREATE TRIGGER content_stays BEFORE UPDATE ON content FOR EACH ROW EXECUTE FUNCTION refuse('a row''s content stays');
CREATE TRIGGER decision_stays BEFORE UPDATE ON decision FOR EACH ROW EXECUTE FUNCTION refuse('a decision stays');
CREATE TRIGGER delivery_stays BEFORE UPDATE ON delivery FOR EACH ROW EXECUTE FUNCTION refuse('a delivery stays');
-- The worker of an attempt may return with the true outcome after it was considered lost.
CREATE TRIGGER outcome_stays BEFORE UPDATE ON outcome FOR EACH ROW
WHEN (OLD.state <> 'unknown') EXECUTE FUNCTION refuse('an outcome stays');
