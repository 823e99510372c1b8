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
use std::sync::{Arc, LazyLock, Mutex};
use std::thread;
use std::time::Instant;

use super::mutation::{Expected, Mutation};
use super::profile::Profile;
use super::simulate;
use super::world::World;
use crate::runs::ledger::exclusions::EXCLUSION_OF_ROW;
use crate::runs::ledger::history::matching::{CHANGED_ROWS, SAME_MESSAGE};
use crate::runs::ledger::history::reach::{
    COUNTED, MARK_UNCERTAIN, RECENT, REMOVE_UNSENT, WRITE_COUNT,
};
use crate::runs::ledger::identity::KEEP_TIME;
use crate::runs::ledger::keys::changes::REACHED_ROWS;
use crate::runs::ledger::keys::claims::{
    CLAIM, CLAIM_COLUMNS, CLAIMS_OF_CANDIDATES, END_CLAIM, FOLLOW_CLOCK,
};
use crate::runs::ledger::manage::KEEP_RECIPIENTS;
use crate::runs::ledger::open::LOCK_LEDGER;
use crate::runs::ledger::restored::ACCEPT;
use crate::runs::ledger::rows::reported_rows::ROW_STATES;
use crate::runs::ledger::rows::resolution::ROWS_TO_DECIDE;
use crate::runs::ledger::rows::transitions::{
    LOCK_RUN, MARK_UNKNOWN, OPEN_ROW, SKIP_PENDING, WRITE_COUNTS, WRITE_RUN,
};
use crate::runs::ledger::worker::assign::ASSIGN;
use crate::runs::ledger::worker::exchange::{CLAIM_OF_ROW, END, STOPPED_WORKER};
use crate::runs::ledger::worker::{
    ADD_WORKER, JOINED_RUN, NOTE_EXCHANGE, NOTE_NEW_CONNECTION, RETURN_ROW,
};
use crate::runs::sending::EngineAction;

