-- The operations on runs. Every function runs with the rights of the ledger's owner; a sender has no other way to
-- change a row.

-- Identifies the database as long as nothing that was committed can be missing from it. A copy by CREATE DATABASE has
-- another number.
CREATE FUNCTION this_database() RETURNS text LANGUAGE sql STABLE SET search_path = jelouctl, pg_temp AS $$
  SELECT system_identifier || ', timeline ' || left(pg_walfile_name(pg_current_wal_lsn()), 8) || ', database ' || oid
  FROM pg_control_system(), pg_database WHERE datname = current_database()
$$;

-- The transaction that wrote the rows of a run to these tables. A dump does not contain it: a restore writes the rows
-- in another transaction, whether into new or emptied tables. VACUUM, CLUSTER and REINDEX keep it.
CREATE FUNCTION writer_of(my_run bigint) RETURNS xid LANGUAGE sql STABLE SET search_path = jelouctl, pg_temp AS $$
  SELECT xmin FROM content WHERE run = my_run ORDER BY n LIMIT 1
$$;

-- Whether an answered transaction still exists: it does not if the database's files were replaced by older ones.
CREATE FUNCTION is_known(its_xid xid8) RETURNS boolean LANGUAGE sql STABLE SET search_path = jelouctl, pg_temp AS $$
  -- The status of a future transaction is an error, that of a very old one is null.
  SELECT CASE WHEN its_xid >= pg_snapshot_xmax(pg_current_snapshot()) THEN false
    ELSE coalesce(pg_xact_status(its_xid) = 'committed', true) END
$$;

-- The minimum time between messages to one person.
CREATE FUNCTION recipient_gap() RETURNS interval LANGUAGE sql IMMUTABLE AS $$
  SELECT interval '6 s'
$$;

-- Begins a run; its rows follow in the same transaction.
CREATE FUNCTION make_run(its_name text, its_details text, its_bot text, its_url text, is_sandbox boolean, its_rate float8)
RETURNS bigint LANGUAGE plpgsql SECURITY DEFINER SET search_path = jelouctl, pg_temp AS $$
DECLARE
  moment timestamptz = clock_timestamp();
  made bigint;
BEGIN
  INSERT INTO run (name, details, bot, api_url, sandbox, made_in, created_at, changed_at, database, written_by, rate, pace,
    due_at, spread_at, stopped_until, paced_at, cut_at, swept_at)
  VALUES (its_name, its_details, its_bot, its_url, is_sandbox, pg_current_xact_id(), moment, moment, this_database(),
    pg_current_xact_id()::xid, its_rate, its_rate, moment, moment, moment, moment, '-infinity', moment)
  RETURNING id INTO made;
  RETURN made;
END $$;

-- Without fresh statistics, the planner would know nothing about the imported rows, and every query would read all of
-- them.
CREATE FUNCTION look_at_rows()
RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = jelouctl, pg_temp AS $$
BEGIN
  ANALYZE row, content;
END $$;

-- A person stops the run: no process takes its rows until it is resumed. An earlier reason for a pause is kept; a
-- person who is being asked whether to continue is told about this stop too.
CREATE FUNCTION stop_run(my_run bigint, who text)
RETURNS boolean LANGUAGE plpgsql SECURITY DEFINER SET search_path = jelouctl, pg_temp SET enable_seqscan = off AS $$
DECLARE
  r run; moment timestamptz;
BEGIN
  SELECT * INTO r FROM run WHERE id = my_run FOR NO KEY UPDATE;
  -- Each has its index.
  IF NOT EXISTS (SELECT 1 FROM row WHERE run = my_run AND state = 'pending')
    AND NOT EXISTS (SELECT 1 FROM row WHERE run = my_run AND lease_until IS NOT NULL AND state = 'inflight')
  THEN RETURN false; END IF;
  moment := clock_timestamp();
  UPDATE run SET pauses = pauses + 1 WHERE id = my_run;
  IF r.paused IS NULL THEN
    UPDATE run SET paused = 'person', paused_by = who, paused_at = moment, is_under_way = false WHERE id = my_run;
    INSERT INTO event (run, kind, at, reason) VALUES (my_run, 'stopped', moment, 'bulk stop');
  END IF;
  RETURN true;
END $$;

-- Whether another process takes rows of the run: one that was active recently. Each process reports twice a second.
CREATE FUNCTION others_send(my_run bigint, my_worker bigint)
RETURNS boolean LANGUAGE sql STABLE SET search_path = jelouctl, pg_temp AS $$
  SELECT EXISTS (SELECT 1 FROM worker WHERE run = my_run AND id IS DISTINCT FROM my_worker AND stopped_at IS NULL
    AND left_at IS NULL AND seen_at > clock_timestamp() - interval '5 s')
$$;

-- Records an event reported by a process of the run. A process that takes no more rows stops the run if it is the last
-- one, or pauses it for all.
CREATE FUNCTION note_event(my_worker bigint, its_kind text, its_reason text, its_problem text, wait_ms bigint, is_for_all boolean)
RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = jelouctl, pg_temp AS $$
DECLARE
  my_run bigint; moment timestamptz;
