//! The texts of an Excel workbook. A cell refers to its text by number, so this is the only part
//! that is kept as a whole.

use std::io::Read;

use super::archive::damaged;
use super::part::XmlPart;
use crate::base::input::UsageError;
use crate::base::message::msg;

/// The most bytes of memory for the texts. Three texts for each of a million recipients take about
/// 60 MiB.
const MAX_BYTES: usize = 512 * 1024 * 1024;

/// All texts, one after another. A separate allocation for each would take several times the
/// memory.
#[derive(Debug, Default)]
pub(super) struct SharedStrings {
    text: String,
    ends: Vec<u32>,
}

impl SharedStrings {
    pub(super) fn read(mut part: XmlPart<impl Read>) -> Result<Self, UsageError> {
        let mut strings = Self::default();
        part.inside(|part, tag| match tag.local_name().as_ref() {
            "si" => strings.push(&read_item(part)?),
            _ => Ok(()),
        })?;
        Ok(strings)
    }

    fn push(&mut self, text: &str) -> Result<(), UsageError> {
        if self.text.len() + text.len() + size_of_val(self.ends.as_slice()) > MAX_BYTES {
            return Err(too_many());
        }
        self.text.push_str(text);
        self.ends
            .push(u32::try_from(self.text.len()).map_err(|_| too_many())?);
        Ok(())
    }

    pub(super) fn get(&self, number: usize) -> Option<&str> {
        let end = *self.ends.get(number)?;
        let start = number
            .checked_sub(1)
            .map_or(Some(0), |before| self.ends.get(before).copied())?;
        self.text
            .get(usize::try_from(start).ok()?..usize::try_from(end).ok()?)
    }
}

fn too_many() -> UsageError {
    let most = MAX_BYTES / 1024 / 1024;
    damaged(
        "sharedStrings.xml",
        msg!("more than {most} MiB of memory", most),
    )
}

/// Reads the text inside the latest open tag: its runs one after another, without phonetic hints.
pub(super) fn read_item(part: &mut XmlPart<impl Read>) -> Result<String, UsageError> {
    let mut text = String::new();
    part.inside(|part, tag| {
        match tag.local_name().as_ref() {
            "t" => text.push_str(&part.text()?),
            "rPh" => part.inside(|_, _| Ok(()))?,
            _ => {}
        }
        if text.len() > MAX_BYTES {
            Err(too_many())
        } else {
            Ok(())
        }
    })?;
    Ok(unescaped(text))
}

/// Decodes the escapes of Excel: `_x000D_` for a character that XML cannot contain, and `_x005F_` for
/// an underscore where a text looks like an escape.
pub(super) fn unescaped(text: String) -> String {
    if !text.contains("_x") {
        return text;
    }
    let mut plain = String::with_capacity(text.len());
    let mut rest = text.as_str();
    while let Some((before, after)) = rest.split_once("_x") {
        plain.push_str(before);
        let digits = after
            .get(..4)
            .filter(|_| after.as_bytes().get(4) == Some(&b'_'));
        let digits = digits.filter(|digits| digits.bytes().all(|byte| byte.is_ascii_hexdigit()));
        let character =
            digits.and_then(|digits| char::from_u32(u32::from_str_radix(digits, 16).ok()?));
        rest = character.map_or(after, |_| after.get(5..).unwrap_or_default());
        plain.push_str(&character.map_or_else(|| "_x".to_owned(), String::from));
    }
    plain + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shared_strings_are_decoded() {
        let xml = "<sst><si><t>Ana</t></si><si/><si><r><rPr/><t xml:space=\"preserve\">a </t></r><r><t>&amp;b&#x41;</t></r>\
                   <rPh><t>x</t></rPh></si><si><t><![CDATA[<c>]]>\r\n_x005F_x000D_</t></si></sst>";
        let strings = SharedStrings::read(XmlPart::new(xml.as_bytes(), "x")).unwrap();
        let texts: Vec<_> = (0..5).map(|number| strings.get(number)).collect();
        assert_eq!(
            texts,
            [
                Some("Ana"),
                Some(""),
                Some("a &bA"),
                Some("<c>\n_x000D_"),
                None
            ]
        );
    }

    #[test]
    fn only_complete_escapes_are_decoded() {
        for (text, expected) in [
            ("a_x000D_b", "a\rb"),
            ("_x00", "_x00"),
            ("_xZZZZ_", "_xZZZZ_"),
            ("_xD800_", "_xD800_"),
            ("_x_x0041_", "_xA"),
        ] {
            assert_eq!(unescaped(text.to_owned()), expected);
        }
    }
}
