//! The only retry loop. It retries only if the request certainly had no effect.

use std::future::Future;
use std::pin::pin;
use std::time::{Duration, Instant};

use super::answer::Answer;
use super::classify::judge;
use super::credentials::Credentials;
use super::deadline::Deadline;
use super::outcome::{Cause, Outcome, Problem, Verdict};
use super::request::Request;
use super::transport::Client;
use crate::base::message::{Message, msg};
use crate::base::process::Signal;

/// The first wait; it doubles with each retry.
const FIRST_BACKOFF: Duration = Duration::from_millis(500);
const LONGEST_BACKOFF: Duration = Duration::from_secs(8);
/// How long after the end of `retry_for` an attempt may still begin. If it is later, the process was suspended.
const SUSPENDED: Duration = Duration::from_secs(1);

/// The result of a request after all its attempts.
#[derive(Debug)]
pub(crate) struct Delivery {
    pub(crate) outcome: Outcome,
    pub(crate) problem: Option<Problem>,
    /// The last answer, if any.
    pub(crate) answer: Option<Answer>,
    pub(crate) attempts: u32,
    pub(crate) duration: Duration,
    /// Whether an attempt sent nothing because its deadline had passed.
    pub(crate) is_late: bool,
}

impl Delivery {
    /// Returns the result if a signal came before any attempt: not sent.
    pub(crate) fn never_begun(signal: Signal) -> Self {
        Self::interrupted(signal, 0, None, Instant::now())
    }

    /// Returns the result of a send that a signal ended. `in_flight` is the request that the signal
    /// interrupted, if one was in flight.
    fn interrupted(
        signal: Signal,
        attempts: u32,
        in_flight: Option<&Request>,
        begun: Instant,
    ) -> Self {
        let signal_name = signal.name();
        let (outcome, message, hint) = match in_flight {
            Some(request) => (
                Outcome::Unknown(Some(signal)),
                msg!(
                    "interrupted by {signal_name} while a request was in flight",
                    signal_name
                ),
                request.accepts.unknown_hint(),
            ),
            None => (
                Outcome::NotSent(Cause::Interrupted(signal)),
                msg!(
                    "interrupted by {signal_name} before the request was sent",
                    signal_name
                ),
                msg!("run the command again"),
            ),
        };
        Self {
            problem: Some(Problem::new(&outcome, message, hint)),
            outcome,
            answer: None,
            attempts,
            duration: begun.elapsed(),
            is_late: false,
        }
    }

    /// Returns the result of the last attempt, which got this verdict.
    fn decided(verdict: Verdict, answer: Option<Answer>, attempts: u32, begun: Instant) -> Self {
        Self {
            outcome: verdict.outcome,
            problem: verdict.problem,
            answer,
            attempts,
            duration: begun.elapsed(),
            is_late: false,
        }
    }

    /// Returns the result if the deadline passed: this attempt sent nothing, and the earlier ones
    /// had no effect.
    fn past_deadline(attempts: u32, begun: Instant) -> Self {
        let outcome = Outcome::NotSent(Cause::Unavailable);
        let problem = Problem::new(
            &outcome,
            msg!("the request was too late to be sent"),
            msg!("send it again"),
        );
        Self {
            outcome,
            problem: Some(problem),
            answer: None,
            attempts,
            duration: begun.elapsed(),
            is_late: true,
        }
    }
}

/// The time for retries, which begins with the first failure.
#[derive(Clone, Copy)]
struct RetryPeriod {
    first_failure: Instant,
    /// No attempt begins after this deadline.
    last_begin: Deadline,
}

