//! Changes of the ledger that each break a promise, to show that the simulation finds them. A statement is changed while it
//! runs, so that nothing is compiled again; what Rust decides is changed by what a statement tells it.

use std::cell::RefCell;
use std::collections::HashMap;
use std::num::NonZero;
use std::sync::Mutex;
use std::thread;
use std::time::Instant;

use super::world::World;
use super::{profile_of, simulate};

/// A change of the ledger.
#[derive(Debug)]
pub(super) struct Mutation {
    name: &'static str,
    /// The profile whose seeds find it.
    profile: &'static str,
    /// The statement after which statements of a transaction are changed; all of them if this is empty.
    pub(super) within: &'static str,
    /// What stands in statements, and what stands there instead.
    edits: &'static [(&'static str, &'static str)],
    /// A table that is not filled.
    empty_table: &'static str,
    /// A late exchange names the newest connection.
    pub(super) ignores_connection: bool,
    expected: Expected,
}

/// Whether the simulation finds a mutation.
#[derive(Clone, Copy, Debug)]
enum Expected {
    /// Within so many seeds of its profile.
    Within(u64),
    /// It does not: the reason, and what finds it.
    Never(&'static str),
}

impl Mutation {
    pub(super) fn leaves_empty(&self, table: &str) -> bool {
        !self.empty_table.is_empty() && table.starts_with(self.empty_table)
    }
}

thread_local! {
    /// The statements of a mutation, by the address of what they were.
    static CHANGED: RefCell<HashMap<(&'static str, usize), &'static str>> = RefCell::default();
    /// How many statements were changed.
    static EDITED: RefCell<HashMap<(&'static str, &'static str), u64>> = RefCell::default();
}

/// The statement as a mutation has it.
pub(super) fn changed_statement(mutation: &Mutation, sql: &'static str) -> &'static str {
    let key = (mutation.name, sql.as_ptr() as usize);
    if let Some(known) = CHANGED.with_borrow(|changed| changed.get(&key).copied()) {
        return known;
    }
    let mut text = sql.to_owned();
    for (find, replace) in mutation.edits {
        if text.contains(find) {
            text = text.replace(find, replace);
            EDITED.with_borrow_mut(|edited| {
                *edited.entry((mutation.name, *find)).or_default() += 1;
            });
        }
    }
    let changed: &'static str = if text == sql { sql } else { text.leak() };
    CHANGED.with_borrow_mut(|all| all.insert(key, changed));
    changed
}

const NONE: Mutation = Mutation {
    name: "",
    profile: "",
    within: "",
    edits: &[],
    empty_table: "",
    ignores_connection: false,
    expected: Expected::Within(20),
};

/// What reads the outcome of a claim's row.
const ROW_OF_CLAIM: &str = "row.state AS row_state, row.worker AS row_worker, run.name";
/// The same, where a row that is still to be sent counts as one that was not.
const ROW_TO_BE_SENT_IS_FREE: &str = "CASE row.state WHEN 'pending' THEN 'failed' \
     WHEN 'inflight' THEN 'failed' ELSE row.state END AS row_state, row.worker AS row_worker, run.name";
/// How an outcome finds its row.
const END_OF_ATTEMPT: &str = "AND n = ?2 AND number = ?3 AND worker = ?4 \
     AND (state = 'inflight' OR state = 'unknown' AND ended_at IS NULL)";
const EQUIVALENT_CONDITION: &str = "another condition of the statement says the same";
const BY_THE_SAME_TRANSACTION: &str = "the rows are read in the transaction that decides them, or \
     what was proven stays true; tests in contract/";

const MUTATIONS: &[Mutation] = &[
    Mutation {
        name: "a message counts under its key from before it was sent",
        profile: "repeated",
        edits: &[(
            "SET state = ?4, at = ?5, counts_from = ?5",
            "SET state = ?4, at = ?5, counts_from = ?5 - 300000",
        )],
        ..NONE
    },
    Mutation {
        name: "a clock that is behind moves the time of a message back",
        profile: "repeated",
        edits: &[(
            "UPDATE claim SET behind_from = ?3",
            "UPDATE claim SET at = at - (coalesce(counts_from, lease_until, at) - ?3), counts_from = ?3",
        )],
        expected: Expected::Within(30),
        ..NONE
    },
    Mutation {
        name: "a row that leaves is not marked",
        edits: &[(
            "SET state = 'inflight', number = number + 1, worker = ?5",
            "SET state = 'pending', number = number + 1, worker = ?5",
        )],
        ..NONE
    },
    Mutation {
        name: "a row leaves in any state",
        profile: "crowd",
        edits: &[(
            "AND n > ?2 AND n <= ?3 AND state = 'pending' AND due_at",
            "AND n > ?2 AND n <= ?3 AND due_at",
        )],
        expected: Expected::Within(190),
        ..NONE
    },
    Mutation {
        name: "an attempt keeps the number of the one before",
        edits: &[(
            "SET state = 'inflight', number = number + 1, worker",
            "SET state = 'inflight', worker",
        )],
        ..NONE
    },
    Mutation {
        name: "an outcome counts for any worker",
        edits: &[(
            "AND n = ?2 AND number = ?3 AND worker = ?4",
            "AND n = ?2 AND number = ?3 AND ?4 = ?4",
        )],
        expected: Expected::Never(EQUIVALENT_CONDITION),
        ..NONE
    },
    Mutation {
        name: "an outcome counts for any attempt",
        edits: &[(
            "AND n = ?2 AND number = ?3 AND worker = ?4",
            "AND n = ?2 AND ?3 = ?3 AND worker = ?4",
        )],
        expected: Expected::Never(EQUIVALENT_CONDITION),
        ..NONE
    },
    Mutation {
        name: "an outcome counts for any worker and attempt",
        profile: "lost answers",
        edits: &[(
            "AND n = ?2 AND number = ?3 AND worker = ?4",
            "AND n = ?2 AND ?3 = ?3 AND ?4 = ?4",
        )],
        expected: Expected::Within(45),
        ..NONE
    },
    Mutation {
        name: "an outcome counts whatever became of the row",
        profile: "lost answers",
        edits: &[(END_OF_ATTEMPT, "AND n = ?2 AND ?3 = ?3 AND ?4 = ?4")],
        expected: Expected::Never(
            "not in 60 seeds; row_not_in_flight_is_never_updated in contract/rows.rs",
        ),
        ..NONE
    },
    Mutation {
        name: "an outcome counts in any state",
        edits: &[(
            "AND (state = 'inflight' OR state = 'unknown' AND ended_at IS NULL)",
            "",
        )],
        expected: Expected::Never(EQUIVALENT_CONDITION),
        ..NONE
    },
    Mutation {
        name: "an outcome counts after a decision",
        edits: &[(
            "OR state = 'unknown' AND ended_at IS NULL)",
            "OR state = 'unknown')",
        )],
        expected: Expected::Never(EQUIVALENT_CONDITION),
        ..NONE
    },
    Mutation {
        name: "an outcome corrects no unknown row",
        profile: "at the socket",
        edits: &[("OR state = 'unknown' AND ended_at IS NULL)", ")")],
        ..NONE
    },
    Mutation {
        name: "an unknown outcome is pending",
        edits: &[(
            "SET state = ?5, due_at = ?6, at",
            "SET state = CASE WHEN ?5 = 'unknown' THEN 'pending' ELSE ?5 END, due_at = coalesce(?6, ?7), at",
        )],
        ..NONE
    },
    Mutation {
        name: "an unknown outcome is failed",
        edits: &[(
            "SET state = ?5, due_at = ?6, at",
            "SET state = CASE WHEN ?5 = 'unknown' THEN 'failed' ELSE ?5 END, due_at = ?6, at",
        )],
        ..NONE
    },
    Mutation {
        name: "rows of a lost worker become pending",
        edits: &[(
            "UPDATE row SET state = 'unknown', at = ?3, code = 'unknown'",
            "UPDATE row SET state = 'pending', due_at = ?3, at = ?3, code = 'unknown'",
        )],
        ..NONE
    },
    Mutation {
        name: "rows of a lost worker become failed",
        edits: &[(
            "UPDATE row SET state = 'unknown', at = ?3, code = 'unknown'",
            "UPDATE row SET state = 'failed', at = ?3, code = 'unknown'",
        )],
        ..NONE
    },
    Mutation {
        name: "a lost worker takes all its rows along",
        edits: &[(
            "http_status = NULL WHERE run = ?1 AND worker = ?2 AND state = 'inflight'",
            "http_status = NULL WHERE run = ?1 AND worker = ?2 AND ?3 = ?3",
        )],
        ..NONE
    },
    Mutation {
        name: "rows of a lost worker stay in flight",
        edits: &[(
            "http_status = NULL WHERE run = ?1 AND worker = ?2 AND state = 'inflight'",
            "http_status = NULL WHERE run = ?1 AND worker = ?2 AND state = 'inflight' AND 0",
        )],
        ..NONE
    },
    Mutation {
        name: "rows in flight are shown as pending",
        edits: &[(
            "SELECT n, state, message_id",
            "SELECT n, CASE state WHEN 'inflight' THEN 'pending' ELSE state END AS state, message_id",
        )],
        ..NONE
    },
    Mutation {
        name: "a worker that was lost gets rows",
        edits: &[
            (
                "RETURNING connection, exchanges, stopped_at",
                "RETURNING connection, exchanges, NULL AS stopped_at",
            ),
            (
                "SELECT 1 FROM worker WHERE id = ?1 AND stopped_at IS NOT NULL",
                "SELECT 1 FROM worker WHERE id = ?1 AND stopped_at IS NOT NULL AND 0",
            ),
        ],
        ..NONE
    },
    Mutation {
        name: "nobody is lost",
        edits: &[(
            "CASE WHEN seen_at + lease_ms <= ?2 THEN ?2 ELSE stopped_at END",
            "stopped_at",
        )],
        ..NONE
    },
    Mutation {
        name: "a lease is shorter than the deadline of its rows",
        profile: "at the socket",
        edits: &[(
            "VALUES (?1, ?2, ?3, ?4, 1, 0, ?5, ?6, ?6)",
            "VALUES (?1, ?2, ?3, ?4, 1, 0, ?5 / 60, ?6, ?6)",
        )],
        expected: Expected::Within(65),
        ..NONE
    },
    Mutation {
        name: "the number of a connection is ignored",
        profile: "lost answers",
        ignores_connection: true,
        expected: Expected::Never(
            "not in 60 seeds; late_exchange_of_replaced_connection_changes_nothing in contract/workers.rs",
        ),
        ..NONE
    },
    Mutation {
        name: "an older connection may come back",
        edits: &[(
            "WHERE id = ?1 AND connection < ?3 RETURNING",
            "WHERE id = ?1 RETURNING",
        )],
        expected: Expected::Never(
            "a worker never comes back under an older number: only a late exchange has one",
        ),
        ..NONE
    },
    Mutation {
        name: "rows of a lost answer stay in flight",
        profile: "lost answers",
        edits: &[(
            "error = ?5 WHERE run = ?1 AND n = ?2 AND number = ?3 AND state = 'inflight'",
            "error = ?5 WHERE run = ?1 AND n = ?2 AND number = ?3 AND state = 'inflight' AND 0",
        )],
        ..NONE
    },
    Mutation {
        name: "rows that a worker holds go back, too",
        profile: "lost answers",
        edits: &[(
            "error = ?5 WHERE run = ?1 AND n = ?2 AND number = ?3 AND state = 'inflight'",
            "error = ?5 WHERE run = ?1 AND worker = (SELECT other.worker FROM row AS other \
             WHERE other.run = ?1 AND other.n = ?2) AND ?3 = ?3 AND state = 'inflight'",
        )],
        expected: Expected::Within(50),
        ..NONE
    },
    Mutation {
        name: "rows that were taken are forgotten",
        edits: &[(
            "UPDATE run SET identity = ?2, pace = ?3, taken = ?4",
            "UPDATE run SET identity = ?2, pace = ?3, taken = 0 * ?4",
        )],
        expected: Expected::Never("it only makes rows slower to find; benches/"),
        ..NONE
    },
    Mutation {
        name: "a run is finished with rows in flight",
        edits: &[(
            "EXISTS (SELECT 1 FROM row WHERE run = ?1 AND state = 'inflight') OR ",
            "",
        )],
        ..NONE
    },
    Mutation {
        name: "a pause is ignored",
        edits: &[
            (
                "SELECT paused, paused_by, paused_at, identity",
                "SELECT NULL AS paused, paused_by, paused_at, identity",
            ),
            (
                "paused = ?8, paused_by = ?9, paused_at = ?10",
                "paused = coalesce(?8, paused), paused_by = coalesce(?9, paused_by), \
                 paused_at = coalesce(?10, paused_at)",
            ),
        ],
        ..NONE
    },
    Mutation {
        name: "cancel skips rows in any state",
        edits: &[(
            "error, '') WHERE run = ?1 AND state = 'pending'",
            "error, '') WHERE run = ?1",
        )],
        ..NONE
    },
    Mutation {
        name: "cancel skips nothing",
        edits: &[(
            "error, '') WHERE run = ?1 AND state = 'pending'",
            "error, '') WHERE run = ?1 AND state = 'pending' AND 0",
        )],
        ..NONE
    },
    Mutation {
        name: "a decision counts whatever became of the row",
        edits: &[("AND number = ?3 AND state = ?4", "AND ?3 = ?3 AND ?4 = ?4")],
        expected: Expected::Never(BY_THE_SAME_TRANSACTION),
        ..NONE
    },
    Mutation {
        name: "a decision counts in any state",
        edits: &[(
            "AND number = ?3 AND state = ?4",
            "AND number = ?3 AND ?4 = ?4",
        )],
        expected: Expected::Never(BY_THE_SAME_TRANSACTION),
        ..NONE
    },
    Mutation {
        name: "a decision counts for any attempt",
        edits: &[(
            "AND number = ?3 AND state = ?4",
            "AND ?3 = ?3 AND state = ?4",
        )],
        expected: Expected::Never(BY_THE_SAME_TRANSACTION),
        ..NONE
    },
    Mutation {
        name: "nobody is asked about lost processes",
        profile: "at the socket",
        edits: &[(
            "AND left_at IS NULL AND row.ended_at IS NULL",
            "AND left_at IS NULL AND row.ended_at IS NULL AND 0",
        )],
        expected: Expected::Within(20),
        ..NONE
    },
    Mutation {
        name: "a row that is sent again takes a recipient from others",
        profile: "keys",
        within: "SELECT row.n, number, line, recipient, worker.id",
        edits: &[(
            "claim.once_key = ?1 AND claim.person = candidate_person.person",
            "claim.once_key = ?1 AND claim.person = candidate_person.person AND 0",
        )],
        ..NONE
    },
    Mutation {
        name: "a row comes back without its recipient",
        profile: "forgetful",
        edits: &[(
            "SELECT 1 FROM claim WHERE once_key = ?1 AND person = ?2 AND run = ?3 AND n = ?4",
            "SELECT 1 WHERE ?1 = ?1 AND ?2 = ?2 AND ?3 = ?3 AND ?4 = ?4",
        )],
        expected: Expected::Within(20),
        ..NONE
    },
    Mutation {
        name: "a claim is not unique",
        profile: "singles",
        edits: &[(
            "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) ON CONFLICT DO NOTHING",
            "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) ON CONFLICT DO UPDATE SET state = excluded.state, \
             worker = excluded.worker, lease_until = excluded.lease_until",
        )],
        ..NONE
    },
    Mutation {
        name: "a claim ends for anybody",
        profile: "singles",
        edits: &[(
            "AND (worker = ?3 OR worker IS NULL AND (state = ?4 OR ?4 = 'sent' AND state = 'not_sent'))",
            "AND ?3 = ?3",
        )],
        ..NONE
    },
    Mutation {
        name: "a sent message does not stand",
        profile: "singles",
        edits: &[(
            "OR worker IS NULL AND (state = ?4 OR ?4 = 'sent' AND state = 'not_sent')",
            "",
        )],
        expected: Expected::Within(60),
        ..NONE
    },
    Mutation {
        name: "the claim of a dead process is free",
        profile: "keys",
        edits: &[(
            "claim.message_id, row.message_id AS row_message_id, claim.state, claim.worker",
            "claim.message_id, row.message_id AS row_message_id, CASE WHEN claim.state = 'inflight' \
             AND claim.lease_until <= (SELECT max(newest.at) FROM claim AS newest) \
             THEN 'not_sent' ELSE claim.state END AS state, claim.worker",
        )],
        ..NONE
    },
    Mutation {
        name: "a single send ignores rows that are to be sent",
        within: "INSERT INTO claim (once_key, person, state, at, worker, lease_until",
        edits: &[(ROW_OF_CLAIM, ROW_TO_BE_SENT_IS_FREE)],
        ..NONE
    },
    Mutation {
        name: "once add ignores rows that are to be sent",
        profile: "keys",
        within: "SELECT row.n, recipient, state FROM row CROSS JOIN message",
        edits: &[(ROW_OF_CLAIM, ROW_TO_BE_SENT_IS_FREE)],
        expected: Expected::Never("not in 200 seeds; a chain of five rare acts, tests/cli/once.rs"),
        ..NONE
    },
    Mutation {
        name: "once add replaces a claim in flight by an unknown row",
        profile: "adding",
        edits: &[(
            "SELECT row.n, recipient, state FROM row CROSS JOIN message",
            "SELECT row.n, recipient, 'sent' AS state FROM row CROSS JOIN message",
        )],
        expected: Expected::Within(90),
        ..NONE
    },
    Mutation {
        name: "a list overlooks claims of single sends",
        edits: &[(
            "claim.once_key = ?1 AND claim.person = candidate_person.person",
            "claim.once_key = ?1 AND claim.person = candidate_person.person AND claim.run IS NOT NULL",
        )],
        ..NONE
    },
    Mutation {
        name: "remove forgets unknown recipients",
        profile: "keys",
        edits: &[(
            "AND (row.state = 'sent' OR row.state = 'unknown' OR row.state = 'inflight' OR row.run",
            "AND (row.state = 'sent' OR row.run",
        )],
        expected: Expected::Within(20),
        ..NONE
    },
    Mutation {
        name: "remove keeps no recipient",
        profile: "keys",
        edits: &[(
            "UPDATE claim SET run = NULL, n = NULL, message_id = row.message_id",
            "UPDATE claim SET message_id = row.message_id",
        )],
        ..NONE
    },
    Mutation {
        name: "the counts of a finished run are kept after a change",
        edits: &[(
            "UPDATE run SET counts = ?2, deliveries",
            "UPDATE run SET counts = coalesce(counts, ?2), deliveries",
        )],
        ..NONE
    },
    Mutation {
        name: "a worker that joins does not compare",
        profile: "rivals",
        within: "SELECT details, created_at FROM run WHERE id = ?1",
        edits: &[(
            "SELECT candidate, row.run, state, row.at FROM",
            "SELECT candidate, row.run, 'skipped' AS state, row.at FROM",
        )],
        expected: Expected::Within(450),
        ..NONE
    },
    Mutation {
        name: "rows in flight count for nothing",
        profile: "rivals",
        edits: &[(
            "SELECT candidate, row.run, state, row.at FROM",
            "SELECT candidate, row.run, CASE state WHEN 'inflight' THEN 'failed' ELSE state END AS state, \
             row.at FROM",
        )],
        expected: Expected::Within(20),
        ..NONE
    },
    Mutation {
        name: "rows are not counted for the limit",
        profile: "limited",
        empty_table: "reached ",
        ..NONE
    },
    Mutation {
        name: "the bound of recipients is forgotten",
        profile: "limited",
        edits: &[(
            "UPDATE reach SET people = ?2",
            "UPDATE reach SET people = 0 * ?2",
        )],
        ..NONE
    },
    Mutation {
        name: "recipients count for 12 hours",
        profile: "limited",
        edits: &[(
            "FROM reached WHERE reach = ?1 AND at > ?2 ORDER BY at",
            "FROM reached WHERE reach = ?1 AND at > ?2 + 43200000 ORDER BY at",
        )],
        ..NONE
    },
    Mutation {
        name: "recipients who were not reached count",
        profile: "limited",
        edits: &[(
            "DELETE FROM reached WHERE reach = ?1 AND run = ?2",
            "DELETE FROM reached WHERE 0 AND reach = ?1 AND run = ?2",
        )],
        ..NONE
    },
    Mutation {
        name: "a recipient no longer counts whatever became of the row",
        profile: "limited",
        edits: &[(
            "WHERE run = ?2 AND n = ?3 AND (state = 'failed' OR state = 'pending'))",
            "WHERE run = ?2 AND n = ?3)",
        )],
        expected: Expected::Never(
            "not in 20 seeds; it needs a lost answer and another worker with the row",
        ),
        ..NONE
    },
    Mutation {
        name: "expired recipients count again after the clock went back",
        profile: "limited",
        edits: &[("AND at <= ?3 AND number >= 0", "AND at <= ?3 AND 0")],
        expected: Expected::Never(
            "not in 60 seeds; clock_that_goes_back_admits_no_expired_recipient in contract/messaging_limit.rs",
        ),
        ..NONE
    },
];

/// The seeds that have a profile; all of them if it has no name.
fn seeds_of(profile: &'static str) -> impl Iterator<Item = u64> {
    (0..).filter(move |seed| profile.is_empty() || profile_of(*seed).name == profile)
}

/// The number of seeds until a mutation is found, and what is found, within `max` seeds.
fn find(mutation: &'static Mutation, max: u64) -> (u64, Option<World>) {
    let mut tried = 0;
    for seed in seeds_of(mutation.profile) {
        if tried == max {
            break;
        }
        tried += 1;
        let ended = simulate(seed, Some(mutation));
        if !ended.violations.is_empty() {
            return (tried, Some(ended));
        }
    }
    (tried, None)
}

/// The text of a mutation that stood in no statement, so that it changed nothing.
fn missing_text(mutation: &Mutation) -> Option<&'static str> {
    let mut texts = mutation.edits.iter().map(|(find, _)| *find);
    texts.find(|find| EDITED.with_borrow(|edited| !edited.contains_key(&(mutation.name, *find))))
}

#[test]
fn simulation_finds_a_mutation_in_each_part() {
    for name in [
        "a row that leaves is not marked",
        "a claim is not unique",
        "rows are not counted for the limit",
    ] {
        let mutation = MUTATIONS.iter().find(|mutation| mutation.name == name);
        let (_, found) = find(mutation.expect("it is in the list"), 10);
        assert!(found.is_some(), "{name}");
    }
}

/// Tries a mutation, and prints the seeds and seconds that it took. Returns what is not as the list says.
fn try_mutation(mutation: &'static Mutation, seeds: Option<u64>) -> Option<String> {
    let Mutation {
        name,
        profile,
        expected,
        ..
    } = mutation;
    let began = Instant::now();
    let max = match expected {
        Expected::Within(max) => *max,
        Expected::Never(_) => 20,
    };
    let (tried, found) = find(mutation, seeds.unwrap_or(max));
    let seconds = began.elapsed().as_secs_f64();
    let words = found.as_ref().and_then(|ended| ended.violations.first());
    super::print(&format!(
        "| {name} | {profile} | {tried} | {expected:?} | {seconds:.1} | {} |",
        words.map_or("-", String::as_str)
    ));
    if let Some(text) = missing_text(mutation) {
        return Some(format!("{name}: no statement has {text:?}"));
    }
    match (expected, found.is_some()) {
        (Expected::Within(max), false) => Some(format!("{name}: not within {max} seeds")),
        (Expected::Never(why), true) => Some(format!("{name}: found, although {why}")),
        _ => None,
    }
}

/// `SIMULATION_MUTATION=claim` makes only those with this in their name, `SIMULATION_SEEDS=500` tries so many seeds for each.
#[test]
#[ignore = "takes minutes: for the night"]
fn simulation_finds_every_mutation() {
    let chosen = std::env::var("SIMULATION_MUTATION").unwrap_or_default();
    let seeds = super::number_in("SIMULATION_SEEDS");
    let mutations = MUTATIONS.iter();
    let mutations = Mutex::new(mutations.filter(|mutation| mutation.name.contains(&chosen)));
    let wrong = Mutex::new(Vec::new());
    // A simulation belongs to one thread, so several can run at the same time.
    thread::scope(|scope| {
        for _ in 0..thread::available_parallelism().map_or(1, NonZero::get) {
            scope.spawn(|| {
                let next = || mutations.lock().expect("it is in order").next();
                while let Some(mutation) = next() {
                    let found = try_mutation(mutation, seeds);
                    wrong.lock().expect("it is in order").extend(found);
                }
            });
        }
    });
    let wrong = wrong.into_inner().expect("it is in order");
    assert!(wrong.is_empty(), "{wrong:#?}");
}
