//! Checks the media files of a list before its run: a message whose file cannot be fetched does not arrive.

use std::collections::HashMap;
use std::time::Duration;

use futures_util::{StreamExt, stream};
use tokio::time::sleep;
use url::Url;

use crate::api::{MediaClient, MediaLook, Proxy, Roots};
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

/// What is wrong with a file.
enum Finding {
    /// It cannot be fetched, or its kind does not accept it.
    Faulty(String),
    /// It cannot be checked from here.
    Unknown(String),
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
    let client = MediaClient::new(roots)?;
    let client = &client;
    let looks = stream::iter(files.iter().enumerate())
        .map(|(place, of_rows)| async move { (place, finding(client, &of_rows.file).await) })
        .buffer_unordered(AT_A_TIME);
    let mut findings: HashMap<_, _> = looks.take_until(sleep(IN_ALL)).collect().await;
    if has_more {
        stderr.note(&format!("only the first {MOST_FILES} different media files were checked"));
    }
    let (mut faults, mut unknown) = (Vec::new(), Vec::new());
    for (place, FileOfRows { file, rows, first_line }) in files.iter().enumerate() {
        let url = shown(&file.url);
        let no_time = || Some(Finding::Unknown("no time was left for it".to_owned()));
        match findings.remove(&place).unwrap_or_else(no_time) {
            None => {}
            Some(Finding::Faulty(problem)) => {
                faults.push(format!("{url}: {problem}; {}, first in line {first_line}", counted(*rows, "row")));
            }
            Some(Finding::Unknown(why)) => unknown.push(format!("{url} ({why})")),
        }
    }
    if !unknown.is_empty() {
        let (files, more) =
            (counted(unknown.len() as u64, "media file"), if unknown.len() > NAMED { ", …" } else { "" });
        unknown.truncate(NAMED);
        stderr.note(&format!("{files} could not be checked: {}{more}", unknown.join(", ")));
    }
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

/// None if the file is fine.
async fn finding(client: &MediaClient, file: &MediaFile) -> Option<Finding> {
    // A message with an invalid address is not sent.
    let url = Url::parse(&file.url).ok()?;
    // A variable that names no proxy ends the command when it connects.
    if !matches!(Proxy::of(&url), Ok(None)) {
        return Some(Finding::Unknown("jelouctl does not check files through a proxy".to_owned()));
    }
    Some(match client.look(&url).await {
        MediaLook::NotPublic => Finding::Faulty("its address is not public, so nobody else can fetch it".to_owned()),
        MediaLook::Unreachable { why, is_of_roots: true } => Finding::Unknown(why),
        MediaLook::Unreachable { why, is_of_roots: false } => Finding::Faulty(format!("it cannot be fetched: {why}")),
        MediaLook::Answered { status, .. } if [404, 410].contains(&status) => {
            Finding::Faulty(format!("it does not exist ({status})"))
        }
        MediaLook::Answered { status, .. } if !(200..300).contains(&status) => Finding::Unknown(status.to_string()),
        MediaLook::Answered { content_type, .. }
            if ["text/html", "application/xhtml+xml"].contains(&&*content_type) =>
        {
            Finding::Faulty(format!("it is a page ({content_type}), not a file"))
        }
        MediaLook::Answered { bytes, .. } => {
            let (bytes, (_, written)) = bytes.zip(file.most.as_ref()).filter(|(bytes, (most, _))| bytes > most)?;
            Finding::Faulty(format!("it has {bytes} bytes; at most {written} are accepted"))
        }
    })
}

/// An address without its query, which may be secret or personal.
fn shown(url: &str) -> String {
    url.split_once('?').map_or_else(|| url.to_owned(), |(address, _)| format!("{address}?…"))
}
