//! Texts that users write (lists, recipients, cards, configurations and faults), and texts that jelouctl prints.

use std::io::Cursor;
use std::path::Path;

use serde_json::Value;

use crate::base::invisible::is_unseen;
use crate::base::output::{compact, one_line, pretty, visible_json};
use crate::base::texts::has_only_digits;
use crate::jelou::message::{TypedRecipient, read_cards};
use crate::lists::list_file::{ListInput, ListOptions, ListReader};
use crate::phone::{Country, is_user_id, person_key};
use crate::sandbox::Fault;
use crate::sender::config::{ConfigFile, check};

/// Reads any list to its end or to an error. The ledger returns each row unchanged.
pub fn list(bytes: &[u8]) {
    for encoding in [None, Some("windows-1252"), Some("utf-16le")] {
        let encoding = encoding.map(|label| label.parse().unwrap());
        let options = ListOptions {
            encoding,
            ..ListOptions::default()
        };
        let input = ListInput::Stream(Box::new(Cursor::new(bytes.to_vec())));
        let Ok(mut reader) = ListReader::open(input, "list", &options) else {
            continue;
        };
        let mut line = 0;
        loop {
            match reader.read() {
                Ok(Some(read)) => {
                    assert!(read.line > line, "line {} comes after {line}", read.line);
                    line = read.line;
                    if let Ok(row) = read.row {
                        assert_eq!(reader.read_back(&row.cells()).unwrap(), row);
                    }
                }
                Ok(None) => break,
                Err(error) => {
                    assert!(!error.to_string().is_empty());
                    break;
                }
            }
        }
    }
}

/// Checks that a valid number has 7 to 15 digits, and that reading it again returns the same number.
pub fn recipient(bytes: &[u8]) {
    let Ok(typed) = std::str::from_utf8(bytes) else {
        return;
    };
    let countries = [
        None,
        "EC".parse::<Country>().ok(),
        "MX".parse().ok(),
        "AR".parse().ok(),
        "US".parse().ok(),
    ];
    for country in countries {
        let Ok(read) = TypedRecipient::read(typed, country) else {
            continue;
        };
        let user = read.recipient.as_str();
        assert!(
            !user.chars().any(char::is_control) && !user.is_empty(),
            "{user:?}"
        );
        assert_eq!(person_key(&person_key(user)), person_key(user));
        let is_id = typed.trim_start_matches(is_unseen).starts_with("id:");
        if !is_id && !is_user_id(user) {
            assert!(
                has_only_digits(user) && (7..=15).contains(&user.len()),
                "{user}"
            );
            let again = TypedRecipient::read(&format!("+{user}"), country).unwrap();
            assert_eq!(again.recipient, read.recipient, "{typed:?}");
        }
    }
}

/// Reads any vCard as contacts or as an error.
pub fn vcard(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return;
    };
    match read_cards(text) {
        Ok(cards) => {
            let json = serde_json::to_value(&cards.contacts).unwrap();
            assert!(json.as_array().is_some_and(|cards| !cards.is_empty()));
            crate::fuzzing::body(format!("{{\"contacts\":{json}}}").as_bytes());
        }
        Err(problem) => assert!(!problem.to_string().is_empty()),
    }
}

/// Checks that errors in a configuration do not show its secrets.
pub fn configuration(bytes: &[u8]) {
    const SECRET: &str = "canary-7f3a9c51";
    let Ok(text) = std::str::from_utf8(bytes) else {
        return;
    };
    let text = format!("[profiles.first]\nclient_secret = \"{SECRET}\"\n{text}");
    // A scheme is shown in lower case, and a URL without its tabs.
    let shown = text.replace('\t', "").to_ascii_lowercase();
    if shown.matches("canary").count() > 1 {
        return;
    }
    let told = match ConfigFile::parse(Path::new("/etc/c.toml"), &text) {
        Ok(file) => file
            .profiles
            .values()
            .filter_map(|profile| check(profile).err())
            .map(|problem| problem.to_string())
            .collect(),
        Err(error) => format!("{} {}", error.message, error.hint.unwrap_or_default()),
    };
    assert!(!told.contains("canary"), "{told}");
}

/// Reads any fault rule, or rejects it with a reason.
pub fn fault(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return;
    };
    let _ = text.parse::<Fault>();
}

/// Checks that printed JSON equals the original and does not affect a terminal.
pub fn json(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return;
    };
    let line = one_line(text);
    assert!(!line.chars().any(acts), "{line:?}");
    let Ok(value) = serde_json::from_str::<Value>(text) else {
        return;
    };
    let plain = compact(&value);
    let indented = pretty(&value);
    for shown in [&plain, &indented] {
        assert_eq!(
            serde_json::from_str::<Value>(shown).unwrap(),
            value,
            "{shown}"
        );
        assert!(
            !shown
                .chars()
                .any(|character| acts(character) && character != '\n'),
            "{shown:?}"
        );
    }
    assert!(!plain.contains('\n'));
    let compact = value.to_string();
    let shown = visible_json(&compact);
    assert!(
        serde_json::from_str::<Value>(&shown).unwrap() == value && !shown.chars().any(acts),
        "{shown:?}"
    );
}

/// Returns whether the character affects a terminal: a control character, or one for the direction of a text.
fn acts(character: char) -> bool {
    character.is_control()
        || matches!(character, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}
