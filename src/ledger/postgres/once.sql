-- The claims under keys: each person has one per key. They have their own schema with its own version, because they
-- must outlive every run and every version of the ledger: the schema is upgraded, never dropped.

DO $$
DECLARE
  standing pg_namespace;
BEGIN
  SELECT * INTO standing FROM pg_namespace WHERE nspname = 'jelouctl_once';
  IF NOT FOUND THEN
    CREATE SCHEMA jelouctl_once;
  ELSIF standing.nspowner <> (SELECT oid FROM pg_roles WHERE rolname = current_user) THEN
    RAISE 'there is a schema jelouctl_once already, and it belongs to another role' USING ERRCODE = 'insufficient_privilege';
  ELSIF EXISTS (SELECT 1 FROM aclexplode(standing.nspacl) WHERE privilege_type = 'CREATE' AND grantee <> standing.nspowner) THEN
    RAISE 'there is a schema jelouctl_once already, and it lets other roles make things in it'
      USING ERRCODE = 'insufficient_privilege';
  ELSIF EXISTS (SELECT 1 FROM pg_class WHERE relnamespace = standing.oid AND relowner <> standing.nspowner) THEN
    RAISE 'there is a schema jelouctl_once already, and it has things of another role' USING ERRCODE = 'insufficient_privilege';
  END IF;
END $$;

-- The secret that keys the hashes, and the version of these tables.
CREATE TABLE IF NOT EXISTS jelouctl_once.store (
  id int PRIMARY KEY CHECK (id = 1),
  version int NOT NULL,
  secret bytea NOT NULL
);
INSERT INTO jelouctl_once.store (id, version, secret)
  VALUES (1, 6, uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid()))
  ON CONFLICT (id) DO UPDATE SET version = excluded.version;

CREATE TABLE IF NOT EXISTS jelouctl_once.claim (
  bot text NOT NULL,
  address text NOT NULL,
  key text NOT NULL,
  -- A hash of the person, keyed with the secret.
  person bytea NOT NULL,
  -- For a row of an existing run: which row. The row then has the state. A run is identified by its number and its
  -- creation time: a ledger that was created anew may have reused the number.
  run bigint,
  run_made timestamptz,
  n bigint,
  -- For a single send, and for people whom a removed run reached.
  state text CHECK (state IN ('sent', 'unknown', 'under_way', 'not_sent')),
  -- Locked by the sending session for as long as it exists.
  holder int,
  at timestamptz,
  message_id text,
  -- The name of the run that had the row.
  of_run text,
  -- Hash of the message.
  words bytea,
  UNIQUE (bot, address, key, person),
  CHECK ((run IS NULL) = (n IS NULL) AND (run IS NULL) = (run_made IS NULL) AND (run IS NULL) = (state IS NOT NULL)),
  CHECK ((state = 'under_way') = (holder IS NOT NULL) OR run IS NOT NULL)
);
ALTER TABLE jelouctl_once.claim DROP COLUMN IF EXISTS kind, DROP COLUMN IF EXISTS shown;
CREATE INDEX IF NOT EXISTS claim_row ON jelouctl_once.claim (run, n) WHERE run IS NOT NULL;
CREATE SEQUENCE IF NOT EXISTS jelouctl_once.holder AS int MINVALUE 1 CYCLE;

-- Whether the sending session exists: it locks its number together with the ASCII of `once`. No clock is involved.
CREATE OR REPLACE FUNCTION jelouctl_once.is_held(its_holder int) RETURNS boolean
LANGUAGE sql VOLATILE SET search_path = pg_catalog, pg_temp AS $$
  SELECT EXISTS (SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND objsubid = 2 AND granted
    AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
    AND classid = 1869505381::oid AND objid = its_holder::oid)
$$;

-- The state of a claim: `sent`, `unknown`, `under_way`, `to_be_sent` or `not_sent`. If a row no longer exists though
-- its run was not removed cleanly, it may have been sent; so may a failed one of a run whose messages may be missing here.
CREATE OR REPLACE FUNCTION jelouctl_once.state_of(c jelouctl_once.claim) RETURNS text
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF c.run IS NOT NULL THEN
    RETURN coalesce((SELECT CASE row.state WHEN 'pending' THEN 'to_be_sent' WHEN 'inflight' THEN 'to_be_sent'
        WHEN 'failed' THEN CASE WHEN run.finished_at IS NULL AND EXISTS (SELECT 1 FROM jelouctl.doubt_of(run.id))
          THEN 'unknown' ELSE 'not_sent' END
        WHEN 'skipped' THEN 'not_sent' ELSE row.state END
      FROM jelouctl.row JOIN jelouctl.run ON run.id = row.run
      WHERE row.run = c.run AND row.n = c.n AND run.created_at = c.run_made), 'unknown');
  ELSIF c.state = 'under_way' AND NOT jelouctl_once.is_held(c.holder) THEN
    RETURN 'unknown';
  END IF;
  RETURN c.state;
