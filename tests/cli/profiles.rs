//! `profile`: the configuration file, written and read.

use std::os::unix::fs::{MetadataExt, symlink};
use std::path::Path;
use std::process::Stdio;

use serde_json::json;

use crate::harness::{CONFIG, CommandOutput, Home, set_mode};
use crate::server::{Reply, Server};

const FILE: &str = "config.toml";

fn config(home: &Home) -> String {
    home.read(&format!("{CONFIG}/{FILE}"))
}

#[test]
fn profile_set_saves_country_and_refuses_unusable_patterns() {
    let home = Home::new();
    let new = "profile set prod --bot 77 --client-id x --country ec";
    for pattern in [
        "sekret",
        "s3kret-9x",
        "593-98",
        "'0987654321",
        "id:*",
        "",
        "593*,594*",
        "+593*",
        "593 98*",
    ] {
        let told = "an allowed recipient is a number with its country code, a pattern such as 593*, or id:USER";
        let value = "error: --allow-to: an allowed recipient is ";
        let ended = home
            .run(new)
            .args(&["--allow-to", pattern])
            .fails(2, &[value, told]);
        assert!(
            pattern.is_empty() || !ended.stderr.contains(pattern),
            "{ended:?}"
        );
    }
    assert!(!home.path().join(CONFIG).join(FILE).exists());
    home.run(new)
        .args(&[
            "--allow-to",
            "id:ana",
            "--allow-to",
            "US*",
            "--allow-to",
            "593*",
        ])
        .success();
    assert!(
        config(&home).contains("country = \"ec\""),
        "{}",
        config(&home)
    );
    let sent = home
        .run("--sandbox --dry-run send text --to 0987654321 Hola")
        .success()
        .json();
    assert_eq!(sent["body"]["userId"], "593987654321");
}

#[test]
fn pattern_that_matches_no_number_is_refused() {
    let home = Home::new();
    home.run("profile set prod --bot 77 --client-id x --country EC --allow-to 593*")
        .success();
    for pattern in ["593-98*", "098*", "09*", "00593*", "83920174650138472910"] {
        let ended = home
            .run("profile set prod --allow-to 593* --allow-to")
            .args(&[pattern])
            .fails(
                2,
                &[
                    "--allow-to: pattern 2 matches no number with a country code",
                    "nothing was saved",
                ],
            );
        assert!(!ended.stderr.contains(pattern), "{ended:?}");
    }
    assert!(config(&home).contains("allow_to = [\"593*\"]"));
    let doctor = || home.run("doctor --offline --output record").end().stdout;
    let problem = "pattern 1 matches no number with a country code";
    for pattern in ["593*", "0987654321", "US.1*", "*@example.com", "id:ana-1"] {
        home.run("profile set prod --allow-to")
            .args(&[pattern])
            .success();
        assert!(!doctor().contains(problem), "{pattern}");
    }
    home.config("[profiles.prod]\nbot_id = \"77\"\nclient_id = \"x\"\nallow_to = [\"098*\"]\n");
    assert!(doctor().contains(problem), "{}", doctor());
    home.run("profile set prod --country MX --allow-to 52*")
        .success();
    home.run("profile set prod --allow-to 15512340009")
        .fails(2, &["an allowed recipient is ambiguous"]);
}

#[test]
fn past_day_off_in_a_profile_warns() {
    let home = Home::new();
    let set = |day: &str| {
        home.run("profile set prod --bot 77 --client-id x --time-zone America/Guayaquil")
            .args(&["--not-on", day])
            .success()
    };
    set("2025-12-25")
        .stderr_has(&["warning: --not-on 2025-12-25: this day is over; did you mean "]);
    let doctor = || home.run("doctor --offline --output record").end().stdout;
    assert!(doctor().contains("2025-12-25: this day is over"));
    set("9999-12-25").stderr_lacks(&["is over"]);
    assert!(!doctor().contains("is over"));
}

