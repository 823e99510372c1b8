//! Errors of the configuration, each with its hint. Also describes in our own words why a file is not TOML, or an address
//! is not a URL.

use std::path::Path;

use url::ParseError;

use super::keys::Key;
use crate::base::message::{Lang, Message, ToValue, Value, msg};
use crate::base::placeholders::{in_both, written_in};
use crate::base::private_file::FileError;
use crate::base::process::Signal;
use crate::base::suggest::nearest;
use crate::base::texts::shell_argument;
use crate::command_error::CommandError;

/// Creates the error for a wrong value of the variable or setting called `name`.
pub(crate) fn wrong_variable(name: &str, problem: impl ToValue) -> CommandError {
    CommandError::bare_configuration(msg!("{name}: {problem}", name, problem))
}

/// Creates the error for a syntax error at the byte `offset` of the file at `path`.
pub(super) fn wrong_syntax(
    path: &Path,
    text: &str,
    offset: usize,
    problem: impl ToValue,
) -> CommandError {
    let breaks = text.bytes().take(offset).filter(|byte| *byte == b'\n');
    wrong_line(path, 1 + breaks.count(), problem)
}

/// Creates the error for a syntax error in a line of the file at `path`.
fn wrong_line(path: &Path, line: usize, problem: impl ToValue) -> CommandError {
    CommandError::bare_configuration(msg!("{path}: line {line}: {problem}", path, line, problem))
}

/// Describes an unknown key, which may be `near` in another spelling.
pub(super) fn unknown_key(name: &str, near: Option<&str>) -> Message {
    match near {
        Some(near) => msg!("unknown key `{name}`; did you mean `{near}`?", name, near),
        None => msg!("unknown key `{name}`", name),
    }
}

/// Creates the error for a file that cannot be read or written.
#[expect(
    clippy::needless_pass_by_value,
    reason = "`map_err` gives the error itself"
)]
pub(crate) fn bad_file(error: FileError) -> CommandError {
    CommandError::bare_configuration(error.message())
}

/// Creates the error for a profile that does not exist. It names the `variable` with the name, if there is one, because
/// the user may not know of it.
pub(super) fn unknown_profile(name: &str, variable: Option<&str>, known: &[&str]) -> CommandError {
    let hint = if let Some(nearest) = nearest(name, known.iter().copied()) {
        msg!("did you mean `{nearest}`?", nearest)
    } else {
        let command = set_profile(name, "--bot BOT --client-id ID");
        msg!("to create it: {command}", command)
    };
    let problem = if known.is_empty() {
        msg!("there is no profile `{name}`; none exists", name)
    } else {
        let known = known.join(", ");
        msg!(
            "there is no profile `{name}`; there are: {known}",
            name,
            known
        )
    };
    let message = match variable {
        Some(variable) => msg!("{variable}: {problem}", variable, problem),
        None => problem,
    };
    CommandError::configuration(message, hint)
}

/// Returns the command that saves `flags` in a profile. Their values may be placeholders.
pub(crate) fn set_profile(name: &str, flags: &str) -> Value {
    let line = |flags: &str| format!("jelouctl profile set {} {flags}", shell_argument(name));
    Value::ByLanguage {
        english: line(flags),
        spanish: line(&written_in(Lang::Es, flags)),
    }
}

/// Returns the hint to make this profile the default.
pub(crate) fn use_profile(name: &str) -> Message {
    let name = shell_argument(name);
    msg!("to set the default: jelouctl profile use {name}", name)
}

pub(crate) fn no_bot() -> CommandError {
    incomplete(msg!("no bot to send from"))
}

/// Creates the error for a missing setting that every sender needs.
pub(super) fn incomplete(message: Message) -> CommandError {
    let hint = msg!(
        "to create a profile: {command}; to try without an account: --sandbox",
        command = in_both("jelouctl profile set NAME --bot BOT --client-id ID")
    );
    CommandError::configuration(message, hint)
}

/// Creates the error for a signal at the prompt for the secret.
pub(crate) fn interrupted(signal: Signal) -> CommandError {
    CommandError {
        message: msg!("interrupted at the prompt for the secret"),
        hint: None,
        ..CommandError::interrupted(signal)
    }
}

/// Returns why an address, usually with this `scheme`, is not a URL. The text does not repeat the address, which may
/// contain a password.
pub(super) fn url_problem(error: ParseError, scheme: &str) -> Message {
    match error {
        ParseError::RelativeUrlWithoutBase | ParseError::RelativeUrlWithCannotBeABaseBase => {
            msg!("it has no scheme such as {scheme}://", scheme)
        }
        ParseError::EmptyHost => msg!("it has no host"),
        ParseError::IdnaError | ParseError::InvalidDomainCharacter => {
            msg!("its host has an invalid character")
        }
        ParseError::InvalidPort => msg!("its port is not a number from 0 to 65535"),
        ParseError::InvalidIpv4Address | ParseError::InvalidIpv6Address => {
            msg!("its host is not a complete IP address")
        }
        _ => msg!("it cannot be read"),
    }
}

