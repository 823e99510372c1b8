//! The forms of words that the table of hints knows.

/// The extensions of list files.
const LIST_ENDINGS: [&str; 8] = ["csv", "xlsx", "xls", "ods", "ndjson", "jsonl", "tsv", "txt"];
/// The dashes of word processors.
const DASHES: [char; 5] = ['–', '—', '−', '‐', '‑'];

/// Returns the form of `word`, as the table of hints names it.
pub(super) fn form(word: &str) -> &'static str {
    let is_digit = |sign: char| sign.is_ascii_digit();
    let ending = word.rsplit_once('.').map_or("", |(_, ending)| ending);
    if word
        .strip_prefix('-')
        .is_some_and(|rest| rest.starts_with(is_digit))
    {
        "NEGATIVE"
    } else if word.trim_start_matches('-').starts_with(DASHES) {
        "DASH"
    } else if looks_like_recipient(word) {
        "NUMBER"
    } else if word.contains(is_digit)
        && word
            .chars()
            .all(|sign| is_digit(sign) || "+-().".contains(sign))
    {
        "DIGITS"
    } else if LIST_ENDINGS.contains(&ending.to_lowercase().as_str()) {
        "LIST"
    } else {
        ""
    }
}

/// Returns whether `word` looks like a phone number or a user id.
fn looks_like_recipient(word: &str) -> bool {
    let digits = word.chars().filter(char::is_ascii_digit).count();
    let mut signs = word.chars();
    let is_number =
        digits >= 7 && signs.all(|sign| sign.is_ascii_digit() || "+-(). ".contains(sign));
    is_number || word.starts_with("id:")
}
