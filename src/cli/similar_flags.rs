//! Finds the flag that a misspelled one resembles.

use clap::Command;

/// Finds the long flag of `commands` that is most similar to `typed`.
pub(super) fn find_similar_flag(commands: &[&Command], typed: &str) -> Option<String> {
    let typed = typed.strip_prefix("--")?.split('=').next()?.to_lowercase();
    let flags = commands.iter().flat_map(|command| command.get_arguments());
    let names = flags
        .filter(|flag| !flag.is_hide_set())
        .flat_map(|flag| flag.get_long_and_visible_aliases().unwrap_or_default());
    let similar = names.filter(|name| is_similar(&typed, name));
    let nearest = similar.min_by_key(|name| strsim::osa_distance(&typed, name))?;
    Some(format!("--{nearest}"))
}

/// Returns whether `typed` is the start of `known`, one of its parts, or has one or two typos.
pub(super) fn is_similar(typed: &str, known: &str) -> bool {
    let length = typed.chars().count();
    let is_begun = length >= 3 && known.starts_with(typed);
    let is_part = length >= 3 && known.split('-').any(|part| part == typed);
    let edits = strsim::osa_distance(typed, known);
    let begins_alike = typed.chars().next() == known.chars().next();
    let is_misspelt = edits == 1 && length >= 3 || edits == 2 && length >= 5 && begins_alike;
    is_begun || is_part || is_misspelt
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn similar_names_are_near() {
        for (typed, known, expected) in [
            ("too", "to", true),
            ("lang", "language", true),
            ("url", "media-url", true),
            ("parma", "param", true),
            ("recipiant", "recipient", true),
            ("at", "prices", false),
            ("on-failure", "profile", false),
            ("not-sent", "no-input", false),
            ("title", "file", false),
            ("move", "remove", false),
        ] {
            assert_eq!(is_similar(typed, known), expected, "{typed} {known}");
        }
    }
}
