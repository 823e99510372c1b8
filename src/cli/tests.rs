//! Parses any possible line in this process, which is faster than one process for each.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::error::Error;
use std::ffi::OsString;
use std::fs;
use std::path::Path;
use std::time::Duration;

use clap::{Arg, ArgAction, CommandFactory, FromArgMatches};
use proptest::prelude::{Just, ProptestConfig, Strategy, any, prop, prop_oneof};
use proptest::test_runner::TestRunner;
use serde_json::Value;
use tempfile::TempDir;

use super::app::{App, Command};
use super::hints::Hint;
use super::line::all_commands;
use super::{app, help};
use crate::base::input::Input;
use crate::base::message::{Lang, spanish_of};
use crate::base::placeholders::written_in;
use crate::base::texts::rows;
use crate::jelou::api::{Client, ClientOptions, Roots};
use crate::jelou::message::{MessageArgs, Outgoing, RecipientSources};
use crate::sender::config::ConfigFile;

/// Returns all names of a flag, and the one for its value.
fn flag_names(arg: &Arg) -> Vec<String> {
    let long = arg
        .get_long_and_visible_aliases()
        .into_iter()
        .flatten()
        .chain(arg.get_all_aliases().unwrap_or_default());
    let short = arg.get_short_and_visible_aliases().into_iter().flatten();
    let short = short.chain(arg.get_all_short_aliases().unwrap_or_default());
    let flags = long
        .map(|name| format!("--{name}"))
        .chain(short.map(|name| format!("-{name}")));
    flags.chain([arg.get_id().to_string()]).collect()
}

/// Returns the flags of commands that share a name with a global flag, as `COMMAND: NAME`.
fn hidden_globals(app: &clap::Command) -> BTreeSet<String> {
    fn collect(command: &clap::Command, globals: &[String], found: &mut BTreeSet<String>) {
        for name in command
            .get_arguments()
            .filter(|arg| !arg.is_global_set())
            .flat_map(flag_names)
        {
            if globals.contains(&name) {
                found.insert(format!("{}: {name}", command.get_name()));
            }
        }
        command
            .get_subcommands()
            .for_each(|command| collect(command, globals, found));
    }
    let globals: Vec<_> = app
        .get_arguments()
        .filter(|arg| arg.is_global_set())
        .flat_map(flag_names)
        .collect();
    assert!(
        globals.contains(&"--bot-id".to_owned()) && globals.contains(&"-y".to_owned()),
        "{globals:?}"
    );
    let mut found = BTreeSet::new();
    collect(app, &globals, &mut found);
    found
}

#[test]
fn no_command_flag_shadows_a_global_flag() {
    App::command().debug_assert();
    assert_eq!(hidden_globals(&App::command()), BTreeSet::new());
}

#[test]
fn shadowed_global_flags_are_found() {
    for (arg, found) in [
        (Arg::new("a").long("bot"), "text: --bot"),
        (Arg::new("a").long("x").alias("bot-id"), "text: --bot-id"),
        (
            Arg::new("a").short('y').action(ArgAction::SetTrue),
            "text: -y",
        ),
        (Arg::new("a").long("x").short_alias('p'), "text: -p"),
        (Arg::new("profile").long("x"), "text: profile"),
    ] {
        let app = App::command();
        let app = app.mut_subcommand("send", |send| {
            send.mut_subcommand("text", |text| text.arg(arg))
        });
        assert_eq!(hidden_globals(&app), BTreeSet::from([found.to_owned()]));
    }
}

/// Returns the help of every command, by its path.
fn helps(is_long: bool) -> BTreeMap<String, String> {
    fn collect(command: &mut clap::Command, is_long: bool, found: &mut BTreeMap<String, String>) {
        let help = if is_long {
            command.render_long_help()
        } else {
            command.render_help()
        };
        let words = command.get_bin_name().unwrap_or_default().to_owned();
        found.insert(words, help.to_string().trim_end().to_owned());
        command
            .get_subcommands_mut()
            .for_each(|below| collect(below, is_long, found));
    }
    let mut app = help::arrange_help(is_long);
    app.build();
    let mut found = BTreeMap::new();
    collect(&mut app, is_long, &mut found);
    assert!(found.len() > 60, "{found:?}");
    found
}

