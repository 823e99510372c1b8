//! The ledger of a team, in a PostgreSQL database: the parts that a file does not have, and the
//! setup with its roles.

mod connection;
mod engine;
mod error;

use tokio_postgres::Row;

use self::connection::Database;
pub(crate) use self::connection::DatabaseAddress;
pub(super) use self::engine::DatabaseEngine;
use self::engine::IDENTITY;
use super::db::{
    CopiedExclusions, EXCLUSION_COLUMNS, FIRST_WITH_EXCLUSIONS, LONG, VERSION, new_secret,
};
use super::error::{LedgerError, LedgerErrorKind};
use crate::base::message::{Message, msg};

/// The roles that send and that only read. They belong to the whole server, and may already exist.
const ROLES: [&str; 2] = ["jelouctl_sender", "jelouctl_reader"];

/// A table with one row that never changes. The transaction that wrote it is another one if a restore has replaced the
/// rows of the ledger.
const ORIGIN: &str = "CREATE TABLE origin (id BIGINT PRIMARY KEY);\nINSERT INTO origin VALUES (1);";

/// An existing schema for the ledger is used.
const SCHEMA: &str = "DO $$ BEGIN IF to_regnamespace('jelouctl') IS NULL THEN CREATE SCHEMA \
    jelouctl; ELSIF (SELECT pg_get_userbyid(nspowner) <> current_user FROM pg_namespace \
    WHERE nspname = 'jelouctl') THEN RAISE insufficient_privilege USING MESSAGE = 'the \
    schema jelouctl belongs to another role'; END IF; END $$;\n";

/// Selects a statement for each right that the setup needs and the role lacks; NULL for the others. The rights are
/// those of `RIGHT_PROBLEMS`.
const MISSING_RIGHTS: &str = "SELECT \
    CASE WHEN (SELECT count(*) FROM pg_roles \
        WHERE rolname IN ('jelouctl_sender', 'jelouctl_reader')) < 2 \
        AND NOT (SELECT rolsuper OR rolcreaterole FROM pg_roles WHERE rolname = current_user) \
        THEN format('ALTER ROLE %I CREATEROLE', current_user) END, \
    CASE WHEN to_regnamespace('jelouctl') IS NULL \
        AND NOT has_database_privilege(current_database(), 'CREATE') \
        THEN format('GRANT CREATE ON DATABASE %I TO %I', current_database(), current_user) END, \
    CASE WHEN (SELECT pg_get_userbyid(nspowner) <> current_user FROM pg_namespace \
        WHERE nspname = 'jelouctl') \
        THEN format('ALTER SCHEMA jelouctl OWNER TO %I', current_user) END";

const RIGHT_PROBLEMS: [Message; 3] = [
    msg!("it needs CREATEROLE"),
    msg!("it needs CREATE on the database"),
    msg!("the schema jelouctl belongs to another role"),
];

/// The schemas of the ledgers that were renamed, because they have another version.
const MOVED_AWAY: &str =
    "SELECT nspname::text FROM pg_namespace WHERE nspname ~ '^jelouctl_(old|v[0-9_]+)$'";

