//! What a test needs that not every machine has. `tests/run --quick` leaves such a test out and says so at its end; otherwise
//! it is made, or fails: a test that is not made looks like one that passes.

use std::env;
use std::fs::File;
use std::io::Write;
use std::thread;

/// The file that lists what is left out, a line each: what the test needs, a tab, and its name. Only `tests/run --quick`
/// sets it.
pub(crate) const LEFT_OUT: &str = "TESTS_LEFT_OUT";

/// Whether to make a test that `needs` something, which must be there then: a database, a right, a tool.
pub(crate) fn can_test(needs: &str, is_there: impl FnOnce() -> bool) -> bool {
    let Some(list) = env::var_os(LEFT_OUT) else {
        assert!(is_there(), "this test needs {needs}: `tests/run --quick` leaves it out");
        return true;
    };
    let thread = thread::current();
    let line = format!("{needs}\t{}\n", thread.name().unwrap());
    // One write, since others append their lines at the same time.
    File::options().create(true).append(true).open(list).unwrap().write_all(line.as_bytes()).unwrap();
    false
}