#[test]
fn long_help_ends_with_global_options_block() {
    let short = helps(false);
    for (command, help) in helps(true) {
        let closing = match short[&command].split_once("\nGlobal options:\n") {
            Some((_, block)) => format!("\nGlobal options:\n{block}"),
            None => "\n19 global options: jelouctl help options".to_owned(),
        };
        let help = help.split("\n\nExit codes:").next().unwrap_or_default();
        assert!(
            help.ends_with(&closing) && closing.ends_with("jelouctl help options"),
            "{command}: {help}"
        );
        assert!(!help.contains("--ca-cert"), "{command}: {help}");
    }
    let options = help::global_options().to_string();
    let globals = App::command();
    for flag in globals
        .get_arguments()
        .filter(|flag| flag.is_global_set())
        .filter_map(Arg::get_long)
    {
        assert!(
            options.contains(&format!("--{flag}")),
            "--{flag} is missing: {options}"
        );
    }
}

#[test]
fn long_help_is_wrapped_once() {
    let mut app = help::arrange_help(true).term_width(80);
    app.build();
    let api = app.find_subcommand_mut("api").expect("a command");
    let help = api.render_long_help().to_string();
    let expected = "\
        Uses the credentials, timeouts and exit codes of `send`. Exits with 5 for\n\
        `success: false`. Without a response, GET exits with 7. Other methods exit with\n\
        8, because they may have changed something.";
    assert!(help.contains(expected), "{help}");
    // Examples keep their lines.
    assert!(help.contains("\nExamples:\n  jelouctl api '/v1/"), "{help}");
}

#[test]
fn short_help_fits_on_a_screen() {
    for (command, help) in helps(false) {
        let lines = help.lines().count();
        assert!(lines <= 52, "{command} has {lines} lines: {help}");
    }
}

#[test]
fn examples_and_exit_codes_fit_in_78_columns() {
    for (command, help) in helps(true) {
        let (examples, rest) = help.split_once("\nUsage: ").expect("a usage");
        let codes = rest
            .split_once("\nExit codes:")
            .map_or("", |(_, codes)| codes);
        for line in examples.lines().chain(codes.lines()) {
            let is_wide = line.starts_with(' ') && line.chars().count() > 78;
            assert!(!is_wide, "{command}: {line}");
        }
    }
}

/// `: 50` would look like a default.
#[test]
fn example_of_a_value_follows_such_as() {
    fn check(command: &clap::Command) {
        for flag in command.get_arguments() {
            let help = flag.get_help().map(ToString::to_string);
            let help = help.unwrap_or_default();
            let help = help.split(['[', '(']).next().unwrap_or_default();
            let (help, _) = help.split_once(", such as ").unwrap_or((help, ""));
            for after in help.split(": ").skip(1) {
                let is_value =
                    after.starts_with(|first: char| first == '\'' || first.is_ascii_digit());
                let is_word = !after.trim_end().contains(' ');
                assert!(
                    !is_value && !is_word,
                    "{} {}: {help}",
                    command.get_name(),
                    flag.get_id()
                );
            }
        }
        command.get_subcommands().for_each(check);
    }
    check(&App::command());
}

#[test]
fn recipient_format_is_listed_where_it_works() {
    for is_long in [false, true] {
        for (command, help) in helps(is_long) {
            let words: Vec<_> = help.split_whitespace().collect();
            let values = "[possible values: response, id, record, to, none]";
            let is_listed = words.join(" ").contains(values);
            let should_list =
                ["jelouctl messages list", "jelouctl bulk report"].contains(&command.as_str());
            assert_eq!(is_listed, should_list, "{command}: {help}");
        }
    }
}