/// Returns the SQL of the whole setup, in one transaction, for the owner of the database.
pub(crate) fn schema_sql() -> String {
    let roles = ROLES.map(|role| {
        format!(
            "DO $$ BEGIN IF NOT EXISTS (SELECT 1 FROM pg_roles \
                WHERE rolname = '{role}') THEN CREATE ROLE {role} NOLOGIN; END IF; END $$;\n"
        )
    });
    let roles = roles.concat();
    let tables = format!(
        include_str!("../schema.sql"),
        bigint = "BIGINT",
        strict = "",
        without_rowid = ""
    );
    let secret = new_secret();
    // The ledgers of another version were renamed. One that is not complete is an error.
    let exclusions = format!(
        "DO $$ DECLARE old name; version bigint; BEGIN FOR old IN {MOVED_AWAY} LOOP \
            IF to_regclass(format('%I.store', old)) IS NULL THEN \
            RAISE EXCEPTION 'the schema % is not a ledger of jelouctl', old; END IF; \
            EXECUTE format('SELECT version FROM %I.store', old) INTO STRICT version; \
            IF to_regclass(format('%I.exclusion', old)) IS NOT NULL THEN \
            EXECUTE format('INSERT INTO exclusion ({EXCLUSION_COLUMNS}) SELECT {EXCLUSION_COLUMNS} \
            FROM %I.exclusion ON CONFLICT DO NOTHING', old); \
            ELSIF version >= {FIRST_WITH_EXCLUSIONS} THEN \
            RAISE EXCEPTION 'the schema % has no table exclusion', old; END IF; END LOOP; END $$;\n"
    );
    format!(
        "BEGIN;\n\n{roles}{SCHEMA}\nSET LOCAL search_path = jelouctl, \
            pg_temp;\n\n{tables}\n{ORIGIN}\nINSERT INTO store VALUES (1, {VERSION}, '{secret}', 0, 0, \
            0, ({IDENTITY}), NULL);\n\n{exclusions}\nGRANT USAGE ON SCHEMA jelouctl TO jelouctl_sender, \
            jelouctl_reader;\nGRANT SELECT ON ALL TABLES IN SCHEMA jelouctl TO \
            jelouctl_reader;\nGRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA \
            jelouctl TO jelouctl_sender;\n\nCOMMIT;\n"
    )
}

/// Creates the ledger in the database at `address`, and returns what it took over. None if it already exists. An error
/// changes nothing.
pub(crate) fn set_up(
    address: DatabaseAddress,
) -> Result<Option<Vec<CopiedExclusions>>, LedgerError> {
    let at = address.shown.clone();
    let database = Database::new(address.clone())?;
    match DatabaseEngine::open(address) {
        Ok(_) => return Ok(None),
        Err(error) if error.kind == LedgerErrorKind::NoLedger => {}
        Err(error) => return Err(error),
    }
    let client = database.connect()?;
    let row = database.call(LONG, client.query_one(MISSING_RIGHTS, &[]))?;
    refuse_missing_rights(&at, &row)?;
    database.call(LONG, client.batch_execute(&schema_sql()))?;
    let copied = format!(
        "SELECT string_agg(old, ', '), (SELECT count(*) FROM jelouctl.exclusion) FROM ({MOVED_AWAY}) AS moved(old)"
    );
    let row = database.call(LONG, client.query_one(&copied, &[]))?;
    let read = |error| LedgerError::from_statement(&at, &error);
    let from: Option<String> = row.try_get(0).map_err(read)?;
    let count: i64 = row.try_get(1).map_err(read)?;
    let copied = from.map(|from| CopiedExclusions {
        count: usize::try_from(count).unwrap_or_default(),
        from,
    });
    Ok(Some(copied.into_iter().collect()))
}

/// Refuses the setup if the role lacks a right for it. `row` is the result of `MISSING_RIGHTS`.
fn refuse_missing_rights(at: &str, row: &Row) -> Result<(), LedgerError> {
    let mut problems = Vec::new();
    let mut grants = Vec::new();
    for (column, problem) in RIGHT_PROBLEMS.into_iter().enumerate() {
        let grant: Option<String> = row
            .try_get(column)
            .map_err(|error| LedgerError::from_statement(at, &error))?;
        if let Some(grant) = grant {
            problems.push(problem);
            grants.push(grant);
        }
    }
    if grants.is_empty() {
        return Ok(());
    }
    Err(LedgerError::setup(
        msg!(
            "the role of {at} cannot create the ledger: {problems}",
            at,
            problems = Message::joined(problems, "; ")
        ),
        msg!(
            "as an administrator: {grants}; to create the ledger as one: jelouctl ledger setup --print",
            grants = grants.join("; ")
        ),
    ))
}
