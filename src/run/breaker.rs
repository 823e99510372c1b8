//! Pauses a run on a fault that would affect every row after it.

use std::collections::VecDeque;

use crate::api::{Cause, Outcome};
use crate::ledger::PauseReason;

/// Of this many rows …
const RECENT_ROWS: usize = 500;
/// … at most this many may be unknown.
const MOST_UNKNOWN: usize = 10;
/// Rows in flight at the start: one, then ten, until that many have a final outcome.
const FIRST_STAGE: u64 = 1;
const SECOND_STAGE: usize = 10;
/// How many rows may be rejected while none has been accepted: both stages.
const MOST_REFUSED: usize = 1 + SECOND_STAGE;

/// Watches the outcomes.
#[derive(Debug, Default)]
pub(crate) struct Breaker {
    finals: u64,
    /// Whether each of the last rows is unknown.
    recent: VecDeque<bool>,
    /// How many rows were rejected; None once it no longer matters: a row was accepted, or the run keeps going on
    /// rejections.
    refused: Option<usize>,
}

impl Breaker {
    /// With `stops_refused` the run pauses if every row is rejected.
    pub(crate) fn new(stops_refused: bool) -> Self {
        Self { refused: stops_refused.then_some(0), ..Self::default() }
    }

    /// How many rows may be in flight, of `concurrency`.
    pub(crate) fn allowance(&self, concurrency: usize) -> usize {
        let of_stage = match self.finals {
            finals if finals < FIRST_STAGE => 1,
            finals if finals < FIRST_STAGE + SECOND_STAGE as u64 => SECOND_STAGE.min(concurrency),
            _ => concurrency,
        };
        // No more rows may be in flight than may be rejected.
        self.refused.map_or(of_stage, |refused| of_stage.min(MOST_REFUSED.saturating_sub(refused)).max(1))
    }

    /// Records an outcome; returns whether the run must pause.
    pub(crate) fn note(&mut self, outcome: &Outcome) -> Option<PauseReason> {
        match outcome {
            Outcome::NotSent(Cause::Tls | Cause::ProxyRefusal) => return Some(PauseReason::Network),
            Outcome::NotSent(Cause::ProxyCredentials) => return Some(PauseReason::ProxyCredentials),
            Outcome::NotSent(Cause::Credentials) => return Some(PauseReason::Credentials),
            Outcome::NotSent(Cause::Account) => return Some(PauseReason::Account),
            // `Patience` handles what may pass.
            Outcome::NotSent(Cause::Network | Cause::Unavailable | Cause::Interrupted(_)) => {}
            Outcome::Sent { .. } => {
                self.refused = None;
                self.note_final(false);
            }
            Outcome::NotSent(Cause::Rejected) => {
                self.note_final(false);
                let refused = self.refused.as_mut()?;
                *refused += 1;
                return (*refused >= MOST_REFUSED).then_some(PauseReason::AllRefused);
            }
            Outcome::Unknown(_) => {
                self.note_final(true);
                let unknown = self.recent.iter().filter(|unknown| **unknown).count();
                return (self.finals == FIRST_STAGE || unknown > MOST_UNKNOWN).then_some(PauseReason::Unknown);
            }
        }
        None
    }

    fn note_final(&mut self, unknown: bool) {
        self.finals += 1;
        self.recent.push_back(unknown);
        if self.recent.len() > RECENT_ROWS {
            self.recent.pop_front();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SENT: Outcome = Outcome::Sent { message_id: None };
    const UNKNOWN_ROW: Outcome = Outcome::Unknown(None);

    #[test]
    fn lets_one_go_first_then_ten_then_all() {
        let mut breaker = Breaker::default();
        let mut seen = Vec::new();
        for _ in 0..13 {
            seen.push(breaker.allowance(64));
            assert_eq!(breaker.note(&SENT), None);
        }
        assert_eq!(seen, [1, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 64, 64]);
        assert_eq!(Breaker::default().allowance(64), 1);
    }

    #[test]
    fn pauses_on_the_faults_that_meet_every_row() {
        assert_eq!(Breaker::default().note(&UNKNOWN_ROW), Some(PauseReason::Unknown));
        assert_eq!(Breaker::default().note(&Outcome::NotSent(Cause::Credentials)), Some(PauseReason::Credentials));
        assert_eq!(Breaker::default().note(&Outcome::NotSent(Cause::Account)), Some(PauseReason::Account));
        assert_eq!(Breaker::default().note(&Outcome::NotSent(Cause::Rejected)), None);
        for cause in [Cause::Tls, Cause::ProxyRefusal] {
            assert_eq!(Breaker::default().note(&Outcome::NotSent(cause)), Some(PauseReason::Network));
        }
        let mut breaker = Breaker::default();
        for _ in 0..100 {
            assert_eq!(breaker.note(&Outcome::NotSent(Cause::Network)), None, "that may pass");
        }
    }

    #[test]
    fn pauses_when_eleven_are_rejected_and_none_was_ever_accepted() {
        let rejected = Outcome::NotSent(Cause::Rejected);
        let mut breaker = Breaker::new(true);
        for refused in 0..10 {
            assert!(breaker.allowance(64) <= 11 - refused);
            assert_eq!(breaker.note(&rejected), None);
        }
        assert_eq!(breaker.note(&rejected), Some(PauseReason::AllRefused));
        let mut once_accepted = Breaker::new(true);
        let mut keeps_going = Breaker::new(false);
        once_accepted.note(&SENT);
        for _ in 0..20 {
            assert_eq!(once_accepted.note(&rejected), None);
            assert_eq!(keeps_going.note(&rejected), None);
        }
    }

    #[test]
    fn takes_ten_unknown_of_the_last_five_hundred_and_no_more() {
        let mut breaker = Breaker::default();
        for _ in 0..20 {
            for _ in 0..49 {
                assert_eq!(breaker.note(&SENT), None);
            }
            assert_eq!(breaker.note(&UNKNOWN_ROW), None);
        }
        assert_eq!(breaker.note(&UNKNOWN_ROW), Some(PauseReason::Unknown));
    }
}
