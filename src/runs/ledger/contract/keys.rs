//! What counts under a `--once` key: rows, single sends and removed runs.

use std::time::Duration;

use super::{TestedLedger, make_under_key, make_with_every, resolve, scope, send_all};
use crate::base::output::Sent;
use crate::jelou::api::{DeliveryFacts, DeliveryState};
use crate::runs::ledger::db::values;
use crate::runs::ledger::keys::changes::KeyAddition;
use crate::runs::ledger::keys::claims::{ClaimResult, HeldClaim};
use crate::runs::ledger::model::{OnceState, RowState, SkipReason};
use crate::runs::ledger::open::Ledger;
use crate::runs::ledger::rows::delivery::{DeliveryUpdate, DeliveryUpdates, ProvenRow};

const EVERY_HOUR: Duration = Duration::from_secs(3600);

pub(super) fn once_key_allows_one_send_per_recipient(tested: &TestedLedger) {
    let [one, two, three, four] = [
        "593990000001",
        "593990000002",
        "593990000003",
        "593990000004",
    ];
    let [sent, failed, unknown] = [RowState::Sent, RowState::Failed, RowState::Unknown];
    let [already, perhaps, to_be] = [
        SkipReason::AlreadySent,
        SkipReason::MayHaveBeenSent,
        SkipReason::ToBeSent,
    ];
    tested.begin(&[one]);
    let ledger = &tested.ledger;
    assert_eq!(
        make_under_key(ledger, "a", &[one, two, three, four]),
        [],
        "a run without the key counts for nothing"
    );
    assert_eq!(make_under_key(ledger, "b", &[one, two]), [(to_be, 2)]);
    send_all(ledger, "a", &[sent, failed, unknown, failed]);
    let all = [one, two, three, four];
    assert_eq!(
        make_under_key(ledger, "c", &all),
        [(already, 1), (perhaps, 1)]
    );
    send_all(ledger, "c", &[failed, failed]);
    send_single(ledger, two, Sent::Yes);
    send_single(ledger, four, Sent::No);
    // The recipient of row 2 now has a message, and the recipient of row 4 is free.
    let again = |name: &str, from: RowState, lines: &[u64]| {
        resolve(
            &ledger.run(&name.parse().unwrap()).unwrap(),
            [from, RowState::Pending],
            lines,
        )
    };
    assert_eq!(again("a", failed, &[]).unwrap(), 1);
    assert_eq!(
        again("c", failed, &[]).unwrap(),
        0,
        "the key has row 4 of the other run"
    );
    assert_eq!(again("a", failed, &[3]).unwrap(), 0);
    // A message that may have been sent belongs to the run, whatever you decide about it.
    assert_eq!(again("a", unknown, &[]).unwrap(), 1);
    assert_eq!(
        make_under_key(ledger, "d", &all),
        [(already, 2), (to_be, 2)]
    );
    let keys = ledger.keys().unwrap();
    assert_eq!(
        keys.iter().map(|key| key.people).collect::<Vec<_>>(),
        [[2, 0, 0, 2, 0]]
    );
}

pub(super) fn removed_run_still_counts_under_its_key(tested: &TestedLedger) {
    let all = [
        "593990000001",
        "593990000002",
        "593990000003",
        "593990000004",
    ];
    let ledger = &tested.ledger;
    make_under_key(ledger, "a", &all);
    send_all(
        ledger,
        "a",
        &[
            RowState::Sent,
            RowState::Failed,
            RowState::Unknown,
            RowState::Unknown,
        ],
    );
    // Jelou's lists have the last message.
    let news = DeliveryUpdates {
        updates: vec![DeliveryUpdate {
            index: 4,
            after: 0,
            steps: vec![DeliveryFacts::new(DeliveryState::Delivered)],
            message_id: Some("m-4".to_owned()),
        }],
        proven: vec![ProvenRow {
            index: 4,
            number: 1,
            evidence: "seen".into(),
        }],
        asked: None,
    };
    let run = ledger.run(&"a".parse().unwrap()).unwrap();
    assert_eq!(run.save_deliveries(&news).unwrap(), 1);
    let message_of_last = || {
        ledger
            .once_entry(&scope(), &ledger.hasher().unwrap().person(all[3]))
            .unwrap()
            .unwrap()
            .message_id
    };
    assert_eq!(message_of_last().as_deref(), Some("m-4"));
    run.remove(run.changed_at().unwrap()).unwrap();
    assert_eq!(message_of_last().as_deref(), Some("m-4"));
    let left_out = [
        (SkipReason::AlreadySent, 2),
        (SkipReason::MayHaveBeenSent, 1),
    ];
    assert_eq!(make_under_key(ledger, "b", &all), left_out);
}