#[test]
fn short_help_of_bulk_send_names_every_flag() {
    let help = &helps(false)["jelouctl bulk send"];
    let app = App::command();
    let bulk = app.find_subcommand("bulk").expect("a command");
    let send = bulk.find_subcommand("send").expect("a command");
    for flag in send.get_arguments().filter_map(Arg::get_long) {
        let is_named = help
            .split([' ', ',', '\n'])
            .any(|word| word == format!("--{flag}"));
        assert!(is_named, "--{flag} is missing: {help}");
    }
}

/// The kinds of `bulk send` have the flags of `send`, except the delivery flags. These are the same for all kinds, so
/// one is enough.
#[test]
fn reference_contains_the_help_of_every_command() {
    fn section(command: &mut clap::Command) -> String {
        let words = command.get_bin_name().unwrap_or_default().to_owned();
        let help = block(&command.render_help().to_string());
        let below = command.get_subcommands_mut();
        let below = below.filter(|kind| words != "jelouctl bulk send" || kind.get_name() == "text");
        let below: String = below.map(section).collect();
        format!("\n## {words}\n\n{help}{below}")
    }
    fn block(help: &str) -> String {
        let lines: Vec<_> = help.trim_end().lines().map(str::trim_end).collect();
        format!("```text\n{}\n```\n", lines.join("\n"))
    }
    /// Returns the link to a command, in the line of its first word.
    fn link(words: &str) -> String {
        let between = if words.contains(' ') { ",\n  " } else { "\n- " };
        format!("{between}[{words}](#jelouctl-{})", words.replace(' ', "-"))
    }
    fn without_closing(command: clap::Command) -> clap::Command {
        command.after_help(None).mut_subcommands(without_closing)
    }
    // The long arrangement describes every flag of `bulk send`.
    let mut app = without_closing(help::arrange_help(true));
    app.build();
    let options = help::global_options().to_string();
    let sections = section(&mut app);
    let links: String = sections
        .lines()
        .filter_map(|line| line.strip_prefix("## jelouctl "))
        .map(link)
        .collect();
    let page = format!(
        "# Commands\n\nThe flags of every command. `--help` has examples and details.\n{links}\n\n{}{sections}",
        block(&options)
    );
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/reference.md");
    if std::env::var_os("UPDATE_REFERENCE").is_some() {
        fs::write(&file, &page).expect("a file that can be written");
    }
    let committed = fs::read_to_string(&file).unwrap_or_default();
    assert!(
        page == committed,
        "docs/reference.md is not current: run tests/update"
    );
}

#[test]
fn every_command_is_in_one_help_group() {
    let app = App::command();
    for command in app.get_subcommands() {
        let name = command.get_name();
        let groups = help::GROUPS
            .iter()
            .filter(|(_, names)| names.contains(&name));
        assert_eq!(groups.count(), 1, "{name}");
        let line = format!(
            "  {name:12}  {}",
            command.get_about().expect("what it does")
        );
        assert!(line.len() <= 80, "{line}");
    }
}

#[test]
fn short_help_counts_omitted_global_options() {
    fn check(command: &mut clap::Command, all: usize) {
        let name = command.get_name().to_owned();
        let help = command.render_help().to_string();
        let (options, left_out) = help.trim_end().rsplit_once("\n\n").expect("a last line");
        let count = |text: &str| {
            text.split(' ')
                .next()
                .and_then(|count| count.parse::<usize>().ok())
        };
        let shown = options
            .split_once("Global options:\n")
            .map_or(0, |(_, shown)| {
                shown.lines().filter(|line| line.contains("--")).count()
            });
        assert_eq!(Some(all - shown), count(left_out), "{name}: {help}");
        command
            .get_subcommands_mut()
            .for_each(|command| check(command, all));
    }
    let globals = App::command()
        .get_arguments()
        .filter(|flag| flag.is_global_set())
        .count();
    let mut app = help::arrange_help(false);
    app.build();
    check(&mut app, globals);
}

