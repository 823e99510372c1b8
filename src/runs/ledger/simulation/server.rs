//! The simulated API. It accepts, refuses or loses requests, and delays or loses its answers. It counts what each
//! recipient got, and the checks rely on these counts.

use std::collections::{BTreeMap, BTreeSet};

use super::world::{DAY, TIMEOUT};

/// The result of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    Accepted,
    Refused,
    RateLimit,
    /// Refused, because the recipient got a message a moment ago.
    PairLimit,
    /// Accepted, but the answer is lost.
    AcceptedAnswerLost,
    /// Not accepted, and no answer comes.
    Lost,
    /// The request cannot leave.
    NoNetwork,
}

/// The message of a request.
#[derive(Clone, Debug)]
pub(super) struct MessageKind {
    pub(super) recipient: String,
    /// Its path and body: the same text is the same message.
    pub(super) text: String,
    /// The run and the row; None for a single send.
    pub(super) row: Option<(i64, i64)>,
    pub(super) is_keyed: bool,
    /// How long it counts under the key; None if forever.
    pub(super) every: Option<i64>,
    /// How far the clock of its process is off.
    pub(super) clock_offset: i64,
    pub(super) is_template: bool,
}

impl MessageKind {
    fn is_keyed_to(&self, recipient: &str) -> bool {
        self.is_keyed && self.recipient == recipient
    }
}

/// The time when a repeatable message left, or when a process claimed its recipient.
#[derive(Clone, Copy, Debug)]
struct MomentOfClock {
    at: i64,
    /// How far the clock of its process is off.
    clock_offset: i64,
}

/// The repeatable messages and the claims of one recipient.
#[derive(Debug, Default)]
struct RepeatedMessages {
    sent: Vec<MomentOfClock>,
    claimed: Vec<MomentOfClock>,
}

impl RepeatedMessages {
    /// Finds a message that left less than `every` before or after this one. A claim in between makes both valid, if
    /// its process has a faster clock than the earlier message. By that clock the earlier message no longer counted,
    /// and the ledger cannot detect a wrong clock.
    fn too_near(&self, one: MomentOfClock, every: i64) -> Option<MomentOfClock> {
        let mut others = self.sent.iter().copied();
        others.find(|other| {
            let is_later = one.at > other.at;
            let earlier = if is_later { *other } else { one };
            let later = if is_later { one } else { *other };
            let was_taken = self.claimed.iter().any(|claim| {
                let is_between = (earlier.at..=later.at).contains(&claim.at);
                is_between && claim.clock_offset > earlier.clock_offset
            });
            later.at - earlier.at < every && !was_taken
        })
    }
}

/// A request that has left.
#[derive(Debug)]
pub(super) struct RequestProgress {
    pub(super) message: MessageKind,
    sent_at: i64,
    arrives_at: i64,
    answers_at: i64,
    has_arrived: bool,
    verdict: Verdict,
}

impl RequestProgress {
    pub(super) fn is_accepted(&self) -> bool {
        let is_accepting = matches!(
            self.verdict,
            Verdict::Accepted | Verdict::AcceptedAnswerLost
        );
        self.has_arrived && is_accepting
    }

    /// Whether the recipient has the message, or may still get it.
    pub(super) fn counts(&self) -> bool {
        !self.has_arrived || self.is_accepted()
    }
}

/// Whether a message has arrived, or may still arrive.
#[derive(Clone, Copy, Debug)]
pub(super) struct Truth {
    pub(super) has_message: bool,
    pub(super) may_still_arrive: bool,
}

/// The number of messages for each recipient and text.
type Texts = BTreeMap<(String, String), u32>;

