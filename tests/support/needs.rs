//! What a test needs that not every machine has. `tests/run --quick` skips such a test and says so at its end.
//! Otherwise the test runs or fails: a skipped test would look like one that passes.

use std::env;
use std::fs::File;
use std::io::Write;
use std::thread;

/// The file that lists the skipped tests, one line each: what the test needs, a tab, and its name. Only `tests/run
/// --quick` sets it.
pub(crate) const LEFT_OUT: &str = "TESTS_LEFT_OUT";

/// Whether to run a test that `needs` something, such as a database, a right or a tool. If so, it must be there.
pub(crate) fn can_test(needs: &str, is_there: impl FnOnce() -> bool) -> bool {
    let Some(list) = env::var_os(LEFT_OUT) else {
        assert!(
            is_there(),
            "this test needs {needs}: `tests/run --quick` leaves it out"
        );
        return true;
    };
    let thread = thread::current();
    let line = format!("{needs}\t{}\n", thread.name().unwrap());
    // A single write, since other tests append their lines at the same time.
    File::options()
        .create(true)
        .append(true)
        .open(list)
        .unwrap()
        .write_all(line.as_bytes())
        .unwrap();
    false
}