END $$;

-- The id of a row's message: from its last answer, else from what Jelou reported about it.
CREATE OR REPLACE FUNCTION jelouctl_once.message_of(its_run bigint, its_n bigint) RETURNS text
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
  SELECT coalesce(
    (SELECT message_id FROM jelouctl.outcome WHERE run = its_run AND n = its_n ORDER BY number DESC LIMIT 1),
    (SELECT message_id FROM jelouctl.delivery WHERE run = its_run AND n = its_n AND message_id IS NOT NULL
      ORDER BY number DESC LIMIT 1))
$$;

-- The claims of everyone under a key, or of one person. The person limits the part of the index that is read.
DROP FUNCTION IF EXISTS jelouctl_once.people(text, text, text, bytea);
CREATE FUNCTION jelouctl_once.people(its_bot text, its_address text, its_key text, its_person bytea)
RETURNS TABLE (person bytea, state text, at_ms bigint, message_id text, run text, words bytea, is_row boolean)
LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT c.person, jelouctl_once.state_of(c), (extract(epoch FROM coalesce(row.at, c.at, run.created_at)) * 1000)::bigint,
    coalesce(jelouctl_once.message_of(run.id, c.n), c.message_id), coalesce(run.name, c.of_run), c.words, run.id IS NOT NULL
  FROM jelouctl_once.claim AS c
    LEFT JOIN jelouctl.run ON run.id = c.run AND run.created_at = c.run_made
    LEFT JOIN jelouctl.row ON row.run = run.id AND row.n = c.n
  WHERE c.bot = its_bot AND c.address = its_address AND c.key = its_key
    AND c.person BETWEEN coalesce(its_person, '') AND coalesce(its_person, decode(repeat('ff', 17), 'hex'))
$$;

-- A single send claims its person, who must be free. Returns whether it succeeded.
CREATE OR REPLACE FUNCTION jelouctl_once.claim_person(its_bot text, its_address text, its_key text, its_person bytea,
  its_holder int, its_words bytea)
RETURNS boolean LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF current_setting('synchronous_commit') NOT IN ('on', 'remote_apply') THEN
    RAISE 'commits are not durable: synchronous_commit is %', current_setting('synchronous_commit');
  END IF;
  INSERT INTO jelouctl_once.claim AS c (bot, address, key, person, state, holder, at, words)
    VALUES (its_bot, its_address, its_key, its_person, 'under_way', its_holder, clock_timestamp(), its_words)
  ON CONFLICT (bot, address, key, person) DO UPDATE
    SET (run, run_made, n, state, holder, at, message_id, of_run, words) = (NULL, NULL, NULL, excluded.state,
      excluded.holder, excluded.at, NULL, NULL, excluded.words)
    WHERE jelouctl_once.state_of(c) = 'not_sent';
  RETURN FOUND;
END $$;

-- Records how the send ended. Does nothing if the claim belongs to another send by now; an outcome of sent outweighs a
-- person's decision in the meantime.
CREATE OR REPLACE FUNCTION jelouctl_once.end_claim(its_bot text, its_address text, its_key text, its_person bytea,
  its_holder int, its_state text, its_message text)
RETURNS boolean LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  UPDATE jelouctl_once.claim SET state = its_state, holder = NULL, message_id = its_message,
    -- For one that may have been sent, the time of its beginning counts, so that it can be looked for.
    at = CASE its_state WHEN 'unknown' THEN at ELSE clock_timestamp() END
    WHERE bot = its_bot AND address = its_address AND key = its_key AND person = its_person
      AND (state = 'under_way' AND holder = its_holder OR its_state = 'sent' AND state IN ('unknown', 'not_sent')
        -- It was written before, but the answer was lost.
        OR state = its_state AND message_id IS NOT DISTINCT FROM its_message);
  RETURN FOUND;
END $$;

-- Rows of a run claim their people, if they are free or already claimed by this row. Returns the rows that have their
-- person.
CREATE OR REPLACE FUNCTION jelouctl_once.claim_rows(its_bot text, its_address text, its_key text, its_run bigint,
  people bytea[], ns bigint[])
RETURNS SETOF bigint LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  INSERT INTO jelouctl_once.claim AS c (bot, address, key, person, run, run_made, n, at, of_run)
    SELECT its_bot, its_address, its_key, claimed.person, run.id, run.created_at, claimed.n, clock_timestamp(), run.name
    FROM unnest(people, ns) AS claimed (person, n), jelouctl.run WHERE run.id = its_run
  ON CONFLICT (bot, address, key, person) DO UPDATE
    SET (run, run_made, n, state, holder, at, message_id, of_run, words) = (excluded.run, excluded.run_made,
      excluded.n, NULL, NULL, excluded.at, NULL, excluded.of_run, NULL)
    WHERE (c.run, c.run_made, c.n) = (excluded.run, excluded.run_made, excluded.n) OR jelouctl_once.state_of(c) = 'not_sent'
  RETURNING c.n
