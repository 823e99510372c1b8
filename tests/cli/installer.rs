//! install.sh with a local server of releases: it installs the release, and nothing else.

use std::collections::HashMap;
use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::{fs, thread};

use crate::harness::{CommandOutput, Home, tool};
#[cfg(target_os = "linux")]
use crate::needs::can_mount;

/// A local server of releases: the path of each file, and its bytes.
struct Releases {
    url: String,
}

impl Releases {
    fn serve(files: HashMap<String, Vec<u8>>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        thread::spawn(move || {
            for stream in listener.incoming() {
                let mut stream = stream.unwrap();
                let mut lines = BufReader::new(stream.try_clone().unwrap()).lines();
                let first = lines.next().unwrap().unwrap();
                while lines.next().is_some_and(|line| !line.unwrap().is_empty()) {}
                let path = first.split(' ').nth(1).unwrap();
                let (status, body) = files.get(path).map_or((404, &[][..]), |body| (200, body));
                let length = body.len();
                write!(
                    stream,
                    "HTTP/1.1 {status} X\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n"
                )
                .unwrap();
                stream.write_all(body).unwrap();
            }
        });
        Self { url }
    }
}

fn target() -> &'static str {
    match (std::env::consts::OS, std::env::consts::ARCH) {
        ("linux", "x86_64") => "x86_64-unknown-linux-musl",
        ("linux", "aarch64") => "aarch64-unknown-linux-musl",
        ("macos", "aarch64") => "aarch64-apple-darwin",
        ("macos", "x86_64") => "x86_64-apple-darwin",
        other => panic!("there is no release for {other:?}"),
    }
}

/// Returns an archive with a program that prints `answer`, and its line of SHA256SUMS.
fn archive(home: &Home, version: &str, answer: &str) -> (Vec<u8>, String) {
    let name = format!("jelouctl-{version}-{}", target());
    let program = home.path().join(&name).join("jelouctl");
    fs::create_dir_all(program.parent().unwrap()).unwrap();
    fs::write(&program, format!("#!/bin/sh\n{answer}\n")).unwrap();
    fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
    let file = home.path().join("archive.tar.gz");
    tool(
        Command::new("tar")
            .arg("-czf")
            .arg(&file)
            .arg("-C")
            .arg(home.path())
            .arg(&name),
    );
    let sum = ring::digest::digest(&ring::digest::SHA256, &fs::read(&file).unwrap());
    let sum = sum
        .as_ref()
        .iter()
        .fold(String::new(), |sum, byte| sum + &format!("{byte:02x}"));
    (fs::read(file).unwrap(), format!("{sum}  {name}.tar.gz\n"))
}

/// Returns the files of a release, also as `latest`.
fn release(version: &str, archive: &[u8], sums: &str) -> HashMap<String, Vec<u8>> {
    let name = format!("jelouctl-{version}-{}.tar.gz", target());
    let mut files = HashMap::new();
    for from in [
        format!("/download/v{version}"),
        "/latest/download".to_owned(),
    ] {
        files.insert(format!("{from}/SHA256SUMS"), sums.as_bytes().to_vec());
        files.insert(format!("{from}/{name}"), archive.to_vec());
    }
    files
}

/// Creates a home and a release of 0.3.0 that can be installed.
fn released() -> (Home, Releases) {
    let home = Home::new();
    let (archive, sums) = archive(&home, "0.3.0", VERSION);
    (home, Releases::serve(release("0.3.0", &archive, &sums)))
}

fn script() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("install.sh")
}

fn install(home: &Home, url: &str, arguments: &[&str]) -> CommandOutput {
    install_after("", home, url, arguments)
}

/// Works like [`install`], in a shell that first runs `first`.
fn install_after(first: &str, home: &Home, url: &str, arguments: &[&str]) -> CommandOutput {
    let mut command = Command::new("sh");
    command
        .args(["-ec", &format!("{first}\nexec sh \"$@\""), "sh"])
        .arg(script())
        .args(arguments);
    command
        .env_clear()
        .env("PATH", "/usr/bin:/bin")
        .env("HOME", home.path())
        .current_dir(home.path());
    CommandOutput::new(&command.env("JELOUCTL_RELEASES", url).output().unwrap())
}

