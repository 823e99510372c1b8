//! The simulated API. It accepts, rejects or loses requests, and may lose responses. It counts the messages of each
//! recipient, and reports messages that the recipient must not get.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use super::profile::Profile;
use super::world::{DAY, TIMEOUT};

/// The fate of a request, drawn when it is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    Accepted,
    Rejected,
    RateLimit,
    /// The recipient got another message a moment ago.
    PairLimit,
    AcceptedResponseLost,
    /// The request is not accepted, and no response comes.
    Lost,
    /// The request is not sent.
    NoNetwork,
}

#[derive(Clone, Debug)]
pub(super) struct Message {
    pub(super) recipient: String,
    /// Its path and body. Messages with the same text are the same message.
    pub(super) text: String,
    /// The run and the row. None for a single send.
    pub(super) row: Option<(i64, i64)>,
    pub(super) is_keyed: bool,
    /// How long it counts under the key. None means forever.
    pub(super) every: Option<i64>,
    /// The clock error of its process.
    pub(super) clock_error: i64,
    pub(super) is_template: bool,
    /// The number of restores before its process claimed the recipient or got the row.
    pub(super) restores: u32,
}

impl fmt::Display for Message {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "message {} to {}", self.text, self.recipient)?;
        match self.row {
            Some((run, row)) => write!(formatter, " of row {run}/{row}"),
            None => Ok(()),
        }
    }
}

/// A moment in the life of a process, with the error of its clock.
#[derive(Clone, Copy, Debug)]
struct ProcessMoment {
    at: i64,
    clock_error: i64,
}

/// The messages to one recipient that may be repeated after a time.
#[derive(Debug, Default)]
struct RepeatedMessages {
    sent: Vec<ProcessMoment>,
    claimed: Vec<ProcessMoment>,
}

impl RepeatedMessages {
    /// Finds an earlier or later message within the time `every`. If a process with a fast clock claimed the recipient
    /// between two messages, the ledger could not detect that they are too close.
    fn find_too_close(&self, message: ProcessMoment, every: i64) -> Option<ProcessMoment> {
        self.sent.iter().copied().find(|other| {
            let is_later = message.at > other.at;
            let earlier = if is_later { *other } else { message };
            let later = if is_later { message } else { *other };
            let is_excused = self.claimed.iter().any(|claim| {
                let is_between = (earlier.at..=later.at).contains(&claim.at);
                is_between && claim.clock_error > earlier.clock_error
            });
            later.at - earlier.at < every && !is_excused
        })
    }
}

/// A request that was sent.
#[derive(Debug)]
pub(super) struct Request {
    pub(super) message: Message,
    sent_at: i64,
    arrives_at: i64,
    response_at: i64,
    has_arrived: bool,
    verdict: Verdict,
    /// Whether the restored ledger lacks it.
    is_lost: bool,
}

impl Request {
    pub(super) fn is_accepted(&self) -> bool {
        let is_accepting = matches!(
            self.verdict,
            Verdict::Accepted | Verdict::AcceptedResponseLost
        );
        self.has_arrived && is_accepting
    }

    /// Returns whether the recipient has the message, or may still get it, and the ledger must know that.
    pub(super) fn counts(&self) -> bool {
        !self.is_lost && (!self.has_arrived || self.is_accepted())
    }

    /// Returns whether the message was accepted, and the ledger must know that.
    pub(super) fn is_known(&self) -> bool {
        !self.is_lost && self.is_accepted()
    }
}

/// The truth about the message of a row or of a single send.
#[derive(Clone, Copy, Debug)]
pub(super) struct Truth {
    pub(super) has_message: bool,
    pub(super) may_still_arrive: bool,
    /// Whether the ledger must know that the recipient has the message, or may still get it.
    pub(super) must_be_known: bool,
}

/// A number of messages by recipient and text.
type Counts = BTreeMap<(String, String), u32>;

#[derive(Debug, Default)]
pub(super) struct Server {
    pub(super) requests: Vec<Request>,
    rejected_percent: u32,
    unreachable_percent: u32,
    /// The messaging limit: how many recipients may get a template within 24 hours.
    pub(super) limit: Option<u32>,
    accepted: Counts,
    /// The number of equal messages that a recipient may get, if not one.
    pub(super) allowed: Counts,
    keyed: BTreeMap<String, u32>,
    /// The number of messages that a recipient may get under the key, if not one.
    pub(super) key_allowed: BTreeMap<String, u32>,
    repeated: BTreeMap<String, RepeatedMessages>,
    /// When templates were accepted, with their recipients.
    templates: Vec<(i64, String)>,
    /// The number of restores of the ledger.
    pub(super) restores: u32,
    pub(super) violations: Vec<String>,
}

