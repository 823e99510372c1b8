//! Profiles: how often each event happens. A profile makes rare chains of events likely. Each seed has one profile.

use std::ops::Range;

use super::operator::Command::{
    self, Accept, AddToKey, Cancel, Deliveries, Exclude, Remove, RemoveClaim, Resolve,
    ResolveClaim, Status, Stop, StopExcluding,
};
use super::world::MINUTE;

#[derive(Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is independent")]
pub(super) struct Profile {
    pub(super) name: &'static str,
    /// Whether the ledger is a database. None if the seed decides.
    pub(super) is_shared: Option<bool>,
    /// The number of different recipients.
    pub(super) recipients: u64,
    /// The number of rows in a list.
    pub(super) rows: Range<usize>,
    pub(super) max_lists: usize,
    /// The percentage of lists with the key.
    pub(super) keyed_percent: u32,
    /// The percentage of rows without the key that have another text than the rest of their list. With 0, all lists
    /// without the key have one text.
    pub(super) other_text_percent: u32,
    /// The percentage of lists without the key that send duplicates again.
    pub(super) again_percent: u32,
    /// The percentage of the other lists without the key that are refused if they have duplicates.
    pub(super) refusing_percent: u32,
    /// How long a single message counts under the key, in milliseconds. None means forever.
    pub(super) every: Option<i64>,
    /// The percentage of runs that are only imported. Another process sends them later.
    pub(super) only_imported_percent: u32,
    /// The percentage of the other runs that are imported. Their process compares again when it joins.
    pub(super) imported_percent: u32,
    pub(super) rates: &'static [f64],
    /// The percentage of seeds with a messaging limit.
    pub(super) limit_percent: u32,
    /// The percentage of requests that the server rejects.
    pub(super) rejected_percent: u32,
    /// The percentage of requests that meet no network, in addition to a few in every profile.
    pub(super) unreachable_percent: u32,
    /// The percentage of new actors that send a list.
    pub(super) sender_percent: u32,
    /// The percentage of new actors that send a single message. The other new actors are operators.
    pub(super) single_percent: u32,
    /// The commands of operators. A command that is repeated here is more frequent.
    pub(super) commands: &'static [Command],
    /// The percentage of waits that are as long as a lease.
    pub(super) lease_percent: u32,
    /// How many of 1,000 steps suspend an actor, at most 20.
    pub(super) suspensions: u32,
    /// The percentage of single sends with a clock that is hours off. This applies to half of the seeds with a file,
    /// because a database has one clock for all.
    pub(super) wrong_clock_percent: u32,
    pub(super) has_no_kills: bool,
    /// The highest level of the ledger's faults. The seed draws the level.
    pub(super) max_fault_level: u32,
    /// How many of 10,000 COMMITs lose their response, at the first level.
    pub(super) lost_responses: u32,
    /// Whether a process may be suspended between its last check of the deadline and the socket.
    pub(super) has_gap_at_the_socket: bool,
    /// Whether a process may be suspended after its comparison with other runs, before it joins.
    pub(super) waits_before_join: bool,
    /// Whether a single send may be suspended between its response and the end of its claim.
    pub(super) waits_before_end: bool,
    /// How many of 1,000 steps copy the ledger, or restore a copy.
    pub(super) restores: u32,
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
    only_imported_percent: 12,
    imported_percent: 50,
    rates: &[2.0, 50.0, 1_000_000.0],
    limit_percent: 33,
    rejected_percent: 10,
    unreachable_percent: 0,
    sender_percent: 30,
    single_percent: 24,
    commands: &[
        Stop,
        Cancel,
        Resolve,
        Resolve,
        Resolve,
        Resolve,
        Remove,
        Deliveries,
        ResolveClaim,
        ResolveClaim,
        RemoveClaim,
        AddToKey,
        Status,
        Status,
    ],
    lease_percent: 0,
    suspensions: 12,
    wrong_clock_percent: 0,
    has_no_kills: false,
    max_fault_level: 3,
    lost_responses: 130,
    has_gap_at_the_socket: false,
    waits_before_join: false,
    waits_before_end: false,
    restores: 0,
};

/// Several processes send a few long runs.
const CROWD: Profile = Profile {
    name: "crowd",
    recipients: 10,
    rows: 5..13,
    max_lists: 2,
    sender_percent: 75,
    single_percent: 5,
    ..MIXED
};

/// The same in a database, but responses are often lost, and requests often meet no network, so that another process sends
/// the row again. No process is killed, so every process returns.
const LOST_RESPONSES: Profile = Profile {
    name: "lost responses",
    is_shared: Some(true),
    keyed_percent: 0,
    imported_percent: 100,
    rates: &[50.0],
    limit_percent: 0,
    rejected_percent: 0,
    unreachable_percent: 40,
    sender_percent: 90,
    single_percent: 0,
    commands: &[Stop, Status],
    suspensions: 4,
    has_no_kills: true,
    lost_responses: 430,
    ..CROWD
};

/// Single sends go to one recipient under the key. Their processes are often suspended for longer than a lease.
const SINGLES: Profile = Profile {
    name: "singles",
    is_shared: Some(true),
    recipients: 1,
    lease_percent: 30,
    sender_percent: 4,
    single_percent: 48,
    limit_percent: 0,
    rejected_percent: 30,
    commands: &[ResolveClaim, RemoveClaim],
    suspensions: 20,
    max_fault_level: 1,
    waits_before_end: true,
    ..MIXED
};

