//! Recognises what word processors and other tools make of a line: `–to`, `“Hola Ana”`, `-to`.

use clap::{Command, CommandFactory};

use super::app::App;
use super::typed_line::line_of;
use crate::context::UsageError;

const DASHES: [char; 5] = ['–', '—', '−', '‐', '‑'];
const QUOTES: [char; 5] = ['“', '”', '„', '‘', '’'];

/// The line with the hyphens and quotes of a keyboard, if it has other ones.
pub(super) fn meant(words: &[String]) -> Option<UsageError> {
    let mut written = words.to_vec();
    let mut problem = None;
    for word in written.iter_mut().take_while(|word| *word != "--") {
        if let Some((flag, wrong)) = as_flag(word) {
            // Its value may be a secret.
            let name = word.split('=').next().unwrap_or_default();
            problem.get_or_insert(format!("`{}` {wrong}", name.escape_debug()));
            *word = flag;
        }
    }
    let begin = written.iter().position(|word| word.starts_with(QUOTES)).unwrap_or(written.len());
    let more = written.iter().skip(begin).position(|word| word.ends_with(QUOTES)).unwrap_or(0);
    if more > 0 {
        problem.get_or_insert("a shell does not take curly quotes for quotes".to_owned());
        let text = written.drain(begin..=begin + more).collect::<Vec<_>>().join(" ");
        written.insert(begin, text.trim_matches(QUOTES).to_owned());
    }
    let line = line_of(&written).unwrap_or_else(|| "type hyphens and quotes on the keyboard: --to, 'Hola'".to_owned());
    Some(UsageError::new(problem?, line))
}

/// The flag that was meant by `word`, and what is wrong with it.
fn as_flag(word: &str) -> Option<(String, &'static str)> {
    let name = word.trim_start_matches('-').trim_start_matches(DASHES);
    let wrong = match word.strip_suffix(name)? {
        "-" => "needs two hyphens",
        dash if dash.contains(DASHES) => "begins with a dash that is not the hyphen of a flag",
        _ => return None,
    };
    has_long_flag(&App::command(), name.split('=').next()?).then(|| (format!("--{name}"), wrong))
}

fn has_long_flag(command: &Command, name: &str) -> bool {
    command.get_arguments().any(|flag| flag.get_long() == Some(name))
        || command.get_subcommands().any(|command| has_long_flag(command, name))
}
