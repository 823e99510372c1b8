//! What happens how often. A profile makes rare chains of acts likely; a seed has one of them.

use std::ops::Range;

use super::engine::FaultRates;
use super::operator::Wish;
use super::world::MINUTE;

/// How often what happens in a simulation.
#[derive(Debug)]
pub(super) struct Profile {
    pub(super) name: &'static str,
    /// Only as a database, or only as a file, if not either.
    pub(super) is_shared: Option<bool>,
    pub(super) recipients: u64,
    /// How many rows a list has.
    pub(super) rows: Range<usize>,
    /// How many lists there are at most.
    pub(super) max_lists: usize,
    /// How many percent of the lists have a key, and of the others have a text of their own.
    pub(super) keyed_percent: u32,
    pub(super) other_text_percent: u32,
    /// How many percent of the lists are sent once more on purpose, and how many are refused if earlier ones have their rows.
    pub(super) again_percent: u32,
    pub(super) refusing_percent: u32,
    /// How long a single message counts under the key, in milliseconds; None is forever.
    pub(super) every: Option<i64>,
    /// How many percent of the runs are only made, and sent later.
    pub(super) left_percent: u32,
    /// How many runs are imported first, so that their process compares again when it joins.
    pub(super) imported_percent: u32,
    pub(super) rates: &'static [f64],
    pub(super) limit_percent: u32,
    pub(super) refused_percent: u32,
    /// Who comes, in percent; all others are the operator.
    pub(super) sender_percent: u32,
    pub(super) single_percent: u32,
    /// What the operator wishes, each as often as it stands here.
    pub(super) wishes: &'static [Wish],
    /// How many percent of the times that pass are as long as a lease.
    pub(super) lease_percent: u32,
    /// How many of 1,000 steps suspend somebody, at most 20.
    pub(super) suspensions: u32,
    /// How many percent of the single sends have a clock that is hours off, in half of the seeds over a file. A database has one
    /// clock for all.
    pub(super) wrong_clock_percent: u32,
    pub(super) has_no_kills: bool,
    /// How strong the faults of the ledger are, at most.
    pub(super) max_fault_level: u32,
    /// A process may be suspended between its last look at the deadline and the socket.
    pub(super) has_gap_at_the_socket: bool,
    /// A process may be suspended after its comparison with other runs, before it joins.
    pub(super) waits_before_join: bool,
}

const MIXED: Profile = Profile {
    name: "mixed",
    is_shared: None,
    recipients: 6,
    rows: 1..7,
    max_lists: 5,
    keyed_percent: 33,
    other_text_percent: 20,
    again_percent: 12,
    refusing_percent: 25,
    every: None,
    left_percent: 12,
    imported_percent: 50,
    rates: &[2.0, 50.0, 1_000_000.0],
    limit_percent: 33,
    refused_percent: 10,
    sender_percent: 30,
    single_percent: 24,
    wishes: &[
        Wish::Stop,
        Wish::Cancel,
        Wish::Resolve,
        Wish::Resolve,
        Wish::Resolve,
        Wish::Resolve,
        Wish::Remove,
        Wish::Deliveries,
        Wish::ResolveClaim,
        Wish::ResolveClaim,
        Wish::RemoveClaim,
        Wish::AddToKey,
        Wish::Status,
        Wish::Status,
    ],
    lease_percent: 0,
    suspensions: 12,
    wrong_clock_percent: 0,
    has_no_kills: false,
    max_fault_level: 3,
    has_gap_at_the_socket: false,
    waits_before_join: false,
};

/// Several processes send few long runs.
const CROWD: Profile = Profile {
    name: "crowd",
    recipients: 10,
    rows: 5..13,
    max_lists: 2,
    sender_percent: 75,
    single_percent: 5,
    ..MIXED
};

/// The same in a database whose answers are often lost. No process is killed, so each one comes back.
const LOST_ANSWERS: Profile = Profile {
    name: "lost answers",
    is_shared: Some(true),
    keyed_percent: 0,
    imported_percent: 100,
    limit_percent: 0,
    wishes: &[Wish::Stop, Wish::Status],
    suspensions: 4,
    has_no_kills: true,
    ..CROWD
};

/// Single sends to one recipient under the key, whose processes are often suspended for longer than a lease.
const SINGLES: Profile = Profile {
    name: "singles",
    is_shared: Some(true),
    recipients: 1,
    lease_percent: 30,
    sender_percent: 4,
    single_percent: 48,
    limit_percent: 0,
    refused_percent: 30,
    wishes: &[
        Wish::ResolveClaim,
        Wish::ResolveClaim,
        Wish::ResolveClaim,
        Wish::RemoveClaim,
    ],
    suspensions: 20,
    max_fault_level: 1,
    ..MIXED
};

