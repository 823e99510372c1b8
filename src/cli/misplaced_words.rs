//! Suggestions for a word in a place for flags, or for other words.

use super::kind_words::KindWords;
use super::parsed_command_line::find_flag;
use super::suggestion::Suggestion;
use super::wrong_line::{A_LIST, WrongLine};

impl WrongLine<'_> {
    /// Detects a word in a place for flags.
    pub(super) fn misplaced_word(&self) -> Option<Suggestion> {
        if let Some(hint) = self.suggest_coordinates() {
            return Some(Suggestion::hint(hint));
        }
        if !self.is_unknown() || self.is_flag() {
            return None;
        }
        let path = self.path();
        let hint = match path.as_slice() {
            [] => self.suggest_command()?,
            ["send"] => KindWords::text().line(),
            ["send", kind] | [kind @ "flow-message"] => self.suggest_for_word(kind)?,
            ["bulk"] if is_list_file(&self.word) => {
                format!("`send` comes before the list: {}", self.line_with_list())
            }
            ["bulk"] => format!("to list the commands: jelouctl bulk --help; to send a list: {A_LIST}"),
            ["bulk", "send"] => self.suggest_list_kind(),
            ["bulk", "send", kind] => self.suggest_in_list(kind),
            ["run"] if looks_like_recipient(&self.word) => {
                "put -- before the command, and --to before the recipient: jelouctl run --to NUMBER -- \
                 COMMAND".to_owned()
            }
            ["run"] => "put -- before the command: jelouctl run --to NUMBER -- COMMAND".to_owned(),
            ["sandbox"] => self.suggest_in_sandbox(),
            ["messages", "list"] if looks_like_recipient(&self.word) => {
                "to set the recipient: jelouctl messages list --to NUMBER".to_owned()
            }
            ["messages", "list"] => "to see one chat: jelouctl messages list --to NUMBER; to search the texts: jelouctl messages list --matching WORD".to_owned(),
            ["messages"] => "to see what was sent and received: jelouctl messages list --to NUMBER; to see one message: jelouctl messages get ID".to_owned(),
            ["doctor"] => "pass a profile with --profile: jelouctl doctor --profile NAME".to_owned(),
            ["profile"] => "to create a profile: jelouctl profile set NAME --bot BOT --client-id ID; to use one: jelouctl profile use NAME".to_owned(),
            ["templates"] => "pass a name with --query: jelouctl templates --query NAME".to_owned(),
            _ => return None,
        };
        Some(Suggestion::hint(hint))
    }

    /// Corrects coordinates without flags after `location`. A negative one looks like a flag.
    fn suggest_coordinates(&self) -> Option<String> {
        let path = self.path();
        let (["send", "location"] | ["bulk", "send", "location"]) = path.as_slice() else {
            return None;
        };
        let is_coordinate = self.word.parse::<f64>().is_ok() && !looks_like_recipient(&self.word);
        if !self.is_unknown() || !is_coordinate {
            return None;
        }
        let usage = self.suggested_line();
        Some(format!("pass each value with its flag: {usage}"))
    }

    fn suggest_command(&self) -> Option<String> {
        let word = &self.word;
        if looks_like_recipient(word) {
            return Some(KindWords::text().line());
        }
        if is_list_file(word) {
            return Some(self.line_with_list());
        }
        if word.starts_with("/v1/") || word.contains("://") {
            return Some("to call a path of the API: jelouctl api PATH".to_owned());
        }
        self.named_elsewhere()
    }

    /// Returns the line that sends a list with the kind after the wrong word, or else a text.
    fn line_with_list(&self) -> String {
        let words = self.line.words.iter().map(|word| word.text.as_str());
        let mut after = words.skip_while(|word| *word != self.word).skip(1);
        after
            .next()
            .and_then(KindWords::from_word)
            .filter(|kind| kind.name != "flow-message")
            .unwrap_or_else(KindWords::text)
            .bulk_line()
    }

    /// Finds the word among the commands below others: `report` belongs to `bulk`.
    fn named_elsewhere(&self) -> Option<String> {
        let groups = self
            .app
            .get_subcommands()
            .filter(|group| group.get_name() != "send");
        let found: Vec<_> = groups
            .filter_map(|group| {
                let below = group.find_subcommand(&self.word)?;
                Some(format!(
                    "jelouctl {} {}",
                    group.get_name(),
                    below.get_name()
                ))
            })
            .collect();
        match found.as_slice() {
            [] => None,
            [one] => Some(format!(
                "this is a command of `{}`: {one}",
                one.split(' ').nth(1)?
            )),
            [others @ .., last] => Some(format!(
                "several commands have it: {} or {last}",
                others.join(", ")
            )),
        }
    }

    /// Corrects a word after a kind: a recipient, a URL, a body, or a text without quotes.
    fn suggest_for_word(&self, kind: &str) -> Option<String> {
        let row = KindWords::from_name(kind)?;
        let usage = row.line();
        let wrong = self.line.words.iter().find(|word| word.text == self.word)?;
        let before = self.line.flag_before(wrong.position);
        if before.is_some_and(|flag| flag.name == "--to")
            && is_part_of_number(&wrong.text)
            && !looks_like_recipient(&wrong.text)
        {
            return Some(format!(
                "remove the spaces from the number, or quote it: {usage}"
            ));
        }
        let has_recipient = self
            .line
            .words
            .iter()
            .any(|word| looks_like_recipient(&word.text));
        if has_recipient && !self.line.has_flag("--to") {
            return Some(format!("to set the recipient: {usage}"));
        }
        let hint = match &wrong.text {
            body if body.trim_start().starts_with(['{', '[']) || has_ending(body, &["json"]) => {
                format!("pass a body with --body: jelouctl send {kind} --to NUMBER --body FILE")
            }
            address if address.contains("://") && usage.contains("--media-url") => {
                format!("pass the URL of the file with --media-url: {usage}")
            }
            address if address.contains("://") && usage.contains("--url") => {
                format!("pass the URL with --url: {usage}")
            }
            file if usage.contains("--media-url") && is_file_name(file) => {
                format!("--media-url needs a URL on the web, not a local file: {usage}")
            }
            _ if kind == "text" => format!("quote the text: {usage}"),
            _ if before.is_some_and(|flag| {
                flag.name != "--to" && find_flag(&self.commands, &flag.name).is_some()
            }) =>
            {
                let flag = before.map(|flag| flag.name.as_str()).unwrap_or_default();
                let is_whole = row.flags().all(|flag| self.line.has_flag(flag));
                // The language of a template has no spaces, so the word is a parameter.
                let value = if is_whole && flag != "--language" {
                    format!("{flag} 'VALUE'")
                } else {
                    usage
                };
                format!("quote a value with spaces, and pass each value with its flag: {value}")
            }
            _ if kind == "template" => {
                format!("pass the values of a template with --param: {usage}")
            }
            _ if row.flags().next() == Some("--text") => {
                format!("pass the text with --text: {usage}")
            }
            _ => format!("pass every part of the message with a flag: {usage}"),
        };
        Some(hint)
    }

    /// Corrects a second word before a list's kind of message.
    fn suggest_list_kind(&self) -> String {
        let first = self.line.words.first().map(|word| word.text.as_str());
        match first.and_then(KindWords::from_word) {
            Some(kind) => format!("the list comes before the kind: {}", kind.bulk_line()),
            None => format!(
                "put one list before the kind of message, quoted if its name has spaces: {}",
                self.suggested_line()
            ),
        }
    }

    fn suggest_in_list(&self, kind: &str) -> String {
        let usage =
            KindWords::from_name(kind).map_or_else(|| A_LIST.to_owned(), KindWords::bulk_line);
        let is_list = self.line.words.iter().any(|word| {
            is_list_file(&word.text) && Some(word.position) > self.line.command_position(kind)
        });
        if is_list {
            return format!("the list comes before the kind: {usage}");
        }
        if kind == "text" {
            return format!("quote the text, and the name of the list before the kind: {usage}");
        }
        if kind == "template" {
            return format!("pass the values of a template with --param: {usage}");
        }
        format!("pass every part of the message with a flag: {usage}")
    }

    /// Corrects a command after `sandbox`: the user probably wants the flag `--sandbox`.
    fn suggest_in_sandbox(&self) -> String {
        let word = self.word.as_str();
        let to_send = KindWords::from_word(word).map(KindWords::line);
        let line = match word {
            "send" => Some(self.line_in_sandbox()),
            "bulk" => Some(A_LIST.to_owned()),
            _ if self.app.find_subcommand(word).is_some() => Some(format!("jelouctl {word} …")),
            _ => to_send,
        };
        match line {
            Some(line) => {
                let line = line.replacen("jelouctl ", "jelouctl --sandbox ", 1);
                format!("--sandbox is a flag: {line}")
            }
            None => "put -- before the command: jelouctl sandbox -- COMMAND".to_owned(),
        }
    }

    /// Returns the line of the kind that follows `sandbox send`.
    fn line_in_sandbox(&self) -> String {
        let mut words = self.line.words.iter().map(|word| word.text.as_str());
        words
            .find_map(KindWords::from_word)
            .unwrap_or_else(KindWords::text)
            .line()
    }
}