#[test]
fn short_help_lists_required_arguments_first() {
    let mut app = help::arrange_help(false);
    app.build();
    let send = app.find_subcommand_mut("send").expect("a command");
    for (kind, required) in [
        ("text", vec!["--to", "[TEXT]"]),
        ("image", vec!["--to", "--media-url"]),
        (
            "flow",
            vec![
                "--to",
                "--title",
                "--text",
                "--caption",
                "--flow-id",
                "--button",
                "--flow-name",
                "--screen",
            ],
        ),
        ("location-request", vec!["--to", "--text"]),
        ("raw", vec!["--to", "--body"]),
    ] {
        let help = send
            .find_subcommand_mut(kind)
            .expect("a kind")
            .render_help()
            .to_string();
        let (_, below) = help
            .split_once("\nRequired, as flags or in --body:\n")
            .expect("what is required");
        let lines = below
            .lines()
            .take_while(|line| !line.is_empty())
            .map(str::trim_start);
        let first: Vec<_> = lines
            .filter(|line| line.starts_with(['-', '[']))
            .filter_map(|line| line.split(' ').next())
            .collect();
        assert_eq!(first, required, "{kind}");
    }
}

/// Complete command lines, with flags that have a value.
const FLAGS: [(&str, &[&str]); 6] = [
    (
        "send text Hola",
        &[
            "--to",
            "--bot",
            "--client-id",
            "--api-url",
            "--timeout",
            "--retry-for",
            "--profile",
            "--config",
            "--body",
            "--ca-cert",
            "--output",
            "--color",
            "--client-secret-file",
        ],
    ),
    ("send text", &["--text", "--text-file"]),
    (
        "send flow",
        &[
            "--title",
            "--text",
            "--caption",
            "--flow-id",
            "--button",
            "--flow-name",
            "--screen",
            "--action-payload",
            "--mode",
            "--action",
            "--flow-version",
        ],
    ),
    (
        "flow-message",
        &[
            "--title",
            "--caption",
            "--flow-name",
            "--button",
            "--screen",
            "--action-payload",
            "--payload",
            "--type",
        ],
    ),
    ("send contacts", &["--contact", "--vcard"]),
    (
        "send contacts --first-name A --phone 1 --email e",
        &[
            "--name",
            "--last-name",
            "--phone",
            "--phone-type",
            "--email",
            "--email-type",
        ],
    ),
];

/// Runs `check` for 128 of these values, and reports the smallest failing one.
fn check_many<T: std::fmt::Debug>(values: &impl Strategy<Value = T>, check: impl Fn(T)) {
    let config = ProptestConfig {
        cases: 128,
        failure_persistence: None,
        ..ProptestConfig::default()
    };
    let checked = TestRunner::new(config).run(values, |value| {
        check(value);
        Ok(())
    });
    checked.unwrap_or_else(|error| panic!("{error}"));
}

/// Requires a usage error, not help, which a script would mistake for success.
fn is_refusal(error: &clap::Error) {
    assert!(error.use_stderr() && error.exit_code() == 2, "{error}");
}

#[test]
fn any_flag_text_is_accepted_or_refused() {
    // A NUL cannot be in an argument.
    let texts = prop_oneof![
        "[^\0]{0,80}",
        Just("-".to_owned()),
        Just("--".to_owned()),
        Just("@x".to_owned()),
        Just("{{ x }}".to_owned())
    ];
    let app = RefCell::new(App::command());
    check_many(&texts, |text| {
        for (words, flags) in FLAGS {
            for flag in flags {
                let flag = format!("{flag}={text}");
                let line = ["jelouctl"]
                    .into_iter()
                    .chain(words.split(' '))
                    .chain([flag.as_str()]);
                let parsed = app.borrow_mut().try_get_matches_from_mut(line);
                match parsed.and_then(|matches| App::from_arg_matches(&matches)) {
                    Ok(app) => assert!(app.command.is_some(), "{flag}"),
                    Err(error) => is_refusal(&error),
                }
            }
        }
    });
}

/// Words with a meaning in some positions.
const WORDS: &str = "send text image list template template-by-id call raw flow-message templates bulk resume report run sandbox \
    profile set show doctor explain schema man completions bash help - -- -p -pv -y -h -V --help --version --to --to=1 \
    --bot 77 --sandbox --dry-run --curl --skip-invalid --rate 5/s --limit --bad Hola people.csv";