BEGIN
  SELECT run INTO my_run FROM worker WHERE id = my_worker;
  PERFORM 1 FROM run WHERE id = my_run FOR NO KEY UPDATE;
  IF NOT FOUND THEN RETURN; END IF;
  moment := clock_timestamp();
  IF its_kind IN ('stopped', 'paused') THEN
    UPDATE worker SET stopped_at = moment WHERE id = my_worker;
    IF NOT is_for_all AND others_send(my_run, my_worker) THEN RETURN; END IF;
    UPDATE run SET is_under_way = false WHERE id = my_run;
  END IF;
  INSERT INTO event (run, kind, at, reason, problem, until)
    VALUES (my_run, its_kind, moment, its_reason, its_problem, moment + wait_ms * interval '1 ms');
END $$;

-- A process starts sending rows of a run.
CREATE FUNCTION join_run(my_run bigint, my_host text, my_pid bigint, my_lease_ms int)
RETURNS TABLE (worker bigint, session int)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = jelouctl, pg_temp AS $$
#variable_conflict use_column
DECLARE
  moment timestamptz;
BEGIN
  PERFORM 1 FROM run WHERE id = my_run FOR NO KEY UPDATE;
  IF NOT FOUND THEN RAISE 'there is no such run' USING ERRCODE = 'no_data_found'; END IF;
  PERFORM check_database(my_run);
  moment := clock_timestamp();
  IF NOT others_send(my_run, NULL) THEN UPDATE run SET is_under_way = false WHERE id = my_run; END IF;
  -- Its first exchange looks for rows of lost workers.
  UPDATE run SET swept_at = '-infinity' WHERE id = my_run;
  RETURN QUERY INSERT INTO worker (run, host, pid, lease_ms, joined_at, seen_at)
    VALUES (my_run, my_host, my_pid, my_lease_ms, moment, moment) RETURNING id, session;
END $$;

-- Commits of a run may be missing here: pauses the run, even if it is paused for another reason, and again if the doubt
-- differs from the last one.
CREATE FUNCTION doubt_run(my_run bigint, doubt text, why text)
RETURNS void LANGUAGE sql SECURITY DEFINER SET search_path = jelouctl, pg_temp AS $$
  UPDATE run SET paused = doubt, paused_by = why, paused_at = clock_timestamp(), pauses = pauses + 1
  WHERE id = my_run AND finished_at IS NULL AND (paused, paused_by) IS DISTINCT FROM (doubt, why)
$$;