#[derive(Debug, Default)]
pub(super) struct Server {
    pub(super) flights: Vec<RequestProgress>,
    /// The percentage of refused requests.
    refused_percent: u32,
    /// How many recipients may get a template within 24 hours.
    pub(super) limit: Option<u32>,
    accepted: Texts,
    /// How many times a recipient may get a text, if not once.
    pub(super) allowed: Texts,
    keyed: BTreeMap<String, u32>,
    /// The messages of each recipient that may be repeated after a time.
    repeated: BTreeMap<String, RepeatedMessages>,
    /// How many messages a recipient may get under the key, if not one.
    pub(super) key_allowed: BTreeMap<String, u32>,
    reached: Vec<(i64, String)>,
}

impl Server {
    pub(super) fn new(refused_percent: u32, limit: Option<u32>) -> Self {
        Self {
            refused_percent,
            limit,
            ..Self::default()
        }
    }

    /// Sends a request now, and returns its index. None if there is no network.
    pub(super) fn launch(
        &mut self,
        message: MessageKind,
        rng: &mut fastrand::Rng,
        now: i64,
    ) -> Option<usize> {
        let verdict = self.draw_verdict(rng);
        if verdict == Verdict::NoNetwork {
            return None;
        }
        let is_slow = rng.u8(0..4) == 0;
        let arrives_at = now
            + if is_slow {
                rng.i64(0..TIMEOUT)
            } else {
                rng.i64(1..300)
            };
        let is_slow = rng.u8(0..6) == 0;
        let answers_at = arrives_at
            + if is_slow {
                rng.i64(0..TIMEOUT)
            } else {
                rng.i64(0..300)
            };
        self.flights.push(RequestProgress {
            message,
            sent_at: now,
            arrives_at,
            answers_at,
            has_arrived: false,
            verdict,
        });
        Some(self.flights.len() - 1)
    }

    /// Records that a process has claimed the recipient for a repeatable message.
    pub(super) fn note_claim(&mut self, recipient: &str, at: i64, clock_offset: i64) {
        let repeated = self.repeated.entry(recipient.to_owned()).or_default();
        repeated.claimed.push(MomentOfClock { at, clock_offset });
    }

    fn draw_verdict(&self, rng: &mut fastrand::Rng) -> Verdict {
        if rng.u32(0..100) < self.refused_percent {
            return Verdict::Refused;
        }
        match rng.u32(0..90) {
            0..55 => Verdict::Accepted,
            55..63 => Verdict::RateLimit,
            63..67 => Verdict::PairLimit,
            67..75 => Verdict::AcceptedAnswerLost,
            75..82 => Verdict::Lost,
            _ => Verdict::NoNetwork,
        }
    }

    /// The outcome of a request, once its process knows it. A request without an answer is [`Verdict::Lost`].
    pub(super) fn outcome(&self, flight: usize, now: i64) -> Option<Verdict> {
        let flight = &self.flights[flight];
        let is_over = flight.has_arrived && now >= flight.answers_at;
        let is_answered = !matches!(flight.verdict, Verdict::Lost | Verdict::AcceptedAnswerLost);
        if is_over && is_answered {
            return Some(flight.verdict);
        }
        (is_over || now >= flight.sent_at + TIMEOUT).then_some(Verdict::Lost)
    }

    /// When the next request arrives.
    pub(super) fn next_arrival(&self) -> Option<i64> {
        let flights = self.flights.iter().filter(|flight| !flight.has_arrived);
        flights.map(|flight| flight.arrives_at).min()
    }

    /// How many requests have arrived.
    pub(super) fn arrivals(&self) -> usize {
        let arrived = self.flights.iter().filter(|flight| flight.has_arrived);
        arrived.count()
    }

