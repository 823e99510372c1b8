//! Finds characters that are neither ASCII nor letters of Spanish, Portuguese or English: `¤` in `Pe¤a` is a sign of a
//! wrong encoding.

use crate::base::letters::is_usual_letter;

/// The most different characters that are counted.
const MAX_OTHERS: usize = 32;

/// The other characters of a column, in the order of the list.
#[derive(Debug, Default)]
pub(super) struct OtherLetters {
    found: Vec<OtherLetter>,
}

#[derive(Debug)]
pub(super) struct OtherLetter {
    pub(super) letter: char,
    /// The first line with it.
    pub(super) line: u64,
    pub(super) times: u64,
}

impl OtherLetters {
    /// Counts the other characters in `text`, which is in `line`.
    pub(super) fn count(&mut self, text: &str, line: u64) {
        if text.is_ascii() {
            return;
        }
        let others = text.chars().filter(|character| is_other(*character));
        for letter in others {
            let known = self.found.iter_mut().find(|known| known.letter == letter);
            if let Some(known) = known {
                known.times += 1;
            } else if self.found.len() < MAX_OTHERS {
                self.found.push(OtherLetter {
                    letter,
                    line,
                    times: 1,
                });
            }
        }
    }

    /// The `most` rarest, in the order of the list.
    pub(super) fn rarest(&self, most: usize) -> Vec<&OtherLetter> {
        let mut rarest: Vec<_> = self.found.iter().collect();
        rarest.sort_by_key(|other| other.times);
        rarest.truncate(most);
        rarest.sort_by_key(|other| other.line);
        rarest
    }
}

fn is_other(character: char) -> bool {
    !character.is_ascii() && !character.is_whitespace() && !is_usual_letter(character)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_of_three_languages_are_known() {
        let mut others = OtherLetters::default();
        for (text, line) in [
            ("Ángel Núñez Ibáñez, João Conceição, Müller", 2),
            ("Luc¡a", 3),
            ("Pe¤a Pe¤a", 4),
            ("Jos\u{82} Ý\u{a0}x", 5),
            ("Ana 👍", 6),
        ] {
            others.count(text, line);
        }
        let found = others.rarest(5);
        let found: Vec<_> = found
            .iter()
            .map(|other| (other.letter, other.line))
            .collect();
        assert_eq!(
            found,
            [('¡', 3), ('¤', 4), ('\u{82}', 5), ('Ý', 5), ('👍', 6)]
        );
        others.count("¡¡¡ ñ", 7);
        let found = others.rarest(2);
        let found: Vec<_> = found.iter().map(|other| other.letter).collect();
        assert_eq!(found, ['\u{82}', 'Ý']);
    }
}
