-- What holds once the import is complete.

CREATE INDEX row_before ON row (before) WHERE before IS NOT NULL;

-- The primary keys refuse a record that is there already; these refuse one that does not follow from the last one.
CREATE TRIGGER attempt_follows BEFORE INSERT ON attempt
WHEN NEW.number > 1 OR EXISTS (SELECT 1 FROM decision WHERE n = NEW.n)
BEGIN
  SELECT RAISE(ABORT, 'a row that is not pending cannot begin')
  WHERE NOT EXISTS (
    SELECT 1 FROM standing WHERE n = NEW.n AND state = 'pending' AND number = NEW.number - 1
  );
END;

CREATE TRIGGER decision_follows BEFORE INSERT ON decision
BEGIN
  SELECT RAISE(ABORT, 'a decision about a row that is in another state')
  WHERE NOT EXISTS (
    SELECT 1 FROM standing WHERE n = NEW.n AND state = NEW."from" AND number = NEW.number - 1
  );
END;

CREATE TRIGGER row_is_complete BEFORE INSERT ON row
BEGIN
  SELECT RAISE(ABORT, 'a run takes no new rows');
END;

CREATE TRIGGER content_is_complete BEFORE INSERT ON content
BEGIN
  SELECT RAISE(ABORT, 'a run takes no new rows');
END;

CREATE TRIGGER run_stays BEFORE UPDATE ON run
BEGIN
  SELECT RAISE(ABORT, 'what a run has written does not change');
END;

CREATE TRIGGER run_is_kept BEFORE DELETE ON run
BEGIN
  SELECT RAISE(ABORT, 'a run loses nothing');
END;

CREATE TRIGGER row_stays BEFORE UPDATE ON row
BEGIN
  SELECT RAISE(ABORT, 'what a run has written does not change');
END;

CREATE TRIGGER row_is_kept BEFORE DELETE ON row
BEGIN
  SELECT RAISE(ABORT, 'a run loses nothing');
END;

CREATE TRIGGER content_stays BEFORE UPDATE ON content
BEGIN
  SELECT RAISE(ABORT, 'what a run has written does not change');
END;

CREATE TRIGGER content_is_kept BEFORE DELETE ON content
BEGIN
  SELECT RAISE(ABORT, 'a run loses nothing');
END;

CREATE TRIGGER attempt_stays BEFORE UPDATE ON attempt
BEGIN
  SELECT RAISE(ABORT, 'what a run has written does not change');
END;

CREATE TRIGGER attempt_is_kept BEFORE DELETE ON attempt
BEGIN
  SELECT RAISE(ABORT, 'a run loses nothing');
END;

CREATE TRIGGER outcome_stays BEFORE UPDATE ON outcome
BEGIN
  SELECT RAISE(ABORT, 'what a run has written does not change');
END;

CREATE TRIGGER outcome_is_kept BEFORE DELETE ON outcome
BEGIN
  SELECT RAISE(ABORT, 'a run loses nothing');
END;

CREATE TRIGGER decision_stays BEFORE UPDATE ON decision
BEGIN
  SELECT RAISE(ABORT, 'what a run has written does not change');
END;

CREATE TRIGGER decision_is_kept BEFORE DELETE ON decision
BEGIN
  SELECT RAISE(ABORT, 'a run loses nothing');
END;

CREATE TRIGGER event_stays BEFORE UPDATE ON event
BEGIN
  SELECT RAISE(ABORT, 'what a run has written does not change');
END;

CREATE TRIGGER event_is_kept BEFORE DELETE ON event
BEGIN
  SELECT RAISE(ABORT, 'a run loses nothing');
END;

CREATE TRIGGER delivery_stays BEFORE UPDATE ON delivery
BEGIN
  SELECT RAISE(ABORT, 'what a run has written does not change');
END;

CREATE TRIGGER delivery_is_kept BEFORE DELETE ON delivery
BEGIN
  SELECT RAISE(ABORT, 'a run loses nothing');
END;

CREATE TRIGGER inquiry_stays BEFORE UPDATE ON inquiry
BEGIN
  SELECT RAISE(ABORT, 'what a run has written does not change');
END;

CREATE TRIGGER inquiry_is_kept BEFORE DELETE ON inquiry
BEGIN
  SELECT RAISE(ABORT, 'a run loses nothing');
END;