/// Checks that it exited with 1 and this text, and left nothing in `home`/bin.
fn refused(home: &Home, ended: &CommandOutput, words: &str) {
    assert_eq!((ended.code, ended.stdout.as_str()), (1, ""), "{ended:?}");
    assert!(
        ended.stderr.contains(words) && ended.stderr.ends_with("nothing was installed\n"),
        "{words}: {ended:?}"
    );
    assert!(!home.path().join("bin").exists(), "{ended:?}");
}

const VERSION: &str = "echo jelouctl 0.3.0";

#[test]
fn newest_or_named_release_is_installed() {
    let (home, releases) = released();
    let bin = home.path().join("bin");
    for version in [&[][..], &["--version", "0.3.0"], &["--version", "v0.3.0"]] {
        let ended = install(
            &home,
            &releases.url,
            &[&["--to", bin.to_str().unwrap()], version].concat(),
        );
        assert_eq!((ended.code, ended.stderr.as_str()), (0, ""), "{ended:?}");
        assert!(ended.stdout.starts_with(&format!(
            "jelouctl 0.3.0 is installed as {}/jelouctl\n",
            bin.display()
        )));
        assert!(ended.stdout.contains("it is not on your PATH"), "{ended:?}");
        let names: Vec<_> = fs::read_dir(&bin)
            .unwrap()
            .map(|entry| entry.unwrap().file_name())
            .collect();
        assert_eq!(names, ["jelouctl"]);
        assert_eq!(
            fs::metadata(bin.join("jelouctl")).unwrap().mode() & 0o777,
            0o755
        );
        fs::remove_dir_all(&bin).unwrap();
    }
}

#[test]
fn modified_release_is_not_installed() {
    let home = Home::new();
    let to = home.path().join("bin");
    let to = ["--to", to.to_str().unwrap()];
    let (archive, sums) = archive(&home, "0.3.0", VERSION);

    let mut other = archive.clone();
    *other.last_mut().unwrap() ^= 1;
    refused(
        &home,
        &install(
            &home,
            &Releases::serve(release("0.3.0", &other, &sums)).url,
            &to,
        ),
        "wrong SHA-256 of ",
    );
    let cut = &archive[..archive.len() / 2];
    refused(
        &home,
        &install(
            &home,
            &Releases::serve(release("0.3.0", cut, &sums)).url,
            &to,
        ),
        "wrong SHA-256 of ",
    );
    let of_another = sums.replace(target(), "riscv64-unknown-linux-musl");
    let releases = Releases::serve(release("0.3.0", &archive, &of_another));
    refused(
        &home,
        &install(&home, &releases.url, &to),
        &format!("has no archive for {}", target()),
    );
    refused(
        &home,
        &install(&home, &Releases::serve(HashMap::new()).url, &to),
        "or the server cannot be reached",
    );
    let releases = Releases::serve(release("0.3.0", &archive, &sums));
    let taken = home.path().join("taken");
    fs::create_dir_all(taken.join("jelouctl")).unwrap();
    refused(
        &home,
        &install(&home, &releases.url, &["--to", taken.to_str().unwrap()]),
        "jelouctl is a directory",
    );
    assert_eq!(fs::read_dir(taken.join("jelouctl")).unwrap().count(), 0);
    // This address refuses connections.
    refused(
        &home,
        &install(&home, "http://127.0.0.1:1", &to),
        "or the server cannot be reached",
    );
    refused(
        &home,
        &install(&home, "http://example.com", &to),
        "expected an https URL, found http://example.com",
    );
}

#[test]
fn program_that_cannot_run_is_not_installed() {
    let home = Home::new();
    let to = home.path().join("bin");
    let (archive, sums) = archive(&home, "0.3.0", "exit 126");
    let releases = Releases::serve(release("0.3.0", &archive, &sums));
    refused(
        &home,
        &install(&home, &releases.url, &["--to", to.to_str().unwrap()]),
        "does not run on this machine",
    );
}

#[test]
fn archive_with_another_version_is_not_installed() {
    let home = Home::new();
    let (archive, sums) = archive(&home, "0.3.9", "echo jelouctl 0.1.9");
    let releases = Releases::serve(release("0.3.9", &archive, &sums));
    for version in [&[][..], &["--version", "0.3.9"]] {
        let ended = install(
            &home,
            &releases.url,
            &[
                &["--to", home.path().join("bin").to_str().unwrap()],
                version,
            ]
            .concat(),
        );
        refused(
            &home,
            &ended,
            "expected \"jelouctl 0.3.9\", found \"jelouctl 0.1.9\"",
        );
    }
}

