//! What other users of the machine could do with our files: links in a shared directory, and a ledger that they own, may
//! write or may read. The tests need root, because only root can give a file to another user.

use std::fs;
use std::os::unix::fs::{MetadataExt, symlink};
use std::path::Path;
use std::process::Command;

use rustix::process::getuid;

use crate::bulk_run::{people, send};
use crate::bulk_server::Jelou;
use crate::harness::{CommandOutput, Home, STATE, sender, set_mode, tool};
use crate::needs::{by_root, can_test, works};
use crate::server::{Reply, Server};

/// The user that owns what is not ours.
const OTHER: &str = "65534";
/// A user without any file or right.
const USER: &str = "61234";

/// Returns whether the test can give files to another user.
fn can_give() -> bool {
    let words = by_root(&["true"]);
    can_test("root, or sudo without a password, and setpriv", || {
        works(words[0], &words[1..]) && works("setpriv", &["--version"])
    })
}

/// Runs a tool as root.
fn as_root(words: &[&str]) {
    let words = by_root(words);
    tool(Command::new(words[0]).args(&words[1..]));
}

/// Gives a file to another user; of a link, the link itself.
fn give(owner: &str, path: &Path) {
    as_root(&["chown", "--no-dereference", owner, path.to_str().unwrap()]);
}

fn mode(path: &Path) -> u32 {
    path.metadata().unwrap().mode() & 0o777
}

/// Runs the command in `home` as another user, who is in these `groups`. The user owns the files in `home`.
fn run_as_user(home: &Home, groups: &str, line: &str, url: &str) -> CommandOutput {
    let program = home.path().join("jelouctl");
    if !program.exists() {
        // A process that another thread starts could inherit a file that we write.
        tool(
            Command::new("cp")
                .arg(home.command().get_program())
                .arg(&program),
        );
    }
    let identity = ["--reuid", USER, "--regid", USER, "--groups", groups];
    let words = by_root(&[&["setpriv"], &identity[..]].concat());
    let mut command = home.program(words[0]);
    command.args(&words[1..]);
    if words[0] == "sudo" {
        // sudo would drop the variables.
        command.arg("env").args(["-i", "LC_ALL=C"]);
        command.arg(format!("HOME={}", home.path().display()));
        command.args(sender(url).map(|(name, value)| format!("{name}={value}")));
    }
    command.arg(program).args(crate::harness::split_words(line));
    command.envs(sender(url));
    CommandOutput::new(&command.output().unwrap())
}

/// The user's own files, with a link of another user to one of them, or to a directory with it.
#[test]
fn link_of_another_user_is_not_followed() {
    if !can_give() {
        return;
    }
    let home = people(3);
    let jelou = Jelou::accept_all();
    send(&home, &jelou.url).success();
    home.write("own/mine.csv", "mine");
    fs::create_dir(home.path().join("shared")).unwrap();
    let to_file = home.path().join("shared/r.csv");
    let to_directory = home.path().join("shared/d");
    symlink("../own/mine.csv", &to_file).unwrap();
    symlink("../own", &to_directory).unwrap();
    let log = |path: &str| home.path().join(path).display().to_string();
    for (link, path) in [
        (&to_file, "shared/r.csv"),
        (&to_directory, "shared/d/mine.csv"),
    ] {
        give(OTHER, link);
        let shown = link.strip_prefix(home.path()).unwrap().display();
        let said = format!("failed to write {path}: {shown} is a symbolic link of user {OTHER}");
        for line in [
            format!("bulk report r --file {path}"),
            format!(
                "bulk send people.csv --skip-sent --dry-run --rejects {path} text 'Hola {{{{ nombre }}}}'"
            ),
            format!("sandbox --list {path} -- true"),
        ] {
            home.run(&line).api(&jelou.url).fails(2, &[&said]);
        }
        let logged = home
            .run("send text --to 593987654321 Hola")
            .env("JELOUCTL_LOG", log(path))
            .api(&Server::answering(Reply::accepted()).url)
            .success();
        logged.stderr_has(&[&format!("is a symbolic link of user {OTHER}")]);
        assert_eq!(home.read("own/mine.csv"), "mine", "{path}");
    }
    // Links of the user and of root are followed.
    for owner in [getuid().as_raw().to_string(), "0".to_owned()] {
        give(&owner, &to_file);
        give(&owner, &to_directory);
        fs::write(home.path().join("own/mine.csv"), "").unwrap();
        home.run("bulk report r --file shared/r.csv").success();
        assert!(to_file.is_symlink(), "the target is replaced");
        assert_eq!(home.read("own/mine.csv").lines().count(), 4, "{owner}");
        home.run("bulk report r --file shared/d/other.csv")
            .success();
        assert!(home.path().join("own/other.csv").is_file());
        let list = "sandbox --list shared/sent.ndjson -- true";
        home.run(list).success();
        fs::remove_file(home.path().join("own/other.csv")).unwrap();
    }
}

