//! How far the messages of the run came: how many of the sent messages were delivered, read and answered, as far as
//! Jelou was asked.

use serde::Serialize;

use super::outcomes::thousandths;
use super::times::PageClock;
use crate::api::DeliveryFacts;
use crate::ledger::{DeliveryCounts, ReportedRow, RowState};
use crate::list::ReportLanguage;

/// The sums, updated row by row. Each sent row counts once, by how far it came.
#[derive(Debug)]
pub(super) struct DeliverySums {
    /// When all of them were last asked for, in milliseconds since 1970.
    asked_at: Option<i64>,
    counts: DeliveryCounts,
}

#[derive(Debug, Serialize)]
pub(super) struct Funnel {
    /// How many were asked for, and when.
    asked: String,
    /// From all sent messages to the answered ones; empty if Jelou was not asked.
    steps: Vec<FunnelStep>,
    /// How far each message came: these add up to all that were sent.
    ends: Vec<FunnelEnd>,
    /// The command that asks Jelou, if it was not asked.
    command: Option<String>,
}

/// Messages that came at least this far.
#[derive(Debug, Serialize)]
struct FunnelStep {
    name: &'static str,
    label: &'static str,
    count: u64,
    shown: String,
    share: String,
    /// The share of all sent messages, in thousandths.
    part: u64,
}

/// Messages that came exactly this far.
#[derive(Debug, Serialize)]
struct FunnelEnd {
    name: &'static str,
    label: &'static str,
    count: u64,
    shown: String,
}

impl DeliverySums {
    /// For a run that was last asked about at `asked_at`.
    pub(super) fn new(asked_at: Option<i64>) -> Self {
        Self { asked_at, counts: DeliveryCounts::default() }
    }

    pub(super) fn add(&mut self, row: &ReportedRow) {
        let was_asked = || self.asked_at.zip(row.ended_at).is_some_and(|(asked_at, ended_at)| ended_at <= asked_at);
        match &row.delivery {
            _ if row.state != RowState::Sent => {}
            Some(delivery) => self.counts.add(&DeliveryFacts::new(delivery.facts.state.clone()), 1),
            None if row.message_id.is_none() => self.counts.no_id += 1,
            None if was_asked() => self.counts.not_listed += 1,
            None => self.counts.not_asked += 1,
        }
    }

    pub(super) fn undelivered(&self) -> u64 {
        self.counts.undelivered
    }

    /// The funnel; None if no message was sent. `name` is the run's, for a command.
    pub(super) fn funnel(&self, name: Option<&str>, clock: &PageClock, language: ReportLanguage) -> Option<Funnel> {
        let counts = &self.counts;
        let sent = counts.known() + counts.not_listed + counts.no_id + counts.not_asked;
        if sent == 0 {
            return None;
        }
        let asked = counts.known() + counts.not_listed;
        if asked == 0 && self.asked_at.is_none() {
            let command = name.map(|name| format!("jelouctl bulk deliveries {name}"));
            let asked = language.text("nobody_asked").to_owned();
            return Some(Funnel { asked, steps: Vec::new(), ends: Vec::new(), command });
        }
        let words = match self.asked_at {
            Some(at) => language.text_with("asked_at", &clock.moment(at)),
            None => language.text("asked_in_part").to_owned(),
        };
        let words = words.replace("{n}", &language.number(asked)).replace("{m}", &language.number(sent));
        Some(Funnel { asked: words, steps: self.steps(sent, language), ends: self.ends(language), command: None })
    }

    fn steps(&self, sent: u64, language: ReportLanguage) -> Vec<FunnelStep> {
        let DeliveryCounts { delivered, read, replied, .. } = self.counts;
        let steps =
            [("sent", sent), ("delivered", delivered + read + replied), ("read", read + replied), ("replied", replied)];
        let step = |(name, count)| FunnelStep {
            name,
            label: language.text(name),
            count,
            shown: language.number(count),
            share: language.share(count, sent),
            part: thousandths(count, sent),
        };
        steps.map(step).into()
    }

    fn ends(&self, language: ReportLanguage) -> Vec<FunnelEnd> {
        let counts = &self.counts;
        let ends = [
            ("replied", "replied", counts.replied),
            ("read", "only_read", counts.read),
            ("delivered", "only_delivered", counts.delivered),
            ("at_whatsapp", "at_whatsapp", counts.at_whatsapp),
            ("accepted", "at_jelou", counts.accepted),
            ("undelivered", "undelivered", counts.undelivered),
            ("other", "other_state", counts.other),
            ("not_listed", "not_listed", counts.not_listed),
            ("no_id", "no_id", counts.no_id),
            ("not_asked", "not_asked", counts.not_asked),
        ];
        let ends = ends.into_iter().filter(|(.., count)| *count > 0);
        ends.map(|(name, label, count)| FunnelEnd {
            name,
            label: language.text(label),
            count,
            shown: language.number(count),
        })
        .collect()
    }
}
