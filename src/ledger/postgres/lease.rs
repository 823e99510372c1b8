//! For how long a row is the worker's own.

use std::time::Duration;

/// The first byte of a request may leave so long after it was asked for: half of its timeout, within these. That is never
/// less than a connection to the API may take.
const SHORTEST_SLACK: Duration = Duration::from_secs(1);
const LONGEST_SLACK: Duration = Duration::from_secs(15);

/// For how long a row is the worker's own, and how long after it was asked for its first byte may leave.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Lease {
    pub(super) lease: Duration,
    pub(super) slack: Duration,
}

impl Lease {
    /// Of requests that take no longer than `timeout`.
    pub(super) fn of(timeout: Duration) -> Self {
        let slack = (timeout / 2).clamp(SHORTEST_SLACK, LONGEST_SLACK);
        Self { lease: timeout + 2 * slack, slack }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_is_its_own_for_longer_than_its_request_and_its_connection_may_take() {
        let lease = |timeout| {
            let Lease { lease, slack } = Lease::of(Duration::from_secs(timeout));
            (lease.as_secs(), slack.as_secs())
        };
        assert_eq!(lease(30), (60, 15));
        assert_eq!(lease(4), (8, 2));
        assert_eq!(lease(1), (3, 1));
        assert_eq!(lease(600), (630, 15));
    }
}
