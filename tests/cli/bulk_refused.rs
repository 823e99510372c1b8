//! A run whose messages are all rejected pauses: the cause is probably the same for all.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::json;

use crate::bulk_run::{SEND, counts, end, people, resume, send, send_with, start, user};
use crate::bulk_server::{Act, Jelou};
use crate::harness::{test_with_both_ledgers, wait_until};
use crate::server::{Reply, Server};
use crate::terminal::Terminal;

test_with_both_ledgers! {
    eleven_rejections_and_nothing_accepted_pause_the_run,
    refused_credentials_end_only_their_process,
}

const REJECTED: Act = Act::Answer(
    422,
    "",
    r#"{"code":"E0422","description":"the template is not approved"}"#,
);

#[test]
fn eleven_rejections_and_nothing_accepted_pause_the_run() {
    let home = people(30);
    let is_mended = Arc::new(AtomicBool::new(false));
    let mended = Arc::clone(&is_mended);
    let jelou = Jelou::start(move |_, _| {
        if mended.load(Ordering::SeqCst) {
            Act::Accept
        } else {
            REJECTED
        }
    });
    let ended = send(&home, &jelou.url).fails(
        5,
        &[
            "run paused: Jelou has not accepted any message: Jelou answered 422: E0422",
            "hint: the other rows have the same message; to stop here: jelouctl bulk cancel r; to send the rest anyway: \
             jelouctl bulk resume r --keep-going\n",
        ],
    );
    assert_eq!(counts(&ended.json()), [0, 11, 0, 19]);
    assert_eq!(jelou.requests().len(), 11);
    // It counts from zero after the run was resumed.
    resume(&home, &jelou.url).fails(5, &["Jelou has not accepted any message"]);
    assert_eq!(jelou.requests().len(), 22);

    is_mended.store(true, Ordering::SeqCst);
    home.run("bulk resolve r --failed-as pending").success();
    let ended = resume(&home, &jelou.url).success();
    assert_eq!(counts(&ended.json()), [30, 0, 0, 0]);
}

/// Returns the command after `to` in the last hint or note of `stderr`.
fn hinted<'a>(stderr: &'a str, to: &str) -> &'a str {
    let (_, command) = stderr.rsplit_once(to).unwrap();
    let end = command.find([';', '\n']).unwrap();
    command[..end].strip_prefix("jelouctl ").unwrap()
}

#[test]
fn hints_after_rejections_do_not_repeat_the_message() {
    let home = people(30);
    let jelou = Jelou::start(|_, _| REJECTED);
    let paused = send(&home, &jelou.url).fails(5, &[]).stderr;
    let to_stop = "to stop here: ";
    let to_send = "to send the rest anyway: ";
    // Every command that shows the pause has the same hint.
    let helped = home.run("bulk work r").api(&jelou.url).fails(5, &[]).stderr;
    let (_, screen) = Terminal::plain(&home, &["bulk", "status", "r"]).end();
    let screen = screen.replace('\r', "");
    for shown in [&paused, &helped, &screen] {
        assert_eq!(hinted(shown, to_stop), "bulk cancel r");
        assert_eq!(hinted(shown, to_send), "bulk resume r --keep-going");
        for wrong in ["--failed-as pending", "bulk resume r\n", "bulk resume r;"] {
            assert!(!shown.contains(wrong), "{wrong}: {shown}");
        }
    }
    // The commands do what the hint says.
    let ended = home
        .run(hinted(&paused, to_send))
        .api(&jelou.url)
        .fails(10, &[]);
    assert_eq!(counts(&ended.json()), [0, 30, 0, 0]);
    assert_eq!(jelou.requests().len(), 30);
    let complete = "note: Jelou accepted no message of this run: correct the message, then send the list again\n";
    ended
        .stderr_has(&[complete])
        .stderr_lacks(&["the same message"]);
    home.run("bulk remove r --yes").success();
    let paused = send(&home, &jelou.url).fails(5, &[]).stderr;
    let ended = home
        .run(&format!("{} --yes", hinted(&paused, to_stop)))
        .success()
        .stderr_has(&[complete]);
    assert_eq!(ended.json()["skipped_reasons"], json!({"cancelled": 19}));
    assert_eq!(jelou.requests().len(), 41);
    // Two rows are enough for the advice.
    home.write("two.csv", format!("to\n{}\n{}\n", user(0), user(1)));
    let words = "bulk send two.csv --yes --run two --rate 1000000/s text Hola";
    home.run(words)
        .api(&jelou.url)
        .fails(10, &[complete])
        .stderr_lacks(&["to correct"]);
    // Nobody has the message, so the corrected list is sent to all.
    let mended = Jelou::accept_all();
    let mended = home
        .run("bulk send people.csv --yes --run s --rate 1000000/s text Hola")
        .api(&mended.url);
    let ended = mended.success();
    assert_eq!(counts(&ended.json()), [30, 0, 0, 0]);
}

