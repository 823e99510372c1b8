//! Checks the media files of a list before its run: a message whose file cannot be fetched does not arrive.

use std::collections::HashMap;
use std::time::Duration;

use futures_util::{StreamExt, stream};
use tokio::time::sleep;

use crate::api::{MediaClient, MediaLook, Roots};
use crate::commands::CommandError;
use crate::context::Context;
use crate::input::UsageError;
use crate::ledger::{LedgerDraft, LedgerError};
use crate::message::{MediaFile, Message, can_have_media_files, media_files};
use crate::output::counted;
use crate::sending::Sender;

/// The limits of the check: distinct files, concurrent requests, and total time.
const MOST_FILES: usize = 200;
const AT_A_TIME: usize = 8;
const IN_ALL: Duration = Duration::from_secs(30);
/// The number of files to name.
const NAMED: usize = 5;

/// A file with the rows that use it.
struct FileOfRows {
    file: MediaFile,
    rows: u64,
    first_line: u64,
}

/// Warns of files of `draft` that cannot be fetched, or that their kind does not accept; with `strict` that is an
/// error.
///
/// # Errors
/// If the draft cannot be read, or the certificates cannot be used.
pub(super) async fn look_at_media(
    context: &Context,
    sender: &Sender,
    draft: &LedgerDraft,
    kind: &Message,
    strict: bool,
) -> Result<(), CommandError> {
    let (settings, stderr) = (&sender.settings, &context.stderr);
    // An API on this machine sends nothing to people, so no file is fetched. Most lists have no files, but may have a
    // million rows.
    if settings.is_sandboxed() || sender.planned_base().is_loopback() || !can_have_media_files(kind.schema()) {
        return Ok(());
    }
    let (files, has_more) = files_of(draft, kind)?;
    if files.is_empty() {
        return Ok(());
    }
    let roots = settings.ca_cert_file()?.map_or(Roots::Platform, |(file, content)| Roots::Only { file, content });
    let client = &MediaClient::new(roots)?;
    let looks = stream::iter(&files).map(|of_rows| async move { (of_rows, client.look(&of_rows.file).await) });
    let mut looks: Vec<_> = looks.buffer_unordered(AT_A_TIME).take_until(sleep(IN_ALL)).collect().await;
    looks.sort_by_key(|(of_rows, _)| of_rows.first_line);
    if has_more || looks.len() < files.len() || looks.iter().any(|(_, look)| *look == MediaLook::Unknown) {
        stderr.note(&format!(
            "not all media files were checked: at most {MOST_FILES}, within {} s, and only those that can be reached",
            IN_ALL.as_secs()
        ));
    }
    let faults = looks.iter().filter_map(|(FileOfRows { file, rows, first_line }, look)| {
        let MediaLook::Faulty(problem) = look else { return None };
        Some(format!("{}: {problem}; {}, first in line {first_line}", shown(&file.url), counted(*rows, "row")))
    });
    let mut faults: Vec<_> = faults.collect();
    let (found, more) = (faults.len() as u64, faults.len().saturating_sub(NAMED));
    faults.truncate(NAMED);
    faults.extend((more > 0).then(|| format!("and {more} more media files")));
    stderr.warnings(&faults);
    if strict && found > 0 {
        let message = format!("{} cannot be sent, and --strict makes that an error", counted(found, "media file"));
        return Err(UsageError::new(message, "fix the addresses, or leave --strict out").into());
    }
    Ok(())
}

/// The distinct files of the rows to send, and whether there are more than the check covers.
fn files_of(draft: &LedgerDraft, kind: &Message) -> Result<(Vec<FileOfRows>, bool), LedgerError> {
    let (mut places, mut files, mut has_more) = (HashMap::new(), Vec::<FileOfRows>::new(), false);
    draft.each_sent(|row, request| {
        let body = serde_json::from_str(request.body).map_err(LedgerError::damaged)?;
        for file in media_files(kind.schema(), &body) {
            let known = places.get(&file.url).and_then(|place: &usize| files.get_mut(*place));
            if let Some(known) = known {
                known.rows += 1;
            } else if files.len() == MOST_FILES {
                has_more = true;
            } else {
                places.insert(file.url.clone(), files.len());
                files.push(FileOfRows { file, rows: 1, first_line: row.line });
            }
        }
        Ok::<_, LedgerError>(())
    })?;
    Ok((files, has_more))
}

/// An address without its query, which may be secret or personal.
fn shown(url: &str) -> String {
    url.split_once('?').map_or_else(|| url.to_owned(), |(address, _)| format!("{address}?…"))
}
