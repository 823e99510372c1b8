//! The clocks for the ledger and for the deadlines of requests. A simulation of the ledger sets them itself.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// Returns the time of day, in milliseconds since 1970. The user or the system can set this clock,
/// also backwards.
pub(crate) fn unix_millis() -> i64 {
    #[cfg(test)]
    if let Some(reading) = simulated::reading() {
        return reading.unix_millis;
    }
    let elapsed = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    millis(elapsed)
}

/// Converts a duration to whole milliseconds.
pub(crate) fn millis(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}

/// Returns the time of a clock that cannot be set. On most systems it stops while the machine
/// sleeps.
pub(crate) fn instant() -> Instant {
    #[cfg(test)]
    if let Some(reading) = simulated::reading() {
        return reading.instant;
    }
    Instant::now()
}

/// The present moment on both clocks.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Now {
    pub(crate) instant: Instant,
    /// The time of day, as [`unix_millis`] returns it.
    pub(crate) unix_millis: i64,
}

pub(crate) fn now() -> Now {
    Now {
        instant: instant(),
        unix_millis: unix_millis(),
    }
}

/// Returns how long ago `start` was, by [`instant`].
pub(crate) fn elapsed_since(start: Instant) -> Duration {
    instant().saturating_duration_since(start)
}

/// Returns the time of a clock that cannot be set and continues while the machine sleeps.
pub(crate) fn since_boot() -> Duration {
    #[cfg(test)]
    if let Some(reading) = simulated::reading() {
        return reading.since_boot;
    }
    system_since_boot()
}

/// Does not read `Instant`, which stops on most systems while the machine sleeps. On Apple's systems the monotonic clock
/// continues.
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

/// Reads `Instant`, which continues during sleep on these systems.
#[cfg(not(unix))]
fn system_since_boot() -> Duration {
    use std::sync::LazyLock;

    static FIRST: LazyLock<Instant> = LazyLock::new(Instant::now);
    FIRST.elapsed()
}

pub(crate) fn sleep(time: Duration) {
    #[cfg(test)]
    if let Some(pass) = simulated::pass() {
        pass(time);
        return;
    }
    std::thread::sleep(time);
}

/// The clocks of a simulation, which runs in its own thread.
#[cfg(test)]
pub(crate) mod simulated {
    use std::cell::Cell;
    use std::time::{Duration, Instant};

    /// The times of this thread's clocks.
    #[derive(Clone, Copy, Debug)]
    pub(crate) struct ClockReading {
        pub(crate) unix_millis: i64,
        pub(crate) instant: Instant,
        pub(crate) since_boot: Duration,
    }

    thread_local! {
        static READING: Cell<Option<ClockReading>> = const { Cell::new(None) };
        static SLEEP: Cell<Option<fn(Duration)>> = const { Cell::new(None) };
    }

    pub(super) fn reading() -> Option<ClockReading> {
        READING.get()
    }

    pub(super) fn pass() -> Option<fn(Duration)> {
        SLEEP.get()
    }

    /// Sets the clocks of this thread. None restores the system's clocks.
    pub(crate) fn set(reading: Option<ClockReading>) {
        READING.set(reading);
    }

    /// Sets a function that this thread calls instead of sleeping.
    pub(crate) fn set_sleep(pass: Option<fn(Duration)>) {
        SLEEP.set(pass);
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
        assert!(unix_millis() > 7, "the sleep must not wait");
        simulated::set_sleep(None);
    }
}