/// Valid lines, for inserting words.
const LINES: [&str; 8] = [
    "send text --to 1 Hola",
    "-p prod --bot 77 send template --to 1 name",
    "flow-message --to 1",
    "bulk send people.csv text Hola",
    "bulk --sandbox send a.csv image --to 1 --url a",
    "bulk resume",
    "run --to 1 -- make send",
    "profile set prod",
];

/// Returns the parsed line, or the error.
fn meaning(parsed: Result<App, clap::Error>) -> String {
    // Only `app::parse` sets the name of the command.
    match parsed {
        Ok(app) => format!("{:?}", App { name: None, ..app }),
        Err(error) => error.render().to_string(),
    }
}

fn parse_by_all(line: &[OsString]) -> Result<App, clap::Error> {
    let matches = app::exacting_app().try_get_matches_from(line)?;
    App::from_arg_matches(&matches)
}

fn split(line: &str) -> Vec<OsString> {
    ["jelouctl"]
        .into_iter()
        .chain(line.split_whitespace())
        .map(OsString::from)
        .collect()
}

#[test]
fn common_command_lines_use_single_command_parser() {
    for line in LINES.into_iter().chain([""]) {
        assert!(
            matches!(app::parse_by_one_command(&split(line)), Some(Ok(_))),
            "{line}"
        );
    }
}

#[test]
fn single_command_parser_agrees_with_full_parser() {
    // The first kind wins, even in the list's position, and even if a command's name is a value.
    for line in [
        "bulk send image text Hola",
        "bulk send image --to send text a",
        "-p send text",
        "--version send",
    ] {
        assert_eq!(
            meaning(app::parse(&split(line))),
            meaning(parse_by_all(&split(line))),
            "{line}"
        );
    }

    let known: Vec<_> = WORDS.split_whitespace().collect();
    let put_in = prop::collection::vec(
        (any::<prop::sample::Index>(), prop::sample::select(known)),
        0..4,
    );
    check_many(
        &(prop::sample::select(&LINES[..]), any::<bool>(), put_in),
        |(line, is_begun, put_in)| {
            let mut line: Vec<_> = if is_begun {
                line.split(' ').collect()
            } else {
                Vec::new()
            };
            for (place, word) in put_in {
                line.insert(place.index(line.len() + 1), word);
            }
            let line = split(&line.join(" "));
            assert_eq!(
                meaning(app::parse(&line)),
                meaning(parse_by_all(&line)),
                "{line:?}"
            );
        },
    );
}

/// Returns the message of a line, for the parts that do not depend on settings.
fn message(
    app: &RefCell<clap::Command>,
    words: &str,
    file: &Path,
) -> Result<Outgoing, Box<dyn Error>> {
    let file = file.to_str().expect("a name of ours");
    let words = words.split(' ').map(|word| word.replace("FILE", file));
    let matches = app
        .borrow_mut()
        .try_get_matches_from_mut(["jelouctl".to_owned()].into_iter().chain(words))?;
    let MessageArgs { delivery, message } = match App::from_arg_matches(&matches)?.command {
        Some(Command::Send(args)) => args.typed,
        Some(Command::FlowMessage(args)) => args.typed,
        other => panic!("{other:?}"),
    };
    let mut input = Input::default();
    let flags = message.flag_body(&mut input)?;
    let body = delivery
        .body
        .map(|source| input.json_value("--body", &source))
        .transpose()?;
    let recipients = RecipientSources {
        flag: delivery.batch.to.first().cloned(),
        environment: Some("593987654321".to_owned()),
        country: None,
    };
    Ok(Outgoing::new(&message, flags, body, &recipients)?.0)
}

/// Only the file can be wrong, not the line.
fn is_orderly(made: Result<Outgoing, Box<dyn Error>>) {
    if let Err(error) = made {
        assert!(
            !error.is::<clap::Error>() && !error.to_string().is_empty(),
            "{error}"
        );
    }
}

