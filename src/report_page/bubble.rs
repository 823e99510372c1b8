//! The message as its recipient sees it, in as many lines as a reader of the page has use for.

use crate::message::Part;

/// The maximum length; a longer text does not help the reader.
const MOST_LINES: usize = 60;

/// The parts of the bubble.
pub(super) fn parts(drawn: Vec<Part>) -> Vec<Part> {
    let mut left = MOST_LINES;
    let mut parts = Vec::new();
    for mut part in Part::simple(drawn) {
        if let Part::Text { text, .. } = &mut part {
            if let Some((end, _)) = text.match_indices('\n').nth(left.saturating_sub(1)) {
                text.truncate(end);
            }
            left = left.saturating_sub(text.lines().count());
        } else {
            left = left.saturating_sub(1);
        }
        parts.push(part);
        if left == 0 {
            parts.push(Part::text("…"));
            break;
        }
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_message_is_cut_between_lines() {
        let lines = |parts: &[Part]| Part::lines(parts.to_vec()).len();
        assert_eq!(lines(&parts(vec![Part::text("x\ny"); 500])), MOST_LINES + 1);
        assert_eq!(lines(&parts(vec![Part::text("x\n".repeat(500))])), MOST_LINES + 1);
        assert_eq!(lines(&parts(vec![Part::text("x\n".repeat(59))])), 59);
    }
}
