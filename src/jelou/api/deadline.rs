//! The deadline for the first byte of a request, and the body that enforces it. A process that was suspended for longer
//! than its lease must not send its rows, so the clock continues while the machine sleeps.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use hyper::body::{Body, Frame, SizeHint};
use thiserror::Error;

use crate::base::clock;

/// The latest time for sending the first byte.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Deadline(Duration);

impl Deadline {
    /// Returns the instant after `wait` from now.
    pub(crate) fn after(wait: Duration) -> Self {
        Self(clock::since_boot().saturating_add(wait))
    }

    pub(crate) fn is_over(self) -> bool {
        clock::since_boot() >= self.0
    }
}

/// Ends the connection before any byte of the request is sent.
#[derive(Debug, Error)]
#[error("the request was too late to be sent")]
pub(super) struct DeadlineMissed;

pub(super) struct TimelyBody {
    /// None after hyper took the body.
    bytes: Option<Bytes>,
    deadline: Deadline,
    is_late: Arc<AtomicBool>,
}

impl TimelyBody {
    /// Sets `is_late` if the deadline passes before the body is sent.
    pub(super) fn new(body: &str, deadline: Deadline, is_late: Arc<AtomicBool>) -> Self {
        Self {
            bytes: Some(Bytes::copy_from_slice(body.as_bytes())),
            deadline,
            is_late,
        }
    }
}

impl Body for TimelyBody {
    type Data = Bytes;
    type Error = DeadlineMissed;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, DeadlineMissed>>> {
        // hyper already has the body, so the deadline no longer matters.
        if self.bytes.is_none() {
            return Poll::Ready(None);
        }
        if self.deadline.is_over() {
            self.is_late.store(true, Ordering::SeqCst);
            return Poll::Ready(Some(Err(DeadlineMissed)));
        }
        Poll::Ready(self.bytes.take().map(|bytes| Ok(Frame::data(bytes))))
    }

    fn is_end_stream(&self) -> bool {
        self.bytes.is_none()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.bytes.as_ref().map_or(0, Bytes::len) as u64)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use hyper_util::rt::TokioIo;
    use tokio::io::AsyncReadExt;

    use super::*;

    #[test]
    fn deadline_is_over_at_its_time() {
        assert!(Deadline::after(Duration::ZERO).is_over());
        assert!(!Deadline::after(Duration::from_secs(60)).is_over());
    }

    #[test]
    fn body_read_in_time_is_never_late() {
        let is_late = Arc::new(AtomicBool::new(false));
        let in_time = Deadline::after(Duration::from_secs(60));
        let mut body = TimelyBody::new("{}", in_time, Arc::clone(&is_late));
        let mut context = Context::from_waker(std::task::Waker::noop());
        let first = Pin::new(&mut body).poll_frame(&mut context);
        let Poll::Ready(Some(Ok(frame))) = first else {
            panic!("{first:?}")
        };
        assert_eq!(frame.into_data().unwrap(), "{}");
        body.deadline = Deadline::after(Duration::ZERO);
        let second = Pin::new(&mut body).poll_frame(&mut context);
        assert!(matches!(second, Poll::Ready(None)), "{second:?}");
        assert!(!is_late.load(Ordering::SeqCst));
    }

    /// Returns the bytes that a request with this deadline sends, and whether it is late.
    async fn sent_until(deadline: Deadline) -> (Vec<u8>, bool) {
        let (ours, mut theirs) = tokio::io::duplex(4096);
        let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(ours))
            .await
            .unwrap();
        let is_late = Arc::new(AtomicBool::new(false));
        let body = TimelyBody::new("{}", deadline, Arc::clone(&is_late));
        let request = http::Request::post("/")
            .header("host", "a")
            .body(body)
            .unwrap();
        tokio::spawn(connection);
        let answer = tokio::spawn(sender.send_request(request));
        let mut received = vec![0; 4096];
        let size = theirs.read(&mut received).await.unwrap();
        drop(theirs);
        assert!(answer.await.unwrap().is_err(), "no answer");
        received.truncate(size);
        (received, is_late.load(Ordering::SeqCst))
    }

    #[tokio::test]
    async fn late_request_sends_no_byte() {
        let (received, is_late) = sent_until(Deadline::after(Duration::from_secs(60))).await;
        assert_eq!(
            received,
            b"POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 2\r\n\r\n{}"
        );
        assert!(!is_late);
        assert_eq!(
            sent_until(Deadline::after(Duration::ZERO)).await,
            (Vec::new(), true)
        );
    }
}
