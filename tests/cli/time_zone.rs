//! The time zone of the status and the reports of a run.

use crate::bulk_server::Jelou;
use crate::harness::Home;
#[cfg(unix)]
use crate::harness::split_words;
#[cfg(unix)]
use crate::terminal::Terminal;

const SEND: &str = "bulk send people.csv --yes --run r";

/// Sends a run with a profile that has these keys, and returns its home.
fn sent_run(keys: &str, flags: &[&str]) -> Home {
    let home = Home::new();
    let jelou = Jelou::accept_all();
    home.profile("p", &jelou.url, keys);
    home.write("people.csv", "to\n593987654321\n");
    let send = home.run(SEND).args(flags).args(&["text", "Hola"]);
    send.success();
    home
}

/// Returns the cell in the column `at` of the only row.
fn at(report: &str) -> &str {
    let mut lines = report.lines();
    let header = lines.next().unwrap();
    let place = header.split(',').position(|name| name == "at").unwrap();
    lines.next().unwrap().split(',').nth(place).unwrap()
}

#[test]
fn report_has_offset_of_flag_hours_profile_machine() {
    let profile = "time_zone = \"Asia/Kolkata\"";
    let hours = ["--between", "00:00-24:00", "--time-zone", "Asia/Tokyo"];
    for (keys, sent_with, reported_with, offset) in [
        ("", &[][..], &[][..], "-05:00"),
        (profile, &[], &[], "+05:30"),
        (profile, &hours, &[], "+09:00"),
        (
            profile,
            &hours,
            &["--time-zone", "america/caracas"],
            "-04:00",
        ),
        (profile, &[], &["--time-zone", "UTC"], "Z"),
    ] {
        let home = sent_run(keys, sent_with);
        let report = home
            .run("bulk report")
            .args(reported_with)
            .env("TZ", "America/Guayaquil")
            .success()
            .stdout;
        let at = at(&report);
        assert!(at.ends_with(offset), "{at}: {keys} {sent_with:?}");
        assert!(at.starts_with("20") && at.contains('T'), "{at}");
    }
}

#[test]
fn json_times_are_utc_in_any_zone() {
    let home = sent_run("time_zone = \"Asia/Kolkata\"", &[]);
    for report in [
        "bulk report --format ndjson",
        "bulk report --format ndjson --time-zone Asia/Tokyo",
        "bulk find +593987654321 -o record",
    ] {
        let row = &home.run(report).success().rows()[0];
        assert!(row["at"].as_str().unwrap().ends_with('Z'), "{row}");
    }
    let status = home.run("bulk status").success().json();
    assert!(status["created_at"].as_str().unwrap().ends_with('Z'));
}

#[test]
fn unknown_zone_is_refused_in_flag_and_profile() {
    let home = sent_run("", &[]);
    for report in [
        "bulk report --time-zone America/Bogotá",
        "bulk report --file r.html --time-zone Bogota",
        "bulk send people.csv --preview all --file p.html --time-zone Bogota text x",
    ] {
        home.run(report)
            .fails(2, &["is not a time zone such as America/Bogota"]);
    }
    home.profile("p", "https://api.example", "time_zone = \"Bogota\"");
    let part = "time_zone of profile p: `Bogota` is not a time zone";
    for command in ["bulk status", "bulk report", "bulk report --file r.html"] {
        home.run(command).fails(3, &[part]);
    }
    assert!(!home.path().join("r.html").exists());
    // A flag has precedence.
    home.run("bulk report --time-zone America/Bogota").success();
}

#[test]
fn preview_page_accepts_time_zone_without_hours() {
    let home = sent_run("", &[]);
    let preview = "bulk send people.csv --again --preview all --file p.html --time-zone Asia/Tokyo";
    home.run(preview).args(&["text", "Hola"]).success();
    assert!(home.read("p.html").contains("<!doctype html>"));
    // A run without sending hours does not need it.
    home.run(SEND)
        .args(&["--time-zone", "Asia/Tokyo", "text", "Hola"])
        .fails(2, &["--time-zone has no effect"]);
}

#[cfg(unix)]
#[test]
fn status_at_terminal_has_zone_of_profile() {
    let home = sent_run("time_zone = \"Asia/Kolkata\"", &[]);
    for command in ["bulk status", "bulk list"] {
        let (code, screen) = Terminal::plain(&home, &split_words(command)).end();
        assert_eq!(code, 0, "{screen}");
        assert!(screen.contains("+05:30"), "{screen}");
    }
}

#[test]
fn keys_and_limit_have_zone_of_profile() {
    let home = Home::new();
    let jelou = Jelou::accept_all();
    let keys = "time_zone = \"Asia/Kolkata\"\nlimit_24h = 1";
    home.profile("p", &jelou.url, keys);
    let once = "send text Hola --to 593987654321 --once k --every 30d";
    home.run(once).success();
    let again = home.run(once).success();
    assert_eq!(again.stderr.matches("+05:30").count(), 2, "{again:?}");
    let template = "send template promo --to";
    home.run(&format!("{template} 593987654321")).success();
    home.run(&format!("{template} 593987654322"))
        .fails(11, &["limit_24h is reached", "+05:30"]);
}
