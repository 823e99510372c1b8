//! The clocks that the ledger and the deadlines of requests read. A simulation of the ledger sets them instead.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// The time of day, in milliseconds since 1970. Somebody may set this clock, also backwards.
pub(crate) fn unix_millis() -> i64 {
    #[cfg(test)]
    if let Some(reading) = simulated::reading() {
        return reading.unix_millis;
    }
    let elapsed = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    i64::try_from(elapsed.as_millis()).unwrap_or(i64::MAX)
}

/// The time of a clock that nobody sets. On most systems it stops while the machine sleeps.
pub(crate) fn instant() -> Instant {
    #[cfg(test)]
    if let Some(reading) = simulated::reading() {
        return reading.instant;
    }
    Instant::now()
}

/// How long ago `start` was, by [`instant`].
pub(crate) fn elapsed_since(start: Instant) -> Duration {
    instant().saturating_duration_since(start)
}

/// The time of a clock that nobody sets, and that continues while the machine sleeps.
pub(crate) fn since_boot() -> Duration {
    #[cfg(test)]
    if let Some(reading) = simulated::reading() {
        return reading.since_boot;
    }
    system_since_boot()
}

/// On most systems `Instant` stops while the machine sleeps; on Apple's systems the monotonic clock does not.
#[cfg(unix)]
fn system_since_boot() -> Duration {
    use rustix::time::{ClockId, clock_gettime};

    #[cfg(any(target_os = "linux", target_os = "android"))]
    let clock = ClockId::Boottime;
    #[cfg(not(any(target_os = "linux", target_os = "android")))]
    let clock = ClockId::Monotonic;
    let now = clock_gettime(clock);
    Duration::new(
        u64::try_from(now.tv_sec).unwrap_or_default(),
        u32::try_from(now.tv_nsec).unwrap_or_default(),
    )
}

/// `Instant` continues during sleep on these systems.
#[cfg(not(unix))]
fn system_since_boot() -> Duration {
    use std::sync::LazyLock;

    static FIRST: LazyLock<Instant> = LazyLock::new(Instant::now);
    FIRST.elapsed()
}

/// Waits for this long.
pub(crate) fn sleep(time: Duration) {
    #[cfg(test)]
    if let Some(pass) = simulated::pass() {
        pass(time);
        return;
    }
    std::thread::sleep(time);
}

/// The clocks of a simulation, which is a thread of its own.
#[cfg(test)]
pub(crate) mod simulated {
    use std::cell::Cell;
    use std::time::{Duration, Instant};

    /// What the clocks of this thread show.
    #[derive(Clone, Copy, Debug)]
    pub(crate) struct ClockReading {
        pub(crate) unix_millis: i64,
        pub(crate) instant: Instant,
        pub(crate) since_boot: Duration,
    }

    thread_local! {
        static READING: Cell<Option<ClockReading>> = const { Cell::new(None) };
        static PASS: Cell<Option<fn(Duration)>> = const { Cell::new(None) };
    }

    pub(super) fn reading() -> Option<ClockReading> {
        READING.get()
    }

    pub(super) fn pass() -> Option<fn(Duration)> {
        PASS.get()
    }

    /// Sets the clocks of this thread; with none, they are the system's again.
    pub(crate) fn set(reading: Option<ClockReading>) {
        READING.set(reading);
    }

    /// Sets what this thread does instead of sleeping.
    pub(crate) fn set_sleep(pass: Option<fn(Duration)>) {
        PASS.set(pass);
    }
}

#[cfg(test)]
mod tests {
    use super::simulated::ClockReading;
    use super::*;

    #[test]
    fn clocks_show_simulated_time() {
        let reading = ClockReading {
            unix_millis: 7,
            instant: Instant::now() + Duration::from_secs(60),
            since_boot: Duration::from_secs(9),
        };
        simulated::set(Some(reading));
        simulated::set_sleep(Some(|_| simulated::set(None)));
        assert_eq!(unix_millis(), 7);
        assert_eq!(instant(), reading.instant);
        assert_eq!(since_boot(), reading.since_boot);
        sleep(Duration::MAX);
        assert!(unix_millis() > 7, "the sleep has ended at once");
        simulated::set_sleep(None);
    }
}
