-- The ledger of runs that several machines send: one schema of one database. Times are the database's own; workers pass
-- durations only. Whatever changes a run is one of the functions in `functions.sql`, which hold its row first: so there is
-- one order of events, and nothing to deadlock on.

-- It may have been made beforehand for the role that makes the ledger, and be nobody else's: the functions run with this role's
-- rights, and whoever can put others beside them could have theirs run in place of ours.
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
  -- Who sends, where to, and what the input was: JSON.
  details text NOT NULL,
  -- The conditions that were given anew when it was resumed: JSON.
  conditions text,
  bot text NOT NULL,
  api_url text NOT NULL,
  sandbox boolean NOT NULL,
  -- The transaction that makes it, the only one that adds rows to it.
  made_in xid8 NOT NULL,
  created_at timestamptz NOT NULL,
  -- The last outcome or decision.
  changed_at timestamptz NOT NULL,
  -- When every row was final; nothing while one is not.
  finished_at timestamptz,
  -- When a person gave it up: from then on every row that is, or comes back, to be sent is left out.
  cancelled_at timestamptz,
  -- Why nobody takes rows until a person resumes it, and who said so.
  paused text,
  paused_by text,
  paused_at timestamptz,
  -- How often it was paused or stopped: who resumes it was told of all that.
  pauses bigint NOT NULL DEFAULT 0,
  -- Whether a row was taken since it was made, paused or stopped, or since nobody was heard of who sent it.
  is_under_way boolean NOT NULL DEFAULT false,
  -- The database as it was when the run was made or resumed: another one may have lost what became of rows.
  database text NOT NULL,
  -- The transaction that had written its rows by then: a dump that was restored since may lack what became of them.
  written_by xid NOT NULL,
  -- What is doubtful about the database, as a person who resumed the run was told.
  told text,
  -- Requests a second, in full and as it is after the API said that it was too much.
  rate float8 NOT NULL CHECK (rate > 0),
  pace float8 NOT NULL,
  -- The time of the next request at that pace; when the next one would leave if none had come early; until when none may.
  due_at timestamptz NOT NULL,
  spread_at timestamptz NOT NULL,
  stopped_until timestamptz NOT NULL,
  paced_at timestamptz NOT NULL,
  cut_at timestamptz NOT NULL,
  -- When rows of workers that were not heard of again were last looked for.
  swept_at timestamptz NOT NULL,
  -- Rows up to it that waited for nothing have been taken.
  cursor bigint NOT NULL DEFAULT 0,
  CHECK ((paused IS NULL) = (paused_by IS NULL) AND (paused IS NULL) = (paused_at IS NULL))
) WITH (fillfactor = 10);

-- A process that sends rows of a run.
CREATE TABLE worker (
  -- Not counted: a database that was put back to an earlier state would give a number of a living process to another one.
  id bigint PRIMARY KEY DEFAULT floor(random() * 9007199254740992),
  run bigint NOT NULL REFERENCES run ON DELETE CASCADE,
  -- Of its connections the last one; an older one does nothing any more.
  session int NOT NULL DEFAULT 1,
  host text NOT NULL,
  pid bigint NOT NULL,
  -- How long a row is its own.
  lease_ms int NOT NULL,
  joined_at timestamptz NOT NULL,
  seen_at timestamptz NOT NULL,
  -- It takes no row any more, and waits for those under way.
  stopped_at timestamptz,
  left_at timestamptz
) WITH (fillfactor = 50);
CREATE INDEX worker_run ON worker (run);

-- What changes of a row of the list.
CREATE TABLE row (
  run bigint NOT NULL,
  n bigint NOT NULL,
  -- The row before this one to the same person.
  before bigint,
  state text NOT NULL CHECK (state IN ('pending', 'inflight', 'sent', 'failed', 'unknown', 'skipped')),
  -- Of the last attempt or decision: what is said of an earlier one changes nothing.
  number int NOT NULL,
  worker bigint,
  -- It may be taken from then on; nothing where it waits for the row before.
  due_at timestamptz,
  -- Set exactly as long as the worker that took it has not said what became of it.
  lease_until timestamptz,
  -- Since when it is in its state.
  at timestamptz,
  -- When its last attempt began.
  began_at timestamptz,
  PRIMARY KEY (run, n),
  CHECK (CASE state WHEN 'inflight' THEN lease_until IS NOT NULL AND worker IS NOT NULL WHEN 'unknown' THEN true
    ELSE lease_until IS NULL END)
) WITH (fillfactor = 80);
CREATE INDEX row_pending ON row (run, due_at, n) WHERE state = 'pending';
-- Not `WHERE state IN (…)`: that one would be preferred to the primary key.
CREATE INDEX row_lease ON row (run, lease_until) WHERE lease_until IS NOT NULL;
CREATE INDEX row_before ON row (run, before) WHERE before IS NOT NULL;

