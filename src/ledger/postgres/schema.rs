//! The tables, functions and roles of a ledger in a database, and how they are made.

/// The version of the schema.
pub(crate) const VERSION: i32 = 11;

/// The version of the claims under keys, in `once.sql`: an older one is brought up to it.
pub(super) const CLAIMS_VERSION: i32 = 2;

/// Who sends and who looks; roles belong to the whole server, and may be there already.
const ROLES: [&str; 2] = ["jelouctl_sender", "jelouctl_reader"];

/// All of it as SQL, in one transaction, for the owner of the database.
pub(crate) fn sql() -> String {
    let roles = ROLES.map(|role| {
        format!(
            "DO $$ BEGIN IF NOT EXISTS (SELECT 1 FROM pg_roles WHERE rolname = '{role}') THEN CREATE ROLE {role} NOLOGIN; \
             END IF; END $$;\n"
        )
    });
    // Whatever a schema of that name holds already is not looked up while it is judged.
    format!(
        "BEGIN;\nSET LOCAL search_path = pg_catalog, pg_temp;\n\n{}\n{}\n{}\n{}\n{}\nINSERT INTO ledger VALUES ({VERSION});\n\nCOMMIT;\n",
        roles.concat(),
        include_str!("schema.sql"),
        include_str!("functions.sql"),
        include_str!("roles.sql"),
        include_str!("once.sql"),
    )
}

/// The claims under keys alone, where the ledger is there without them or with those of an older version.
pub(super) fn claims_sql() -> String {
    format!("BEGIN;\nSET LOCAL search_path = pg_catalog, pg_temp;\n\n{}\nCOMMIT;\n", include_str!("once.sql"))
}