/// As in a copy that lost its permissions, by `cp -r` or from an archive.
#[test]
fn open_permissions_of_a_ledger_are_removed() {
    let home = people(3);
    let jelou = Jelou::accept_all();
    send(&home, &jelou.url).success();
    let state = home.path().join(STATE);
    let files = || {
        fs::read_dir(&state)
            .unwrap()
            .map(|file| file.unwrap().path())
    };
    for line in [
        "bulk status r",
        "bulk list",
        "once list",
        "doctor --offline",
    ] {
        set_mode(&state, 0o777);
        for file in files() {
            set_mode(&file, if file.is_dir() { 0o777 } else { 0o666 });
        }
        let ended = home.run(line).api(&jelou.url).success();
        ended.stderr_lacks(&["warning"]);
        assert_eq!(mode(&state), 0o700, "{line}");
        for file in files() {
            let expected = if file.is_dir() { 0o700 } else { 0o600 };
            assert_eq!(mode(&file), expected, "{line}: {}", file.display());
        }
    }
    // The directories above are the user's own business.
    set_mode(state.parent().unwrap(), 0o777);
    home.run("bulk status r")
        .success()
        .stderr_lacks(&["warning"]);
    assert_eq!(mode(state.parent().unwrap()), 0o777);
}

/// Another user who owns one of the files could change a pending row.
#[test]
fn ledger_of_another_user_is_refused() {
    if !can_give() {
        return;
    }
    let home = people(3);
    let jelou = Jelou::accept_all();
    send(&home, &jelou.url).success();
    let state = home.path().join(STATE);
    let database = state.join("state.db");
    let nothing = Server::expect_no_requests();
    let own = getuid().as_raw().to_string();
    let hint = format!(
        "hint: to make it yours: chown -R {own} {}; to use another directory: set XDG_STATE_HOME",
        state.display()
    );
    for file in [&state, &database, &state.join("processes")] {
        give(OTHER, file);
        let said = format!(
            "{} belongs to user {OTHER}, who could change what jelouctl sends",
            file.display()
        );
        for line in [
            "bulk send people.csv --yes --again text Hola",
            "bulk resume r",
            "bulk status r",
            "bulk report r",
            "bulk list",
        ] {
            home.run(line).api(&nothing.url).fails(12, &[&said, &hint]);
        }
        // As for every fault of the ledger, the code of keys and of a single send is 3.
        home.run("once list").fails(3, &[&said, &hint]);
        home.run("send text --to 593987654321 --once k Hola")
            .api(&nothing.url)
            .fails(3, &[&said, &hint, "note: nothing was sent"]);
        let doctor = home.run("doctor --offline").api(&nothing.url).success();
        assert!(doctor.stdout.contains(&said), "{doctor:?}");
        // A single send without a key does not need the ledger.
        home.run("send text --to 593987654321 Hola")
            .api(&Server::answering(Reply::accepted()).url)
            .success();
        give(&own, file);
    }
    // The link of another user could soon point to a ledger of the same user.
    let moved = home.path().join("moved");
    fs::rename(&state, &moved).unwrap();
    symlink(&moved, &state).unwrap();
    give(OTHER, &state);
    home.run("bulk status r").fails(
        12,
        &[
            &format!("is a symbolic link of user {OTHER}"),
            "hint: set XDG_STATE_HOME to another directory",
        ],
    );
    give(&own, &state);
    home.run("bulk status r").success();
}