static MUTATIONS: LazyLock<Vec<Mutation>> = LazyLock::new(|| {
    vec![
    Mutation::new(
        "a message counts under its key from before it was sent",
        END_CLAIM,
        "counts_from = ?5{-> - 300000}",
    )
    .in_profile("repeated"),
    Mutation::new(
        "a clock that is behind moves the time of a message back",
        FOLLOW_CLOCK,
        "{behind_from->at = at - (coalesce(counts_from, lease_until, at) - ?3), counts_from} = ?3",
    )
    .in_profile("repeated")
    .within(30),
    Mutation::new("an assigned row is not marked", ASSIGN, "{'inflight'->'pending'}"),
    Mutation::new(
        "a row in any state is assigned",
        ASSIGN,
        "{state = 'pending' AND ->}due_at",
    )
    .in_profile("crowd")
    .within(300),
    Mutation::new(
        "an excluded recipient gets rows",
        EXCLUSION_OF_ROW,
        "WHERE {->0 = 1 AND }exclusion.sandbox",
    )
    .in_profile("excluded"),
    Mutation::new(
        "an attempt has the number of the previous one",
        ASSIGN,
        "{number = number + 1, ->}",
    ),
    Mutation::new(
        "an outcome counts for any worker and attempt",
        END,
        "{number->?3} = ?3 AND {worker->?4} = ?4",
    )
    .in_profile("lost responses"),
    Mutation::new(
        "an outcome counts in any state and for any worker",
        END,
        "{number = ?3 AND worker = ?4 AND (state = 'inflight' OR state = 'unknown' \
         AND ended_at IS NULL)->?3 = ?3 AND ?4 = ?4}",
    )
    .in_profile("lost responses"),
    Mutation::new(
        "an outcome does not correct an unknown row",
        END,
        "{ OR state = 'unknown' AND ended_at IS NULL->}",
    )
    .in_profile("at the socket"),
    Mutation::new(
        "an unknown outcome is pending",
        END,
        "{?5, due_at = ?6->CASE WHEN ?5 = 'unknown' THEN 'pending' ELSE ?5 END, \
         due_at = coalesce(?6, ?7)}",
    ),
    Mutation::new(
        "an unknown outcome is failed",
        END,
        "{?5->CASE WHEN ?5 = 'unknown' THEN 'failed' ELSE ?5 END}",
    ),
    Mutation::new(
        "rows of a lost worker become pending",
        MARK_UNKNOWN,
        "state = {'unknown'->'pending', due_at = ?3}",
    ),
    Mutation::new(
        "rows of a lost worker become failed",
        MARK_UNKNOWN,
        "state = {'unknown'->'failed'}",
    ),
    Mutation::new(
        "all rows of a lost worker become unknown",
        MARK_UNKNOWN,
        "{state = 'inflight'->?3 = ?3}",
    ),
    Mutation::new(
        "rows of a lost worker stay in flight",
        MARK_UNKNOWN,
        "state = 'inflight'{-> AND 0}",
    ),
    Mutation::new(
        "rows in flight are shown as pending",
        &ROW_STATES,
        "{->CASE state WHEN 'inflight' THEN 'pending' ELSE state END AS }state",
    ),
    Mutation::new(
        "a lost worker gets rows",
        NOTE_EXCHANGE,
        "exchanges, {->NULL AS }stopped_at",
    )
    .and(STOPPED_WORKER, "stopped_at IS NOT NULL{-> AND 0}"),
    Mutation::new("no worker is ever lost", NOTE_EXCHANGE, NEVER_LOST)
        .and(NOTE_NEW_CONNECTION, NEVER_LOST)
        .in_profile("lost responses"),
    Mutation::new(
        "a lease is shorter than the deadline of its rows",
        ADD_WORKER,
        "?5{-> / 60}",
    )
    .in_profile("at the socket")
    .within(200),
    Mutation::ignoring_connection("the number of a connection is ignored")
        .in_profile("lost responses")
        .within(45),
    Mutation::new(
        "rows of a lost response stay in flight",
        RETURN_ROW,
        "state = 'inflight'{-> AND 0}",
    )
    .in_profile("lost responses"),
    Mutation::new(
        "a worker that rejoins returns the rows it has",
        RETURN_ROW,
        "{n = ?2 AND number->worker = (SELECT other.worker FROM row AS other \
         WHERE other.run = ?1 AND other.n = ?2) AND ?3} = ?3",
    )
    .in_profile("lost responses")
    .within(50),
    Mutation::new(
        "a run is finished with rows in flight",
        OPEN_ROW,
        "{EXISTS (SELECT 1 FROM row WHERE run = ?1 AND state = 'inflight') OR ->}",
    ),
    Mutation::new("a pause is ignored", LOCK_RUN, "SELECT {->NULL AS }paused").and(
        WRITE_RUN,
        "paused = {?8->coalesce(?8, paused)}, paused_by = {?9->coalesce(?9, paused_by)}, \
         paused_at = {?10->coalesce(?10, paused_at)}",
    ),
    Mutation::new(
        "cancel skips rows in any state",
        &SKIP_PENDING,
        "{ AND state = 'pending'->}",
    )
    .in_profile("mixed"),
    Mutation::new(
        "cancel skips nothing",
        &SKIP_PENDING,
        "state = 'pending'{-> AND 0}",
    ),
    Mutation::new(
        "the operator is not asked about lost processes",
        ROWS_TO_DECIDE,
        "row.ended_at IS NULL{-> AND 0}",
    )
    .in_profile("at the socket"),
    Mutation::new(
        "a row that is sent again takes the recipient of another row",
        &CLAIMS_OF_CANDIDATES,
        "claim.person = candidate_person.person{-> AND 0}",
    )
    .after(ROWS_TO_DECIDE)
    .in_profile("keys")
    .within(180),
    Mutation::new(
        "a row is sent again without its recipient",
        CLAIM_OF_ROW,
        "{FROM claim ->}WHERE {once_key->?1} = ?1 AND {person->?2} = ?2 AND {run->?3} = ?3 \
         AND {n->?4} = ?4",
    )
    .in_profile("forgetful"),
    Mutation::new(
        "a claim is not unique",
        CLAIM,
        "DO {NOTHING->UPDATE SET state = excluded.state, worker = excluded.worker, \
         lease_until = excluded.lease_until}",
    )
    .in_profile("singles"),
    Mutation::new(
        "any process ends a claim",
        END_CLAIM,
        "{(worker = ?3 OR worker IS NULL AND (state = ?4 OR ?4 = 'sent' \
         AND state = 'not_sent'))->?3 = ?3}",
    )
    .in_profile("singles")
    .within(90),
    Mutation::new(
        "a sent message does not replace a later decision",
        END_CLAIM,
        "{ OR worker IS NULL AND (state = ?4 OR ?4 = 'sent' AND state = 'not_sent')->}",
    )
    .in_profile("singles")
    .within(300),
    Mutation::new(
        "the claim of a killed process is free",
        CLAIM_COLUMNS,
        "{claim.state->CASE WHEN claim.state = 'inflight' AND claim.lease_until <= \
         (SELECT max(newest.at) FROM claim AS newest) THEN 'not_sent' ELSE claim.state END \
         AS state},",
    )
    .in_profile("repeated")
    .within(30),
    Mutation::new(
        "a single send ignores unsent rows",
        CLAIM_COLUMNS,
        UNSENT_IS_FAILED,
    )
    .after(CLAIM),
    Mutation::new(
        "once add ignores unsent rows",
        CLAIM_COLUMNS,
        UNSENT_IS_FAILED,
    )
    .after(REACHED_ROWS)
    .in_profile("keys")
    .undetected(
        "not in 200 seeds, because it needs five rare events in sequence; tests/cli/once.rs \
             detects it",
    ),
    Mutation::new(
        "once add replaces a claim in flight by an unknown row",
        REACHED_ROWS,
        "recipient, {->'sent' AS }state",
    )
    .in_profile("adding")
    .undetected(
        "in 1 of 200 seeds; only_a_sent_row_replaces_inflight_claim in contract/keys.rs detects it",
    ),
    Mutation::new(
        "a list ignores claims of single sends",
        &CLAIMS_OF_CANDIDATES,
        "claim.person = candidate_person.person{-> AND claim.run IS NOT NULL}",
    ),
    Mutation::new(
        "remove forgets unknown recipients",
        KEEP_RECIPIENTS,
        "{row.state = 'unknown' OR row.state = 'inflight' OR ->}row.run",
    )
    .in_profile("keys")
    .within(60),
    Mutation::new(
        "remove forgets all recipients",
        KEEP_RECIPIENTS,
        "{run = NULL, n = NULL, ->}",
    )
    .in_profile("keys"),
    Mutation::new(
        "the counts of a finished run stay the same after a change",
        WRITE_COUNTS,
        "{?2->coalesce(counts, ?2)}",
    ),
    Mutation::new(
        "a worker that joins does not compare",
        SAME_MESSAGE,
        "counted.run = known.run{-> AND 0}",
    )
    .after(JOINED_RUN)
    .in_profile("rivals")
    .undetected(
        "not in 400 seeds, because a failed row must become pending again while another run sends it; \
             identical_runs_are_sent_one_at_a_time in contract/earlier_runs.rs detects it",
    ),
    Mutation::new(
        "rows in flight are not compared",
        CHANGED_ROWS,
        "{state->CASE state WHEN 'inflight' THEN 'failed' ELSE state END AS state}, worker",
    )
    .in_profile("rivals")
    .within(40),
    // This changes the name of a table that a worker fills, so the engine leaves the table empty.
    Mutation::new("rows are not counted for the limit", COUNTED, "{reached (->}")
        .after(NOTE_EXCHANGE)
        .in_profile("limited"),
    Mutation::new(
        "the stored number of recipients is forgotten",
        WRITE_COUNT,
        "people = {->0 * }?2",
    )
    .in_profile("limited"),
    Mutation::new(
        "recipients count for 12 hours",
        RECENT,
        "at > ?2{-> + 43200000}",
    )
    .in_profile("limited"),
    Mutation::new(
        "unreached recipients count",
        REMOVE_UNSENT,
        "{->0 AND }reach =",
    )
    .in_profile("limited"),
    Mutation::new(
        "a recipient of a row in any state no longer counts",
        REMOVE_UNSENT,
        "{ AND (state = 'failed' OR state = 'pending')->}",
    )
    .in_profile("limited")
    .undetected(
        "not in 20 seeds, because it needs a lost response and another worker with the row",
    ),
    Mutation::new(
        "expired recipients count again after the clock went back",
        MARK_UNCERTAIN,
        "{number >= 0->0}",
    )
    .in_profile("limited")
    .undetected(
        "not in 60 seeds; clock_that_goes_back_admits_no_expired_recipient in \
             contract/messaging_limit.rs detects it",
    ),
    Mutation::new("a restored ledger is not refused", LOCK_LEDGER, "{identity->?1} = ?1")
    .in_profile("restored"),
    Mutation::new(
        "any process accepts a restored ledger",
        KEEP_TIME,
        "SET {->identity = ?1, }",
    )
    .in_profile("restored"),
    Mutation::new(
        "an answer accepts the ledger of a later restore",
        ACCEPT,
        "{identity->?2} = ?2",
    )
    .in_profile("restored")
    .undetected(
        "not in 200 seeds, because the ledger must be restored while an answer is open; \
             old_answer_does_not_accept_a_later_restore in contract/restored_ledgers.rs detects it",
    ),
    Mutation::ignoring_identity("a restored ledger has the identity of the first one")
        .in_profile("restored"),
    Mutation::new("a run is sent faster than its pace", WRITE_RUN, "pace = {?3->coalesce(pace, ?3)}")
        .within(60),
    Mutation::of_engine("a row is started twice", |engine, action| {
        if let EngineAction::Start(row) = action {
            engine.repeat(row);
        }
    }),
    Mutation::of_engine("an outcome is lost during an exchange", |engine, _| {
        if engine.is_ordered() {
            engine.lose_outcomes();
        }
    }),
    Mutation::of_engine("a stop does not stop", |engine, _| engine.clear_stop()),
    Mutation::of_engine("more rows are in flight than allowed", |_, action| {
        if let EngineAction::Exchange(order) = action {
            Arc::make_mut(order).wanted += 1;
        }
    }),
    ]
});

