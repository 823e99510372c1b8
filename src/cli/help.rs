//! Prints help: commands in groups, required flags first, and only the global flags that matter to the command.
//! Parsing, manual pages and completions do not use this order.

use std::fmt::Write as _;

use clap::builder::{PossibleValuesParser, StyledStr};
use clap::{Arg, ArgAction, Command, CommandFactory};

use super::app::{App, MAX_COLUMNS};
use crate::commands::bulk::RARE;
use crate::jelou::message::MessageKind;

/// The groups of commands in the help.
pub(super) const GROUPS: [(&str, &[&str]); 3] = [
    (
        "Send",
        &[
            "send",
            "bulk",
            "templates",
            "messages",
            "run",
            "flow-message",
            "api",
        ],
    ),
    (
        "Set up",
        &["profile", "doctor", "completions", "once", "ledger"],
    ),
    (
        "Try and learn",
        &["sandbox", "explain", "schema", "skill", "man"],
    ),
];

/// The flags of `bulk send` that its `-h` describes; it only names the others.
const MOST_USED: [&str; 9] = [
    "preview",
    "test_to",
    "to_column",
    "country",
    "limit",
    "skip_invalid",
    "exclude",
    "skip_sent",
    "once",
];
/// The smallest width of a doc comment that is the help of a command.
const SOURCE_COLUMNS: usize = 92;

const REQUIRED: &str = "Required, as flags or in --body";
const OPTIONS: &str = "Options";

/// Returns all commands, ordered for printed help. `is_long` is true for `--help`.
pub(super) fn arrange_help(is_long: bool) -> Command {
    let app = App::command();
    let globals: Vec<_> = app
        .get_arguments()
        .filter(|flag| flag.is_global_set())
        .cloned()
        .collect();
    // Every command inherits what is hidden here.
    let app = app.mut_args(|flag| {
        let is_global = flag.is_global_set();
        flag.hide_short_help(is_global).hide_long_help(is_global)
    });
    in_groups(arrange(app, &[], &globals, is_long))
}

/// Returns the text of `jelouctl help options`: all global flags, with their details.
pub(super) fn global_options() -> StyledStr {
    let template = "Global options, allowed anywhere on the line:\n\n{options}";
    App::command().help_template(template).render_long_help()
}

/// Returns the global flags that the help of the command at `path` shows.
fn shown_global_flags(path: &[&str]) -> &'static [&'static str] {
    match path {
        ["bulk", "send", ..] => &[
            "profile", "sandbox", "ledger", "dry_run", "curl", "output", "quiet", "verbose", "yes",
        ],
        ["bulk", "resume" | "cancel" | "resolve" | "remove"] | ["once", "remove"] => &[
            "profile", "sandbox", "ledger", "output", "quiet", "verbose", "yes",
        ],
        ["bulk" | "doctor" | "once", ..] => {
            &["profile", "sandbox", "ledger", "output", "quiet", "verbose"]
        }
        ["ledger", "accept"] => &["profile", "ledger", "quiet", "verbose", "yes"],
        ["ledger", ..] => &["profile", "ledger", "quiet", "verbose"],
        ["profile", "set"] => &[
            "bot_id",
            "client_id",
            "client_secret_file",
            "api_url",
            "ledger",
            "quiet",
        ],
        ["sandbox"] => &["quiet", "verbose"],
        ["profile", "remove"] => &["quiet", "yes"],
        [
            "profile" | "explain" | "schema" | "skill" | "completions" | "man",
            ..,
        ] => &[],
        _ => &[
            "profile", "sandbox", "dry_run", "curl", "output", "quiet", "verbose",
        ],
    }
}

fn arrange(command: Command, path: &[&str], globals: &[Arg], is_long: bool) -> Command {
    let command = command.disable_help_flag(true).arg(help_flag());
    let command = command.mut_args(|flag| {
        let is_rare = flag.get_help_heading() == Some(RARE);
        if is_rare && !is_long {
            flag.hide_short_help(true)
        } else {
            flag
        }
    });
    let command = match path {
        ["bulk", "send"] if !is_long => name_kinds(summarize(command)),
        ["send", "raw"] => require(command, "raw", &["--to", "--body"]),
        ["send", kind] | [kind @ "flow-message"] => require(command, kind, &["--to"]),
        // The recipients are a column.
        ["bulk", "send", kind] => require(describe_for_list(command, kind), kind, &[]),
        _ => command,
    };
    let about = command.get_long_about().map(ToString::to_string);
    // The app's own examples are in its summary.
    let has_summary = path.is_empty();
    let example = about
        .as_deref()
        .filter(|_| !has_summary)
        .and_then(first_example);
    let command = match about {
        Some(about) => command.long_about(join_wrapped_lines(&about)),
        None => command,
    };
    let closing = match path {
        ["messages", "list"] | ["bulk", "report"] => {
            closing(shown_global_flags(path), &with_recipient_format(globals))
        }
        _ => closing(shown_global_flags(path), globals),
    };
    let more = command.get_after_help().map(|more| more.ansi().to_string());
    let parts = [example, more, Some(closing.clone())];
    let closing_short = parts.into_iter().flatten().collect::<Vec<_>>().join("\n\n");
    let closing_long = match command.get_after_long_help() {
        Some(more) => format!("{closing}\n\n{}", more.ansi()),
        None => closing,
    };
    let command = command
        .after_help(closing_short)
        .after_long_help(closing_long);
    command.mut_subcommands(|below| {
        let name = below.get_name().to_owned();
        let path: Vec<_> = path.iter().copied().chain([name.as_str()]).collect();
        arrange(below, &path, globals, is_long)
    })
}

