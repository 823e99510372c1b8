-- Who may do what. `jelouctl_sender` imports and sends; `jelouctl_reader` looks.

REVOKE ALL ON ALL FUNCTIONS IN SCHEMA jelouctl FROM PUBLIC;
GRANT USAGE ON SCHEMA jelouctl TO jelouctl_sender, jelouctl_reader;
GRANT SELECT ON ALL TABLES IN SCHEMA jelouctl TO jelouctl_sender, jelouctl_reader;
GRANT INSERT ON jelouctl.row, jelouctl.content, jelouctl.decision TO jelouctl_sender;
GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA jelouctl TO jelouctl_sender;
REVOKE EXECUTE ON FUNCTION jelouctl.this_database FROM jelouctl_sender;
GRANT EXECUTE ON FUNCTION jelouctl.paused_at_of TO jelouctl_reader;

-- Who may use a schema but not pass it on is only warned by GRANT.
DO $$ BEGIN
  IF NOT has_schema_privilege('jelouctl_sender', 'jelouctl', 'USAGE') THEN
    RAISE 'the schema jelouctl belongs to another role, and only its owner can let others use it'
      USING ERRCODE = 'insufficient_privilege';
  END IF;
END $$;
