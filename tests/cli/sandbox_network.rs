//! A sandbox for other machines. Each machine is a separate network namespace, and one virtual cable connects them.

use std::process::Command;

use assert_cmd::cargo::cargo_bin;
use serde_json::{Value, json};

use crate::harness::{CommandOutput, Home};
use crate::needs::{can_test, works};
use crate::recipes::blocks;

/// Two machines: this one is 10.9.0.1, called `sandbox`, and `there COMMAND…` runs on the other one, 10.9.0.2, called
/// `elsewhere`. Both know these names.
const MACHINES: &str = "set -e\n\
    rm -f other\n\
    ip link set lo up\n\
    unshare --net sh -c 'echo $$ > other.new; mv other.new other; exec sleep 600' &\n\
    cable=$!\n\
    trap 'kill $cable $sandbox 2> /dev/null || true' EXIT\n\
    while [ ! -e other ]; do kill -0 $cable; done\n\
    other=$(cat other)\n\
    there() { nsenter --target $other --net \"$@\"; }\n\
    ip link add here type veth peer name there netns $other\n\
    ip address add 10.9.0.1/24 dev here\n\
    ip link set here up\n\
    there ip link set lo up\n\
    there ip address add 10.9.0.2/24 dev there\n\
    there ip link set there up\n\
    printf '127.0.0.1 localhost\\n10.9.0.1 sandbox\\n10.9.0.2 elsewhere\\n' > hosts\n\
    mount --bind hosts /etc/hosts\n\
    start() { \"$JELOUCTL\" \"$@\" > variables 2> told & sandbox=$!; while ! grep -q SECRET variables; do kill -0 $sandbox; done; }\n";

/// Runs a script with two machines; None if the system does not allow them.
fn on_two_machines(home: &Home, script: &str) -> Option<CommandOutput> {
    let run = |script: &str| {
        let mut command = Command::new("unshare");
        command.args([
            "--map-root-user",
            "--net",
            "--mount",
            "sh",
            "-c",
            &format!("{MACHINES}{script}"),
        ]);
        command
            .current_dir(home.path())
            .env_clear()
            .env("HOME", home.path())
            .env("JELOUCTL", cargo_bin!("jelouctl"));
        command
            .env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin")
            .output()
            .unwrap()
    };
    let is_there = || run("there true").status.success();
    if !can_test(
        "unshare, nsenter and ip, and the right to make networks of its own",
        is_there,
    ) {
        return None;
    }
    Some(CommandOutput::new(&run(script)))
}

/// The Compose example of docs/sandbox.md; None if the machine cannot read it.
fn compose() -> Option<Value> {
    let read = "import json, sys, yaml; json.dump(yaml.safe_load(sys.stdin), sys.stdout)";
    if !can_test("python3 with yaml", || {
        works("python3", &["-c", "import yaml"])
    }) {
        return None;
    }
    let examples = blocks("sandbox.md")
        .into_iter()
        .filter(|block| block.language == "yaml");
    let examples: Vec<_> = examples
        .filter(|block| block.text.starts_with("services:"))
        .collect();
    let [example] = &examples[..] else {
        panic!("{} examples", examples.len())
    };
    let output = assert_cmd::Command::new("python3")
        .args(["-c", read])
        .write_stdin(example.text.as_str())
        .assert();
    Some(serde_json::from_slice(&output.success().get_output().stdout).unwrap())
}

/// Joins words, which must not contain characters that a shell would interpret.
fn join_words(words: &Value) -> String {
    let words: Vec<_> = words
        .as_array()
        .unwrap()
        .iter()
        .map(|word| word.as_str().unwrap())
        .collect();
    assert!(words.iter().all(|word| {
        word.chars()
            .all(|letter| letter.is_alphanumeric() || "-./:".contains(letter))
    }));
    words.join(" ")
}

fn assignments(environment: &Value) -> String {
    let set = environment
        .as_object()
        .unwrap()
        .iter()
        .map(|(name, value)| format!("{name}={}", value.as_str().unwrap()));
    set.collect::<Vec<_>>().join(" ")
}