/// Returns the first example of a command's help, which its short help has, too.
fn first_example(about: &str) -> Option<String> {
    let (_, examples) = about.split_once("Examples:\n")?;
    let mut lines = examples.lines();
    let mut example = format!("Example: {}", lines.next()?.trim_start());
    while example.ends_with('\\') {
        example.push('\n');
        example.push_str(lines.next()?);
    }
    Some(example)
}

/// Joins the lines of each paragraph that the source wraps, so that clap wraps them for the terminal. Indented lines
/// are examples, and a line with room for the next word ends on purpose.
fn join_wrapped_lines(text: &str) -> String {
    let mut joined = String::new();
    let mut before = "";
    for (index, line) in text.lines().enumerate() {
        let next_word = line.split(' ').next().unwrap_or_default();
        let has_room = before.chars().count() + 1 + next_word.chars().count() <= SOURCE_COLUMNS;
        let is_example = before.starts_with(' ') || next_word.is_empty();
        if index > 0 {
            joined.push(if has_room || is_example { '\n' } else { ' ' });
        }
        joined.push_str(line);
        before = line;
    }
    joined
}

/// Returns the global flags of a command that lists recipients: only there, `-o to` works.
fn with_recipient_format(globals: &[Arg]) -> Vec<Arg> {
    let show_all_formats = |flag: Arg| {
        let formats = flag.get_possible_values().into_iter();
        flag.value_parser(PossibleValuesParser::new(
            formats.map(|format| format.hide(false)),
        ))
    };
    let with_all_formats = |flag: &Arg| match flag.get_id().as_str() {
        "output" => show_all_formats(flag.clone()),
        _ => flag.clone(),
    };
    globals.iter().map(with_all_formats).collect()
}

/// Returns the end of every help: a line for each important global flag, and the command that lists
/// the others.
fn closing(shown: &[&str], globals: &[Arg]) -> String {
    let more = globals.len() - shown.len();
    if shown.is_empty() {
        return format!("{more} global options: jelouctl help options");
    }
    let flags = globals.iter().cloned().map(|flag| {
        let is_shown = shown.contains(&flag.get_id().as_str());
        flag.hide(!is_shown)
    });
    let block = Command::new("jelouctl")
        .disable_help_flag(true)
        .max_term_width(MAX_COLUMNS)
        .args(flags);
    let block = block.help_template("{all-args}").render_help();
    format!(
        "{}\n\n{more} more global options: jelouctl help options",
        block.ansi().to_string().trim_end()
    )
}

/// Returns the help flag. clap's own flag cannot have a heading.
fn help_flag() -> Arg {
    Arg::new("help")
        .short('h')
        .long("help")
        .action(ArgAction::Help)
        .help("Print help (see more with '--help')")
        .long_help("Print help (see a summary with '-h')")
        .help_heading(None)
        .display_order(999)
}

/// Puts the required flags of this kind, and those in `also`, under their own heading. For clap they are optional,
/// because `--body` can replace them.
fn require(mut command: Command, kind: &str, also: &[&str]) -> Command {
    let fields = MessageKind::from_name(kind)
        .map(|kind| kind.fields())
        .unwrap_or_default();
    let required = fields
        .into_iter()
        .filter(|field| field.required == "yes")
        .filter_map(|field| field.flag);
    let required: Vec<_> = also
        .iter()
        .map(ToString::to_string)
        .chain(required)
        .collect();
    let place = |flag: &Arg| {
        let name = match (flag.get_long(), flag.get_value_names()) {
            (Some(long), _) => format!("--{long}"),
            (None, names) => names?.first()?.to_string(),
        };
        required.iter().position(|required| *required == name)
    };
    let mut flags: Vec<_> = command
        .get_arguments()
        .map(|flag| (place(flag), flag.get_id().clone()))
        .collect();
    flags.sort_by_key(|(place, _)| place.unwrap_or(usize::MAX));
    for (place, id) in flags {
        command = command.mut_arg(id, |flag| match place {
            Some(place) => flag.help_heading(REQUIRED).display_order(place),
            None if flag.is_positional() || flag.get_help_heading().is_some() => flag,
            None => flag.help_heading(OPTIONS),
        });
    }
    command
}