impl Server {
    pub(super) fn new(profile: &Profile, limit: Option<u32>) -> Self {
        Self {
            rejected_percent: profile.rejected_percent,
            unreachable_percent: profile.unreachable_percent,
            limit,
            ..Self::default()
        }
    }

    /// Sends a request. Returns its index, or None without a network.
    pub(super) fn send(
        &mut self,
        message: Message,
        rng: &mut fastrand::Rng,
        now: i64,
    ) -> Option<usize> {
        let verdict = self.draw_verdict(rng);
        if verdict == Verdict::NoNetwork {
            return None;
        }
        let is_slow = rng.u8(0..4) == 0;
        let way = rng.i64(if is_slow { 0..TIMEOUT } else { 1..300 });
        let is_slow = rng.u8(0..6) == 0;
        let way_back = rng.i64(if is_slow { 0..TIMEOUT } else { 0..300 });
        let is_lost = message.restores < self.restores;
        self.requests.push(Request {
            message,
            sent_at: now,
            arrives_at: now + way,
            response_at: now + way + way_back,
            has_arrived: false,
            verdict,
            is_lost,
        });
        Some(self.requests.len() - 1)
    }

    fn draw_verdict(&self, rng: &mut fastrand::Rng) -> Verdict {
        let drawn = rng.u32(0..100);
        if drawn < self.rejected_percent {
            return Verdict::Rejected;
        }
        if drawn < self.rejected_percent + self.unreachable_percent {
            return Verdict::NoNetwork;
        }
        match rng.u32(0..90) {
            0..55 => Verdict::Accepted,
            55..63 => Verdict::RateLimit,
            63..67 => Verdict::PairLimit,
            67..75 => Verdict::AcceptedResponseLost,
            75..82 => Verdict::Lost,
            _ => Verdict::NoNetwork,
        }
    }

    /// Records that a process claimed the recipient for a message that may be repeated.
    pub(super) fn note_claim(&mut self, recipient: &str, at: i64, clock_error: i64) {
        let repeated = self.repeated.entry(recipient.to_owned()).or_default();
        repeated.claimed.push(ProcessMoment { at, clock_error });
    }

    /// Returns the outcome of a request after its process knows it. Without a response it is [`Verdict::Lost`].
    pub(super) fn outcome(&self, request: usize, now: i64) -> Option<Verdict> {
        let request = &self.requests[request];
        let is_over = request.has_arrived && now >= request.response_at;
        let has_response = !matches!(
            request.verdict,
            Verdict::Lost | Verdict::AcceptedResponseLost
        );
        if is_over && has_response {
            return Some(request.verdict);
        }
        (is_over || now >= request.sent_at + TIMEOUT).then_some(Verdict::Lost)
    }

    pub(super) fn next_arrival(&self) -> Option<i64> {
        let requests = self.requests.iter().filter(|request| !request.has_arrived);
        requests.map(|request| request.arrives_at).min()
    }

    pub(super) fn count_arrivals(&self) -> usize {
        let arrived = self.requests.iter().filter(|request| request.has_arrived);
        arrived.count()
    }

    /// Receives the requests that are due. Returns the accepted messages.
    pub(super) fn receive(&mut self, now: i64) -> Vec<Message> {
        let mut due: Vec<_> = (0..self.requests.len())
            .filter(|index| {
                let request = &self.requests[*index];
                !request.has_arrived && request.arrives_at <= now
            })
            .collect();
        due.sort_by_key(|index| self.requests[*index].arrives_at);
        let mut accepted = Vec::new();
        for index in due {
            let request = &mut self.requests[index];
            request.has_arrived = true;
            if request.is_accepted() {
                let message = request.message.clone();
                let arrived_at = request.arrives_at;
                let sent_at = request.sent_at;
                match message.every {
                    _ if request.is_lost => {}
                    Some(every) => self.count_repeated(&message, sent_at, every),
                    None => self.count(&message, arrived_at),
                }
                accepted.push(message);
            }
        }
        accepted
    }