/// In a database, you can decide the message while its process is only suspended. In a file, the
/// lock shows that the process is alive.
pub(super) fn manual_decision_is_kept_unless_message_was_sent(tested: &TestedLedger) {
    let ledger = &tested.ledger;
    let is_shared = tested.home.is_none();
    let person = ledger.hasher().unwrap().person("593990000001");
    let mut held = held(
        ledger
            .claim(&scope(), &person, None, Duration::ZERO)
            .unwrap(),
    );
    assert_eq!(
        ledger.decide_claim(&scope(), &person, Sent::No).unwrap(),
        is_shared
    );
    assert_eq!(held.end(Sent::Unknown, None).unwrap(), !is_shared);
    let state = |ledger: &Ledger| ledger.once_entry(&scope(), &person).unwrap().unwrap().state;
    assert_eq!(
        state(ledger),
        if is_shared {
            OnceState::NotSent
        } else {
            OnceState::Unknown
        }
    );
    // The message was certainly sent.
    assert_eq!(held.end(Sent::Yes, None).unwrap(), is_shared);
    assert_eq!(
        state(ledger),
        if is_shared {
            OnceState::Sent
        } else {
            OnceState::Unknown
        }
    );
}

pub(super) fn only_a_sent_row_replaces_inflight_claim(tested: &TestedLedger) {
    use RowState::{Failed, Sent as RowSent, Unknown};
    let [one, two] = ["593990000001", "593990000002"];
    let ledger = &tested.ledger;
    let run = tested.begin(&[one, two]);
    send_all(ledger, "r", &[Unknown, RowSent]);
    let held = [one, two].map(|recipient| claim(ledger, recipient));
    let recipient = one.to_owned();
    assert_eq!(
        ledger.add_to_key(&scope(), &run).unwrap(),
        KeyAddition::InFlight { recipient }
    );
    assert_eq!(state_under_key(ledger, two), OnceState::Inflight);
    // The row was not sent, but the recipient still has a single send, and is not free.
    resolve(&run, [Unknown, Failed], &[]).unwrap();
    assert_eq!(
        ledger.add_to_key(&scope(), &run).unwrap(),
        KeyAddition::Added(1)
    );
    assert_eq!(state_under_key(ledger, one), OnceState::Inflight);
    assert_eq!(state_under_key(ledger, two), OnceState::Sent);
    drop(held);
}

pub(super) fn sent_row_replaces_an_unknown_claim(tested: &TestedLedger) {
    let [one, two] = ["593990000001", "593990000002"];
    let ledger = &tested.ledger;
    let run = tested.begin(&[one, two]);
    send_single(ledger, one, Sent::Unknown);
    send_single(ledger, two, Sent::Unknown);
    send_all(ledger, "r", &[RowState::Sent, RowState::Unknown]);
    assert_eq!(
        ledger.add_to_key(&scope(), &run).unwrap(),
        KeyAddition::Added(1)
    );
    assert_eq!(state_under_key(ledger, one), OnceState::Sent);
    assert_eq!(state_under_key(ledger, two), OnceState::Unknown);
    // You can still decide the message of the single send.
    let person = ledger.hasher().unwrap().person(two);
    assert!(ledger.decide_claim(&scope(), &person, Sent::No).unwrap());
}

