//! How far the messages of the run came: how many of the sent messages were delivered, read and answered, as far as
//! Jelou was asked.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::api::DeliveryFacts;
use crate::ledger::{DeliveryCounts, ReportedRow, RowState};

#[derive(Debug, Serialize)]
pub(super) struct Funnel {
    /// When all of them were last asked for, in milliseconds since 1970.
    asked_at: Option<i64>,
    /// How many were asked for, of how many.
    asked: u64,
    sent: u64,
    /// How many came exactly this far: they add up to all that were sent.
    ends: BTreeMap<&'static str, u64>,
}

impl Funnel {
    /// The funnel of a run that was last asked about at `asked_at`; None if no message was sent.
    pub(super) fn of(counts: &DeliveryCounts, asked_at: Option<i64>) -> Option<Self> {
        let asked = counts.known() + counts.not_listed;
        let sent = asked + counts.no_id + counts.not_asked;
        let ends = counts.named().map(|(name, _, count)| (name, count)).into();
        (sent > 0).then_some(Self { asked_at, asked, sent, ends })
    }
}

/// Counts a row once, if it was sent, by how far it came.
pub(super) fn count(counts: &mut DeliveryCounts, row: &ReportedRow, asked_at: Option<i64>) {
    let was_asked = || asked_at.zip(row.ended_at).is_some_and(|(asked_at, ended_at)| ended_at <= asked_at);
    match &row.delivery {
        _ if row.state != RowState::Sent => {}
        Some(delivery) => counts.add(&DeliveryFacts::new(delivery.facts.state.clone()), 1),
        None if row.message_id.is_none() => counts.no_id += 1,
        None if was_asked() => counts.not_listed += 1,
        None => counts.not_asked += 1,
    }
}
