//! The pace of the ledger matches the throttle, for all workers of a run together.

use std::collections::BTreeSet;
use std::time::Duration;

use super::{PEOPLE, TestedLedger, close, ended, exchange, join, name};
use crate::base::clock;
use crate::jelou::api::{Answer, Body, Cause, Outcome, Request, SuccessCriterion, judge};
use crate::runs::hours::SendingHours;
use crate::runs::ledger::fixture;
use crate::runs::ledger::model::RowState;
use crate::runs::ledger::rows::transitions::lock;
use crate::runs::ledger::run::Run;
use crate::runs::ledger::types::{FinishedRow, RowToSend};
use crate::runs::sending::{RunLimits, Throttle};

/// The API's responses to the first rows of a run.
struct RateLimitCase {
    /// Status, `Retry-After` in seconds, and body, in this order.
    answers: &'static [(u16, Option<u64>, &'static str)],
    /// Whether other rows are sent in between.
    others_leave: bool,
    slows: bool,
}

const LIMITS: [RateLimitCase; 11] = {
    const LIMIT: &str = r#"{"code":"130429"}"#;
    const PAIR_LIMIT: &str = r#"{"code":"131056"}"#;
    const fn case(
        answers: &'static [(u16, Option<u64>, &'static str)],
        others_leave: bool,
        slows: bool,
    ) -> RateLimitCase {
        RateLimitCase {
            answers,
            others_leave,
            slows,
        }
    }
    [
        // After one rate limit only its own row waits, unless the API sets a time. From the second
        // on, all rows wait.
        case(&[(429, None, "{}")], true, true),
        case(&[(429, None, "{}"), (429, None, "{}")], false, true),
        case(&[(429, Some(60), "{}")], false, true),
        // The code of a rate limit counts like its status, with any status.
        case(&[(400, None, LIMIT)], true, true),
        case(&[(500, None, LIMIT)], true, true),
        case(&[(400, None, LIMIT), (429, None, "{}")], false, true),
        case(&[(503, Some(60), "{}")], false, true),
        // A limit for one recipient does not affect the others.
        case(
            &[(400, None, PAIR_LIMIT), (400, None, PAIR_LIMIT)],
            true,
            false,
        ),
        case(
            &[(429, None, PAIR_LIMIT), (429, None, PAIR_LIMIT)],
            true,
            false,
        ),
        case(&[(400, None, "{}"), (400, None, "{}")], true, false),
        // A row without a limit between two of them resets the count.
        case(
            &[(429, None, "{}"), (400, None, "{}"), (429, None, "{}")],
            true,
            true,
        ),
    ]
};

pub(super) fn rate_limit_pace_matches_the_throttle(tested: &TestedLedger) {
    for RateLimitCase {
        answers,
        others_leave,
        slows,
    } in &LIMITS
    {
        let limits = RunLimits {
            concurrency: 64,
            max_wait: Duration::from_secs(900),
            hours: SendingHours::default(),
            zone: jiff::tz::TimeZone::UTC,
            keep_going: true,
        };
        let mut throttle = Throttle::new(limits, true, clock::instant());
        let mut left = answers.iter();
        let mut becomes = |row: &RowToSend| {
            let (status, retry_after, body) = left.next().unwrap();
            let answer = Answer {
                status: *status,
                retry_after: retry_after.map(Duration::from_secs),
                date: None,
                warnings: Vec::new(),
                body: Body::new((*body).to_owned(), true),
            };
            let request = Request::post(
                "http://127.0.0.1".parse().unwrap(),
                "{}".into(),
                SuccessCriterion::MessageId,
            );
            let verdict = judge(&Ok(answer), &request);
            let state = match verdict.outcome {
                Outcome::NotSent(Cause::Rejected) => RowState::Failed,
                Outcome::NotSent(_) => RowState::Pending,
                Outcome::Sent { .. } | Outcome::Unknown(_) => panic!("{verdict:?}"),
            };
            let mut finished = ended(row, state, Duration::ZERO);
            throttle.note(&verdict, &mut finished, clock::now());
            finished
        };
        let (is_given, part) = apply(&tested.begin(&PEOPLE), answers.len(), &mut becomes);
        assert_eq!(
            (is_given, part < 1.0),
            (*others_leave, *slows),
            "{answers:?}, {part} of the rate"
        );
        assert!(!slows || (0.7..0.8).contains(&part), "{answers:?}: {part}");
    }
}

/// Assigns `rows` rows to a process, ends each as `becomes` decides, and asks for one more. Returns
/// whether one more was assigned, and the remaining part of the rate.
fn apply(
    run: &Run,
    rows: usize,
    becomes: &mut dyn FnMut(&RowToSend) -> FinishedRow,
) -> (bool, f64) {
    let mut worker = join(run);
    let assigned = exchange(&mut worker, &[], rows);
    assert_eq!(assigned.rows.len(), rows);
    let finished: Vec<_> = assigned.rows.iter().map(becomes).collect();
    let is_given = !exchange(&mut worker, &finished, 1).rows.is_empty();
    let pace = lock(&mut run.ledger.db(), run.id).unwrap().unwrap().pace;
    close(worker);
    (is_given, pace.rate / pace.full)
}

pub(super) fn two_workers_share_rows_and_rate(tested: &TestedLedger) {
    let recipients = fixture::people(0..200);
    if let Ok(before) = tested.ledger.run(&name()) {
        before.remove(before.changed_at().unwrap()).unwrap();
    }
    let run = fixture::make(&tested.ledger, &recipients, 20.0);
    let mut one = join(&run);
    let mut other = join(&run);
    let began = clock::instant();
    let mut seen = BTreeSet::new();
    while seen.len() < 40 && began.elapsed() < Duration::from_secs(60) {
        for worker in [&mut one, &mut other] {
            for row in exchange(worker, &[], 64).rows {
                assert!(
                    seen.insert(row.index),
                    "row {} was assigned twice",
                    row.index
                );
            }
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    assert!(
        seen.len() >= 40 && began.elapsed() > Duration::from_millis(1700),
        "{} at 20/s",
        seen.len()
    );
    close(one);
}