#[test]
fn example_containers_reach_the_sandbox() {
    let Some(compose) = compose() else { return };
    let (service, app) = (&compose["services"]["sandbox"], &compose["services"]["app"]);
    assert_eq!(app["depends_on"]["sandbox"]["condition"], "service_healthy");
    assert_eq!(service["ports"], json!(["127.0.0.1:4780:4780"]));
    let health = join_words(&service["healthcheck"]["test"]);
    let health = health.strip_prefix("CMD /jelouctl ").unwrap();
    let home = Home::new();
    let script = format!(
        "start {} --list sent.ndjson\n\
         env {} \"$JELOUCTL\" {health} > health\n\
         there env {} \"$JELOUCTL\" {}\n\
         kill $sandbox\nwait $sandbox\ncat told\n",
        join_words(&service["command"]),
        assignments(&service["environment"]),
        assignments(&app["environment"]),
        join_words(&app["command"]),
    );
    let Some(ended) = on_two_machines(&home, &script) else {
        return;
    };
    assert_eq!(ended.code, 0, "{ended:?}");
    assert!(
        ended.stderr.contains(
            "note: sandbox: nothing was sent to Jelou; it is shown on http://sandbox:4780\n"
        ),
        "{ended:?}"
    );
    for told in [
        "warning: anyone that can connect to 0.0.0.0:4780 can read the messages in this sandbox",
        "note: sandbox: other machines set JELOUCTL_SANDBOX=http://sandbox:4780",
        "note: sandbox: 1 message arrived",
    ] {
        assert!(ended.stdout.contains(told), "{told}: {ended:?}");
    }
    let sent: Value = serde_json::from_str(&home.read("sent.ndjson")).unwrap();
    assert_eq!(
        (&sent["body"]["text"], &sent["bot"]),
        (&json!("Hola"), &json!("sandbox"))
    );
    assert!(home.read("health").contains("order_shipped"));
}

#[test]
fn other_machine_may_use_only_allowed_hosts() {
    let home = Home::new();
    let ask = |more: &str, url: &str| {
        format!(
            "there curl --silent --noproxy '*' --output /dev/null --write-out '%{{http_code}} {url} {more}\\n' {more} http://{url}\n"
        )
    };
    let wanted = [
        ("", "sandbox:4780/sandbox/messages", 200),
        ("", "SANDBOX:4780/", 200),
        (
            "--header Origin:http://sandbox:4780",
            "sandbox:4780/sandbox/messages",
            200,
        ),
        ("", "10.9.0.1:4780/sandbox/messages", 403),
        ("--header Host:evil.example:4780", "sandbox:4780/", 403),
        (
            "--header Origin:http://evil.example",
            "sandbox:4780/sandbox/messages",
            403,
        ),
        (
            "--header Origin:http://sandbox:3000",
            "sandbox:4780/sandbox/messages",
            403,
        ),
        (
            "--header Sec-Fetch-Site:cross-site",
            "sandbox:4780/sandbox/messages",
            403,
        ),
    ];
    let script: String = wanted.iter().map(|(more, url, _)| ask(more, url)).collect();
    // On this machine, its own names reach the sandbox.
    let here = "curl --silent --output /dev/null --write-out '%{http_code} here\\n' http://127.0.0.1:4780/sandbox/messages\n";
    let inside = "\"$JELOUCTL\" sandbox --listen 10.9.0.1:0 --allow-host sandbox -- \"$JELOUCTL\" send text --to 593987654321 Hola -o id\n";
    let script = format!(
        "start sandbox --listen 10.9.0.1:4780 --allow-host Sandbox\n{script}{here}{inside}"
    );
    let Some(ended) = on_two_machines(&home, &script) else {
        return;
    };
    let mut expected: Vec<_> = wanted
        .iter()
        .map(|(more, url, status)| format!("{status} {url} {more}"))
        .collect();
    expected.extend(["200 here".to_owned(), "msg_sandbox_1\n".to_owned()]);
    assert_eq!(
        (ended.code, ended.stdout),
        (0, expected.join("\n")),
        "{}",
        ended.stderr
    );
}

