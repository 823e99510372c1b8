//! The mutations that the simulation detects, and the tests that show it. The limit of a mutation is three times the mean
//! distance of the seeds that detect it, and at least 20.
//!
//! The list lacks these mutations, because they change nothing that the simulation could detect:
//!
//! - An outcome counts for any worker, or for any attempt. Each of these conditions implies the other.
//! - An outcome counts in any state, or after a decision. The worker and the attempt imply the state.
//! - An older connection may return. A worker never returns with an older number: only a late exchange has one.
//! - The number of taken rows is forgotten. Then rows are only found more slowly, and benches/ measures that.
//! - A decision counts in any state, for any attempt, or both. The rows are read in the transaction that decides them,
//!   and what was proven stays true. Tests in contract/ detect it.

use std::num::NonZero;
use std::sync::Mutex;
use std::thread;
use std::time::Instant;

use super::mutation::{Expected, Mutation};
use super::profile::Profile;
use super::simulate;
use super::world::World;

const MUTATIONS: &[Mutation] = &[
    Mutation::new(
        "a message counts under its key from before it was sent",
        "SET state = ?4, at = ?5, counts_from = ?5{-> - 300000}",
    )
    .in_profile("repeated"),
    Mutation::new(
        "a clock that is behind moves the time of a message back",
        "UPDATE claim SET {behind_from->at = at - (coalesce(counts_from, lease_until, at) - \
             ?3), counts_from} = ?3",
    )
    .in_profile("repeated")
    .within(30),
    Mutation::new(
        "an assigned row is not marked",
        "SET state = {'inflight'->'pending'}, number = number + 1, worker = ?5",
    ),
    Mutation::new(
        "a row in any state is assigned",
        "AND n > ?2 AND n <= ?3 AND {state = 'pending' AND ->}due_at",
    )
    .in_profile("crowd")
    .within(190),
    Mutation::new(
        "an attempt has the number of the previous one",
        "SET state = 'inflight', {number = number + 1, ->}worker",
    ),
    Mutation::new(
        "an outcome counts for any worker and attempt",
        "AND n = ?2 AND {number->?3} = ?3 AND {worker->?4} = ?4",
    )
    .in_profile("lost responses"),
    Mutation::new(
        "an outcome counts in any state and for any worker",
        "AND n = ?2 AND {number = ?3 AND worker = ?4 AND (state = 'inflight' OR state = \
             'unknown' AND ended_at IS NULL)->?3 = ?3 AND ?4 = ?4}",
    )
    .in_profile("lost responses"),
    Mutation::new(
        "an outcome does not correct an unknown row",
        "{OR state = 'unknown' AND ended_at IS NULL->})",
    )
    .in_profile("at the socket"),
    Mutation::new(
        "an unknown outcome is pending",
        "SET state = {?5->CASE WHEN ?5 = 'unknown' THEN 'pending' ELSE ?5 END}, due_at = \
             {?6->coalesce(?6, ?7)}, at",
    ),
    Mutation::new(
        "an unknown outcome is failed",
        "SET state = {?5->CASE WHEN ?5 = 'unknown' THEN 'failed' ELSE ?5 END}, due_at = ?6, \
             at",
    ),
    Mutation::new(
        "rows of a lost worker become pending",
        "UPDATE row SET state = {'unknown'->'pending', due_at = ?3}, at = ?3, code = 'unknown'",
    ),
    Mutation::new(
        "rows of a lost worker become failed",
        "UPDATE row SET state = {'unknown'->'failed'}, at = ?3, code = 'unknown'",
    ),
    Mutation::new(
        "all rows of a lost worker become unknown",
        "http_status = NULL WHERE run = ?1 AND worker = ?2 AND {state = 'inflight'->?3 = ?3}",
    ),
    Mutation::new(
        "rows of a lost worker stay in flight",
        "http_status = NULL WHERE run = ?1 AND worker = ?2 AND state = 'inflight'{-> AND 0}",
    ),
    Mutation::new(
        "rows in flight are shown as pending",
        "SELECT n, {->CASE state WHEN 'inflight' THEN 'pending' ELSE state END AS }state, \
             message_id",
    ),
    Mutation::new(
        "a lost worker gets rows",
        "RETURNING connection, exchanges, {->NULL AS }stopped_at",
    )
    .and("SELECT 1 FROM worker WHERE id = ?1 AND stopped_at IS NOT NULL{-> AND 0}"),
    Mutation::new(
        "no worker is ever lost",
        "{CASE WHEN seen_at + lease_ms <= ?2 THEN ?2 ELSE stopped_at END->stopped_at}",
    ),
    Mutation::new(
        "a lease is shorter than the deadline of its rows",
        "VALUES (?1, ?2, ?3, ?4, 1, 0, ?5{-> / 60}, ?6, ?6)",
    )
    .in_profile("at the socket")
    .within(150),
    Mutation::ignoring_connection("the number of a connection is ignored")
        .in_profile("lost responses")
        .within(45),
    Mutation::new(
        "rows of a lost response stay in flight",
        "error = ?5 WHERE run = ?1 AND n = ?2 AND number = ?3 AND state = 'inflight'{-> AND \
             0}",
    )
    .in_profile("lost responses"),
    Mutation::new(
        "a worker that rejoins returns the rows it has",
        "error = ?5 WHERE run = ?1 AND {n = ?2 AND number->worker = (SELECT other.worker \
             FROM row AS other WHERE other.run = ?1 AND other.n = ?2) AND ?3} = ?3 AND state = \
             'inflight'",
    )
    .in_profile("lost responses")
    .within(50),
    Mutation::new(
        "a run is finished with rows in flight",
        "{EXISTS (SELECT 1 FROM row WHERE run = ?1 AND state = 'inflight') OR ->}",
    ),
    Mutation::new(
        "a pause is ignored",
        "SELECT {->NULL AS }paused, paused_by, paused_at, identity",
    )
    .and(
        "paused = {?8->coalesce(?8, paused)}, paused_by = {?9->coalesce(?9, paused_by)}, \
             paused_at = {?10->coalesce(?10, paused_at)}",
    ),
    Mutation::new(
        "cancel skips rows in any state",
        "error, '') WHERE run = ?1{ AND state = 'pending'->}",
    ),
    Mutation::new(
        "cancel skips nothing",
        "error, '') WHERE run = ?1 AND state = 'pending'{-> AND 0}",
    ),
    Mutation::new(
        "the operator is not asked about lost processes",
        "AND left_at IS NULL AND row.ended_at IS NULL{-> AND 0}",
    )
    .in_profile("at the socket"),
    Mutation::new(
        "a row that is sent again takes the recipient of another row",
        "claim.once_key = ?1 AND claim.person = candidate_person.person{-> AND 0}",
    )
    .after("SELECT row.n, number, line, recipient, worker.id")
    .in_profile("keys"),
    Mutation::new(
        "a row is sent again without its recipient",
        "SELECT 1 {FROM claim ->}WHERE {once_key->?1} = ?1 AND {person->?2} = ?2 \
             AND {run->?3} = ?3 AND {n->?4} = ?4",
    )
    .in_profile("forgetful"),
    Mutation::new(
        "a claim is not unique",
        "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) ON CONFLICT DO {NOTHING->UPDATE SET state = \
             excluded.state, worker = excluded.worker, lease_until = excluded.lease_until}",
    )
    .in_profile("singles"),
    Mutation::new(
        "any process ends a claim",
        "AND {(worker = ?3 OR worker IS NULL AND (state = ?4 OR ?4 = 'sent' AND state = \
             'not_sent'))->?3 = ?3}",
    )
    .in_profile("singles")
    .within(150),
    Mutation::new(
        "a sent message does not replace a later decision",
        "{OR worker IS NULL AND (state = ?4 OR ?4 = 'sent' AND state = 'not_sent')->}",
    )
    .in_profile("singles")
    .within(300),
    Mutation::new(
        "the claim of a killed process is free",
        "claim.message_id, row.message_id AS row_message_id, {claim.->CASE WHEN claim.state \
             = 'inflight' AND claim.lease_until <= (SELECT max(newest.at) FROM claim AS newest) \
             THEN 'not_sent' ELSE claim.state END AS }state, claim.worker",
    )
    .in_profile("keys"),
    Mutation::new(
        "a single send ignores unsent rows",
        "{row.state->CASE row.state WHEN 'pending' THEN 'failed' WHEN 'inflight' THEN \
             'failed' ELSE row.state END} AS row_state, row.worker AS row_worker, run.name",
    )
    .after("INSERT INTO claim (once_key, person, state, at, worker, lease_until"),
    Mutation::new(
        "once add ignores unsent rows",
        "{row.state->CASE row.state WHEN 'pending' THEN 'failed' WHEN 'inflight' THEN \
             'failed' ELSE row.state END} AS row_state, row.worker AS row_worker, run.name",
    )
    .after("SELECT row.n, recipient, state FROM row CROSS JOIN message")
    .in_profile("keys")
    .undetected(
        "not in 200 seeds, because it needs five rare events in sequence; tests/cli/once.rs \
             detects it",
    ),
    Mutation::new(
        "once add replaces a claim in flight by an unknown row",
        "SELECT row.n, recipient, {->'sent' AS }state FROM row CROSS JOIN message",
    )
    .in_profile("adding")
    .within(90),
    Mutation::new(
        "a list ignores claims of single sends",
        "claim.once_key = ?1 AND claim.person = candidate_person.person{-> AND claim.run IS \
             NOT NULL}",
    ),
    Mutation::new(
        "remove forgets unknown recipients",
        "AND (row.state = 'sent' OR {row.state = 'unknown' OR row.state = \
             'inflight' OR ->}row.run",
    )
    .in_profile("keys")
    .within(60),
    Mutation::new(
        "remove forgets all recipients",
        "UPDATE claim SET {run = NULL, n = NULL, ->}message_id = row.message_id",
    )
    .in_profile("keys"),
    Mutation::new(
        "the counts of a finished run stay the same after a change",
        "UPDATE run SET counts = {?2->coalesce(counts, ?2)}, deliveries",
    ),
    Mutation::new(
        "a worker that joins does not compare",
        "known.fingerprint = candidate.fingerprint AND counted.run = known.run{-> AND 0}",
    )
    .after("SELECT details, created_at FROM run WHERE id = ?1")
    .in_profile("rivals")
    .within(450),
    Mutation::new(
        "rows in flight are not compared",
        "SELECT row.run AS run, row.n AS n, {->CASE state WHEN 'inflight' THEN 'failed' \
             ELSE state END AS }state, worker, row.at AS at FROM span",
    )
    .in_profile("rivals")
    .within(40),
    // This changes the name of a table that a worker fills, so the engine leaves the table empty.
    Mutation::new("rows are not counted for the limit", "{reached (->}")
        .after("RETURNING connection, exchanges")
        .in_profile("limited"),
    Mutation::new(
        "the stored number of recipients is forgotten",
        "UPDATE reach SET people = {->0 * }?2",
    )
    .in_profile("limited"),
    Mutation::new(
        "recipients count for 12 hours",
        "FROM reached WHERE reach = ?1 AND at > ?2{-> + 43200000} ORDER BY at",
    )
    .in_profile("limited"),
    Mutation::new(
        "unreached recipients count",
        "DELETE FROM reached WHERE {->0 AND }reach = ?1 AND run = ?2",
    )
    .in_profile("limited"),
    Mutation::new(
        "a recipient of a row in any state no longer counts",
        "WHERE run = ?2 AND n = ?3{ AND (state = 'failed' OR state = 'pending')->})",
    )
    .in_profile("limited")
    .undetected(
        "not in 20 seeds, because it needs a lost response and another worker with the row",
    ),
    Mutation::new(
        "expired recipients count again after the clock went back",
        "AND at <= ?3 AND {number >= 0->0}",
    )
    .in_profile("limited")
    .undetected(
        "not in 60 seeds; clock_that_goes_back_admits_no_expired_recipient in \
             contract/messaging_limit.rs detects it",
    ),
    Mutation::new(
        "a restored ledger is not refused",
        "CASE WHEN {identity = ?1->?1 = ?1} THEN 1 ELSE 0 END AS is_accepted",
    )
    .in_profile("restored"),
    Mutation::new(
        "any process accepts a restored ledger",
        "UPDATE store SET {->identity = ?1, }complete_until = ?2",
    )
    .in_profile("restored"),
    Mutation::new(
        "an answer accepts the ledger of a later restore",
        "complete_until = NULL WHERE id = 1 AND {identity->?2} = ?2",
    )
    .in_profile("restored")
    .within(200),
    Mutation::ignoring_identity("a restored ledger has the identity of the first one")
        .in_profile("restored"),
];