#[test]
fn every_bulk_setting_can_be_set() {
    let home = Home::new();
    home.write("no.txt", "593987654321\n");
    let keys = [
        ["--do-not-contact", "no.txt"],
        ["--rate", "300/m"],
        ["--remember", "5d"],
        ["--confirm-bulk", "false"],
        ["--between", "lun-vie 08:00-18:00"],
        ["--between", "sat 08:00-12:00"],
        ["--not-on", "2026-12-25"],
        ["--not-on", "2027-01-01"],
        ["--time-zone", "America/Guayaquil"],
        ["--log", "log.ndjson"],
        ["--to-column", "Cel titular"],
        ["--to-column", "Celular"],
        ["--lang", "es"],
    ];
    home.run("profile set prod --bot 77 --client-id x")
        .args(&keys.concat())
        .success();
    let shown = home.run("profile show prod").success().stdout;
    for part in [
        "300/m",
        "5d",
        "false",
        r#"["lun-vie 08:00-18:00", "sat 08:00-12:00"]"#,
        r#"["2026-12-25", "2027-01-01"]"#,
        r#"["Cel titular", "Celular"]"#,
        "America/Guayaquil",
        "/no.txt",
        "/log.ndjson",
    ] {
        assert!(shown.contains(part), "{part}: {shown}");
    }
    let before = config(&home);
    // The profile has the language of these errors.
    for (flags, part) in [
        (&["--rate", "fast"][..], "`fast` no es una velocidad"),
        (
            &["--not-on", "05/06/2026"],
            "no es una fecha como 2026-12-25",
        ),
        (&["--time-zone", "Quito"], "Quito"),
    ] {
        home.run("profile set prod").args(flags).fails(2, &[part]);
    }
    let together = ["--between", "always", "--between", "08:00-09:00"];
    home.run("profile set prod")
        .args(&together)
        .fails(2, &["`always` no se puede combinar"]);
    assert_eq!(config(&home), before);
}

#[test]
fn profile_is_created_used_and_removed() {
    let home = Home::new();
    let server = Server::answering(Reply::accepted());
    home.write("secret.txt", "canary\n");
    let flags = [
        "--bot",
        "77",
        "--client-id",
        "my id",
        "--client-secret-file",
        "secret.txt",
        "--api-url",
        &server.url,
    ];
    let ended = home
        .run("profile set prod --allow-to 593* --timeout 1500ms")
        .args(&flags)
        .success();
    assert_eq!(
        (ended.stdout.as_str(), ended.stderr.as_str()),
        (
            "",
            "note: profile prod is saved; to test it: jelouctl doctor --profile prod\n"
        )
    );
    let secret = home.path().join("secret.txt");
    assert_eq!(
        config(&home),
        format!(
            "default_profile = \"prod\"\n\n[profiles.prod]\nbot_id = \"77\"\nclient_id = \"my id\"\n\
             client_secret_file = \"{}\"\napi_url = \"{}\"\ntimeout = \"1500ms\"\nallow_to = [\"593*\"]\n",
            secret.display(),
            server.url
        )
    );
    home.run("send text --to 593987654321 Hola").success();
    assert_eq!(server.only().line, "POST /v1/bots/77/messages HTTP/1.1");

    home.run("profile set test --bot 78 --client-id x")
        .success();
    assert_eq!(
        home.run("profile list").success().stdout,
        "prod\t77\tdefault\ntest\t78\t\n"
    );
    home.run("profile use test").success();
    assert_eq!(
        home.run("profile list").success().stdout,
        "prod\t77\t\ntest\t78\tdefault\n"
    );
    home.run("profile use nope")
        .fails(3, &["there is no profile `nope`", "prod, test"]);
    home.run("profile remove test")
        .fails(11, &["profile test was not removed", "--yes"]);
    home.run("profile remove test --yes").success();
    assert_eq!(home.run("profile list").success().stdout, "prod\t77\t\n");
    home.run("profile remove nope --yes")
        .fails(3, &["there is no profile `nope`"]);
}

#[test]
fn configuration_file_and_directory_are_private() {
    let home = Home::new();
    home.run("profile set prod --bot 77 --client-id x")
        .success();
    let directory = home.path().join(CONFIG);
    let mode = |path: &Path| std::fs::metadata(path).unwrap().mode() & 0o777;
    assert_eq!(
        (mode(&directory.join(FILE)), mode(&directory)),
        (0o600, 0o700)
    );
    set_mode(&home.path().join(CONFIG).join(FILE), 0o644);
    home.run("profile set prod --bot 78").success();
    assert_eq!(mode(&directory.join(FILE)), 0o600);
}

#[test]
fn concurrent_profile_changes_are_all_saved() {
    let home = Home::new();
    let set = |number: u32| {
        let mut command = home.command();
        command.args([
            "profile",
            "set",
            &format!("p{number}"),
            "--bot",
            "1",
            "--client-id",
            "x",
        ]);
        command.stderr(Stdio::piped()).spawn().unwrap()
    };
    let running: Vec<_> = (0..20).map(set).collect();
    for process in running {
        let ended = CommandOutput::new(&process.wait_with_output().unwrap());
        assert_eq!(ended.code, 0, "{ended:?}");
    }
    assert_eq!(
        home.run("profile list").success().stdout.lines().count(),
        20
    );
}