/// A page of another site in the browser of a user who can reach the sandbox.
#[test]
fn foreign_page_cannot_read_or_write() {
    let is_there = || works("chromium", &["--version"]) && works("python3", &["--version"]);
    if !can_test("chromium and python3", is_there) {
        return;
    }
    let home = Home::new();
    home.write(
        "site/index.html",
        "<!doctype html><title>other site</title><pre id=told>nothing</pre><script>\n\
         const url = 'http://sandbox:4780';\n\
         const tried = [\n\
           () => fetch(`${url}/sandbox/messages`).then((answer) => answer.text()),\n\
           () => fetch(`${url}/sandbox/users/593987654321/messages`, { method: 'POST', mode: 'no-cors', body: '{\"text\":\"forged\"}' }),\n\
           () => fetch(`${url}/v1/bots/77/messages`, { method: 'POST', headers: { authorization: 'Basic c2FuZGJveDpzYW5kYm94' }, body: '{\"type\":\"text\",\"userId\":\"1\",\"text\":\"forged\"}' }),\n\
         ];\n\
         Promise.allSettled(tried.map((one) => one())).then((all) => {\n\
           told.textContent = all.map(({ status, value }) => `${status} ${value?.type ?? ''}`).join('|');\n\
         });\n\
         </script>\n",
    );
    let browse = "there chromium --headless --no-sandbox --disable-gpu --user-data-dir=\"$PWD/profile\" --virtual-time-budget=10000 --timeout=30000 --dump-dom";
    let script = format!(
        "start sandbox --listen 0.0.0.0:4780 --allow-host sandbox\n\
         there env JELOUCTL_SANDBOX=http://sandbox:4780 \"$JELOUCTL\" --quiet send text --to 593987654321 secreto\n\
         nsenter --target $other --net python3 -m http.server --directory site 8000 > /dev/null 2>&1 & site=$!\n\
         until there curl --silent --output /dev/null http://elsewhere:8000/; do kill -0 $site; done\n\
         # A busy browser may print the page before its requests have ended.\n\
         for _ in 1 2 3 4 5; do\n\
         {browse} http://elsewhere:8000/ > other.html 2> /dev/null; grep -q '>nothing<' other.html || break\n\
         done\n\
         {browse} http://sandbox:4780/sandbox/messages > typed.html 2> /dev/null\n\
         kill $site\n\
         wait $site || true\n\
         curl --silent --output /dev/null http://elsewhere:8000/ && exit 9\n\
         curl --silent 'http://127.0.0.1:4780/sandbox/messages?from=all'\n"
    );
    let Some(ended) = on_two_machines(&home, &script) else {
        return;
    };
    assert_eq!(ended.code, 0, "{ended:?}");
    let other = home.read("other.html");
    assert!(other.contains(">rejected |rejected |rejected <"), "{other}");
    let kept: Value = serde_json::from_str(ended.stdout.lines().last().unwrap()).unwrap();
    let texts: Vec<_> = kept
        .as_array()
        .unwrap()
        .iter()
        .map(|message| &message["body"]["text"])
        .collect();
    assert_eq!(texts, ["secreto"]);
    // A user who types the address there can read the page.
    assert!(
        home.read("typed.html").contains("secreto"),
        "{}",
        home.read("typed.html")
    );
}

#[test]
fn listening_for_other_machines_needs_allowed_hosts() {
    let home = Home::new();
    for (flags, problem, hint) in [
        (
            "--listen 0.0.0.0:0",
            "--listen 0.0.0.0:0 accepts other machines",
            "--allow-host HOST",
        ),
        (
            "--listen [::]:0",
            "--listen [::]:0 accepts other machines",
            "address that they use: --allow-host HOST",
        ),
        (
            "--listen sandbox:4780",
            "--listen: `sandbox:4780` is not ADDRESS:PORT, such as 0.0.0.0:4780",
            "",
        ),
        (
            "--listen 0.0.0.0 --allow-host a",
            "--listen: `0.0.0.0` is not ADDRESS:PORT, such as 0.0.0.0:4780",
            "",
        ),
        (
            "--listen 127.0.0.1:0 --allow-host *",
            "--allow-host: `*` is not a host name",
            "",
        ),
        (
            "--allow-host http://sandbox",
            "--allow-host: `http://sandbox` is not a host name",
            "",
        ),
        (
            "--listen 203.0.113.1:0 --allow-host a",
            "failed to listen on 203.0.113.1:0",
            "an address of this machine",
        ),
        (
            "--listen 127.0.0.1:0 --port 1",
            "--listen cannot be used with --port",
            "",
        ),
    ] {
        home.run(&format!("sandbox {flags} -- true"))
            .fails(2, &[problem, hint]);
    }
    // No other variable may name another machine without TLS.
    home.run("send text --to 593987654321 Hola --bot 1")
        .api("http://sandbox:4780")
        .fails(3, &["unencrypted"]);
}