$$;

-- Before a run is removed: the people whom it reached stay claimed, and all others become free. If messages that it sent
-- may be missing here, only those who were skipped certainly got none.
CREATE OR REPLACE FUNCTION jelouctl_once.keep_run(its_run bigint) RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  DELETE FROM jelouctl_once.claim AS c USING jelouctl.run, jelouctl.row
    WHERE c.run = its_run AND run.id = its_run AND run.created_at = c.run_made AND row.run = its_run AND row.n = c.n
      AND (row.state = 'skipped'
        OR row.state IN ('pending', 'failed') AND NOT EXISTS (SELECT 1 FROM jelouctl.doubt_of(its_run)));
  UPDATE jelouctl_once.claim AS c SET (run, run_made, n, state, at, message_id, of_run) = (NULL, NULL, NULL,
      CASE row.state WHEN 'sent' THEN 'sent' ELSE 'unknown' END, coalesce(row.at, run.created_at),
      jelouctl_once.message_of(its_run, row.n), run.name)
    FROM jelouctl.run, jelouctl.row
    WHERE c.run = its_run AND run.id = its_run AND run.created_at = c.run_made AND row.run = its_run AND row.n = c.n;
END $$;

-- A person decides the outcome of an unknown message that does not belong to a row of a run, or whose row no longer
-- exists.
CREATE OR REPLACE FUNCTION jelouctl_once.decide(its_bot text, its_address text, its_key text, its_person bytea,
  its_state text, its_message text)
RETURNS boolean LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  UPDATE jelouctl_once.claim AS c SET (run, run_made, n, state, holder, message_id) = (NULL, NULL, NULL, its_state, NULL, its_message)
    WHERE bot = its_bot AND address = its_address AND key = its_key AND person = its_person
      AND jelouctl_once.state_of(c) = 'unknown'
      AND NOT EXISTS (SELECT 1 FROM jelouctl.run WHERE run.id = c.run AND run.created_at = c.run_made);
  RETURN FOUND;
END $$;

-- Adds people whom a run reached. If a person has a claim already, the state that outweighs the other is kept.
CREATE OR REPLACE FUNCTION jelouctl_once.add(its_bot text, its_address text, its_key text, people bytea[], states text[],
  ats_ms bigint[], messages text[], its_runs text[], its_words bytea[])
RETURNS bigint LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  order_of text[] = '{sent,unknown,under_way,to_be_sent,not_sent}'; changed bigint;
BEGIN
  INSERT INTO jelouctl_once.claim AS c (bot, address, key, person, state, at, message_id, of_run, words)
    SELECT its_bot, its_address, its_key, a.person, a.state, to_timestamp(a.at_ms / 1000.0), a.message, a.run, a.words
    FROM unnest(people, states, ats_ms, messages, its_runs, its_words)
      AS a (person, state, at_ms, message, run, words)
  ON CONFLICT (bot, address, key, person) DO UPDATE
    SET (run, run_made, n, state, holder, at, message_id, of_run, words) = (NULL, NULL, NULL, excluded.state, NULL,
      excluded.at, excluded.message_id, excluded.of_run, excluded.words)
    WHERE array_position(order_of, excluded.state) < array_position(order_of, jelouctl_once.state_of(c));
  GET DIAGNOSTICS changed = ROW_COUNT;
  RETURN changed;
END $$;

-- Forgets one person or everyone, except claims that are under way or to be sent.
CREATE OR REPLACE FUNCTION jelouctl_once.forget(its_bot text, its_address text, its_key text, its_person bytea)
RETURNS bigint LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  forgotten bigint;
BEGIN
  DELETE FROM jelouctl_once.claim AS c WHERE bot = its_bot AND address = its_address AND key = its_key
    AND (its_person IS NULL OR person = its_person) AND jelouctl_once.state_of(c) NOT IN ('under_way', 'to_be_sent');
  GET DIAGNOSTICS forgotten = ROW_COUNT;
  RETURN forgotten;
END $$;

REVOKE ALL ON ALL FUNCTIONS IN SCHEMA jelouctl_once FROM PUBLIC;
GRANT USAGE ON SCHEMA jelouctl_once TO jelouctl_sender, jelouctl_reader;
GRANT SELECT ON ALL TABLES IN SCHEMA jelouctl_once TO jelouctl_sender, jelouctl_reader;
GRANT USAGE ON SEQUENCE jelouctl_once.holder TO jelouctl_sender;
GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA jelouctl_once TO jelouctl_sender;
GRANT EXECUTE ON FUNCTION jelouctl_once.people, jelouctl_once.state_of, jelouctl_once.is_held TO jelouctl_reader;
