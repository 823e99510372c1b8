//! The engine of a ledger in a database. Its functions block, like the functions of the file
//! engine. It runs the futures of the database crate, and sends the statements of one step
//! together.

use std::collections::HashMap;
use std::fmt::Write;
use std::pin::pin;
use std::rc::Rc;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use futures_util::future::{join_all, try_join};
use futures_util::{FutureExt, SinkExt, StreamExt};
use tokio_postgres::types::{IsNull, ToSql, Type, to_sql_checked};
use tokio_postgres::{Client, Error, Statement};

use super::connection::{Database, DatabaseAddress, storable};
use crate::base::message::msg;
use crate::base::private_file::FileError;
use crate::runs::ledger::db::{
    AliveCheck, EachSqlRow, FillRow, LONG, Presence, SHORT, SqlEngine, SqlRow, SqlScript, SqlValue,
    check_version, moved_away_endings,
};
use crate::runs::ledger::error::{LedgerError, LedgerErrorKind};

/// The number of statements in one batch.
const AT_ONCE: usize = 1000;
/// The number of rows in one read of a query.
const ROWS_OF_A_CALL: usize = 500;
/// The number of bytes in one batch for a table.
const CHUNK: usize = 64 * 1024;
/// How long to wait for a rollback, which no other call relies on.
const ROLLBACK_TIME: Duration = Duration::from_secs(1);
/// The time, and the number of the table `store`, which changes if a dump replaces it.
const NOW: &str = "SELECT (extract(epoch FROM clock_timestamp()) * 1000)::bigint, \
    to_regclass('jelouctl.store')::oid::bigint";
/// Identifies the database. The timeline changes after a failover, the number of the database in a
/// copy by CREATE DATABASE, the number of the table in a restored dump, and the transaction of the row of `origin` if
/// only the rows were restored. `setup` stores it, too.
pub(super) const IDENTITY: &str = "SELECT 'system ' || system_identifier || ', \
    timeline ' || left(pg_walfile_name(pg_current_wal_lsn()), 8) || ', \
    database ' || oid || ', tables ' || 'jelouctl.store'::regclass::oid || ', \
    rows of ' || coalesce((SELECT min(xmin::text) FROM jelouctl.origin), 'nobody') \
    FROM pg_control_system(), pg_database WHERE datname = current_database()";

/// The key of a prepared statement.
#[derive(PartialEq, Eq, Hash)]
struct StatementKey {
    sql: &'static str,
    used: StatementUse,
}

/// The addition to the text of a statement.
#[derive(PartialEq, Eq, Hash)]
enum StatementUse {
    Alone,
    /// A query that locks its rows.
    Locks,
    /// An update of many rows.
    ManyRows,
}

/// The engine of a ledger in a database.
pub(crate) struct DatabaseEngine {
    database: Database,
    client: Client,
    statements: HashMap<StatementKey, Statement>,
    limit: Duration,
    identity: String,
    role: String,
    /// The number of the table `store` when the connection was opened.
    store: i64,
}

impl DatabaseEngine {
    /// Connects to the ledger at `address`.
    pub(crate) fn open(address: DatabaseAddress) -> Result<Self, LedgerError> {
        let database = Database::new(address)?;
        let client = database.connect()?;
        let mut engine = Self {
            database,
            client,
            statements: HashMap::new(),
            limit: LONG,
            identity: String::new(),
            role: String::new(),
            store: 0,
        };
        let SqlValue::Int(version) = engine.value("SELECT version FROM jelouctl.store")? else {
            return Err(LedgerError::no_ledger(&engine.database.address.shown));
        };
        check_version(version, LedgerErrorKind::Setup, || {
            msg!(
                "finish its runs with the jelouctl version that created it; then, as its owner, run `ALTER SCHEMA jelouctl RENAME TO {schema}` and `jelouctl ledger setup`",
                schema = engine.free_schema(version)
            )
        })?;
        engine.identify()?;
        Ok(engine)
    }

    /// Returns the name for the schema when it is renamed: one that does not exist.
    fn free_schema(&self, version: i64) -> String {
        let query = "SELECT string_agg(nspname, ' ') FROM pg_namespace";
        let taken = match self.value(query) {
            Ok(SqlValue::Text(names)) => names.into_owned(),
            // The database refuses a name that exists.
            _ => String::new(),
        };
        let mut names = moved_away_endings(version).map(|ending| format!("jelouctl_{ending}"));
        let free = names.find(|name| !taken.split(' ').any(|other| other == name));
        free.unwrap_or_else(|| "jelouctl_old".to_owned())
    }