    /// Receives the requests that are due. Returns lines for the log, and the violations.
    pub(super) fn receive(&mut self, now: i64) -> (Vec<String>, Vec<String>) {
        let mut due: Vec<_> = (0..self.flights.len())
            .filter(|at| !self.flights[*at].has_arrived && self.flights[*at].arrives_at <= now)
            .collect();
        due.sort_by_key(|at| self.flights[*at].arrives_at);
        let mut events = Vec::new();
        let mut violations = Vec::new();
        for at in due {
            let flight = &mut self.flights[at];
            flight.has_arrived = true;
            if flight.is_accepted() {
                let message = flight.message.clone();
                let arrived_at = flight.arrives_at;
                let sent_at = flight.sent_at;
                events.push(format!(
                    "  {} gets {} of row {:?}",
                    message.recipient, message.text, message.row
                ));
                if let Some(every) = message.every {
                    self.count_repeated(&message, sent_at, every, &mut violations);
                } else {
                    self.count(&message, arrived_at, &mut violations);
                }
            }
        }
        (events, violations)
    }

    /// Counts an accepted message that may be repeated after `every`. Finds a message that left too shortly before or
    /// after it.
    fn count_repeated(
        &mut self,
        message: &MessageKind,
        sent_at: i64,
        every: i64,
        violations: &mut Vec<String>,
    ) {
        let recipient = &message.recipient;
        let sent = MomentOfClock {
            at: sent_at,
            clock_offset: message.clock_offset,
        };
        let before = self.repeated.entry(recipient.clone()).or_default();
        if let Some(other) = before.too_near(sent, every) {
            violations.push(format!(
                "every: {recipient} has messages of {} and {sent_at}, and {every} ms must lie between",
                other.at
            ));
        }
        before.sent.push(sent);
    }

    /// Counts an accepted message, and finds the violations.
    fn count(&mut self, message: &MessageKind, at: i64, violations: &mut Vec<String>) {
        let recipient = &message.recipient;
        if message.is_keyed {
            let count = self.keyed.entry(recipient.clone()).or_default();
            *count += 1;
            let allowed = self.key_allowed.get(recipient).copied().unwrap_or(1);
            if *count > allowed {
                violations.push(format!(
                    "key: {recipient} has {count} messages under the key, and {allowed} allowed"
                ));
            }
        }
        let recipient_and_text = (recipient.clone(), message.text.clone());
        let allowed = self.allowed.get(&recipient_and_text).copied().unwrap_or(1);
        let count = self.accepted.entry(recipient_and_text).or_default();
        *count += 1;
        // With a key, only the key decides whether a recipient gets a message.
        if !message.is_keyed && *count > allowed {
            violations.push(format!(
                "twice: {recipient} has {} {count} times, and {allowed} allowed",
                message.text
            ));
        }
        if message.is_template {
            self.reached.push((at, recipient.clone()));
            let recent = self.reached.iter().filter(|(before, _)| *before > at - DAY);
            let recipients: BTreeSet<_> = recent.map(|(_, recipient)| recipient).collect();
            if let Some(limit) = self.limit
                && recipients.len() > limit as usize
            {
                violations.push(format!(
                    "limit: {} recipients within 24 hours, and {limit} allowed",
                    recipients.len()
                ));
            }
        }
    }

    /// Looks up the message of a row.
    pub(super) fn truth(&self, row: (i64, i64)) -> Truth {
        self.find_truth(|message| message.row == Some(row))
    }

    /// Looks up the messages of a recipient under the key.
    pub(super) fn truth_under_key(&self, recipient: &str) -> Truth {
        self.find_truth(|message| message.is_keyed_to(recipient))
    }

    fn find_truth(&self, matches: impl Fn(&MessageKind) -> bool) -> Truth {
        let flights = self.flights.iter();
        let found: Vec<_> = flights.filter(|flight| matches(&flight.message)).collect();
        Truth {
            has_message: found.iter().any(|flight| flight.is_accepted()),
            may_still_arrive: found.iter().any(|flight| !flight.has_arrived),
        }
    }

    /// How many messages a recipient has under the key, or may still get.
    pub(super) fn count_under_key(&self, recipient: &str) -> u32 {
        let flights = self.flights.iter();
        let keyed = flights.filter(|flight| flight.message.is_keyed_to(recipient));
        let counting = keyed.filter(|flight| flight.counts());
        u32::try_from(counting.count()).expect("a simulation is short")
    }
}
