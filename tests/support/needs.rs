//! Tests that need something that not every machine has. `tests/run --quick` skips them and lists them at its end.
//! Otherwise they run or fail, because a skipped test would look like a passing one.

use std::env;
use std::fs::File;
use std::io::Write;
use std::thread;

/// The file that lists the skipped tests, one line each: what the test needs, a tab, and its name. Only `tests/run
/// --quick` sets it.
pub(crate) const LEFT_OUT: &str = "TESTS_LEFT_OUT";

/// Returns whether to run a test that `needs` something, such as a database, a right or a tool. Panics if the test must
/// run, but lacks it.
pub(crate) fn can_test(needs: &str, is_there: impl FnOnce() -> bool) -> bool {
    let Some(list) = env::var_os(LEFT_OUT) else {
        assert!(
            is_there(),
            "this test needs {needs}: `tests/run --quick` skips it"
        );
        return true;
    };
    let thread = thread::current();
    let line = format!("{needs}\t{}\n", thread.name().unwrap());
    // Use a single write, because other tests append their lines at the same time.
    File::options()
        .create(true)
        .append(true)
        .open(list)
        .unwrap()
        .write_all(line.as_bytes())
        .unwrap();
    false
}