pub(super) fn message_counts_under_its_key_for_every(tested: &TestedLedger) {
    let one = "593990000001";
    let ledger = &tested.ledger;
    for sent in [Sent::Yes, Sent::Unknown] {
        let mut held = claim_hourly(ledger, one).unwrap();
        // A message in flight counts for any time.
        age_claims(ledger, 600);
        assert!(tested.home.is_none() || claim_hourly(ledger, one).is_none());
        held.end(sent, None).unwrap();
        drop(held);
        age_claims(ledger, 59);
        assert!(claim_hourly(ledger, one).is_none(), "{sent:?}");
        let person = ledger.hasher().unwrap().person(one);
        let entry = ledger.once_entry(&scope(), &person).unwrap().unwrap();
        assert_eq!(entry.until(), Some(entry.counts_from + 3_600_000));
        let summary = ledger.keys().unwrap().remove(0);
        assert_eq!(summary.until, entry.until());
        age_claims(ledger, 2);
    }
    // Each command applies its own `--every`, and the last one is kept.
    let mut held = claim_hourly(ledger, one).unwrap();
    assert_eq!(held.before.as_ref().unwrap().state, OnceState::Unknown);
    held.end(Sent::Yes, Some("m")).unwrap();
    drop(held);
    age_claims(ledger, 120);
    let person = ledger.hasher().unwrap().person(one);
    let forever = ledger.claim(&scope(), &person, None, EVERY_HOUR).unwrap();
    let ClaimResult::Found(found) = forever else {
        panic!("an older message counts forever");
    };
    assert_eq!(
        (found.state, found.every),
        (OnceState::Sent, Some(3_600_000))
    );
    let kept = ledger.once_entry(&scope(), &person).unwrap().unwrap();
    assert_eq!((kept.every, kept.until()), (None, None));
    assert_eq!(ledger.keys().unwrap().remove(0).until, None);
    assert!(claim_hourly(ledger, one).is_some());
}

pub(super) fn row_counts_under_its_key_for_every(tested: &TestedLedger) {
    let [one, two, three] = ["593990000001", "593990000002", "593990000003"];
    let ledger = &tested.ledger;
    tested.begin(&[one]);
    let make = |run: &str| make_with_every(ledger, run, &[one, two, three], Some(EVERY_HOUR));
    assert_eq!(make("a"), []);
    // A pending row counts for any time.
    age_claims(ledger, 600);
    assert_eq!(make("b"), [(SkipReason::ToBeSent, 3)]);
    send_all(
        ledger,
        "a",
        &[RowState::Sent, RowState::Unknown, RowState::Failed],
    );
    age_claims(ledger, 54);
    let skipped = [
        (SkipReason::AlreadySent, 1),
        (SkipReason::MayHaveBeenSent, 1),
    ];
    assert_eq!(make("c"), skipped);
    assert!(
        [one, two]
            .iter()
            .all(|recipient| !is_free_hourly(ledger, recipient))
    );
    age_claims(ledger, 12);
    assert_eq!(make_under_key(ledger, "d", &[one, two]), skipped);
    assert_eq!(make("e"), [(SkipReason::ToBeSent, 1)]);
}

/// After the clock went back by a day, an older message counts for an hour from the first check.
pub(super) fn clock_that_goes_back_does_not_extend_every(tested: &TestedLedger) {
    let one = "593990000001";
    let ledger = &tested.ledger;
    let mut held = claim_hourly(ledger, one).unwrap();
    held.end(Sent::Yes, None).unwrap();
    drop(held);
    age_claims(ledger, -1440);
    assert!(claim_hourly(ledger, one).is_none());
    age_claims(ledger, 54);
    assert!(claim_hourly(ledger, one).is_none());
    age_claims(ledger, 12);
    assert!(claim_hourly(ledger, one).is_some());
}

