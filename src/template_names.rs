//! The names of templates that were listed before, for completion, which must never use the network.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use serde_json::Value;

use crate::input::MAX_BYTES;
use crate::places::CACHE;
use crate::private_file;

/// Names by bot.
type Names = BTreeMap<String, BTreeSet<String>>;

/// Remembers the names in `listing`, every template of `bot`. If the cache cannot be written, nothing is remembered.
pub(crate) fn remember(bot: &str, listing: &Value) {
    let Some(path) = path() else { return };
    let templates = listing.get("results").and_then(Value::as_array).into_iter().flatten();
    let names = templates.filter_map(|template| template.get("elementName")?.as_str().map(str::to_owned)).collect();
    let mut all = read();
    all.insert(bot.to_owned(), names);
    if let Ok(text) = serde_json::to_vec(&all) {
        let _ = private_file::write(&path, &text);
    }
}

/// Every remembered name, of any bot.
pub(crate) fn known() -> BTreeSet<String> {
    read().into_values().flatten().collect()
}

fn read() -> Names {
    let text = path().filter(|path| path.metadata().is_ok_and(|data| data.is_file() && data.len() <= MAX_BYTES));
    let text = text.and_then(|path| std::fs::read(path).ok()).unwrap_or_default();
    serde_json::from_slice(&text).unwrap_or_default()
}

fn path() -> Option<PathBuf> {
    CACHE.directory().map(|directory| directory.join("templates.json"))
}