-- What does not change of it. No foreign keys on these tables: each would be a query a row.
CREATE TABLE content (
  run bigint NOT NULL,
  n bigint NOT NULL,
  -- Where the row begins in the input, and its cells: JSON.
  line bigint NOT NULL,
  cells text NOT NULL,
  -- Absent where no request could be made.
  recipient text,
  path text,
  body text,
  -- What it is compared by with rows of other runs: the person, and the message to the person.
  person bigint,
  fingerprint bigint,
  -- Of the request, in this row: a request that was changed, or stands elsewhere, is found before it leaves.
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
  -- The API's own, where it has one.
  api_code text,
  error text,
  PRIMARY KEY (run, n, number)
);

-- What was decided without a request.
CREATE TABLE decision (
  run bigint NOT NULL,
  n bigint NOT NULL,
  number int NOT NULL,
  "from" text NOT NULL,
  "to" text NOT NULL,
  -- Why a row is skipped, or `resolved`.
  reason text NOT NULL,
  -- Why, in words.
  problem text,
  -- The other run that it is about.
  other_run text,
  at timestamptz NOT NULL,
  PRIMARY KEY (run, n, number),
  CHECK (("from" = 'pending' AND "to" IN ('skipped', 'unknown')) OR ("from" = 'unknown' AND "to" IN ('sent', 'failed', 'pending'))
    OR ("from" = 'failed' AND "to" = 'pending'))
);

-- How far a message came, as Jelou told it later: of a row the last one counts. No state of a row depends on it.
CREATE TABLE delivery (
  run bigint NOT NULL,
  n bigint NOT NULL,
  -- From 1.
  number int NOT NULL CHECK (number > 0),
  learnt_at timestamptz NOT NULL,
  -- Jelou's own word.
  status text NOT NULL,
  -- Since when, where it is told; of a failure its code, and why.
  at timestamptz,
  code text,
  reason text,
  -- Of the message, where the answer to it had none.
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

-- What the run went through, beside its rows: whether a row may leave never depends on it.
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

CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE 'a row cannot go from % to %', OLD.state, NEW.state;
END $$;

CREATE TRIGGER row_follows BEFORE UPDATE OF state ON row FOR EACH ROW WHEN (OLD.state <> NEW.state AND NOT (
  (OLD.state = 'pending' AND NEW.state IN ('inflight', 'skipped', 'unknown'))
  OR (OLD.state IN ('inflight', 'unknown') AND NEW.state IN ('sent', 'failed', 'unknown', 'pending'))
  OR (OLD.state = 'failed' AND NEW.state = 'pending'))) EXECUTE FUNCTION refuse_change();

CREATE FUNCTION refuse_new() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE 'a row begins as pending, or skipped';
END $$;

CREATE TRIGGER row_begins BEFORE INSERT ON row FOR EACH ROW WHEN (NOT (
  (NEW.state = 'pending' AND NEW.number = 0) OR (NEW.state = 'skipped' AND NEW.number = 1))
  OR NEW.worker IS NOT NULL) EXECUTE FUNCTION refuse_new();

-- A run gets its rows when it is made.
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

CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE 'what a run has written does not change';
END $$;

CREATE TRIGGER content_stays BEFORE UPDATE ON content FOR EACH ROW EXECUTE FUNCTION refuse();
CREATE TRIGGER decision_stays BEFORE UPDATE ON decision FOR EACH ROW EXECUTE FUNCTION refuse();
CREATE TRIGGER delivery_stays BEFORE UPDATE ON delivery FOR EACH ROW EXECUTE FUNCTION refuse();
-- The worker of an attempt may come back with its true outcome, where it was taken for lost.
CREATE TRIGGER outcome_stays BEFORE UPDATE ON outcome FOR EACH ROW
WHEN (OLD.state <> 'unknown') EXECUTE FUNCTION refuse();