#[test]
fn unusable_temporary_directory_is_explained() {
    let (home, releases) = released();
    let to = home.path().join("bin");
    let to = ["--to", to.to_str().unwrap()];
    let elsewhere = "set TMPDIR to another directory";
    let refused = |first: &str, words: &str| {
        let ended = install_after(first, &home, &releases.url, &to);
        refused(&home, &ended, words);
        assert!(ended.stderr.contains(elsewhere), "{ended:?}");
    };
    // No file may grow, as on a full disk.
    refused("trap '' XFSZ; ulimit -f 0", ": if the disk is full, ");
    refused(
        "export TMPDIR=/nowhere",
        "cannot create a temporary directory: ",
    );
}

/// A mount needs a separate namespace.
#[test]
#[cfg(target_os = "linux")]
fn noexec_temporary_directory_is_explained() {
    if !can_mount() {
        return;
    }
    let (home, releases) = released();
    fs::create_dir(home.path().join("temporary")).unwrap();
    let mount = "mount -t tmpfs -o noexec none temporary";
    let first = format!(
        "export TMPDIR=$PWD/temporary; exec unshare --map-root-user --mount sh -ec '{mount}; exec sh \"$@\"' sh \"$@\""
    );
    let ended = install_after(
        &first,
        &home,
        &releases.url,
        &["--to", home.path().join("bin").to_str().unwrap()],
    );
    refused(
        &home,
        &ended,
        "which may be mounted noexec: set TMPDIR to another directory",
    );
}

#[test]
fn missing_home_requires_a_target_directory() {
    let (home, releases) = released();
    // A user other than root.
    let id = home.write("path/id", "#!/bin/sh\necho 1000\n");
    fs::set_permissions(&id, fs::Permissions::from_mode(0o755)).unwrap();
    let ended = install_after(
        "PATH=$PWD/path:$PATH; unset HOME",
        &home,
        &releases.url,
        &[],
    );
    refused(
        &home,
        &ended,
        "HOME is not set: pass a directory with --to DIRECTORY",
    );
}

#[test]
fn wrong_installer_arguments_are_explained() {
    let (home, releases) = released();
    let to = home.path().join("bin");
    let to = to.to_str().unwrap();
    for (arguments, words) in [
        (
            &["--to", to, "--version", "0.9.9"][..],
            "there is no release 0.9.9",
        ),
        (
            &["--to", to, "--version", "../../0.3.0"],
            "is not a version",
        ),
        (&["--to", to, "--version", ""], "--version needs a value"),
        (&["--to"], "--to needs a value"),
        (&["--to", to, "now"], "unknown argument now"),
    ] {
        refused(&home, &install(&home, &releases.url, arguments), words);
    }
    refused(
        &home,
        &install(&home, "", &["--to", to]),
        "has no download URL",
    );
}

#[test]
fn only_root_must_choose_the_directory() {
    let (home, releases) = released();
    let ended = install(&home, &releases.url, &[]);
    if fs::metadata("/proc/self").is_ok_and(|own| own.uid() == 0) {
        refused(&home, &ended, "as root, pass a directory");
        assert!(!home.path().join(".local").exists());
    } else {
        assert_eq!(ended.code, 0, "{ended:?}");
        assert!(home.path().join(".local/bin/jelouctl").exists());
    }
}

#[test]
fn unwritable_directory_is_reported() {
    let (home, releases) = released();
    let file = home.write("file", "");
    let ended = install(
        &home,
        &releases.url,
        &["--to", file.join("bin").to_str().unwrap()],
    );
    refused(&home, &ended, "cannot create /");
}

#[test]
fn truncated_script_does_nothing() {
    let text = fs::read_to_string(script()).unwrap();
    for part in 1..20 {
        let home = Home::new();
        let cut: String = text
            .chars()
            .take(text.chars().count() * part / 20)
            .collect();
        let cut = home.write("install.sh", cut);
        let mut command = Command::new("sh");
        command
            .arg(cut)
            .env_clear()
            .env("PATH", "/usr/bin:/bin")
            .env("HOME", home.path());
        let ended = CommandOutput::new(
            &command
                .env("JELOUCTL_RELEASES", "http://127.0.0.1:1")
                .output()
                .unwrap(),
        );
        assert_eq!(ended.stdout, "", "{part}: {ended:?}");
        assert!(!home.path().join(".local").exists(), "{part}: {ended:?}");
    }
}