/// Creates the error for the file at `path` that is not TOML, or has a value of the wrong type. It shows
/// neither the line nor a value, because they may contain a secret.
pub(super) fn wrong_toml(path: &Path, text: &str, error: &toml::de::Error) -> CommandError {
    let offset = error.span().map_or(0, |at| at.start);
    let before = text.get(..offset).unwrap_or_default();
    let lines_before = before.matches('\n').count();
    let line_at = |index: usize| text.lines().nth(index).unwrap_or_default().trim();
    let previous = lines_before.checked_sub(1).map(line_at);
    // The parser reports the line after a value that is missing, or has one quote.
    let unfinished = match previous {
        Some(line) if line.ends_with('=') => Some(no_value()),
        Some(line) if line.matches('"').count() % 2 == 1 => Some(open_quote()),
        _ => None,
    };
    let is_after = error.message().starts_with("key with no value");
    if let Some(problem) = unfinished.filter(|_| is_after) {
        return wrong_line(path, lines_before, problem);
    }
    let line = line_at(lines_before);
    // The parser expects another item of the list where the next setting or table begins.
    let begins_line = text
        .get(offset..)
        .is_some_and(|rest| rest.starts_with(line));
    let is_next = begins_line && (line.starts_with('[') || line.contains('='));
    if is_next && error.message().starts_with("missing comma") {
        return wrong_line(path, lines_before, open_bracket());
    }
    let problem = toml_problem(error.message(), line);
    wrong_line(path, lines_before + 1, problem)
}

/// Returns our words for the parser's `message` about a `line`.
fn toml_problem(message: &str, line: &str) -> Message {
    let (problem, expected) = message.rsplit_once(", expected ").unwrap_or((message, ""));
    let is_table = line.starts_with('[');
    let value = line.split_once('=').map(|(_, value)| value.trim());
    match problem {
        "duplicate key" => msg!("this key is set twice"),
        "unexpected key or value" if !is_table => msg!("something follows the value"),
        "too few unicode value digits" | "missing escaped value" => {
            msg!(r"a \ in double quotes has the form \\")
        }
        _ if problem.starts_with("invalid type") && expected == "a map" => {
            msg!("expected a table, such as [profiles.prod]")
        }
        _ if problem.starts_with("invalid type") => msg!("expected a text in double quotes"),
        _ if problem.starts_with("unknown field") => unknown_field(problem),
        _ if problem.contains("array") && problem.contains("unclosed") => open_bracket(),
        _ if is_table && !problem.contains("array") => msg!(
            "a table has the form [profiles.NAME], with double quotes for a NAME with spaces or accents"
        ),
        _ if problem.starts_with("unclosed") => open_bracket(),
        _ if problem.starts_with("missing comma") => msg!("a comma is missing"),
        _ if problem.starts_with("extra comma") => msg!("there is an extra comma"),
        _ if expected.starts_with("non-") => msg!("a text has a control character"),
        _ if problem.ends_with("string") || problem == "missing opening quote" => open_quote(),
        _ => value.map_or_else(
            || msg!("a setting has the form KEY = \"VALUE\""),
            value_problem,
        ),
    }
}

fn no_value() -> Message {
    msg!("a value is missing")
}

fn open_quote() -> Message {
    msg!("a quote is not closed")
}

fn open_bracket() -> Message {
    msg!("a bracket is not closed")
}

/// Returns the problem of a value that is not TOML.
fn value_problem(value: &str) -> Message {
    let word = value.split([' ', '#']).next().unwrap_or_default();
    match word.to_lowercase().as_str() {
        "" => no_value(),
        "true" | "false" | "yes" | "no" | "on" | "off" => {
            msg!("expected true or false, in lower case")
        }
        _ if value.starts_with(['“', '”', '„', '‘', '’', '«']) => {
            msg!("a text has straight double quotes: \"…\"")
        }
        _ => msg!("the value has no double quotes"),
    }
}

