//! The media files of a list are checked before its run, in a separate network with public addresses.

use std::process::Command;

use assert_cmd::cargo::cargo_bin;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};

use crate::harness::{Ended, Home};
use crate::needs::can_test;

/// A machine with a public address and one of a private network, and names for both. `server.py` is the API and the files.
const NETWORK: &str = "set -e\n\
    ip link set lo up\n\
    ip address add 93.184.216.34/32 dev lo\n\
    ip address add 10.9.9.9/32 dev lo\n\
    printf '127.0.0.1 localhost\\n93.184.216.34 files.example\\n10.9.9.9 inside.example\\n192.0.2.1 gone.example\\n' > hosts\n\
    mount --bind hosts /etc/hosts\n\
    rm -f ready seen\n\
    python3 server.py 2> server.err & server=$!\n\
    trap 'kill $server 2> /dev/null || true' EXIT\n\
    while [ ! -e ready ]; do kill -0 $server; done\n";

const SERVER: &str = r#"
import http.server, ssl, threading, time

class Handler(http.server.BaseHTTPRequestHandler):
    def log_message(self, *arguments):
        pass

    def answer(self, status, headers={}, body=b""):
        self.send_response(status)
        for name, value in {"Content-Length": len(body), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def note(self):
        with open("seen", "a") as seen:
            print(self.command, self.connection.getsockname()[0], self.path, self.headers.get("Authorization"), file=seen)

    def do_HEAD(self):
        self.note()
        name = self.path.split("?")[0]
        image = {"Content-Type": "image/png", "Content-Length": 100}
        if name == "/hangs.png":
            time.sleep(600)
        elif name == "/moved.png":
            self.answer(302, {"Location": "/ok.png"})
        elif name == "/inward.png":
            self.answer(302, {"Location": "https://inside.example/ok.png"})
        elif name == "/metadata.png":
            self.answer(302, {"Location": "http://169.254.169.254/ok.png"})
        elif name == "/round.png":
            self.answer(302, {"Location": "/round.png"})
        elif name == "/missing.png":
            self.answer(404)
        elif name == "/page.png":
            self.answer(200, {"Content-Type": "text/html; charset=utf-8"})
        elif name == "/large.png":
            self.answer(200, {**image, "Content-Length": 6000000})
        elif name in ["/403.png", "/405.png"]:
            self.answer(int(name[1:4]))
        else:
            self.answer(200, image)

    def do_POST(self):
        self.note()
        self.rfile.read(int(self.headers["Content-Length"]))
        self.answer(200, {"Content-Type": "application/json"}, b'{"success":true,"messageId":"m-%d"}' % time.time_ns())

server = http.server.ThreadingHTTPServer(("0.0.0.0", 443), Handler)
server.daemon_threads = True
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain("cert.pem", "key.pem")
server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
open("ready", "w").close()
server.serve_forever()
"#;

/// Writes the server and the certificate of its names, whose authority is `ca.pem`.
fn write_server(home: &Home) {
    let mut authority = CertificateParams::new(Vec::new()).unwrap();
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority = CertifiedIssuer::self_signed(authority, KeyPair::generate().unwrap()).unwrap();
    let key = KeyPair::generate().unwrap();
    let names = ["files.example", "inside.example", "gone.example"].map(str::to_owned);
    let certificate = CertificateParams::new(names.to_vec()).unwrap().signed_by(&key, &authority).unwrap();
    home.write("ca.pem", authority.pem());
    home.write("cert.pem", certificate.pem());
    home.write("key.pem", key.serialize_pem());
    home.write("server.py", SERVER);
}

/// Runs a script in that network; None if the system does not allow one.
fn on_the_network(home: &Home, script: &str) -> Option<Ended> {
    let run = |script: &str| {
        let mut command = Command::new("unshare");
        command.args(["--map-root-user", "--net", "--mount", "sh", "-c", &format!("{NETWORK}{script}")]);
        command.current_dir(home.path()).env_clear().env("HOME", home.path()).env("JELOUCTL", cargo_bin!("jelouctl"));
        for (name, value) in [("BOT_ID", "7"), ("CLIENT_ID", "id"), ("CLIENT_SECRET", "canary-secret-of-the-tests")] {
            command.env(format!("JELOU_{name}"), value);
        }
        command.env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin").output().unwrap()
    };
    let is_there = || run("true").status.success();
    if !can_test("unshare, ip and python3, and the right to make networks of its own", is_there) {
        return None;
    }
    Some(Ended::new(&run(script)))
}

fn send(flags: &str) -> String {
    format!(
        "\"$JELOUCTL\" --api-url https://files.example --ca-cert ca.pem --yes bulk send people.csv --run r --rate 1000/s \
         image --url '{{{{ foto }}}}' --caption Hola {flags}\n"
    )
}

/// Files alone: the draft that is read is a file in both.
#[test]
fn files_that_nobody_can_fetch_are_told_with_their_rows() {
    let home = Home::new();
    write_server(&home);
    let files = [
        "files.example/ok.png",
        "files.example/moved.png?secret=canary",
        "files.example/missing.png?secret=canary",
        "files.example/missing.png?secret=canary",
        "files.example/page.png",
        "files.example/large.png",
        "files.example/403.png",
        "files.example/405.png",
        "files.example/hangs.png",
        "files.example/inward.png",
        "files.example/metadata.png",
        "files.example/round.png",
        "inside.example/ok.png",
        "gone.example/ok.png",
        "files.example/ok.png",
    ];
    let rows = (0..).zip(files).map(|(n, file)| format!("5939876543{n:02},https://{file}\n"));
    home.write("people.csv", format!("to,foto\n{}", rows.collect::<String>()));
    // With --strict nothing is sent, and the command ends even if a file hangs.
    let Some(ended) = on_the_network(&home, &send("--strict")) else { return };
    for told in ["error: 8 media files cannot be sent, and --strict makes that an error", "nothing was sent"] {
        assert!(ended.code == 2 && ended.stderr.contains(told), "{told}: {ended:?}");
    }
    assert!(!ended.stderr.contains("canary") && !home.read("seen").contains("POST"), "{ended:?}");
    let ended = on_the_network(&home, &send("")).unwrap();
    assert_eq!(ended.code, 0, "{ended:?}");
    for told in [
        "note: not all media files were checked: at most 200, within 30 s, and only those that can be reached\n",
        "warning: https://files.example/missing.png?…: it does not exist (404); 2 rows, first in line 4",
        "warning: https://files.example/page.png: it is a page (text/html), not a file; 1 row, first in line 6",
        "warning: https://files.example/large.png: it has 6000000 bytes; at most 5 MB are accepted; 1 row, first in line 7",
        "warning: https://files.example/hangs.png: it cannot be fetched: no answer in time (waited 5 s); 1 row, first in line 10",
        "warning: https://files.example/inward.png: its address is not public, so WhatsApp cannot fetch it; 1 row, first in line 11",
        "warning: and 3 more media files",
    ] {
        assert!(ended.stderr.contains(told), "{told}: {ended:?}");
    }
    assert_eq!(ended.json()["sent"], files.len());
    let seen = home.read("seen");
    let looks: Vec<_> = seen.lines().filter(|line| line.starts_with("HEAD ")).collect();
    assert!(looks.iter().all(|line| line.ends_with(" None") && !line.contains(" 10.9.9.9 ")), "{seen}");
    // Each file once, and once more if an answer redirects to it or to itself.
    assert_eq!(looks.iter().filter(|line| line.contains("/ok.png")).count(), 2, "{seen}");
    assert_eq!(looks.iter().filter(|line| line.contains("/missing.png")).count(), 1, "{seen}");
}

/// Files alone: the draft that is read is a file in both.
#[test]
fn of_many_files_the_first_are_checked_and_a_preview_checks_none() {
    let home = Home::new();
    write_server(&home);
    let rows = (0..205).map(|n| format!("593987654{n:03},https://files.example/{n}.png\n"));
    home.write("people.csv", format!("to,foto\n{}", rows.collect::<String>()));
    let preview = send("").replace("--run r", "--preview 1");
    let Some(ended) = on_the_network(&home, &preview) else { return };
    assert!(ended.code == 0 && !ended.stderr.contains("media file") && !home.path().join("seen").exists());
    let ended = on_the_network(&home, &send("")).unwrap();
    assert_eq!(ended.code, 0, "{ended:?}");
    assert!(
        ended.stderr.contains(
            "note: not all media files were checked: at most 200, within 30 s, and only those that can be reached\n"
        ),
        "{ended:?}"
    );
    assert_eq!(home.read("seen").lines().filter(|line| line.starts_with("HEAD ")).count(), 200);
}

/// Files alone: the draft that is read is a file in both.
#[test]
fn a_file_behind_a_proxy_is_not_checked_whatever_the_way_to_the_api() {
    let home = Home::new();
    write_server(&home);
    home.write(
        "people.csv",
        "to,foto\n593987654321,https://files.example/missing.png\n593987654322,https://gone.example/ok.png\n",
    );
    let script = format!("export HTTPS_PROXY=http://127.0.0.1:1 NO_PROXY=files.example\n{}", send(""));
    let Some(ended) = on_the_network(&home, &script) else { return };
    assert_eq!(ended.code, 0, "{ended:?}");
    assert!(ended.stderr.contains("warning: https://files.example/missing.png: it does not exist (404)"), "{ended:?}");
    assert!(
        ended.stderr.contains(
            "note: not all media files were checked: at most 200, within 30 s, and only those that can be reached\n"
        ),
        "{ended:?}"
    );
    assert!(!ended.stderr.contains("gone.example"), "{ended:?}");
}