/// An age of -120 minutes means a clock that is two hours slow.
pub(super) fn slow_clock_does_not_end_every(tested: &TestedLedger) {
    let one = "593990000001";
    let ledger = &tested.ledger;
    let mut held = claim_hourly(ledger, one).unwrap();
    held.end(Sent::Yes, None).unwrap();
    drop(held);
    // The clock goes back twice, and further the second time.
    age_claims(ledger, -120);
    assert!(claim_hourly(ledger, one).is_none());
    age_claims(ledger, -60);
    assert!(claim_hourly(ledger, one).is_none());
    age_claims(ledger, 180);
    assert!(claim_hourly(ledger, one).is_none());
    age_claims(ledger, 54);
    assert!(claim_hourly(ledger, one).is_none());
    age_claims(ledger, 12);
    assert!(claim_hourly(ledger, one).is_some());
}

/// A machine without a network starts in 1970. With a right clock, its messages count for an hour from the first check.
pub(super) fn message_from_1970_counts_for_every(tested: &TestedLedger) {
    let one = "593990000001";
    let ledger = &tested.ledger;
    let mut held = claim_hourly(ledger, one).unwrap();
    held.end(Sent::Yes, None).unwrap();
    drop(held);
    age_claims(ledger, 29_000_000);
    assert!(!is_free_hourly(ledger, one));
    assert!(claim_hourly(ledger, one).is_none());
    age_claims(ledger, 54);
    assert!(claim_hourly(ledger, one).is_none());
    age_claims(ledger, 12);
    assert!(claim_hourly(ledger, one).is_some());
}

/// Sends a single message under the key.
fn send_single(ledger: &Ledger, recipient: &str, sent: Sent) {
    let hasher = ledger.hasher().unwrap();
    match ledger
        .claim(
            &scope(),
            &hasher.person(recipient),
            None,
            Duration::from_secs(30),
        )
        .unwrap()
    {
        ClaimResult::Held(mut held) => assert!(held.end(sent, None).unwrap()),
        ClaimResult::Found(entry) => panic!("{entry:?}"),
    }
}

/// Begins a single send under the key.
fn claim(ledger: &Ledger, recipient: &str) -> HeldClaim {
    let person = ledger.hasher().unwrap().person(recipient);
    let claimed = ledger.claim(&scope(), &person, None, Duration::from_secs(120));
    held(claimed.unwrap())
}

fn held(claimed: ClaimResult) -> HeldClaim {
    match claimed {
        ClaimResult::Held(held) => held,
        ClaimResult::Found(entry) => panic!("{entry:?}"),
    }
}

fn state_under_key(ledger: &Ledger, recipient: &str) -> OnceState {
    let person = ledger.hasher().unwrap().person(recipient);
    ledger.once_entry(&scope(), &person).unwrap().unwrap().state
}

/// Makes all messages under the key this many minutes older, as if the clock had moved forward.
fn age_claims(ledger: &Ledger, minutes: i64) {
    let by = minutes * 60_000;
    let aged = ledger.db().change(|db| {
        db.run(
            "UPDATE claim SET at = at - ?1, counts_from = counts_from - ?1, \
                behind_from = behind_from - ?1, lease_until = lease_until - ?1",
            &values![by],
        )?;
        db.run(
            "UPDATE row SET at = at - ?1, began_at = began_at - ?1, ended_at = ended_at - ?1",
            &values![by],
        )
    });
    aged.unwrap();
}

/// Returns whether a command that repeats each message after an hour gets the recipient. It does
/// not send.
fn is_free_hourly(ledger: &Ledger, recipient: &str) -> bool {
    let person = ledger.hasher().unwrap().person(recipient);
    let standing = ledger.once_entry(&scope(), &person).unwrap();
    let now = ledger.now().unwrap();
    standing.is_none_or(|entry| entry.is_free(Some(EVERY_HOUR), now))
}

fn claim_hourly(ledger: &Ledger, recipient: &str) -> Option<HeldClaim> {
    let person = ledger.hasher().unwrap().person(recipient);
    let claimed = ledger.claim(&scope(), &person, Some(EVERY_HOUR), Duration::from_secs(30));
    match claimed.unwrap() {
        ClaimResult::Held(held) => Some(held),
        ClaimResult::Found(_) => None,
    }
}
