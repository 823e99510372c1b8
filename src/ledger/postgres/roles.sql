-- Who may do what. `jelouctl_sender` imports and sends; `jelouctl_reader` looks.

REVOKE ALL ON ALL FUNCTIONS IN SCHEMA jelouctl FROM PUBLIC;
GRANT USAGE ON SCHEMA jelouctl TO jelouctl_sender, jelouctl_reader;
GRANT SELECT ON ALL TABLES IN SCHEMA jelouctl TO jelouctl_sender, jelouctl_reader;
GRANT INSERT ON jelouctl.row, jelouctl.content, jelouctl.decision TO jelouctl_sender;
GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA jelouctl TO jelouctl_sender;
REVOKE EXECUTE ON FUNCTION jelouctl.this_database, jelouctl.doubt_run, jelouctl.leave_out_cancelled FROM jelouctl_sender;
GRANT EXECUTE ON FUNCTION jelouctl.sent_by, jelouctl.doubt_of TO jelouctl_reader;
