//! Under which country codes the numbers of a list fall that have no `+`: in a list of national numbers some are by chance
//! valid ones of another country.

/// Codes that are named.
const MOST_NAMED: usize = 5;

/// Each country code with its first number and the line of that.
#[derive(Debug, Default)]
pub(crate) struct BareCodes(Vec<(&'static str, String, u64)>);

impl BareCodes {
    /// Takes note of a number that was written without `+`.
    pub(super) fn note(&mut self, code: &'static str, written: &str, line: u64) {
        if self.0.iter().all(|(known, _, _)| *known != code) {
            self.0.push((code, written.to_owned(), line));
        }
    }

    /// What a person should know, where there are several.
    pub(crate) fn warning(&self) -> Option<String> {
        let count = self.0.len();
        if count < 2 {
            return None;
        }
        let examples = self.0.iter().take(MOST_NAMED);
        let examples = examples.map(|(code, written, line)| format!("+{code} (line {line}: `{written}`)"));
        let more = if count > MOST_NAMED { ", …" } else { "" };
        let examples = examples.collect::<Vec<_>>().join(", ");
        Some(format!(
            "the numbers without + are of {count} country codes: {examples}{more}; if they are national numbers, say of which \
             country with --country"
        ))
    }
}