/// Describes only the most used flags, and names the others by group, so that the help fits on a screen.
fn summarize(command: Command) -> Command {
    let more = format!(
        "{}\n\n\
         All options and examples: jelouctl bulk send --help\n\
         Options of a kind: jelouctl bulk send LIST KIND --help",
        name_other_flags(&command)
    );
    command.mut_args(summarize_flag).after_help(more)
}

fn summarize_flag(flag: Arg) -> Arg {
    match place_among_most_used(&flag) {
        Some(place) => flag.help_heading(None).display_order(place),
        None if flag.get_help_heading().is_some() => flag.hide_short_help(true),
        None => flag,
    }
}

fn place_among_most_used(flag: &Arg) -> Option<usize> {
    let id = flag.get_id().as_str();
    MOST_USED.iter().position(|most_used| *most_used == id)
}

/// The flags under one heading of the help.
struct FlagGroup {
    heading: String,
    names: Vec<String>,
}

/// Returns a list of the headings, each with the names of its flags: `Run: --run, --hold`.
fn name_other_flags(command: &Command) -> String {
    let mut groups: Vec<FlagGroup> = Vec::new();
    for flag in command.get_arguments() {
        let (Some(heading), Some(name)) = (flag.get_help_heading(), flag.get_long()) else {
            continue;
        };
        if place_among_most_used(flag).is_some() || flag.is_hide_set() {
            continue;
        }
        let name = format!("--{name}");
        match groups.iter_mut().find(|group| group.heading == heading) {
            Some(group) => group.names.push(name),
            None => groups.push(FlagGroup {
                heading: heading.to_owned(),
                names: vec![name],
            }),
        }
    }
    // clap wraps the names at the terminal's width if each group is a command of a list. It takes only names that live as
    // long as the process, which ends after the help.
    let groups = groups.into_iter().map(|group| {
        let heading = group.heading + ":";
        Command::new(&*heading.leak()).about(group.names.join(", "))
    });
    let list = Command::new("jelouctl")
        .disable_help_flag(true)
        .disable_help_subcommand(true)
        .max_term_width(MAX_COLUMNS)
        .subcommands(groups)
        .help_template("{subcommands}")
        .render_help();
    let header = command.get_styles().get_header();
    format!(
        "{header}More options:{header:#}\n{}",
        list.ansi().to_string().trim_end()
    )
}

/// Describes a kind as part of `bulk send`. Its own examples and most of its notes are about `send`.
fn describe_for_list(command: Command, kind: &str) -> Command {
    let summary = command
        .get_about()
        .map(ToString::to_string)
        .unwrap_or_default();
    let reach = MessageKind::from_name(kind)
        .map(|kind| kind.reach())
        .filter(|reach| !reach.is_empty())
        .map(|reach| format!("{reach}\n"))
        .unwrap_or_default();
    command.long_about(format!(
        "{summary}\n\n{reach}\
         In any text of the message, {{{{ name }}}} prints the column `name`.\n\
         Examples: jelouctl bulk send --help; more about the kind: jelouctl send {kind} --help"
    ))
}

/// Lists the kinds in a line or two. `send --help` describes them.
fn name_kinds(command: Command) -> Command {
    let kinds: Vec<_> = command
        .get_subcommands()
        .map(|kind| kind.get_name().to_owned())
        .collect();
    command
        .before_help(format!("Kinds: {}", kinds.join(", ")))
        .help_template(
            "{about-with-newline}\n{before-help}{usage-heading} {usage}\n\n{all-args}{after-help}",
        )
        .override_usage("jelouctl bulk send [OPTIONS] <LIST> <KIND> [OPTIONS OF THE KIND]")
        .mut_subcommands(|kind| kind.hide(true))
}

/// Returns the help of `jelouctl` itself, with the commands in groups.
fn in_groups(app: Command) -> Command {
    let header = app.get_styles().get_header();
    let literal = app.get_styles().get_literal();
    let width = app
        .get_subcommands()
        .map(|command| command.get_name().len())
        .max()
        .unwrap_or_default();
    let mut template =
        "{about-with-newline}\n{usage-heading} jelouctl [OPTIONS] COMMAND\n".to_owned();
    for (title, names) in GROUPS {
        let _ = write!(template, "\n{header}{title}:{header:#}\n");
        for command in names.iter().filter_map(|name| app.find_subcommand(name)) {
            let about = command
                .get_about()
                .map(ToString::to_string)
                .unwrap_or_default();
            let _ = writeln!(
                template,
                "  {literal}{:width$}{literal:#}  {about}",
                command.get_name()
            );
        }
    }
    template.push_str("\n{all-args}{after-help}");
    let about = app
        .get_long_about()
        .or(app.get_about())
        .cloned()
        .unwrap_or_default();
    app.about(about)
        .mut_subcommands(|command| command.hide(true))
        .help_template(template)
}