    /// Reads the identity of the database, and the role of the session.
    fn identify(&mut self) -> Result<(), LedgerError> {
        let query = format!(
            "SELECT ({IDENTITY}), 'jelouctl.store'::regclass::oid::bigint, session_user::text"
        );
        let identify = async {
            let row = self.client.query_one(&query, &[]).await?;
            Ok((row.try_get(0)?, row.try_get(1)?, row.try_get(2)?))
        };
        (self.identity, self.store, self.role) = self.database.call(SHORT, identify)?;
        Ok(())
    }

    /// Queries a single value.
    fn value(&self, query: &str) -> Result<SqlValue<'static>, LedgerError> {
        self.database.call(SHORT, async {
            let row = self.client.query_opt(query, &[]).await?;
            row.map_or(Ok(SqlValue::Null), |row| value(&row, 0))
        })
    }

    /// Prepares the statement for this text, once for each connection.
    fn statement(&mut self, sql: &'static str) -> Result<Statement, LedgerError> {
        self.prepared(sql, StatementUse::Alone, || sql.replace('?', "$"))
    }

    /// Prepares the query for this text, which locks its rows.
    fn locking_query(&mut self, sql: &'static str) -> Result<Statement, LedgerError> {
        let text = || format!("{} FOR UPDATE", sql.replace('?', "$"));
        self.prepared(sql, StatementUse::Locks, text)
    }

    /// Changes the UPDATE `sql` to update many rows, with an array for each parameter of `one`.
    fn update_many(
        &mut self,
        sql: &'static str,
        one: &Statement,
    ) -> Result<Statement, LedgerError> {
        let text = || {
            let places = (1..).zip(one.params());
            let (arrays, names): (Vec<_>, Vec<_>) = places
                .map(|(place, of_type)| (format!("${place}::{of_type}[]"), format!("p{place}")))
                .unzip();
            let rows = format!(
                " FROM unnest({}) AS each_row({}) WHERE ",
                arrays.join(", "),
                names.join(", ")
            );
            sql.replace('?', "each_row.p").replacen(" WHERE ", &rows, 1)
        };
        self.prepared(sql, StatementUse::ManyRows, text)
    }

    fn prepared(
        &mut self,
        sql: &'static str,
        used: StatementUse,
        text: impl FnOnce() -> String,
    ) -> Result<Statement, LedgerError> {
        let key = StatementKey { sql, used };
        if let Some(statement) = self.statements.get(&key) {
            return Ok(statement.clone());
        }
        let statement = self
            .database
            .call(self.limit, self.client.prepare(&text()))?;
        self.statements.insert(key, statement.clone());
        Ok(statement)
    }
}

impl Presence for DatabaseEngine {
    fn identity(&self) -> &str {
        &self.identity
    }

    fn role(&self) -> Option<&str> {
        Some(&self.role)
    }

    fn is_shared(&self) -> bool {
        true
    }

    fn enter(&mut self, _id: i64) -> Result<(), LedgerError> {
        Ok(())
    }

    fn leave(&mut self, _id: i64) {}

    fn alive_check(&mut self) -> Result<AliveCheck, LedgerError> {
        // The snapshot of the transaction may be older than the clock.
        let began =
            self.statement("SELECT (extract(epoch FROM transaction_timestamp()) * 1000)::bigint")?;
        let now: i64 = self.database.call(SHORT, async {
            self.client.query_one(&began, &[]).await?.try_get(0)
        })?;
        Ok(Box::new(move |_id, lost_at| lost_at > now))
    }

    fn unreadable_lock(&self, _id: i64) -> Option<FileError> {
        None
    }

    fn is_free(&mut self) -> Result<bool, LedgerError> {
        let query = "SELECT 1 FROM store WHERE id = 1 FOR UPDATE SKIP LOCKED";
        Ok(self
            .database
            .call(self.limit, self.client.query_opt(query, &[]))?
            .is_some())
    }

    fn writing(&self) -> Option<u32> {
        None
    }

    fn kept_lock(&self, _waited: Duration) -> Option<LedgerError> {
        None
    }
}

impl SqlEngine for DatabaseEngine {
    fn begin(&mut self, changes: bool) -> Result<(), LedgerError> {
        let begin = match changes {
            // A long list takes longer than any other statement, and is sorted between two of them.
            true if self.limit > LONG => {
                "BEGIN; SET LOCAL statement_timeout = '10min'; SET LOCAL \
                    idle_in_transaction_session_timeout = '1min'"
            }
            // Transactions other than exchanges may idle longer between two statements.
            true if self.limit > SHORT => {
                "BEGIN; SET LOCAL idle_in_transaction_session_timeout = '10s'"
            }
            true => "BEGIN",
            // The reader may pause.
            false => {
                "BEGIN ISOLATION LEVEL REPEATABLE READ; SET LOCAL \
                    idle_in_transaction_session_timeout = 0"
            }
        };
        self.database.call(SHORT, self.client.batch_execute(begin))
    }

