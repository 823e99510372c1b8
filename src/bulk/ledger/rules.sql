-- What holds once the import is complete.

CREATE INDEX row_before ON row (before) WHERE before IS NOT NULL;

CREATE TRIGGER legal_change BEFORE UPDATE OF state ON row
WHEN NOT (
  (OLD.state = 'pending' AND NEW.state = 'inflight')
  OR (OLD.state = 'inflight' AND NEW.state IN ('sent', 'failed', 'unknown', 'pending'))
  -- By hand, with bulk resolve.
  OR (OLD.state = 'unknown' AND NEW.state IN ('sent', 'failed', 'pending'))
  OR (OLD.state = 'failed' AND NEW.state = 'pending')
)
BEGIN
  SELECT RAISE(ABORT, 'illegal change of a row''s state');
END;

CREATE TRIGGER no_new_row BEFORE INSERT ON row
BEGIN
  SELECT RAISE(ABORT, 'a run takes no new rows');
END;

CREATE TRIGGER no_row_lost BEFORE DELETE ON row
BEGIN
  SELECT RAISE(ABORT, 'a run loses no rows');
END;

CREATE TRIGGER request_fixed BEFORE UPDATE ON content
BEGIN
  SELECT RAISE(ABORT, 'a run''s requests do not change');
END;