#[test]
fn profile_set_keeps_comments_and_links() {
    let home = Home::new();
    home.write(
        "dotfiles/jelou.toml",
        "# mine\n[profiles.prod] # the real one\nbot_id = \"1\" # bot\n# and\ntimeout = 3 # seconds\n",
    );
    std::fs::create_dir_all(home.path().join(CONFIG)).unwrap();
    symlink(
        home.path().join("dotfiles/jelou.toml"),
        home.path().join(CONFIG).join(FILE),
    )
    .unwrap();
    home.run("profile set prod --client-id x --bot 2 --timeout 4s")
        .success();
    assert!(
        std::fs::symlink_metadata(home.path().join(CONFIG).join(FILE))
            .unwrap()
            .is_symlink()
    );
    assert_eq!(
        home.read("dotfiles/jelou.toml"),
        "# mine\n[profiles.prod] # the real one\nbot_id = \"2\" # bot\n# and\ntimeout = \"4s\" # seconds\nclient_id = \"x\"\n"
    );
}

#[test]
fn environment_values_are_never_written() {
    let home = Home::new();
    home.run("profile set prod --bot 1 --client-id x")
        .api("https://env.example")
        .success();
    assert!(
        config(&home).ends_with(
            "default_profile = \"prod\"\n\n[profiles.prod]\nbot_id = \"1\"\nclient_id = \"x\"\n"
        ),
        "{}",
        config(&home)
    );
    home.run("profile set new")
        .api("https://env.example")
        .fails(
            2,
            &[
                "a new profile needs --bot and --client-id",
                "nothing was saved",
            ],
        );
    assert!(!config(&home).contains("new"));
}

#[test]
fn secret_from_standard_input_replaces_other_sources() {
    let home = Home::new();
    home.config(
        "[profiles.p]\nbot_id = \"1\"\nclient_id = \"x\"\nclient_secret_command = [\"pass\"]\n",
    );
    home.run("profile set p --client-secret-file -")
        .stdin("canary\n")
        .success();
    assert_eq!(
        config(&home),
        "[profiles.p]\nbot_id = \"1\"\nclient_id = \"x\"\nclient_secret = \"canary\"\n"
    );
    home.run("profile set p --client-secret-file -")
        .stdin("\n")
        .fails(3, &["is empty"]);
}

#[test]
fn profile_show_names_each_value_origin() {
    let home = Home::new();
    home.config("[profiles.prod]\nbot_id = \"77\"\nclient_id = \"x\"\nclient_secret = \"canary\"\nretry_for = 0\nallow_to = [\"593*\"]\n");
    let shown = home.run("profile show").success().stdout;
    assert!(
        !shown.contains("not set") && shown.contains("bot_id\t77\tprofile prod"),
        "{shown}"
    );
    let shown = home
        .run("profile show -v --timeout 5")
        .env("JELOU_API_URL", "http://127.0.0.1:9")
        .success()
        .stdout;
    assert_eq!(
        shown,
        "profile\tprod\tdefault\nbot_id\t77\tprofile prod\nclient_id\tx\tprofile prod\nclient_secret\t(redacted)\tprofile prod\n\
         api_url\thttp://127.0.0.1:9\tJELOU_API_URL\ntimeout\t5\t--timeout\nretry_for\t0\tprofile prod\nca_cert\t\tnot set\n\
         allow_to\t[\"593*\"]\tprofile prod\ndo_not_contact\t\tnot set\nrate\t5/s\tdefault\ncountry\t\tnot set\nto_column\t\tnot set\nremember\t3d\tdefault\nconfirm_bulk\ttrue\tdefault\n\
         between\t\tnot set\nnot_on\t\tnot set\ntime_zone\t\tnot set\nprices\t\tnot set\nbudget\t\tnot set\nlimit_24h\t\tnot set\nlang\t\tnot set\nlog\t\tnot set\nledger\t\tnot set\n\
             ledger_password\t\tnot set\n"
    );
    home.run("profile show nope")
        .fails(3, &["there is no profile `nope`"]);
    let ended = home
        .run("profile show prod")
        .env("JELOU_BOT_ID", "1")
        .success();
    assert!(
        ended.stdout.contains("bot_id\t77\tprofile prod"),
        "{}",
        ended.stdout
    );
    home.config(
        "[profiles.p]\nclient_id = \"x\"\nclient_secret_command = [\"false\", \"canary\"]\n",
    );
    assert!(
        home.run("profile show")
            .success()
            .stdout
            .contains("client_secret\tcommand false\tprofile p")
    );
}