    fn commit(&mut self) -> Result<(), LedgerError> {
        // A commit waits for the disk, for any time.
        self.database
            .call(self.limit, self.client.batch_execute("COMMIT"))
    }

    fn rollback(&mut self) {
        // A lost connection has already rolled back. If the database does not answer, it rolls back before anything else.
        let _ = self
            .database
            .call(ROLLBACK_TIME, self.client.batch_execute("ROLLBACK"));
    }

    fn walk(
        &mut self,
        sql: &'static str,
        values: &[SqlValue<'_>],
        each: EachSqlRow<'_>,
    ) -> Result<(), LedgerError> {
        let statement = self.statement(sql)?;
        let columns = column_names(&statement);
        let rows = self.client.query_raw(&statement, parameters(values));
        let rows = self.database.call(self.limit, rows)?;
        let mut rows = pin!(rows.fuse());
        loop {
            // Inside a runtime, each call needs a thread. So one call waits for a row, and then
            // reads all rows that have arrived.
            let arrived = self.database.call(self.limit, async {
                let mut arrived = Vec::from_iter(rows.next().await.transpose()?);
                while arrived.len() < ROWS_OF_A_CALL {
                    match rows.next().now_or_never() {
                        Some(Some(row)) => arrived.push(row?),
                        Some(None) | None => break,
                    }
                }
                Ok(arrived)
            })?;
            if arrived.is_empty() {
                return Ok(());
            }
            for row in arrived {
                let row = read(&columns, &row).map_err(|error| {
                    LedgerError::from_statement(&self.database.address.shown, &error)
                })?;
                if each(row)?.is_break() {
                    return Ok(());
                }
            }
        }
    }

    fn lock(
        &mut self,
        sql: &'static str,
        values: &[SqlValue<'_>],
    ) -> Result<(Option<SqlRow>, i64), LedgerError> {
        let statement = self.locking_query(sql)?;
        let now = self.statement(NOW)?;
        let parameters = parameters(values);
        let columns = column_names(&statement);
        // The database runs them in this order, on one connection.
        let locked = try_join(
            self.client.query_opt(&statement, &parameters),
            self.client.query_one(&now, &[]),
        );
        let (row, now) = self.database.call(self.limit, locked)?;
        let read = || {
            let row = row.map(|row| read(&columns, &row)).transpose()?;
            Ok((row, now.try_get(0)?, now.try_get(1)?))
        };
        let at = &self.database.address.shown;
        let read: Result<(_, _, Option<i64>), Error> = read();
        let (row, now, store) = read.map_err(|error| LedgerError::from_statement(at, &error))?;
        if store == Some(self.store) {
            Ok((row, now))
        } else {
            Err(LedgerError::replaced_tables(at))
        }
    }

    fn each(&mut self, sql: &'static str, all: &[Vec<SqlValue<'_>>]) -> Result<u64, LedgerError> {
        let one = self.statement(sql)?;
        let mut changed = 0;
        for some in all.chunks(AT_ONCE) {
            if some.len() > 1 && sql.starts_with("UPDATE") {
                let statement = self.update_many(sql, &one)?;
                let columns = 0..one.params().len();
                let columns: Vec<Vec<_>> = columns
                    .map(|column| {
                        some.iter()
                            .filter_map(|values| values.get(column))
                            .collect()
                    })
                    .collect();
                let parameters = parameters(&columns);
                let updated = self.client.execute(&statement, &parameters);
                changed += self.database.call(self.limit, updated)?;
                continue;
            }
            let parameters: Vec<_> = some.iter().map(|values| parameters(values)).collect();
            let executed = parameters
                .iter()
                .map(|parameters| self.client.execute(&one, parameters));
            let counts = self.database.call(self.limit, async {
                join_all(executed).await.into_iter().collect()
            });
            changed += counts.map(|counts: Vec<u64>| counts.into_iter().sum::<u64>())?;
        }
        Ok(changed)
    }

    fn fill(
        &mut self,
        table: &'static str,
        rows: &mut dyn FnMut(FillRow<'_>) -> Result<(), LedgerError>,
    ) -> Result<(), LedgerError> {
        let copy = format!("COPY {table} FROM STDIN");
        let mut sink = Box::pin(
            self.database
                .call(SHORT, self.client.copy_in::<_, Bytes>(&copy))?,
        );
        let mut chunk = String::with_capacity(2 * CHUNK);
        let mut send = |chunk: &mut String| {
            let bytes = Bytes::copy_from_slice(chunk.as_bytes());
            chunk.clear();
            self.database.call(LONG, sink.send(bytes))
        };
        rows(&mut |values| {
            write_line(&mut chunk, values);
            if chunk.len() >= CHUNK {
                send(&mut chunk)
            } else {
                Ok(())
            }
        })?;
        send(&mut chunk)?;
        self.database.call(self.limit, sink.as_mut().finish())?;
        Ok(())
    }

    fn script(&mut self, script: &SqlScript) -> Result<(), LedgerError> {
        self.database
            .call(self.limit, self.client.batch_execute(script.postgres))
    }

    fn now(&mut self) -> Result<i64, LedgerError> {
        let now = self.statement(NOW)?;
        self.database.call(SHORT, async {
            self.client.query_one(&now, &[]).await?.try_get(0)
        })
    }

    fn ensure_writable(&mut self) -> Result<(), LedgerError> {
        let query = "SELECT has_table_privilege('jelouctl.row', 'UPDATE')::int";
        if let SqlValue::Int(1) = self.value(query)? {
            return Ok(());
        }
        let DatabaseAddress { config, shown, .. } = &self.database.address;
        let denied = LedgerError::rights(shown, "permission denied for table row");
        Err(denied.for_role(config.get_user()))
    }

    fn check(&mut self) -> Result<(), LedgerError> {
        Ok(())
    }

    fn limit(&mut self, limit: Duration) -> Duration {
        std::mem::replace(&mut self.limit, limit)
    }
}

/// Returns the parameters of a statement as the database crate takes them.
fn parameters<T: ToSql + Sync>(values: &[T]) -> Vec<&(dyn ToSql + Sync)> {
    values.iter().map(|value| value as _).collect()
}

fn column_names(statement: &Statement) -> Rc<[String]> {
    let columns = statement.columns().iter();
    columns.map(|column| column.name().to_owned()).collect()
}

fn read(columns: &Rc<[String]>, row: &tokio_postgres::Row) -> Result<SqlRow, Error> {
    let values: Result<_, _> = (0..row.len()).map(|column| value(row, column)).collect();
    Ok(SqlRow::new(Rc::clone(columns), values?))
}

fn value(row: &tokio_postgres::Row, column: usize) -> Result<SqlValue<'static>, Error> {
    let of_type = row.columns().get(column).map(tokio_postgres::Column::type_);
    Ok(match of_type {
        Some(of_type) if *of_type == Type::INT4 => {
            row.try_get::<_, Option<i32>>(column)?.map(i64::from).into()
        }
        Some(of_type) if *of_type == Type::INT8 => row.try_get::<_, Option<i64>>(column)?.into(),
        _ => row.try_get::<_, Option<String>>(column)?.into(),
    })
}

impl ToSql for SqlValue<'_> {
    fn to_sql(
        &self,
        of_type: &Type,
        out: &mut BytesMut,
    ) -> Result<IsNull, Box<dyn std::error::Error + Sync + Send>> {
        match self {
            Self::Null => Ok(IsNull::Yes),
            Self::Int(value) => value.to_sql(of_type, out),
            Self::Text(text) => storable(text).as_ref().to_sql(of_type, out),
        }
    }