/// Progress of a request, for an observer.
#[derive(Debug)]
pub(crate) enum Event<'a> {
    /// An attempt begins; the first is 1.
    Attempt(u32),
    Answered(&'a Answer),
    Failed(&'a Message),
    Waiting {
        wait: Duration,
        problem: &'a Problem,
    },
}

/// Sends `request`, and retries while that is safe. Ends if the outcome is certain, or if `stop` yields a signal.
/// `retry_for` begins with the first failure, and zero means no retry. A wait that would end after `retry_for` does not
/// begin. No attempt begins after it, even if the process was suspended.
///
/// With `begins_by`, the first attempt sends its first byte before this deadline, and each retry before the end of
/// `retry_for`. After that, another process may treat the message as unknown.
pub(crate) async fn deliver(
    client: &Client,
    request: &Request,
    credentials: &Credentials,
    retry_for: Duration,
    begins_by: Option<Deadline>,
    stop: impl Future<Output = Signal>,
    mut observe: impl FnMut(Event<'_>),
) -> Delivery {
    let begun = Instant::now();
    let mut stop = pin!(stop);
    let mut retry_period = None;
    let mut attempts = 0;
    loop {
        attempts += 1;
        observe(Event::Attempt(attempts));
        let made = client.connections_made();
        let deadline = match retry_period {
            None => begins_by,
            Some(RetryPeriod { last_begin, .. }) => begins_by.map(|_| last_begin),
        };
        let attempt = tokio::select! {
            biased;
            attempt = client.attempt_until(deadline, request, credentials) => attempt,
            signal = &mut stop => {
                let in_flight = client.may_have_left(made).then_some(request);
                return Delivery::interrupted(signal, attempts, in_flight, begun);
            }
        };
        let Some(attempt) = attempt else {
            return Delivery::past_deadline(attempts, begun);
        };
        match &attempt {
            Ok(answer) => observe(Event::Answered(answer)),
            Err(failure) => observe(Event::Failed(&failure.message)),
        }
        let verdict = judge(&attempt, request);
        let period = *retry_period.get_or_insert_with(|| RetryPeriod {
            first_failure: Instant::now(),
            last_begin: Deadline::after(retry_for.saturating_add(SUSPENDED)),
        });
        let wait = verdict.retry.map(|requested| backoff(requested, attempts));
        let left = retry_for.saturating_sub(period.first_failure.elapsed());
        if let (Some(wait), Some(problem)) = (wait, &verdict.problem)
            && wait <= left
        {
            observe(Event::Waiting { wait, problem });
            tokio::select! {
                () = tokio::time::sleep(wait) => if !period.last_begin.is_over() { continue },
                signal = &mut stop => return Delivery::interrupted(signal, attempts, None, begun),
            }
        }
        let verdict = verdict.naming_origin(credentials);
        return Delivery::decided(verdict, attempt.ok(), attempts, begun);
    }
}

/// Returns the delay that the server requested; otherwise 0.5 s doubling to 8 s, half of it random.
pub(crate) fn backoff(requested: Duration, attempts: u32) -> Duration {
    let backoff = FIRST_BACKOFF
        .saturating_mul(2_u32.saturating_pow(attempts - 1))
        .min(LONGEST_BACKOFF);
    let jittered = backoff.mul_f64(0.5 + fastrand::f64() / 2.0);
    if requested.is_zero() {
        jittered
    } else {
        requested
    }
}

#[cfg(test)]
mod tests {
    use std::future::pending;

    use tokio::io::AsyncReadExt;
    use tokio::net::TcpListener;

    use super::*;
    use crate::base::secret::Secret;
    use crate::jelou::api::{ClientOptions, Roots, SuccessCriterion};

    /// Returns the bytes that a message with this deadline sends, and its result. The server closes
    /// the connection.
    async fn delivered_by(begins_by: Deadline) -> (String, Delivery) {
        let server = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", server.local_addr().unwrap());
        let options = ClientOptions {
            timeout: Duration::from_secs(60),
            roots: Roots::None,
            proxy: None,
        };
        let client = Client::new(&options).unwrap();
        let credentials = Credentials::new("id", &Secret::new("secret".to_owned()));
        let body = r#"{"text":"Hola"}"#.into();
        let request = Request::post(url.parse().unwrap(), body, SuccessCriterion::MessageId);
        let delivering = deliver(
            &client,
            &request,
            &credentials,
            Duration::ZERO,
            Some(begins_by),
            pending(),
            |_| {},
        );
        let receiving = async {
            let (mut connection, _) = server.accept().await.unwrap();
            let mut received = vec![0; 4096];
            let size = connection.read(&mut received).await.unwrap();
            received.truncate(size);
            String::from_utf8(received).unwrap()
        };
        let (delivery, received) = tokio::join!(delivering, receiving);
        (received, delivery)
    }

    #[tokio::test]
    async fn first_attempt_leaves_only_before_its_deadline() {
        let (received, delivery) = delivered_by(Deadline::after(Duration::from_secs(60))).await;
        assert!(received.ends_with(r#"{"text":"Hola"}"#), "{received}");
        assert!(!delivery.is_late);
        assert!(matches!(delivery.outcome, Outcome::Unknown(_)));
        let (received, delivery) = delivered_by(Deadline::after(Duration::ZERO)).await;
        assert_eq!(received, "");
        assert!(delivery.is_late);
        assert_eq!(delivery.outcome, Outcome::NotSent(Cause::Unavailable));
    }

    #[test]
    fn backoff_follows_retry_after_or_doubles() {
        assert_eq!(backoff(Duration::from_secs(2), 5), Duration::from_secs(2));
        for (attempts, longest) in [(1, 500), (2, 1000), (5, 8000), (u32::MAX, 8000)] {
            let waited = backoff(Duration::ZERO, attempts).as_millis();
            assert!(
                (longest / 2..=longest).contains(&waited),
                "{attempts}: {waited} ms"
            );
        }
    }
}
