//! Profiles: how often each event happens in a simulation. A profile makes a rare chain of events likely. Each seed has
//! one profile.

use std::ops::Range;

use super::engine::FaultRates;
use super::operator::Wish;
use super::world::MINUTE;

/// The frequency of each event in a simulation.
#[derive(Debug)]
pub(super) struct Profile {
    pub(super) name: &'static str,
    /// Whether the ledger is a database; None if the seed decides.
    pub(super) is_shared: Option<bool>,
    pub(super) recipients: u64,
    /// How many rows a list has.
    pub(super) rows: Range<usize>,
    /// How many lists there are at most.
    pub(super) max_lists: usize,
    /// The percentage of lists with the key.
    pub(super) keyed_percent: u32,
    /// The percentage of rows without the key that have another text than the rest of their list. With 0, all lists
    /// without the key have one text.
    pub(super) other_text_percent: u32,
    /// The percentage of lists without the key that are sent again on purpose.
    pub(super) again_percent: u32,
    /// The percentage of the other lists without the key that are refused if an earlier run has one of their rows.
    pub(super) refusing_percent: u32,
    /// How long a single message counts under the key, in milliseconds; None if forever.
    pub(super) every: Option<i64>,
    /// The percentage of runs that are only created. Another process sends them later.
    pub(super) left_percent: u32,
    /// The percentage of runs that are imported first. The process that sends the run compares it again when it joins.
    pub(super) imported_percent: u32,
    pub(super) rates: &'static [f64],
    pub(super) limit_percent: u32,
    pub(super) refused_percent: u32,
    /// The percentages of new actors that send a list, and that send a single message. The other new actors are
    /// operators.
    pub(super) sender_percent: u32,
    pub(super) single_percent: u32,
    /// The commands of the operator. A command that is repeated here is more frequent.
    pub(super) wishes: &'static [Wish],
    /// The percentage of waits that are as long as a lease.
    pub(super) lease_percent: u32,
    /// How many of 1,000 steps suspend an actor, at most 20.
    pub(super) suspensions: u32,
    /// The percentage of single sends with a clock that is hours off. This applies to half of the seeds with a file,
    /// because a database has one clock for all.
    pub(super) wrong_clock_percent: u32,
    pub(super) has_no_kills: bool,
    /// The highest level for [`Profile::draw_faults`].
    pub(super) max_fault_level: u32,
    /// Whether a process may be suspended between its last check of the deadline and the socket.
    pub(super) has_gap_at_the_socket: bool,
    /// Whether a process may be suspended after its comparison with other runs, before it joins.
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

/// Like [`CROWD`], in a database that often loses its answers. No process is killed, so every process returns.
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

/// Single sends to one recipient under the key. Their processes are often suspended for longer than a lease.
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

/// Lists without the key next to single sends with the key. The operator adds the lists to the key, and decides their
/// rows.
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

/// A process seems lost. The operator removes its recipients from the key, and they get another message. Then the
/// process returns.
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

/// Runs with the same row. The row fails in one run, and another run sends it. Then the operator makes it pending again
/// in the first run.
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

/// Single messages that are repeated under the key after a time. In some seeds the clock goes back. In others, some
/// processes have a clock that is hours slow or fast.
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

/// The profiles. The seeds use them in turn.
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
