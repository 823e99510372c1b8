-- The rules that apply once the import is complete.

CREATE INDEX row_before ON row (before) WHERE before IS NOT NULL;

-- The primary keys reject a record that already exists. These triggers reject one that does not follow from the last
-- one.
CREATE TRIGGER attempt_follows BEFORE INSERT ON attempt
WHEN NEW.number > 1 OR EXISTS (SELECT 1 FROM decision WHERE n = NEW.n)
BEGIN
  SELECT RAISE(ROLLBACK, 'a row that is not pending cannot begin')
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
