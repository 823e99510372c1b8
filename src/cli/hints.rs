//! The table of wrong lines, `hints.tsv`: what users type, and what to say. A name that is only misspelled or misplaced
//! has no row.

const TABLE: &str = include_str!("hints.tsv");

/// A row of the table.
pub(super) struct Hint {
    /// The end of the path of commands, or with `*` its beginning. `COMMAND` stands for a missing command or kind.
    place: &'static str,
    /// The wrong flags or words, separated by spaces. In capitals it is a form (`wrong_line.rs`), or `MISSING` for a missing
    /// word. `*` is any word that nothing else explains.
    typed: &'static str,
    /// `<--to>` is a flag with its value, and `<remove>` a line with this command: where it does not exist, a later row
    /// applies. `<usage>` is the line that was meant, and `<send image>` a line with another kind. In English and Spanish.
    pub(super) hint: [&'static str; 2],
}

impl Hint {
    /// Returns the rows. The first one that applies wins.
    pub(super) fn all() -> impl Iterator<Item = Self> {
        TABLE.lines().skip(1).filter_map(|line| {
            let mut cells = line.split('\t');
            let place = cells.next()?;
            let typed = cells.next()?;
            let english = cells.next()?;
            // A hint that is only a command has no Spanish.
            let spanish = cells.next().unwrap_or(english);
            Some(Self {
                place,
                typed,
                hint: [english, spanish],
            })
        })
    }

    /// Returns whether the row is for the command at `path`.
    pub(super) fn is_at(&self, path: &str) -> bool {
        match self.place.strip_suffix('*') {
            Some(begin) => path.starts_with(begin),
            None => path.ends_with(self.place),
        }
    }

    /// Returns whether the row has one of `typed`.
    pub(super) fn has(&self, typed: &[&str]) -> bool {
        self.typed.split(' ').any(|word| typed.contains(&word))
    }

    /// Returns what is typed, without the forms.
    #[cfg(test)]
    pub(super) fn words(&self) -> impl Iterator<Item = &'static str> {
        let words = self.typed.split(' ');
        words.filter(|word| word.starts_with('-') || word.chars().all(char::is_lowercase))
    }

    /// Returns whether the row is for any command.
    #[cfg(test)]
    pub(super) fn is_for_any(&self) -> bool {
        ["", "COMMAND"].contains(&self.place)
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;
    use crate::cli::app::App;
    use crate::cli::line::all_commands;

    #[test]
    fn rows_are_whole() {
        let lines = TABLE.lines();
        assert_eq!(lines.clone().next(), Some("place\ttyped\thint\tSpanish"));
        for line in lines.skip(1) {
            assert!([3, 4].contains(&line.split('\t').count()), "{line}");
        }
    }

    /// Returns whether the command has this flag or subcommand.
    fn exists(command: &clap::Command, word: &str) -> bool {
        let has_flag = |is_it: &dyn Fn(&clap::Arg) -> bool| command.get_arguments().any(is_it);
        match (word.strip_prefix("--"), word.strip_prefix('-')) {
            (Some(long), _) => has_flag(&|flag| flag.get_long() == Some(long)),
            (None, Some(short)) => has_flag(&|flag| flag.get_short() == short.chars().next()),
            (None, None) => command.find_subcommand(word).is_some(),
        }
    }

    #[test]
    fn every_row_has_a_place_where_the_word_is_wrong() {
        let mut app = App::command();
        app.build();
        let commands = all_commands(&app);
        for row in Hint::all() {
            let mut places = commands.iter().filter(|command| {
                let path = command.get_bin_name().unwrap_or_default();
                row.is_at(path) || row.is_at(&format!("{path} COMMAND"))
            });
            // A wrong value of `--output` has a row, too.
            let is_wrong = |command: &&clap::Command| {
                let words = row.words().filter(|word| *word != "--output");
                !words.into_iter().any(|word| exists(command, word))
            };
            assert!(
                places.clone().next().is_some(),
                "{} {}",
                row.place,
                row.typed
            );
            assert!(places.any(is_wrong), "{} {}", row.place, row.typed);
        }
    }
}