/// Lists without the key that are added to it beside single sends, and decided.
const ADDING: Profile = Profile {
    name: "adding",
    recipients: 1,
    rows: 1..2,
    max_lists: 8,
    keyed_percent: 0,
    again_percent: 60,
    limit_percent: 0,
    refused_percent: 0,
    sender_percent: 25,
    single_percent: 40,
    wishes: &[
        Wish::AddToKey,
        Wish::AddToKey,
        Wish::AddToKey,
        Wish::Resolve,
        Wish::Resolve,
        Wish::ResolveClaim,
    ],
    suspensions: 20,
    max_fault_level: 3,
    ..MIXED
};

/// Lists and single sends under one key, refused rows that are sent again, and lists that are added to the key.
const KEYS: Profile = Profile {
    name: "keys",
    recipients: 5,
    rows: 2..6,
    max_lists: 4,
    keyed_percent: 80,
    again_percent: 40,
    left_percent: 20,
    rates: &[2.0, 50.0],
    limit_percent: 0,
    refused_percent: 40,
    sender_percent: 35,
    single_percent: 25,
    wishes: &[
        Wish::Resolve,
        Wish::Resolve,
        Wish::Resolve,
        Wish::Resolve,
        Wish::Remove,
        Wish::Remove,
        Wish::AddToKey,
    ],
    max_fault_level: 2,
    ..MIXED
};

/// Recipients of rows that seem lost are forgotten under the key, and get another message, before the process comes back.
const FORGETFUL: Profile = Profile {
    name: "forgetful",
    is_shared: Some(true),
    recipients: 2,
    rows: 1..4,
    keyed_percent: 100,
    limit_percent: 0,
    refused_percent: 0,
    sender_percent: 30,
    single_percent: 30,
    wishes: &[Wish::RemoveClaim, Wish::RemoveClaim, Wish::Status],
    suspensions: 20,
    has_no_kills: true,
    max_fault_level: 1,
    ..MIXED
};

/// Runs with the same row: it fails in one run, another one sends it, and then it is resolved as pending in the first.
const RIVALS: Profile = Profile {
    name: "rivals",
    recipients: 1,
    rows: 1..2,
    max_lists: 4,
    keyed_percent: 0,
    other_text_percent: 0,
    again_percent: 0,
    refusing_percent: 0,
    left_percent: 0,
    imported_percent: 100,
    limit_percent: 0,
    rates: &[2.0, 50.0],
    refused_percent: 60,
    sender_percent: 60,
    single_percent: 0,
    wishes: &[Wish::Resolve],
    max_fault_level: 0,
    waits_before_join: true,
    ..MIXED
};

/// Templates with a limit of recipients.
const LIMITED: Profile = Profile {
    name: "limited",
    recipients: 8,
    rows: 3..9,
    limit_percent: 100,
    sender_percent: 50,
    ..MIXED
};

/// Single messages that are repeated under the key after a time. Either the clock goes back, or that of some of their processes
/// is hours behind or ahead.
const REPEATED: Profile = Profile {
    name: "repeated",
    recipients: 2,
    keyed_percent: 0,
    every: Some(10 * MINUTE),
    limit_percent: 0,
    lease_percent: 20,
    sender_percent: 4,
    single_percent: 60,
    refused_percent: 5,
    wishes: &[Wish::Status],
    suspensions: 20,
    wrong_clock_percent: 40,
    max_fault_level: 2,
    ..MIXED
};

/// A sender is suspended while it sends. Before it continues, the operator resolves its rows.
const AT_THE_SOCKET: Profile = Profile {
    name: "at the socket",
    is_shared: Some(true),
    recipients: 4,
    keyed_percent: 0,
    limit_percent: 0,
    single_percent: 0,
    wishes: &[Wish::Resolve, Wish::Resolve, Wish::Resolve, Wish::Stop],
    suspensions: 20,
    has_no_kills: true,
    max_fault_level: 0,
    has_gap_at_the_socket: true,
    ..MIXED
};

/// The profiles, in turn.
pub(super) const PROFILES: [&Profile; 11] = [
    &MIXED,
    &CROWD,
    &SINGLES,
    &KEYS,
    &LIMITED,
    &REPEATED,
    &LOST_ANSWERS,
    &FORGETFUL,
    &RIVALS,
    &AT_THE_SOCKET,
    &ADDING,
];

impl Profile {
    pub(super) fn draw_faults(&self, rng: &mut fastrand::Rng) -> FaultRates {
        let level = rng.u32(0..=self.max_fault_level);
        let killed = if self.has_no_kills { 0 } else { 8 * level };
        FaultRates {
            killed,
            failed: 12 * level,
            interleaved: 600,
            commit_failed: 60 * level,
            answer_lost: 130 * level,
            killed_after_commit: killed * 4,
        }
    }
}