/// Returns whether `word` looks like a phone number or a user id.
pub(super) fn looks_like_recipient(word: &str) -> bool {
    let digits = word.chars().filter(char::is_ascii_digit).count();
    let is_number = digits >= 7
        && word
            .chars()
            .all(|sign| sign.is_ascii_digit() || "+-(). ".contains(sign));
    is_number || word.starts_with("id:")
}

fn is_list_file(word: &str) -> bool {
    has_ending(
        word,
        &["csv", "xlsx", "xls", "ods", "ndjson", "jsonl", "tsv", "txt"],
    )
}

/// Returns whether `word` looks like a file name: it has a short extension, or starts with `/`, `@`
/// or `~`.
fn is_file_name(word: &str) -> bool {
    let ending = word
        .rsplit_once('.')
        .map(|(_, ending)| ending)
        .unwrap_or_default();
    let is_ending =
        (2..=4).contains(&ending.len()) && ending.chars().all(|sign| sign.is_ascii_alphanumeric());
    is_ending || word.starts_with(['/', '@', '~'])
}

fn has_ending(word: &str, endings: &[&str]) -> bool {
    let ending = word
        .rsplit_once('.')
        .map(|(_, ending)| ending.to_lowercase());
    ending.is_some_and(|ending| endings.contains(&ending.as_str()))
}

/// Returns whether `word` is a part of a phone number with spaces.
fn is_part_of_number(word: &str) -> bool {
    let is_of_number = |sign: char| sign.is_ascii_digit() || "-().".contains(sign);
    !word.is_empty() && word.chars().all(is_of_number)
}