/// The message can be right, so the failed rows are corrected.
#[test]
fn few_failed_rows_do_not_condemn_the_message() {
    let advice = "Jelou accepted no message";
    let to_correct = |rows: &str| format!("note: to correct and resend {rows}: ");
    // The others have the message of an earlier run.
    let home = people(6);
    let jelou = Jelou::start(|user, _| match user.chars().last() {
        Some('4' | '5') => REJECTED,
        _ => Act::Accept,
    });
    send(&home, &jelou.url).fails(10, &[&to_correct("2 rows")]);
    let again = |run: &str| {
        let words = format!("{SEND} --skip-sent").replace("--run r", &format!("--run {run}"));
        home.run(&words)
            .args(&["text", "Hola {{ nombre }}"])
            .api(&jelou.url)
            .end()
    };
    let ended = again("s").stderr_lacks(&[advice]);
    assert_eq!(counts(&ended.json()), [0, 2, 0, 0], "{ended:?}");
    ended.stderr_has(&[&to_correct("2 rows")]);
    // Only one row failed.
    let home = people(1);
    send(&home, &Jelou::start(|_, _| REJECTED).url)
        .fails(10, &[&to_correct("1 row")])
        .stderr_lacks(&[advice]);
    // The rows failed for different reasons.
    let home = people(2);
    let jelou = Jelou::start(|user, _| {
        if user.ends_with('1') {
            REJECTED
        } else {
            Act::Answer(422, "", r#"{"code":"E0423","description":"wrong"}"#)
        }
    });
    send(&home, &jelou.url)
        .fails(10, &[&to_correct("2 rows")])
        .stderr_lacks(&[advice]);
    // The user decided, and Jelou rejected nothing.
    let home = people(2);
    let jelou = Jelou::start(|_, _| Act::AcceptAndFail);
    send(&home, &jelou.url).fails(8, &[]);
    resume(&home, &jelou.url).fails(10, &[]);
    home.run("bulk resolve r --unknown-as failed")
        .success()
        .stderr_has(&[&to_correct("2 rows")])
        .stderr_lacks(&[advice]);
}

#[test]
fn keep_going_disables_the_pause_and_persists() {
    let home = people(60);
    let jelou = Jelou::start(|_, _| REJECTED);
    let paused = send(&home, &jelou.url).fails(5, &[]);
    assert_eq!(paused.json()["retry"], "after_fix");
    let ended = resume(&home, &jelou.url)
        .args(&["--keep-going"])
        .fails(10, &[]);
    assert_eq!(counts(&ended.json()), [0, 60, 0, 0]);
    home.run("bulk resolve r --failed-as pending").success();
    let ended = resume(&home, &jelou.url).fails(10, &[]);
    assert_eq!(counts(&ended.json()), [0, 60, 0, 0]);

    home.run("bulk remove r --yes").success();
    let ended = send_with(&home, &jelou.url, &["--keep-going"]).fails(10, &[]);
    assert_eq!(counts(&ended.json()), [0, 60, 0, 0]);
}

#[test]
fn earlier_acceptance_prevents_the_all_rejected_pause() {
    let home = people(40);
    let first = user(0);
    let jelou = Jelou::start(move |user, before| match (user == first, before) {
        (true, _) => Act::Accept,
        (false, 0) if user.ends_with("05") => Act::Answer(401, "", "{}"),
        (false, _) => REJECTED,
    });
    send(&home, &jelou.url).fails(4, &[]);
    // It was accepted before the run was resumed.
    let ended = resume(&home, &jelou.url).fails(10, &[]);
    assert_eq!(counts(&ended.json()), [1, 39, 0, 0]);
}

#[test]
fn short_list_ends_without_a_pause() {
    let home = people(11);
    let jelou = Jelou::start(|_, _| REJECTED);
    let ended = send(&home, &jelou.url).fails(10, &[]);
    assert_eq!(counts(&ended.json()), [0, 11, 0, 0]);
}

#[test]
fn blocked_business_account_pauses_at_first_row() {
    const LOCKED: Act = Act::Answer(400, "", r#"{"message":"(#131031) Account"}"#);
    const UNPAID: Act = Act::Answer(
        400,
        "",
        r#"{"code":131042,"description":"Business eligibility payment issue"}"#,
    );
    for (refusal, said, after, least) in [
        (
            LOCKED,
            [
                "run paused: Jelou answered 400: (#131031) Account",
                "until it is unlocked",
            ],
            0,
            30,
        ),
        (
            UNPAID,
            [
                "run paused: Jelou answered 400: 131042",
                "until the payment is settled",
            ],
            5,
            25,
        ),
    ] {
        let home = people(30);
        let is_settled = Arc::new(AtomicBool::new(false));
        let settled = Arc::clone(&is_settled);
        let first = user(after);
        let jelou = Jelou::start(move |user, _| {
            if *user >= *first && !settled.load(Ordering::SeqCst) {
                refusal.clone()
            } else {
                Act::Accept
            }
        });
        // None has failed: after the problem is solved, all are sent.
        let ended = send(&home, &jelou.url).fails(4, &said);
        let [_, failed, unknown, pending] = counts(&ended.json());
        assert!(failed == 0 && unknown == 0 && pending >= least, "{ended:?}");
        is_settled.store(true, Ordering::SeqCst);
        assert_eq!(
            counts(&resume(&home, &jelou.url).success().json()),
            [30, 0, 0, 0]
        );
    }
}

#[test]
fn refused_credentials_end_only_their_process() {
    let home = people(3);
    let flags = <[Arc<AtomicBool>; 3]>::default();
    let [first_sends, other_sends, first_ended] = flags.clone();
    let server = Server::responding(move |_, _| {
        let is_first = !first_sends.swap(true, Ordering::SeqCst);
        if is_first {
            wait_until("the other process sends", || {
                other_sends.load(Ordering::SeqCst)
            });
            return Reply::json(401, "{}");
        }
        other_sends.store(true, Ordering::SeqCst);
        wait_until("the first process has ended", || {
            first_ended.load(Ordering::SeqCst)
        });
        Reply::accepted()
    });
    let [first_sends, _, first_ended] = flags;
    let first = start(&home, SEND, &["text", "Hola"], &server.url);
    wait_until("the first process sends", || {
        first_sends.load(Ordering::SeqCst)
    });
    let other = start(&home, "bulk work r", &[], &server.url);
    let first = end(first);
    first_ended.store(true, Ordering::SeqCst);
    assert_eq!(first.code, 4, "{first:?}");
    first.stderr_has(&["this process stopped"]);
    let other = end(other);
    assert_eq!(other.code, 0, "{other:?}");
    assert_eq!(counts(&other.json()), [3, 0, 0, 0]);
    // The refused row was sent once more.
    assert_eq!(server.received().len(), 4);
}