#[test]
fn invalid_or_unwritable_change_changes_nothing() {
    let home = Home::new();
    let text = "[profiles.p]\nbot_id = \"1\"\n";
    home.config(text);
    #[cfg(target_os = "linux")]
    home.run("profile set p --bot 2 --client-id x --config /proc/self/nope/config.toml")
        .fails(3, &["failed to write /proc/self/nope/config.toml"]);
    assert_eq!(config(&home), text);
    home.run("profile set p --bot .. ")
        .fails(2, &["it refers to a directory"]);
    home.run("profile set p --client-id a:b")
        .fails(2, &["cannot contain a colon"]);
    home.run("profile set 'a\nb' --bot 1 --client-id x")
        .fails(2, &[r"`a\nb` cannot be a profile's name"]);
    assert_eq!(config(&home), text);
}

#[test]
fn profile_dry_run_changes_nothing() {
    let home = Home::new();
    let text = "[profiles.p]\nbot_id = \"1\"\n";
    home.config(text);
    for words in [
        "profile set p --bot 2",
        "profile use p",
        "profile remove p --yes",
        "profile set q --bot 2 --client-id x",
    ] {
        for mode in ["--dry-run", "--curl"] {
            home.run(words)
                .args(&[mode])
                .fails(2, &["would change the configuration"]);
        }
    }
    assert_eq!(config(&home), text);
}

#[test]
fn unusable_profile_can_be_shown_and_repaired() {
    let home = Home::new();
    home.config("# mine\n\ndefault_profile = \"gone\"\n\n# head\n\n[profiles.p]\nbot_id = \"1\"\nclient_id = \"x\"\nclient_secret = \"canary\"\n");
    home.run("send text --to 593987654321 Hola").fails(
        3,
        &["config.toml: default_profile is `gone`, but [profiles.gone] does not exist"],
    );
    home.run("profile use p").success();
    let ended = home
        .run("profile show")
        .env("JELOU_CLIENT_SECRET", "canary")
        .success();
    assert!(
        ended
            .stderr
            .contains("warning: the client secret comes from JELOU_CLIENT_SECRET"),
        "{}",
        ended.stderr
    );
    assert!(
        ended.stdout.contains("bot_id\t1\tprofile p")
            && ended
                .stdout
                .contains("client_secret\t(redacted)\tJELOU_CLIENT_SECRET"),
        "{}",
        ended.stdout
    );
    home.run("profile show")
        .env("JELOU_API_URL", "https://x.example")
        .success()
        .stderr_has(&["warning: the secret of profile `p` is for https://api.jelou.ai"]);
    home.run("profile remove p --yes").success();
    assert_eq!(config(&home), "");
}

#[test]
fn unusable_pattern_or_temporary_secret_is_refused() {
    let home = Home::new();
    let new = "profile set p --bot 1 --client-id x";
    for (flags, told) in [
        (
            &["--client-secret-file", "/dev/fd/63"][..],
            &[
                "/dev/fd/63 is below /dev or /proc",
                "file -\nnote: nothing was saved",
            ][..],
        ),
        (
            &["--client-secret-file", "/proc/self/fd/3"],
            &["/proc/self/fd/3 is below /dev or /proc"],
        ),
        (
            &["--client-secret-file", "/dev/stdin"],
            &["/dev/stdin is below /dev or /proc"],
        ),
        (
            &["--ca-cert", "/dev/fd/3"],
            &["--ca-cert: /dev/fd/3 is below /dev or /proc, where files are temporary\nnote:"],
        ),
        (
            &["--ledger-password-file", "/dev/fd/3"],
            &["--ledger-password-file: /dev/fd/3 is below /dev or /proc"],
        ),
    ] {
        home.run(new)
            .args(flags)
            .fails(2, &[told, &["nothing was saved"]].concat());
        assert!(!home.path().join(CONFIG).join(FILE).exists(), "{flags:?}");
    }
    // A file that may be mounted later gets a warning; a user of another channel may be any number.
    let ended = home
        .run(new)
        .args(&[
            "--client-secret-file",
            "./later",
            "--allow-to",
            "2435678901234567",
        ])
        .success();
    assert!(
        ended.stderr.starts_with("warning: --client-secret-file: ")
            && ended
                .stderr
                .contains("/later does not exist; until it does, jelouctl refuses each command")
    );
    home.write("secret", "canary");
    home.run(new)
        .args(&["--client-secret-file", "secret", "--allow-to", "593*"])
        .success()
        .stderr_lacks(&["jelouctl refuses every send"]);
}