/// The operator adds lists to the key during single sends under it.
const ADDING: Profile = Profile {
    name: "adding",
    recipients: 1,
    rows: 1..2,
    max_lists: 8,
    keyed_percent: 0,
    again_percent: 60,
    limit_percent: 0,
    rejected_percent: 0,
    sender_percent: 25,
    single_percent: 40,
    commands: &[AddToKey, AddToKey, AddToKey, Resolve, Resolve, ResolveClaim],
    suspensions: 20,
    ..MIXED
};

/// Lists and single sends use the key. The operator resends rejected rows, removes runs and adds runs to the key.
const KEYS: Profile = Profile {
    name: "keys",
    recipients: 5,
    rows: 2..6,
    max_lists: 4,
    keyed_percent: 80,
    again_percent: 40,
    only_imported_percent: 20,
    rates: &[2.0, 50.0],
    limit_percent: 0,
    rejected_percent: 40,
    sender_percent: 35,
    single_percent: 25,
    commands: &[Resolve, Resolve, Resolve, Resolve, Remove, Remove, AddToKey],
    max_fault_level: 2,
    ..MIXED
};

/// The operator removes recipients of lost rows from the key, and they get another message before the process returns.
const FORGETFUL: Profile = Profile {
    name: "forgetful",
    is_shared: Some(true),
    recipients: 2,
    rows: 1..4,
    keyed_percent: 100,
    limit_percent: 0,
    rejected_percent: 0,
    sender_percent: 30,
    single_percent: 30,
    commands: &[RemoveClaim, RemoveClaim, Status],
    suspensions: 20,
    has_no_kills: true,
    max_fault_level: 1,
    ..MIXED
};

/// Runs have the same row. It fails in one run, another run sends it, and the operator resolves it as pending in the
/// first.
const RIVALS: Profile = Profile {
    name: "rivals",
    recipients: 1,
    rows: 1..2,
    max_lists: 4,
    keyed_percent: 0,
    other_text_percent: 0,
    again_percent: 0,
    refusing_percent: 0,
    only_imported_percent: 0,
    imported_percent: 100,
    limit_percent: 0,
    rates: &[2.0, 50.0],
    rejected_percent: 60,
    sender_percent: 60,
    single_percent: 0,
    commands: &[Resolve],
    max_fault_level: 0,
    waits_before_join: true,
    ..MIXED
};

/// The messaging limit applies to every seed.
const LIMITED: Profile = Profile {
    name: "limited",
    recipients: 8,
    rows: 3..9,
    limit_percent: 100,
    sender_percent: 50,
    ..MIXED
};

/// Single messages may be repeated under the key after a time. Either the clock goes back, or some processes have a
/// wrong clock.
const REPEATED: Profile = Profile {
    name: "repeated",
    recipients: 2,
    keyed_percent: 0,
    every: Some(10 * MINUTE),
    limit_percent: 0,
    lease_percent: 20,
    sender_percent: 4,
    single_percent: 60,
    rejected_percent: 5,
    commands: &[Status],
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
    commands: &[Resolve, Resolve, Resolve, Stop],
    suspensions: 20,
    has_no_kills: true,
    max_fault_level: 0,
    has_gap_at_the_socket: true,
    ..MIXED
};

/// The ledger is copied and restored. Lists and single sends use the key. Some processes accept stale runs, and the
/// operator accepts the ledger.
const RESTORED: Profile = Profile {
    name: "restored",
    recipients: 4,
    rows: 1..6,
    max_lists: 8,
    keyed_percent: 50,
    limit_percent: 0,
    rates: &[2.0, 50.0],
    sender_percent: 45,
    single_percent: 30,
    commands: &[
        Accept, Accept, Accept, Accept, Resolve, Resolve, Stop, Cancel, Status,
    ],
    max_fault_level: 2,
    restores: 25,
    ..MIXED
};

/// The operator excludes recipients while processes send long runs, and stops excluding them.
const EXCLUDED: Profile = Profile {
    name: "excluded",
    recipients: 5,
    rows: 3..9,
    keyed_percent: 20,
    limit_percent: 10,
    rates: &[2.0, 50.0],
    sender_percent: 45,
    single_percent: 5,
    commands: &[
        Exclude,
        Exclude,
        StopExcluding,
        StopExcluding,
        Resolve,
        Stop,
    ],
    max_fault_level: 2,
    ..MIXED
};

/// A seed has the profile at its remainder.
pub(super) const PROFILES: [&Profile; 13] = [
    &MIXED,
    &CROWD,
    &SINGLES,
    &KEYS,
    &LIMITED,
    &REPEATED,
    &LOST_RESPONSES,
    &FORGETFUL,
    &RIVALS,
    &AT_THE_SOCKET,
    &ADDING,
    &RESTORED,
    &EXCLUDED,
];

impl Profile {
    pub(super) fn for_seed(seed: u64) -> &'static Self {
        let index = seed % PROFILES.len() as u64;
        PROFILES[usize::try_from(index).expect("there are few profiles")]
    }
}