/// The directory belongs to root, as a volume of Kubernetes does.
#[test]
fn directory_of_root_is_used_if_only_own_groups_may_write_it() {
    if !can_give() {
        return;
    }
    let home = people(3);
    let jelou = Jelou::accept_all();
    set_mode(home.path(), 0o711);
    let state = home.path().join(STATE);
    fs::create_dir_all(&state).unwrap();
    as_root(&["chown", USER, home.path().to_str().unwrap()]);
    set_mode(&home.path().join("people.csv"), 0o644);
    let path = state.to_str().unwrap();
    let line = "bulk send people.csv --yes --run r --rate 1000000/s text 'Hola {{ nombre }}'";
    as_root(&["chown", "0:7777", path]);
    as_root(&["chmod", "2775", path]);
    let refused = run_as_user(&home, USER, line, &jelou.url);
    assert_eq!(refused.code, 12, "{refused:?}");
    let hint = format!("chown -R {USER} {path}");
    refused.stderr_has(&[&format!("other users can write {path}"), &hint]);
    as_root(&["chmod", "2777", path]);
    let refused = run_as_user(&home, "7777", line, &jelou.url);
    assert_eq!(refused.code, 12, "{refused:?}");
    as_root(&["chmod", "2775", path]);
    let said = format!(
        "warning: the members of group 7777 can write {path}, and so change what jelouctl sends\nhint: to make"
    );
    let used = run_as_user(&home, "7777", line, &jelou.url);
    assert_eq!(used.code, 0, "{used:?}");
    used.stderr_has(&[&said, &hint]);
    let doctor = run_as_user(&home, "7777", "doctor --offline", &jelou.url);
    let row = format!("{path} is writable; but the members of group 7777 can write {path}");
    assert!(doctor.stdout.contains(&row), "{doctor:?}");
    // Kubernetes gives the files to the group when it mounts the volume.
    as_root(&["chmod", "g+rw", state.join("state.db").to_str().unwrap()]);
    let shown = run_as_user(&home, "7777", "bulk status r -o record", &jelou.url);
    assert_eq!(
        (shown.code, &shown.json()["sent"]),
        (0, &3.into()),
        "{shown:?}"
    );
    assert_eq!(mode(&state.join("state.db")), 0o600);
    // A restored ledger hides this from nobody.
    let counts = fs::read_dir(&state).unwrap().map(|entry| entry.unwrap());
    for count in counts.filter(|entry| entry.file_name().to_string_lossy().contains("-commits-")) {
        as_root(&["rm", count.path().to_str().unwrap()]);
    }
    let doctor = run_as_user(&home, "7777", "doctor --offline", &jelou.url);
    let restored = format!("{row}, and so change what jelouctl sends; but the ledger was copied");
    assert!(doctor.stdout.contains(&restored), "{doctor:?}");
    let accepted = run_as_user(&home, "7777", "ledger accept --yes", &jelou.url);
    assert_eq!(accepted.code, 0, "{accepted:?}");
    accepted.stderr_has(&[&said, " is accepted, and jelouctl sends"]);
    // The hint mends it.
    as_root(&["chown", "-R", USER, path]);
    let quiet = run_as_user(&home, "7777", "bulk status r", &jelou.url);
    assert_eq!((quiet.code, mode(&state)), (0, 0o700), "{quiet:?}");
    quiet.stderr_lacks(&["warning"]);
}

/// Other users can read the directory, and only root could change that.
#[test]
fn readable_directory_of_root_is_warned_about() {
    if !can_give() {
        return;
    }
    let home = people(3);
    let jelou = Jelou::accept_all();
    let state = home.path().join(STATE);
    send(&home, &jelou.url).success();
    set_mode(home.path(), 0o755);
    as_root(&["chown", "-R", "0", state.to_str().unwrap()]);
    as_root(&["chown", USER, home.path().to_str().unwrap()]);
    as_root(&["chmod", "-R", "a+rX", home.path().to_str().unwrap()]);
    let shown = run_as_user(&home, USER, "bulk status r -o record", &jelou.url);
    assert_eq!(
        (shown.code, &shown.json()["sent"]),
        (0, &3.into()),
        "{shown:?}"
    );
    shown.stderr_has(&[&format!(
        "warning: other users can read {}",
        state.display()
    )]);
}