/// Returns the problem of a key that is not known outside of a profile.
fn unknown_field(problem: &str) -> Message {
    let name = problem.split('`').nth(1).unwrap_or_default();
    if Key::find(name).is_some() {
        return msg!("`{name}` belongs to a profile, below [profiles.NAME]", name);
    }
    let near = nearest(name, ["default_profile", "profiles"]);
    match near.filter(|near| near.len().abs_diff(name.len()) <= 2) {
        Some(near) => unknown_key(name, Some(near)),
        None => msg!(
            "unknown key `{name}`; a profile begins with [profiles.NAME]",
            name
        ),
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use crate::sender::config::ConfigFile;

    #[test]
    fn toml_errors_are_in_our_words() {
        let setting = "a setting has the form KEY = \"VALUE\"";
        let table = "a table has the form [profiles.NAME], with double quotes for a NAME with spaces or accents";
        for (text, line, expected) in [
            ("x", 1, setting),
            ("[profiles.a]\nbot_id: \"7\"", 2, setting),
            ("profiles:\n  a:\n", 1, setting),
            ("{\"profiles\": {}}", 1, setting),
            ("; comment\n", 1, setting),
            ("[profiles.a", 1, table),
            ("[profiles.mi bot]", 1, table),
            ("[profiles.producción]", 1, table),
            ("[profiles.“a”]", 1, table),
            ("[profiles.]", 1, table),
            ("[profiles.a]]", 1, table),
            (
                "profiles = 3",
                1,
                "expected a table, such as [profiles.prod]",
            ),
            (
                "[[profiles]]",
                1,
                "expected a table, such as [profiles.prod]",
            ),
            ("default_profile = 3", 1, "expected a text in double quotes"),
            (
                "[profile.a]",
                1,
                "unknown key `profile`; did you mean `profiles`?",
            ),
            (
                "bot_id = \"7\"",
                1,
                "`bot_id` belongs to a profile, below [profiles.NAME]",
            ),
            (
                "[prod]\nbot_id = \"7\"",
                1,
                "unknown key `prod`; a profile begins with [profiles.NAME]",
            ),
        ] {
            assert_eq!(problem(text), format!("/c.toml: line {line}: {expected}"));
        }
    }

    #[test]
    fn wrong_value_has_our_words_and_its_line() {
        let list = "expected a list of texts in double quotes, such as [\"a\", \"b\"]";
        for (text, line, expected) in [
            ("bot_id = 7x", 2, "the value has no double quotes"),
            ("rate = 5/s", 2, "the value has no double quotes"),
            ("bot_id = 007", 2, "the value has no double quotes"),
            (
                "bot_id = “7”",
                2,
                "a text has straight double quotes: \"…\"",
            ),
            (
                "confirm_bulk = yes",
                2,
                "expected true or false, in lower case",
            ),
            (
                "confirm_bulk = False",
                2,
                "expected true or false, in lower case",
            ),
            ("bot_id =", 2, "a value is missing"),
            ("bot_id = # 7", 2, "a value is missing"),
            ("bot_id =\n\"7\"", 2, "a value is missing"),
            ("bot_id = \"7", 2, "a quote is not closed"),
            ("bot_id = \"7\nx\"\n", 2, "a quote is not closed"),
            ("bot_id = 7'", 2, "a quote is not closed"),
            ("bot_id = \"7\";", 2, "something follows the value"),
            ("bot_id = \"7\" // x", 2, "something follows the value"),
            ("bot_id = \"7\0\"", 2, "a text has a control character"),
            ("allow_to = [\"7\" \"8\"]", 2, "a comma is missing"),
            ("allow_to = [\n\"7\"\n\"8\"\n]", 4, "a comma is missing"),
            ("allow_to = [\"7\",,]", 2, "there is an extra comma"),
            ("allow_to = [\"7\"", 2, "a bracket is not closed"),
            (
                "allow_to = [\"7\"\nrate = \"5/s\"",
                2,
                "a bracket is not closed",
            ),
            (
                "allow_to = [\"7\"\n[profiles.b]",
                2,
                "a bracket is not closed",
            ),
            (
                "ca_cert = \"C:\\Users\\ana\"",
                2,
                r"a \ in double quotes has the form \\",
            ),
            (
                "ca_cert = \"D:\\Data\"",
                2,
                r"a \ in double quotes has the form \\",
            ),
            ("bot_id = \"7\"\nbot_id = \"8\"", 3, "this key is set twice"),
            (
                "bot_id = [\"7\"]",
                2,
                "bot_id: expected a text in double quotes; this is a list",
            ),
            (
                "allow_to = [\"7\", 8]",
                2,
                &format!("allow_to: {list}; item 2 is a number"),
            ),
            (
                "not_on = [2026-12-25]",
                2,
                &format!("not_on: {list}; item 1 is a date or a time"),
            ),
        ] {
            let told = problem(&format!("[profiles.a]\n{text}"));
            assert_eq!(told, format!("/c.toml: line {line}: {expected}"), "{text}");
        }
    }

    fn problem(text: &str) -> String {
        let error = ConfigFile::parse(Path::new("/c.toml"), text).expect_err(text);
        error.message.to_string()
    }
}