#[test]
fn dangling_link_is_written_through() {
    let home = Home::new();
    std::fs::create_dir_all(home.path().join(CONFIG)).unwrap();
    symlink(
        home.path().join("real.toml"),
        home.path().join(CONFIG).join(FILE),
    )
    .unwrap();
    home.run("profile set p --bot 1 --client-id x").success();
    assert!(home.read("real.toml").contains("bot_id = \"1\""));
    assert!(
        std::fs::symlink_metadata(home.path().join(CONFIG).join(FILE))
            .unwrap()
            .is_symlink()
    );
}

#[test]
fn comments_keep_their_position() {
    let home = Home::new();
    home.config(
        "# top\r\n\r\n# a\r\n[profiles.a]\r\nbot_id = \"1\"\r\n\r\n# b\r\n[profiles.b]\r\n\
         client_secret = \"x\" # from the vault\r\n\r\n[profiles.c]\r\nbot_id = \"3\"\r\n",
    );
    home.run("profile set b --client-secret-file -")
        .stdin("canary")
        .success();
    assert!(
        config(&home).contains("client_secret = \"canary\" # from the vault"),
        "{}",
        config(&home)
    );
    home.run("profile remove b --yes").success();
    let left = config(&home).replace('\r', "");
    assert_eq!(
        left,
        "# top\n\n# a\n[profiles.a]\nbot_id = \"1\"\n\n[profiles.c]\nbot_id = \"3\"\n"
    );
}

#[test]
fn removed_default_is_reported_if_several_profiles_remain() {
    let home = Home::new();
    for name in ["a", "b", "c"] {
        home.run(&format!("profile set {name} --bot 1 --client-id x"))
            .success();
    }
    let left = home.run("profile remove a --yes").success();
    assert!(
        left.stderr.contains("there is no default profile now"),
        "{}",
        left.stderr
    );
    home.run("profile use b").success();
    let left = home.run("profile remove b --yes").success();
    assert!(!left.stderr.contains("default profile"), "{}", left.stderr);
}

#[test]
fn profile_record_is_json() {
    let home = Home::new();
    home.config("default_profile = \"a\"\n[profiles.a]\nbot_id = \"7\"\n[profiles.b]\nclient_secret = \"canary\"\n");
    assert_eq!(
        home.run("profile list -o record").success().json(),
        json!({"schema_version": 2, "profiles": [
            {"name": "a", "bot_id": "7", "default": true, "ledger": null},
            {"name": "b", "bot_id": null, "default": false, "ledger": null},
        ]})
    );
    let shown = home.run("profile show b -o record").success().json();
    assert_eq!(
        shown["settings"]["client_secret"],
        json!({"value": "(redacted)", "origin": "profile b"})
    );
    assert_eq!(
        shown["settings"]["bot_id"],
        json!({"value": null, "origin": null})
    );
    assert_eq!(
        shown["settings"]["timeout"],
        json!({"value": "30s", "origin": "default"})
    );
}

#[test]
fn budget_of_a_profile_needs_prices() {
    let home = Home::new();
    let set = |flags: &[&str]| home.run("profile set p --bot 7 --client-id id").args(flags);
    let told = [
        "error: --budget needs a price list, and profile p has none",
        "hint: --prices FILE\nnote: nothing was saved",
    ];
    set(&["--budget", "50"]).fails(2, &told);
    assert!(!home.path().join(CONFIG).join(FILE).exists());
    set(&[]).success();
    home.run("profile set p --budget 50").fails(2, &told);
    // As the hint says.
    home.run("explain prices --example").success();
    home.write(
        "prices.csv",
        "country,category,price,currency\n*,service,1,USD\n",
    );
    home.run("profile set p --budget 50 --prices prices.csv")
        .success();
    // The profile has prices now, and no command removes them.
    home.run("profile set p --budget 60").success();
    home.run_args(&["profile", "set", "p", "--prices", ""])
        .fails(2, &["--prices"]);
    // Other settings of a profile that somebody wrote by hand can be changed.
    home.config("[profiles.p]\nbot_id = \"7\"\nbudget = 50\n");
    home.run("profile set p --country EC").success();
    home.run("profile set p --prices prices.csv").success();
}