/// Simulates at most `max` seeds of the mutation's profile. Returns the number of seeds, and the first with a
/// violation.
fn find_violation(mutation: &'static Mutation, max: u64) -> (u64, Option<World>) {
    let profile = mutation.profile;
    let mut seeds = 0;
    for seed in 0.. {
        if seeds == max {
            break;
        }
        if !profile.is_empty() && Profile::for_seed(seed).name != profile {
            continue;
        }
        seeds += 1;
        let ended = simulate(seed, Some(mutation));
        if !ended.violations.is_empty() {
            return (seeds, Some(ended));
        }
    }
    (seeds, None)
}

#[test]
fn simulation_finds_a_mutation_in_each_part() {
    for name in [
        "an assigned row is not marked",
        "a claim is not unique",
        "rows are not counted for the limit",
        "any process accepts a restored ledger",
    ] {
        let mutation = MUTATIONS.iter().find(|mutation| mutation.name == name);
        let (_, found) = find_violation(mutation.expect("it is in the list"), 10);
        assert!(found.is_some(), "{name}");
    }
}

/// Simulates a mutation, and prints the number of seeds and seconds. Returns what differs from the expectation.
fn check_mutation(mutation: &'static Mutation, seeds: Option<u64>) -> Option<String> {
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
    let (tried, found) = find_violation(mutation, seeds.unwrap_or(max));
    let seconds = began.elapsed().as_secs_f64();
    let violation = found.as_ref().and_then(|ended| ended.violations.first());
    super::print(&format!(
        "| {name} | {profile} | {tried} | {expected:?} | {seconds:.1} | {} |",
        violation.map_or("-", String::as_str)
    ));
    if let Some(edit) = mutation.find_unused_edit() {
        return Some(format!("{name}: no statement has {edit:?}"));
    }
    match (expected, found.is_some()) {
        (Expected::Within(max), false) => Some(format!("{name}: not within {max} seeds")),
        (Expected::Never(reason), true) => Some(format!("{name}: detected, although {reason}")),
        _ => None,
    }
}

/// `SIMULATION_MUTATION=claim` selects mutations by name. `SIMULATION_SEEDS=500` sets the number of seeds for each.
#[test]
#[ignore = "takes minutes: for the night"]
fn simulation_finds_every_mutation() {
    let name = std::env::var("SIMULATION_MUTATION").unwrap_or_default();
    let seeds = super::read_number("SIMULATION_SEEDS");
    let mutations = MUTATIONS.iter();
    let mutations = Mutex::new(mutations.filter(|mutation| mutation.name.contains(&name)));
    let wrong = Mutex::new(Vec::new());
    // A simulation belongs to one thread, so several can run at the same time.
    thread::scope(|scope| {
        for _ in 0..thread::available_parallelism().map_or(1, NonZero::get) {
            scope.spawn(|| {
                let next = || mutations.lock().expect("no thread panics").next();
                while let Some(mutation) = next() {
                    let problem = check_mutation(mutation, seeds);
                    wrong.lock().expect("no thread panics").extend(problem);
                }
            });
        }
    });
    let wrong = wrong.into_inner().expect("no thread panics");
    assert!(wrong.is_empty(), "{wrong:#?}");
}