    /// Counts an accepted message that may be repeated after the time `every`.
    fn count_repeated(&mut self, message: &Message, sent_at: i64, every: i64) {
        let recipient = &message.recipient;
        let sent = ProcessMoment {
            at: sent_at,
            clock_error: message.clock_error,
        };
        let repeated = self.repeated.entry(recipient.clone()).or_default();
        if let Some(other) = repeated.find_too_close(sent, every) {
            self.violations.push(format!(
                "every: {recipient} got messages that were sent at {} and {sent_at}, less than {every} ms apart",
                other.at
            ));
        }
        repeated.sent.push(sent);
    }

    /// Counts an accepted message.
    fn count(&mut self, message: &Message, at: i64) {
        if message.is_keyed {
            self.count_keyed(message);
        }
        let Message {
            recipient, text, ..
        } = message;
        let key = (recipient.clone(), text.clone());
        let allowed = self.allowed.get(&key).copied().unwrap_or(1);
        let count = self.accepted.entry(key).or_default();
        *count += 1;
        // With a key, the same text may be sent again.
        if !message.is_keyed && *count > allowed {
            self.violations.push(format!(
                "twice: {recipient} got {text} {count} times, but {allowed} are allowed"
            ));
        }
        if message.is_template {
            self.count_template(message, at);
        }
    }

    fn count_keyed(&mut self, message: &Message) {
        let recipient = &message.recipient;
        let allowed = self.key_allowed.get(recipient).copied().unwrap_or(1);
        let count = self.keyed.entry(recipient.clone()).or_default();
        *count += 1;
        if *count > allowed {
            self.violations.push(format!(
                "key: {recipient} got {count} messages under the key, but {allowed} are allowed"
            ));
        }
    }

    fn count_template(&mut self, message: &Message, at: i64) {
        self.templates.push((at, message.recipient.clone()));
        let recent = self
            .templates
            .iter()
            .filter(|(before, _)| *before > at - DAY);
        let recipients: BTreeSet<_> = recent.map(|(_, recipient)| recipient).collect();
        if let Some(limit) = self.limit
            && recipients.len() > limit as usize
        {
            self.violations.push(format!(
                "limit: {} recipients got templates within 24 hours, but {limit} are allowed",
                recipients.len()
            ));
        }
    }

    /// Returns the truth about the message of a row.
    pub(super) fn truth(&self, row: (i64, i64)) -> Truth {
        self.truth_for(|message| message.row == Some(row))
    }

    /// Returns the truth about the messages to a recipient under the key.
    pub(super) fn truth_under_key(&self, recipient: &str) -> Truth {
        self.truth_for(|message| message.is_keyed && message.recipient == recipient)
    }

    fn truth_for(&self, matches: impl Fn(&Message) -> bool) -> Truth {
        let mut truth = Truth {
            has_message: false,
            may_still_arrive: false,
            must_be_known: false,
        };
        for request in &self.requests {
            if matches(&request.message) {
                truth.has_message |= request.is_accepted();
                truth.may_still_arrive |= !request.has_arrived;
                truth.must_be_known |= request.counts();
            }
        }
        truth
    }

    /// Restores the ledger to the time when this number of requests had been sent, and it had this number of runs. After
    /// that, it need not know the later requests, and a later run has the number of a lost one.
    pub(super) fn restore(&mut self, requests: usize, runs: i64) {
        self.restores += 1;
        for request in self.requests.iter_mut().skip(requests) {
            request.is_lost = true;
            let row = &mut request.message.row;
            *row = row.filter(|(run, _)| *run <= runs);
        }
        self.accepted.clear();
        self.keyed.clear();
        let known = self.requests.iter().filter(|request| request.is_known());
        for message in known.map(|request| &request.message) {
            let key = (message.recipient.clone(), message.text.clone());
            *self.accepted.entry(key).or_default() += 1;
            if message.is_keyed {
                *self.keyed.entry(message.recipient.clone()).or_default() += 1;
            }
        }
    }

    /// Counts the messages under the key that a recipient has, or may still get.
    pub(super) fn count_under_key(&self, recipient: &str) -> u32 {
        let counted = self.requests.iter().filter(|request| {
            let message = &request.message;
            message.is_keyed && message.recipient == recipient && request.counts()
        });
        u32::try_from(counted.count()).expect("a simulation is short")
    }
}