/// Edits of several statements.
const NEVER_LOST: &str = "lease_ms <= ?2{-> AND 0}";
const UNSENT_IS_FAILED: &str = "{row.state->CASE row.state WHEN 'pending' THEN 'failed' \
    WHEN 'inflight' THEN 'failed' ELSE row.state END} AS row_state";

/// Simulates the first seeds of the mutation's profile.
fn worlds(mutation: &'static Mutation) -> impl Iterator<Item = World> {
    let profile = mutation.profile;
    let seeds =
        (0..).filter(move |seed| profile.is_empty() || Profile::for_seed(*seed).name == profile);
    seeds.map(|seed| simulate(seed, Some(mutation)))
}

#[test]
#[cfg_attr(
    windows,
    ignore = "on Windows, it uses a thread-local value after its end"
)]
fn simulation_finds_a_mutation_in_each_part() {
    for name in [
        "an assigned row is not marked",
        "a claim is not unique",
        "rows are not counted for the limit",
        "any process accepts a restored ledger",
    ] {
        let mutation = MUTATIONS.iter().find(|mutation| mutation.name == name);
        let mut worlds = worlds(mutation.expect("it is in the list")).take(10);
        assert!(worlds.any(|ended| !ended.violations.is_empty()), "{name}");
    }
}