-- Why rows of an unfinished run may have been sent though they are not sent here: a database other than the one in
-- which the run began may have lost outcomes, and so may one restored from a dump. The doubt remains until a person
-- resumes the run.
CREATE FUNCTION doubt_of(my_run bigint) RETURNS TABLE (doubt text, why text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = jelouctl, pg_temp AS $$
  SELECT 'failover', 'the database is another one now: ' || here
    FROM run, this_database() AS here WHERE id = my_run AND finished_at IS NULL AND database <> here
  UNION ALL
  SELECT 'restored', format('transaction %s wrote its rows, not %s', writer, written_by)
    FROM run, writer_of(my_run) AS writer
    WHERE id = my_run AND finished_at IS NULL AND written_by IS DISTINCT FROM writer
  UNION ALL
  SELECT paused, paused_by FROM run WHERE id = my_run AND finished_at IS NULL AND paused IN ('failover', 'restored')
  LIMIT 1
$$;

-- Pauses the run if there is a doubt.
CREATE FUNCTION check_database(my_run bigint)
RETURNS void LANGUAGE sql SECURITY DEFINER SET search_path = jelouctl, pg_temp AS $$
  SELECT doubt_run(my_run, doubt, why) FROM doubt_of(my_run)
$$;

-- Skips the rows of a cancelled run that are pending, or pending again.
CREATE FUNCTION leave_out_cancelled(my_run bigint, moment timestamptz)
RETURNS void LANGUAGE sql SET search_path = jelouctl, pg_temp AS $$
  WITH left_out AS (
    UPDATE row SET state = 'skipped', number = row.number + 1, at = moment
    WHERE run = my_run AND state = 'pending' AND EXISTS (SELECT 1 FROM run WHERE id = my_run AND cancelled_at IS NOT NULL)
    RETURNING n, number
  )
  INSERT INTO decision (run, n, number, "from", "to", reason, problem, at)
    SELECT my_run, n, number, 'pending', 'skipped', 'cancelled', 'the run was cancelled', moment FROM left_out
$$;

-- A person cancels a run, unless pending rows of it may have been sent. Processes that send it learn that it is complete
-- once no row is in flight.
CREATE FUNCTION cancel_run(my_run bigint)
RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = jelouctl, pg_temp SET enable_seqscan = off AS $$
DECLARE
  moment timestamptz;
BEGIN
  PERFORM 1 FROM run WHERE id = my_run AND cancelled_at IS NULL FOR NO KEY UPDATE;
  IF NOT FOUND THEN RETURN; END IF;
  IF EXISTS (SELECT 1 FROM doubt_of(my_run)) THEN RAISE 'what was written may be lost'; END IF;
  moment := clock_timestamp();
  UPDATE run SET cancelled_at = moment, changed_at = moment, paused = NULL, paused_by = NULL, paused_at = NULL
    WHERE id = my_run;
  PERFORM leave_out_cancelled(my_run, moment);
  INSERT INTO event (run, kind, at) VALUES (my_run, 'cancelled', moment);
END $$;

-- Whether a row may be sent again: under a key, its person may have been forgotten, and may have another message by
-- now.
CREATE FUNCTION has_its_person(my_run bigint, my_n bigint) RETURNS boolean
LANGUAGE plpgsql STABLE SET search_path = jelouctl, pg_temp AS $$
BEGIN
  -- A run in the sandbox does not claim anyone.
  RETURN (SELECT run.sandbox OR run.details::json ->> 'once' IS NULL OR EXISTS (
      SELECT 1 FROM jelouctl_once.claim AS c WHERE c.run = run.id AND c.run_made = run.created_at AND c.n = my_n)
    FROM run WHERE run.id = my_run);
END $$;

-- Of several rows to one person, each waits for the one before it. Applies this to rows that have changed, and to those
-- that follow them.
CREATE FUNCTION wait_in_order(my_run bigint, changed bigint[], moment timestamptz) RETURNS void
LANGUAGE sql SET search_path = jelouctl, pg_temp AS $$
  UPDATE row SET due_at = CASE WHEN first.state NOT IN ('pending', 'inflight') THEN moment + recipient_gap() END
  FROM row AS first
  WHERE row.run = my_run AND row.state = 'pending' AND first.run = my_run AND first.n = row.before
    AND (row.due_at IS NULL) <> (first.state IN ('pending', 'inflight'))
    AND row.n IN (SELECT unnest(changed) UNION
      SELECT n FROM row AS follower WHERE follower.run = my_run AND follower.before = ANY (changed))
$$;

-- A worker reconnects, and names the last exchange that was answered. Rows that it was given but does not hold were in
-- an answer that never arrived: no byte of them was sent, and they are pending again. The worker counts its sessions: a
-- call that arrives after a later one changes nothing, since the worker has been given rows since that it does not name.
-- Returns whether the session is the latest; null if the database does not know the worker.
CREATE FUNCTION rejoin(my_run bigint, my_worker bigint, my_session int, answered text, held_n bigint[], held_number int[])
RETURNS boolean LANGUAGE plpgsql SECURITY DEFINER SET search_path = jelouctl, pg_temp SET enable_seqscan = off AS $$
#variable_conflict use_column
DECLARE
  moment timestamptz; given_back bigint[];
BEGIN
  PERFORM 1 FROM run WHERE id = my_run FOR NO KEY UPDATE;
  IF NOT FOUND THEN RAISE 'the run was removed' USING ERRCODE = 'no_data_found'; END IF;
  PERFORM check_database(my_run);
  IF NOT is_known(answered::xid8) OR NOT EXISTS (SELECT 1 FROM worker WHERE id = my_worker AND run = my_run) THEN
    PERFORM doubt_run(my_run, 'restored', format('transaction %s of a process that sends it is missing', answered));
  END IF;
  moment := clock_timestamp();
  UPDATE worker SET session = my_session, seen_at = moment, left_at = NULL
    WHERE id = my_worker AND run = my_run AND session < my_session;
  IF NOT FOUND THEN
    RETURN (SELECT false FROM worker WHERE id = my_worker AND run = my_run);
  END IF;
  WITH lost AS (
    UPDATE row SET state = again.state, lease_until = NULL, at = moment,
      due_at = CASE again.state WHEN 'pending' THEN moment END
    FROM (SELECT n, CASE WHEN has_its_person(my_run, n) THEN 'pending' ELSE 'failed' END AS state FROM row
      WHERE run = my_run AND lease_until IS NOT NULL AND worker = my_worker) AS again
    WHERE row.run = my_run AND row.n = again.n AND (row.n, row.number) NOT IN (SELECT * FROM unnest(held_n, held_number))
    RETURNING row.n, row.number, row.began_at, row.state
  ), noted AS (
    INSERT INTO outcome (run, n, number, worker, began_at, ended_at, state, code, error)
      SELECT my_run, n, number, my_worker, began_at, moment, lost.state, 'ledger', 'the connection to the ledger broke before it left'
      FROM lost
    ON CONFLICT (run, n, number) DO UPDATE SET (ended_at, state, code, error)
      = (excluded.ended_at, excluded.state, excluded.code, excluded.error)
  )
  SELECT array_agg(n) INTO given_back FROM lost;
  IF given_back IS NOT NULL THEN
    UPDATE run SET finished_at = NULL WHERE id = my_run AND cancelled_at IS NULL;
    PERFORM wait_in_order(my_run, given_back, moment);
    PERFORM leave_out_cancelled(my_run, moment);
  END IF;
  RETURN true;
END $$;

-- The exchange of a worker: takes the outcomes of its rows and returns rows that may be sent now, in one transaction.
-- The last row of the answer has only the verdict: `on`, `complete` or `paused`, when to ask again, and the
-- transaction.
CREATE FUNCTION exchange(
  my_worker bigint, my_session int,
  e_n bigint[], e_number int[], e_state text[], e_ago_ms bigint[], e_wait_ms bigint[],
  e_status int[], e_message text[], e_code text[], e_api_code text[], e_error text[],
  stop_ms bigint, is_too_much boolean, pause_for text, wanted int
) RETURNS TABLE (verdict text, next_ms int, n bigint, number int, line bigint, recipient text, path text, body text,
  fingerprint bigint, row_checksum bigint)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = jelouctl, pg_temp
-- Any other kind of join reads the whole run once the tables contain several runs.
SET enable_hashjoin = off SET enable_mergejoin = off SET enable_material = off SET enable_seqscan = off AS $$
#variable_conflict use_column
DECLARE
  r run; w worker; moment timestamptz; due bigint[] = '{}'; fresh bigint[] = '{}'; tokens int = 0; taken int;
  early interval; back interval; said text = 'on'; next_at timestamptz;
BEGIN
  IF current_setting('synchronous_commit') NOT IN ('on', 'remote_apply') THEN
    RAISE 'commits are not durable: synchronous_commit is %', current_setting('synchronous_commit');
  END IF;
  SELECT * INTO w FROM worker WHERE id = my_worker;
  SELECT * INTO r FROM run WHERE id = w.run FOR NO KEY UPDATE;
  IF NOT FOUND THEN RAISE 'the run was removed' USING ERRCODE = 'no_data_found'; END IF;
  -- Read again: it may have changed during the wait for the run.
  IF NOT EXISTS (SELECT 1 FROM worker WHERE id = my_worker AND session = my_session) THEN
    RETURN QUERY SELECT 'stale', 0, NULL::bigint, NULL::int, NULL::bigint, NULL, NULL, NULL, NULL::bigint, NULL::bigint;
    RETURN;
  END IF;
  -- A dump can be restored while a connection stays open. That is cheap to detect; anything else requires a new
  -- connection.
  IF r.written_by IS DISTINCT FROM writer_of(r.id) THEN
    PERFORM check_database(r.id);
    SELECT * INTO r FROM run WHERE id = w.run;
  END IF;
  moment := clock_timestamp();
  IF moment < r.paced_at THEN
    -- The clock went back, by at least this much: what it dated must not be further away than it was.
    back := r.paced_at - moment;
    UPDATE row SET due_at = due_at - back, lease_until = lease_until - back
      WHERE run = r.id AND (state = 'pending' AND due_at > '-infinity' OR lease_until IS NOT NULL);
    UPDATE worker SET seen_at = seen_at - back WHERE run = r.id;
    r.due_at := r.due_at - back;
    r.spread_at := r.spread_at - back;
    r.stopped_until := r.stopped_until - back;
    r.cut_at := r.cut_at - back;
    r.swept_at := r.swept_at - back;
    r.paced_at := moment;
  END IF;

  -- The outcomes of rows. If a lease has expired, any process may report its row as unknown; the row's own worker may
  -- still correct that.
  IF cardinality(e_n) > 0 OR r.swept_at < moment - interval '500 ms' THEN
    WITH e AS (
      SELECT n, number, CASE WHEN state = 'pending' AND NOT has_its_person(r.id, n) THEN 'failed' ELSE state END AS state,
        ago_ms, wait_ms, status, message, code, api_code, error, NULL::timestamptz AS lease_until
      FROM unnest(e_n, e_number, e_state, e_ago_ms, e_wait_ms, e_status, e_message, e_code, e_api_code, e_error)
        AS e (n, number, state, ago_ms, wait_ms, status, message, code, api_code, error)
      UNION ALL
      SELECT row.n, row.number, 'unknown', 0, 0, NULL, NULL, 'unknown', NULL,
        'the process that sent it was not heard of again: ' || worker.host || ' pid ' || worker.pid, row.lease_until
      FROM row JOIN worker ON worker.id = row.worker
      WHERE row.run = r.id AND row.lease_until < moment AND row.state = 'inflight' AND row.n <> ALL (e_n)
    ), changed AS (
      UPDATE row SET state = e.state, lease_until = e.lease_until, at = moment - e.ago_ms * interval '1 ms',
        due_at = CASE e.state WHEN 'pending' THEN moment + e.wait_ms * interval '1 ms' END
      -- Not `IS NOT NULL`: each row would read all rows in flight through the index of leases.
      FROM e WHERE row.run = r.id AND row.n = e.n AND row.number = e.number
        AND coalesce(row.lease_until, '-infinity') <> '-infinity'
      RETURNING row.n, row.number, row.worker, row.began_at, row.at, row.state, e.status, e.message, e.code, e.api_code, e.error
    ), released AS (
      UPDATE row SET due_at = c.at + recipient_gap() FROM changed AS c
      WHERE row.run = r.id AND row.before = c.n AND row.due_at IS NULL AND row.state = 'pending'
        AND c.state <> 'pending'
    )
    INSERT INTO outcome (run, n, number, worker, began_at, ended_at, state, http_status, message_id, code, api_code, error)
      SELECT r.id, c.n, c.number, c.worker, c.began_at, c.at, c.state, c.status, c.message, c.code, c.api_code, c.error
      FROM changed AS c
    ON CONFLICT (run, n, number) DO UPDATE SET (ended_at, state, http_status, message_id, code, api_code, error)
      = (excluded.ended_at, excluded.state, excluded.http_status, excluded.message_id, excluded.code,
        excluded.api_code, excluded.error);
    GET DIAGNOSTICS taken = ROW_COUNT;
    IF taken > 0 THEN
      r.changed_at := moment;
      IF 'pending' = ANY (e_state) THEN
        -- A worker that was considered lost may return rows: others may have left since, or the run may be complete.
        PERFORM wait_in_order(r.id, e_n, moment);
        IF r.cancelled_at IS NULL THEN r.finished_at := NULL; END IF;
      END IF;
      IF r.cancelled_at IS NOT NULL THEN PERFORM leave_out_cancelled(r.id, moment); END IF;
    END IF;
    r.swept_at := moment;
  END IF;

  IF pause_for IS NOT NULL AND r.paused IS NULL THEN
    r.paused := pause_for;
    r.paused_by := w.host || ' pid ' || w.pid;
    r.paused_at := moment;
    r.pauses := r.pauses + 1;
  END IF;

  -- How many rows may be sent now, for all workers together: the same rule as in `pace.rs` for a run in a file.
  r.pace := least(r.rate, r.pace + 0.02 * r.rate * extract(epoch FROM moment - r.paced_at));
  IF is_too_much AND r.cut_at < moment - interval '1 s' THEN
    r.pace := greatest(0.7 * r.pace, 0.02 * r.rate);
    r.cut_at := moment;
    r.due_at := greatest(r.due_at, moment);
  END IF;
  r.paced_at := moment;
  IF stop_ms > 0 THEN
    r.stopped_until := greatest(r.stopped_until, moment + stop_ms * interval '1 ms');
    r.due_at := greatest(r.due_at, r.stopped_until);
  END IF;
  early := interval '45 ms' * (r.pace / r.rate);
  r.due_at := greatest(r.due_at, moment - interval '1 s');
  r.spread_at := greatest(r.spread_at, moment - early);
  IF r.paused IS NULL AND wanted > 0 AND greatest(r.due_at, r.spread_at - early, r.stopped_until) <= moment THEN
    tokens := least(wanted, 1 + floor(least(
      extract(epoch FROM moment - r.due_at) * r.pace,
      extract(epoch FROM moment - greatest(r.spread_at - early, moment - early)) * r.pace * 1.05)));
  END IF;

  IF tokens > 0 THEN
    due := ARRAY(SELECT n FROM row WHERE run = r.id AND state = 'pending' AND due_at > '-infinity' AND due_at <= moment
      ORDER BY due_at, n LIMIT tokens);
    fresh := ARRAY(SELECT n FROM row WHERE run = r.id AND state = 'pending' AND due_at = '-infinity' AND n > r.cursor
      ORDER BY n LIMIT tokens - cardinality(due));
    r.cursor := coalesce(fresh[cardinality(fresh)], r.cursor);
    taken := cardinality(due) + cardinality(fresh);
    -- A person may be asked meanwhile whether to remove the run.
    IF taken > 0 THEN r.changed_at := moment; END IF;
    IF taken > 0 AND NOT r.is_under_way THEN
      r.is_under_way := true;
      INSERT INTO event (run, kind, at) SELECT r.id,
        CASE WHEN EXISTS (SELECT 1 FROM event WHERE run = r.id AND kind = 'begun') THEN 'resumed' ELSE 'begun' END, moment;
    END IF;
    r.due_at := r.due_at + taken / r.pace * interval '1 s';
    r.spread_at := greatest(r.spread_at, moment) + taken / (r.pace * 1.05) * interval '1 s';
    RETURN QUERY WITH given AS (
      UPDATE row SET state = 'inflight', number = row.number + 1, worker = my_worker, at = moment, began_at = moment,
        lease_until = moment + w.lease_ms * interval '1 ms'
      WHERE run = r.id AND n = ANY (due || fresh)
      RETURNING n, number
    )
    SELECT 'go', 0, given.n, given.number, content.line, content.recipient, content.path, content.body,
      content.fingerprint, content.row_checksum
    FROM given JOIN content ON content.run = r.id AND content.n = given.n;
  END IF;

  next_at := greatest(r.due_at, r.spread_at - early, r.stopped_until);
  -- A run whose rows are all final is complete, whether it was paused or not.
  IF (tokens > 0 AND taken = 0 OR r.paused IS NOT NULL OR wanted = 0)
    AND NOT EXISTS (SELECT 1 FROM row WHERE run = r.id AND state = 'pending')
    AND NOT EXISTS (SELECT 1 FROM row WHERE run = r.id AND lease_until IS NOT NULL AND state = 'inflight') THEN
    IF r.finished_at IS NULL THEN
      INSERT INTO event (run, kind, at) VALUES (r.id, 'ended', moment);
    END IF;
    r.finished_at := coalesce(r.finished_at, moment);
    r.is_under_way := false;
  END IF;
  IF tokens > 0 AND taken = 0 THEN
    next_at := greatest(next_at, coalesce(
      (SELECT min(due_at) FROM row WHERE run = r.id AND state = 'pending' AND due_at > '-infinity'), moment + interval '1 s'));
  END IF;
  IF r.finished_at IS NOT NULL THEN
    said := 'complete';
    r.paused := NULL;
    r.paused_by := NULL;
    r.paused_at := NULL;
  ELSIF r.paused IS NOT NULL THEN
    said := 'paused';
  END IF;
  UPDATE run SET (changed_at, finished_at, paused, paused_by, paused_at, pauses, is_under_way, pace, due_at, spread_at,
      stopped_until, paced_at, cut_at, swept_at, cursor)
    = (r.changed_at, r.finished_at, r.paused, r.paused_by, r.paused_at, r.pauses, r.is_under_way, r.pace, r.due_at, r.spread_at,
      r.stopped_until, r.paced_at, r.cut_at, r.swept_at, r.cursor) WHERE id = r.id;
  UPDATE worker SET seen_at = moment WHERE id = my_worker AND seen_at < moment - interval '1 s';
  RETURN QUERY SELECT said, greatest(1, ceil(extract(epoch FROM least(next_at - moment, interval '500 ms')) * 1000))::int,
    NULL::bigint, NULL::int, NULL::bigint, r.paused, r.paused_by, pg_current_xact_id()::text, NULL::bigint, NULL::bigint;
END $$;

-- A process that is sending the run now, such as `db-2 pid 812`: it has not ended cleanly, and was active within the
-- lease of a row.
CREATE FUNCTION sent_by(my_run bigint) RETURNS text LANGUAGE sql STABLE SET search_path = jelouctl, pg_temp AS $$
  SELECT host || ' pid ' || pid FROM worker
  WHERE run = my_run AND left_at IS NULL AND seen_at > clock_timestamp() - lease_ms * interval '1 ms' LIMIT 1
$$;

-- A worker ends cleanly.
CREATE FUNCTION leave_run(my_worker bigint, my_session int)
RETURNS void LANGUAGE sql SECURITY DEFINER SET search_path = jelouctl, pg_temp AS $$
  UPDATE worker SET left_at = clock_timestamp() WHERE id = my_worker AND session = my_session
$$;

-- A person resumes a run after seeing why it is paused. A change or a restore of the database may be overlooked: unless
-- the person has answered a question since, only a second resume lifts that pause. A process that sends the run would
-- not hear of new conditions: then nothing is changed, and that process is returned.
CREATE FUNCTION resume_run(my_run bigint, seen_pauses bigint, has_answered boolean, new_rate float8, new_conditions text)
RETURNS text LANGUAGE plpgsql SECURITY DEFINER SET search_path = jelouctl, pg_temp AS $$
DECLARE
  r run; busy text;
BEGIN
  PERFORM 1 FROM run WHERE id = my_run FOR NO KEY UPDATE;
  busy := sent_by(my_run);
  IF new_conditions IS NOT NULL AND busy IS NOT NULL THEN RETURN busy; END IF;
  PERFORM check_database(my_run);
  SELECT * INTO r FROM run WHERE id = my_run;
  IF r.paused IS NOT NULL AND r.pauses IS DISTINCT FROM seen_pauses THEN RETURN NULL; END IF;
  IF r.paused IN ('failover', 'restored') AND NOT has_answered AND r.told IS DISTINCT FROM r.paused_by THEN
    UPDATE run SET told = r.paused_by WHERE id = my_run;
    RETURN NULL;
  END IF;
  UPDATE run SET paused = NULL, paused_by = NULL, paused_at = NULL, told = NULL,
    database = this_database(), written_by = writer_of(my_run),
    rate = coalesce(new_rate, rate), pace = coalesce(new_rate, pace), conditions = coalesce(new_conditions, conditions),
    due_at = greatest(due_at, clock_timestamp())
  WHERE id = my_run;
  RETURN NULL;
END $$;

-- A person's decisions about rows, each with the number of its last known change. A row that is no longer in the
-- expected state is not changed. Returns how many rows were changed.
CREATE FUNCTION decide_rows(my_run bigint, d_n bigint[], d_number int[], from_state text, to_state text, why text)
RETURNS bigint LANGUAGE plpgsql SECURITY DEFINER SET search_path = jelouctl, pg_temp AS $$
#variable_conflict use_column
DECLARE
  moment timestamptz; changed bigint[];
BEGIN
  PERFORM 1 FROM run WHERE id = my_run FOR NO KEY UPDATE;
  moment := clock_timestamp();
  WITH resolved AS (
    UPDATE row SET state = to_state, number = row.number + 1, lease_until = NULL, at = moment,
      due_at = CASE to_state WHEN 'pending' THEN moment + recipient_gap() END
    FROM unnest(d_n, d_number) AS d (n, number)
    WHERE row.run = my_run AND row.n = d.n AND row.number = d.number AND row.state = from_state
    RETURNING row.n, row.number
  ), noted AS (
    INSERT INTO decision (run, n, number, "from", "to", reason, problem, at)
    SELECT my_run, n, number, from_state, to_state, 'resolved', why, moment FROM resolved
  )
  SELECT coalesce(array_agg(n), '{}') INTO changed FROM resolved;
  IF cardinality(changed) > 0 THEN
    UPDATE run SET changed_at = moment WHERE id = my_run;
    IF 'pending' IN (from_state, to_state) THEN PERFORM wait_in_order(my_run, changed, moment); END IF;
    IF to_state = 'pending' THEN
      UPDATE run SET finished_at = NULL WHERE id = my_run AND cancelled_at IS NULL;
      PERFORM leave_out_cancelled(my_run, moment);
    END IF;
  END IF;
  RETURN cardinality(changed);
END $$;

-- The same for all rows in one state. Reads the whole run, once per request of a person. A row whose own process has
-- not reported its outcome is sent again only if the person confirmed it.
CREATE FUNCTION resolve_rows(my_run bigint, from_state text, to_state text, why text, asked_n bigint[], asked_number int[])
RETURNS bigint LANGUAGE plpgsql SECURITY DEFINER SET search_path = jelouctl, pg_temp AS $$
DECLARE
  ns bigint[]; numbers int[];
BEGIN
  PERFORM 1 FROM run WHERE id = my_run FOR NO KEY UPDATE;
  SELECT coalesce(array_agg(n), '{}'), coalesce(array_agg(number), '{}') INTO ns, numbers
    FROM row WHERE run = my_run AND state = from_state AND (to_state <> 'pending' OR lease_until IS NULL
      OR (n, number) IN (SELECT * FROM unnest(asked_n, asked_number)));
  RETURN decide_rows(my_run, ns, numbers, from_state, to_state, why);
END $$;

-- Stores what Jelou reported about messages: unknown rows that this proves as sent, how far messages came, and that all
-- were asked for. A row that is no longer unknown is not changed, nor is one whose process was active recently and may
-- still report the outcome. If a delivery of a row was recorded meanwhile, nothing is added to it. Returns how many
-- rows are sent now.
CREATE FUNCTION learn(my_run bigint, p_n bigint[], p_number int[], p_why text[], l_n bigint[], l_number int[],
  l_status text[], l_at_ms bigint[], l_code text[], l_reason text[], l_message text[], asked_ms bigint, asked_rows bigint)
RETURNS bigint LANGUAGE plpgsql SECURITY DEFINER SET search_path = jelouctl, pg_temp AS $$
#variable_conflict use_column
DECLARE
  moment timestamptz; proven bigint[];
BEGIN
  PERFORM 1 FROM run WHERE id = my_run FOR NO KEY UPDATE;
  IF NOT FOUND THEN RAISE 'the run was removed' USING ERRCODE = 'no_data_found'; END IF;
  moment := clock_timestamp();
  WITH settled AS (
    UPDATE row SET state = 'sent', number = row.number + 1, lease_until = NULL, at = moment
    FROM unnest(p_n, p_number, p_why) AS p (n, number, why)
    WHERE row.run = my_run AND row.n = p.n AND row.number = p.number AND row.state = 'unknown'
      AND NOT (row.lease_until IS NOT NULL AND EXISTS (SELECT 1 FROM worker WHERE worker.id = row.worker
        AND left_at IS NULL AND seen_at > moment - lease_ms * interval '1 ms'))
    RETURNING row.n, row.number, p.why
  ), noted AS (
    INSERT INTO decision (run, n, number, "from", "to", reason, problem, at)
    SELECT my_run, n, number, 'unknown', 'sent', 'resolved', why, moment FROM settled
  )
  SELECT coalesce(array_agg(n), '{}') INTO proven FROM settled;
  IF cardinality(proven) > 0 THEN UPDATE run SET changed_at = moment WHERE id = my_run; END IF;
  WITH learnt AS (
    SELECT * FROM unnest(l_n, l_number, l_status, l_at_ms, l_code, l_reason, l_message)
      AS l (n, number, status, at_ms, code, reason, message)
    WHERE n NOT IN (SELECT unnest(p_n) EXCEPT SELECT unnest(proven))
  ), following AS (
    SELECT n FROM (SELECT n, min(number) AS number FROM learnt GROUP BY n) AS first
    WHERE first.number = 1 + coalesce((SELECT max(number) FROM delivery WHERE run = my_run AND delivery.n = first.n), 0)
  )
  INSERT INTO delivery (run, n, number, learnt_at, status, at, code, reason, message_id)
    SELECT my_run, n, number, moment, status, 'epoch'::timestamptz + at_ms * interval '1 ms', code, reason, message
    FROM learnt JOIN following USING (n);
  IF asked_ms IS NOT NULL THEN
    INSERT INTO inquiry (run, at, rows) VALUES (my_run, 'epoch'::timestamptz + asked_ms * interval '1 ms', asked_rows);
  END IF;
  RETURN cardinality(proven);
END $$;

-- Skips rows that are still pending; other rows are not changed. In a run whose pending rows may have been sent they
-- become unknown instead. Returns how many rows were changed.
CREATE FUNCTION skip_rows(my_run bigint, s_n bigint[], s_reason text[], s_problem text[], s_run text[])
RETURNS bigint LANGUAGE plpgsql SECURITY DEFINER SET search_path = jelouctl, pg_temp AS $$
#variable_conflict use_column
DECLARE
  moment timestamptz; is_doubtful boolean; skip record; left_out record; rows bigint = 0;
BEGIN
  PERFORM 1 FROM run WHERE id = my_run FOR NO KEY UPDATE;
  moment := clock_timestamp();
  is_doubtful := EXISTS (SELECT 1 FROM doubt_of(my_run));
  FOR skip IN SELECT * FROM unnest(s_n, s_reason, s_problem, s_run) AS s (n, reason, problem, run) ORDER BY n LOOP
    UPDATE row SET state = CASE WHEN is_doubtful THEN 'unknown' ELSE 'skipped' END, number = number + 1, at = moment
      WHERE run = my_run AND n = skip.n AND state = 'pending' RETURNING n, number, state, before, due_at INTO left_out;
    CONTINUE WHEN NOT FOUND;
    rows := rows + 1;
    INSERT INTO decision (run, n, number, "from", "to", reason, problem, other_run, at)
      VALUES (my_run, left_out.n, left_out.number, 'pending', left_out.state,
        CASE WHEN is_doubtful THEN 'resolved' ELSE skip.reason END,
        skip.problem || CASE WHEN is_doubtful THEN '; it may have been sent before' ELSE '' END, skip.run, moment);
    IF is_doubtful THEN
      PERFORM wait_in_order(my_run, ARRAY[left_out.n], moment);
      CONTINUE;
    END IF;
    -- A row that waited for this one now waits for this one's predecessor.
    UPDATE row SET before = left_out.before, due_at = greatest(left_out.due_at, CASE WHEN left_out.due_at IS NOT NULL THEN moment END)
      WHERE run = my_run AND before = left_out.n AND state = 'pending' AND due_at IS NULL;
  END LOOP;
  IF rows > 0 THEN UPDATE run SET changed_at = moment WHERE id = my_run; END IF;
  RETURN rows;
END $$;

-- Removes a run with all records of its rows, if it has not changed since `seen_ms`, or is complete and has not changed
-- for `age_ms`; unless a process still sends it, which is `busy` then.
CREATE FUNCTION remove_run(my_run bigint, seen_ms bigint, age_ms bigint, OUT removed boolean, OUT busy text)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = jelouctl, pg_temp AS $$
BEGIN
  removed := false;
  PERFORM 1 FROM run WHERE id = my_run AND ((extract(epoch FROM changed_at) * 1000)::bigint = seen_ms
    OR finished_at IS NOT NULL AND changed_at <= clock_timestamp() - age_ms * interval '1 ms') FOR UPDATE;
  IF NOT FOUND THEN RETURN; END IF;
  busy := sent_by(my_run);
  IF busy IS NOT NULL THEN RETURN; END IF;
  IF EXISTS (SELECT 1 FROM run WHERE id = my_run AND details::json ->> 'once' IS NOT NULL) THEN
    PERFORM jelouctl_once.keep_run(my_run);
  END IF;
  DELETE FROM row WHERE run = my_run;
  DELETE FROM content WHERE run = my_run;
  DELETE FROM outcome WHERE run = my_run;
  DELETE FROM decision WHERE run = my_run;
  DELETE FROM delivery WHERE run = my_run;
  DELETE FROM inquiry WHERE run = my_run;
  DELETE FROM event WHERE run = my_run;
  DELETE FROM run WHERE id = my_run;
  removed := true;
END $$;
-- The rights of the roles. `jelouctl_sender` imports and sends; `jelouctl_reader` only reads.

REVOKE ALL ON ALL FUNCTIONS IN SCHEMA jelouctl FROM PUBLIC;
GRANT USAGE ON SCHEMA jelouctl TO jelouctl_sender, jelouctl_reader;
GRANT SELECT ON ALL TABLES IN SCHEMA jelouctl TO jelouctl_sender, jelouctl_reader;
GRANT INSERT ON jelouctl.row, jelouctl.content, jelouctl.decision TO jelouctl_sender;
GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA jelouctl TO jelouctl_sender;
REVOKE EXECUTE ON FUNCTION jelouctl.this_database, jelouctl.doubt_run, jelouctl.leave_out_cancelled,
  jelouctl.wait_in_order FROM jelouctl_sender;
GRANT EXECUTE ON FUNCTION jelouctl.sent_by, jelouctl.doubt_of TO jelouctl_reader;