#[test]
fn any_json_body_is_accepted_or_refused() {
    let directory = TempDir::new().expect("a directory");
    let file = directory.path().join("body.json");
    let app = RefCell::new(App::command());
    check_many(&any_json(), |body| {
        fs::write(&file, body.to_string()).expect("a file");
        for words in [
            "send text",
            "send flow",
            "send contacts",
            "send call",
            "flow-message",
        ] {
            is_orderly(message(&app, &format!("{words} --body FILE"), &file));
        }
    });
}

/// Returns any JSON with numbers that JSON preserves. Some of its names have a meaning.
fn any_json() -> impl Strategy<Value = Value> {
    const NAMES: [&str; 11] = [
        "type",
        "userId",
        "botId",
        "text",
        "title",
        "header",
        "parameters",
        "contacts",
        "name",
        "phones",
        "phone",
    ];
    let name = prop_oneof![
        prop::sample::select(&NAMES[..]).prop_map(str::to_owned),
        any::<String>()
    ];
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        (-1e15..1e15).prop_map(Value::from),
        any::<String>().prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 24, 4, move |inner| {
        let fields = prop::collection::hash_map(name.clone(), inner.clone(), 0..4);
        prop_oneof![
            prop::collection::vec(inner, 0..4).prop_map(Value::from),
            fields.prop_map(|fields| Value::Object(fields.into_iter().collect())),
        ]
    })
}

#[test]
fn any_file_bytes_are_read_or_refused() {
    let directory = TempDir::new().expect("a directory");
    let file = directory.path().join("file");
    let app = RefCell::new(App::command());
    check_many(&prop::collection::vec(any::<u8>(), 0..200), |bytes| {
        fs::write(&file, &bytes).expect("a file");
        let lines = [
            "send text --text-file FILE",
            "send text --body FILE x",
            "send contacts --vcard FILE",
        ];
        for words in lines.into_iter().chain(["send contacts --contact @FILE"]) {
            is_orderly(message(&app, words, &file));
        }
        if let Err(error) = ConfigFile::load(&file) {
            assert!(error.message != "");
        }
        // Only a connection shows whether it is a certificate. Here it must only not end the process.
        let roots = Roots::Only {
            file: file.clone(),
            content: bytes,
        };
        let options = ClientOptions {
            timeout: Duration::from_secs(1),
            roots,
            proxy: None,
        };
        let _ = Client::new(&options);
    });
}

/// The placeholders that are the same in Spanish.
const SAME: [&str; 9] = [
    "BOOL", "BOT", "HOST", "ID", "JSON", "N", "REGEX", "SHELL", "URL",
];

#[test]
fn each_placeholder_has_its_spanish() {
    let mut app = App::command();
    app.build();
    for command in all_commands(&app) {
        let arguments = command.get_arguments();
        let arguments = arguments.filter(|argument| argument.get_action().takes_values());
        let names = arguments.filter_map(|argument| argument.get_value_names());
        for name in names.flatten() {
            let words = name
                .split(|sign: char| !sign.is_ascii_alphabetic() && sign != '-')
                .filter(|word| !word.is_empty());
            for word in words.filter(|word| !word.starts_with('-')) {
                let is_word = word.starts_with(char::is_lowercase);
                let is_translated = spanish_of(&format!("<{word}>")).is_some();
                let is_known = is_translated || is_word || SAME.contains(&word);
                assert!(is_known, "{name} of {:?}", command.get_bin_name());
            }
        }
    }
}

#[test]
fn spanish_texts_have_no_english_placeholder() {
    let table = rows::<2>(include_str!("../base/es.tsv"));
    let texts = table.map(|[english, spanish]| (english.to_owned(), spanish.to_owned()));
    let hints = Hint::all().filter(|row| row.hint[0] != row.hint[1]);
    let hints = hints.map(|row| (row.hint[0].to_owned(), row.hint[1].to_owned()));
    for (english, spanish) in texts.chain(hints) {
        assert_eq!(written_in(Lang::Es, &spanish), spanish, "{english}");
    }
}