    fn accepts(of_type: &Type) -> bool {
        *of_type == Type::INT8 || *of_type == Type::TEXT
    }

    to_sql_checked!();
}

/// Writes a line for COPY.
fn write_line(line: &mut String, values: &[SqlValue<'_>]) {
    for (place, value) in values.iter().enumerate() {
        line.push_str(if place == 0 { "" } else { "\t" });
        match value {
            SqlValue::Null => line.push_str("\\N"),
            SqlValue::Int(value) => {
                let _ = write!(line, "{value}");
            }
            SqlValue::Text(text) => {
                for letter in storable(text).chars() {
                    match letter {
                        '\\' => line.push_str("\\\\"),
                        '\t' => line.push_str("\\t"),
                        '\n' => line.push_str("\\n"),
                        '\r' => line.push_str("\\r"),
                        other => line.push(other),
                    }
                }
            }
        }
    }
    line.push('\n');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_escaped_for_copy() {
        let mut line = String::new();
        write_line(
            &mut line,
            &[
                SqlValue::from("a\tb\\n\r\nñ\0"),
                SqlValue::Null,
                SqlValue::Int(-7),
            ],
        );
        assert_eq!(line, "a\\tb\\\\n\\r\\nñ\u{fffd}\t\\N\t-7\n");
    }
}
