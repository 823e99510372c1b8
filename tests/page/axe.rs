//! axe-core finds accessibility problems of a page. It is not in the repository: npm downloads it once for each
//! `target/`.

use std::path::Path;
use std::process::Command;
use std::sync::OnceLock;

use tempfile::TempDir;

use crate::inbox::Inbox;

const VERSION: &str = "4.14.1";

/// The script of axe-core, loaded once.
pub(crate) fn axe_core() -> &'static str {
    static SCRIPT: OnceLock<String> = OnceLock::new();
    SCRIPT.get_or_init(|| {
        let kept = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("axe-core-{VERSION}.js"));
        if let Ok(script) = std::fs::read_to_string(&kept) {
            return script;
        }
        let work = TempDir::new().unwrap();
        let package = format!("axe-core@{VERSION}");
        let packed = Command::new("npm")
            .args(["pack", "--silent", &package])
            .current_dir(work.path())
            .output();
        let packed = packed.expect("npm is installed, as tests/run sees to");
        assert!(packed.status.success(), "{packed:?}");
        let archive = format!("axe-core-{VERSION}.tgz");
        let unpacked = Command::new("tar")
            .args(["-xzOf", &archive, "package/axe.min.js"])
            .current_dir(work.path())
            .output();
        let script = String::from_utf8(unpacked.unwrap().stdout).unwrap();
        assert!(script.contains(VERSION), "the archive has no axe.min.js");
        // Another process may be writing the same file.
        let whole = kept.with_extension(std::process::id().to_string());
        std::fs::write(&whole, &script).unwrap();
        std::fs::rename(whole, kept).unwrap();
        script
    })
}

/// Returns the problems that axe-core finds on the present page, one line for each element.
pub(crate) fn findings(page: &Inbox) -> Vec<String> {
    // The page's own policy would block a script, but not one from the debugger. The script ends in a value that can
    // be returned.
    page.value::<bool>(&format!("{}; true", axe_core()));
    let found = "axe.run().then(({ violations }) => violations.flatMap(({ id, help, nodes }) => \
                 nodes.map(({ target, failureSummary }) => `${id} (${help}): ${target.join(' ')}: ${failureSummary}`)))";
    page.value(found)
}

#[test]
fn accessibility_fault_of_a_page_is_found() {
    let page =
        "data:text/html,<html lang=en><title>A page</title><main><h1>A page</h1><img src=x></main>";
    let inbox = Inbox::open_at(page, 800, 600);
    let found = findings(&inbox);
    assert!(
        found.len() == 1 && found[0].starts_with("image-alt "),
        "{found:?}"
    );
}
