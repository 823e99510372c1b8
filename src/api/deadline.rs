//! The time by which the first byte of a row must leave, on a clock that continues while the machine sleeps. A process that was
//! suspended for longer than its lease must not send its rows.

use std::time::Duration;

/// The last instant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Deadline(Duration);

impl Deadline {
    /// The instant after `wait` from now.
    pub(crate) fn after(wait: Duration) -> Self {
        Self(time_since_boot().saturating_add(wait))
    }

    pub(crate) fn is_over(self) -> bool {
        time_since_boot() >= self.0
    }
}

/// On most systems `Instant` stops while the machine sleeps; on Apple's systems the monotonic clock does not.
#[cfg(unix)]
fn time_since_boot() -> Duration {
    use rustix::time::{ClockId, clock_gettime};

    #[cfg(any(target_os = "linux", target_os = "android"))]
    let clock = ClockId::Boottime;
    #[cfg(not(any(target_os = "linux", target_os = "android")))]
    let clock = ClockId::Monotonic;
    let now = clock_gettime(clock);
    Duration::new(u64::try_from(now.tv_sec).unwrap_or_default(), u32::try_from(now.tv_nsec).unwrap_or_default())
}

/// `Instant` continues during sleep on these systems.
#[cfg(not(unix))]
fn time_since_boot() -> Duration {
    use std::sync::LazyLock;
    use std::time::Instant;

    static FIRST: LazyLock<Instant> = LazyLock::new(Instant::now);
    FIRST.elapsed()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_deadline_is_over_when_its_time_has_come() {
        assert!(Deadline::after(Duration::ZERO).is_over());
        assert!(!Deadline::after(Duration::from_secs(60)).is_over());
    }
}
