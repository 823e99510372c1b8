//! Lists of messages to send, and their comparison with earlier runs.

use std::collections::BTreeSet;
use std::time::Duration;

use super::world::{TIMEOUT, World};
use crate::runs::import::skips_sent_rows;
use crate::runs::ledger::error::LedgerError;
use crate::runs::ledger::fixture;
use crate::runs::ledger::history::comparing::{EarlierQuery, EarlierRuns};
use crate::runs::ledger::history::draft::{CheckedRow, LedgerDraft};
use crate::runs::ledger::name::RunName;
use crate::runs::ledger::types::RunSettings;
use crate::runs::once::OnceScope;

/// A list, and how it is sent.
#[derive(Clone, Debug)]
pub(super) struct ListPlan {
    pub(super) name: RunName,
    /// Recipient and body of each row.
    pub(super) rows: Vec<(String, String)>,
    pub(super) is_keyed: bool,
    is_again: bool,
    skips_sent: bool,
    pub(super) rate: f64,
}

/// Returns the key of all lists and single sends.
pub(super) fn scope() -> OnceScope {
    let settings = fixture::details();
    OnceScope {
        key: "november".parse().expect("it is a key"),
        bot: settings.bot,
        address: settings.api_url,
    }
}

/// Returns the query for all earlier runs.
pub(super) fn earlier_runs() -> EarlierQuery {
    EarlierQuery {
        remember: Duration::MAX,
        ..fixture::earlier()
    }
}

/// Returns the time limit of a request.
pub(super) fn timeout() -> Duration {
    Duration::from_millis(TIMEOUT.unsigned_abs())
}

/// Compares a draft with earlier runs, as `commands::bulk::earlier::compare` does.
pub(super) fn compare(
    settings: &RunSettings,
    known: &mut EarlierRuns<'_>,
    draft: &mut LedgerDraft,
) -> Result<(), LedgerError> {
    if let Some(key) = &settings.conditions.once {
        known.find_claimed(draft, key, settings.conditions.every)?;
        draft.skip_earlier(Some(key))?;
        draft.keep_one_per_recipient(|_, _| ())?;
    }
    let Some(skips_sent) = skips_sent_rows(settings) else {
        return Ok(());
    };
    known.compare(draft)?;
    if skips_sent {
        return draft.skip_earlier(None);
    }
    if draft.earlier()?.is_empty() {
        Ok(())
    } else {
        Err(LedgerError::from_choice(
            "an earlier run has these rows".into(),
        ))
    }
}

impl ListPlan {
    /// Draws a list, and adds it to the world.
    pub(super) fn draw(world: &mut World) -> Self {
        let name = format!("r{}", world.lists.len());
        let profile = world.profile();
        let is_keyed = world.percent(profile.keyed_percent);
        let text = if is_keyed {
            9
        } else if profile.other_text_percent == 0 {
            0
        } else {
            world.rng.u8(0..2)
        };
        let mut rows = Vec::new();
        for _ in 0..world.rng.usize(profile.rows.clone()) {
            let is_other = !is_keyed && world.percent(profile.other_text_percent);
            let text = text + u8::from(is_other) * 3;
            rows.push((world.draw_recipient(), format!("{{\"text\":{text}}}")));
        }
        let is_again = !is_keyed && world.percent(profile.again_percent);
        let is_refusing = world.percent(profile.refusing_percent);
        let plan = Self {
            name: name.parse().expect("it is a name"),
            rows,
            is_keyed,
            is_again,
            skips_sent: !is_keyed && !is_again && !is_refusing,
            rate: world.choose(profile.rates),
        };
        plan.allow_repeated_messages(world);
        world.log(&format!("list {plan:?}"));
        world.lists.push(plan.clone());
        plan
    }

    /// Allows the recipients of a list that is sent again one more message.
    fn allow_repeated_messages(&self, world: &mut World) {
        if !self.is_again {
            return;
        }
        let path = world.message_path();
        let messages: BTreeSet<_> = self.rows.iter().collect();
        for (recipient, body) in messages {
            let key = (recipient.clone(), format!("{path} {body}"));
            *world.server.allowed.entry(key).or_insert(1) += 1;
        }
    }

    /// Creates the draft of a run.
    pub(super) fn draft(&self, path: &str) -> Result<LedgerDraft, LedgerError> {
        let mut draft = LedgerDraft::create()?;
        for (line, (recipient, body)) in (2..).zip(&self.rows) {
            draft.add(&[CheckedRow {
                line,
                cells: "[]".to_owned(),
                request: Some([recipient.clone(), path.to_owned(), body.clone()]),
                skip: None,
            }])?;
        }
        draft.find_repeated()?;
        draft.duplicates(|_, _, _| ())?;
        Ok(draft)
    }

    pub(super) fn settings(&self, limit: Option<u32>) -> RunSettings {
        let mut settings = RunSettings {
            rate: self.rate,
            remember: Duration::MAX,
            ..fixture::details()
        };
        let conditions = &mut settings.conditions;
        conditions.again = self.is_again;
        conditions.skip_sent = self.skips_sent;
        conditions.once = self.is_keyed.then(|| scope().key);
        conditions.per_day = limit;
        settings
    }
}

impl World {
    pub(super) fn list(&self, name: &RunName) -> &ListPlan {
        let mut lists = self.lists.iter();
        let list = lists.find(|list| list.name == *name);
        list.expect("every run has a list")
    }
}