/// Simulates a mutation, and prints the number of seeds and seconds. Returns what differs from the expectation. With
/// `seeds`, simulates all of them and prints how many detect it.
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
    let mut tried = 0;
    let mut violations = Vec::new();
    let numbers = 1..=seeds.unwrap_or(max);
    for (number, ended) in numbers.zip(worlds(mutation)) {
        tried = number;
        violations.extend(ended.violations.into_iter().next());
        let is_found = !violations.is_empty() && mutation.find_unused_edit().is_none();
        if seeds.is_none() && is_found {
            break;
        }
    }
    let seconds = began.elapsed().as_secs_f64();
    super::print(&format!(
        "| {name} | {profile} | {found} of {tried} | {expected:?} | {seconds:.1} | {violation} |",
        found = violations.len(),
        violation = violations.first().map_or("-", String::as_str)
    ));
    if let Some(edit) = mutation.find_unused_edit() {
        return Some(format!("{name}: no statement has {edit:?}"));
    }
    match (expected, !violations.is_empty()) {
        (Expected::Within(max), false) => Some(format!("{name}: not within {max} seeds")),
        (Expected::Never(reason), true) => Some(format!("{name}: detected, although {reason}")),
        _ => None,
    }
}

/// `SIMULATION_MUTATION=claim` selects mutations by name. `SIMULATION_SEEDS=500` simulates 500 seeds of each, and prints
/// how many detect it.
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
