//! The rules in force: each counts the messages that match it, and the first one that applies decides.

use std::num::NonZeroU64;
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde_json::{Value, json};
use tokio::sync::watch;

use super::fault::Fault;

/// The rules in force, and how often each applied.
#[derive(Debug)]
pub(super) struct Faults {
    rules: Mutex<Vec<Rule>>,
    changes: watch::Sender<()>,
}

#[derive(Clone, Debug)]
struct Rule {
    fault: Fault,
    /// Messages with the fault's recipient and kind.
    seen: u64,
    hits: u64,
}

impl Faults {
    pub(crate) fn new(faults: Vec<Fault>, changes: watch::Sender<()>) -> Self {
        Self { rules: Mutex::new(faults.into_iter().map(Rule::new).collect()), changes }
    }

    pub(crate) fn replace(&self, faults: Vec<Fault>) {
        *self.lock() = faults.into_iter().map(Rule::new).collect();
        self.changes.send_replace(());
    }

    /// The first rule that applies to this message. Every rule counts it.
    pub(crate) fn next(&self, user: &str, kind: &str) -> Option<Fault> {
        let mut rules = self.lock();
        let applying: Vec<_> = rules.iter_mut().filter_map(|rule| rule.counts(user, kind).then_some(rule)).collect();
        let rule = applying.into_iter().next()?;
        rule.hits += 1;
        Some(rule.fault.clone())
    }

    pub(crate) fn to_json(&self) -> Value {
        let rules = self.lock();
        rules.iter().map(|rule| json!({ "rule": rule.fault.rule, "seen": rule.seen, "hits": rule.hits })).collect()
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Rule>> {
        self.rules.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Rule {
    fn new(fault: Fault) -> Self {
        Self { fault, seen: 0, hits: 0 }
    }

    /// Counts a message, and returns whether the rule applies to it.
    fn counts(&mut self, user: &str, kind: &str) -> bool {
        let Fault { to, kind: wanted, after, first, every, .. } = &self.fault;
        let is_recipient = to.as_ref().is_none_or(|to| match to.strip_suffix('*') {
            Some(beginning) => user.starts_with(beginning),
            None => user == to,
        });
        if !is_recipient || wanted.as_ref().is_some_and(|wanted| wanted != kind) {
            return false;
        }
        self.seen += 1;
        let Some(number) = self.seen.checked_sub(*after).and_then(NonZeroU64::new) else { return false };
        first.is_none_or(|first| number <= first) && every.is_none_or(|every| number.get() % every == 0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sandbox::fault::FaultEffect;

    #[test]
    fn rules_count_the_messages_that_they_are_for() {
        let hits = |rule: &str, messages: &[(&str, &str)]| {
            let faults = Faults::new(vec![rule.parse().unwrap()], watch::Sender::default());
            let hits = messages.iter().enumerate().filter(|(_, (user, kind))| faults.next(user, kind).is_some());
            hits.map(|(index, _)| index + 1).collect::<Vec<_>>()
        };
        let six = [("1", "text"); 6];
        assert_eq!(hits("reset", &six), [1, 2, 3, 4, 5, 6]);
        assert_eq!(hits("reset,every=3", &six), [3, 6]);
        assert_eq!(hits("reset,first=2", &six), [1, 2]);
        assert_eq!(hits("reset,after=4", &six), [5, 6]);
        assert_eq!(hits("reset,after=1,first=4,every=2", &six), [3, 5]);
        let mixed = [("593", "text"), ("52", "text"), ("5931", "flow"), ("593", "flow")];
        assert_eq!(hits("reset,to=593", &mixed), [1, 4]);
        assert_eq!(hits("reset,to=593*", &mixed), [1, 3, 4]);
        assert_eq!(hits("reset,to=593*,kind=flow,every=2", &mixed), [4]);
    }

    #[test]
    fn the_first_rule_that_applies_wins() {
        let rules = ["status=500,every=2", "status=429,every=3"].map(|rule| rule.parse().unwrap());
        let faults = Faults::new(rules.into(), watch::Sender::default());
        let effects: Vec<_> = (0..6).map(|_| faults.next("1", "text").map(|fault| fault.effect)).collect();
        let [e500, e429] = [Some(FaultEffect::Status(500)), Some(FaultEffect::Status(429))];
        assert_eq!(effects, [None, e500, e429, e500, None, e500]);
        assert_eq!(faults.to_json()[1]["seen"], 6);
        assert_eq!(faults.to_json()[1]["hits"], 1);
    }
}
