//! Checks the media files of a list before its run: a message whose file cannot be fetched does not arrive.

use std::collections::HashMap;
use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::{Instant, timeout_at};
use url::Url;

use crate::api::{MediaClient, MediaLook, Proxy, Roots};
use crate::commands::CommandError;
use crate::context::Context;
use crate::input::UsageError;
use crate::ledger::{DraftRequest, LedgerDraft, LedgerError};
use crate::message::{MediaFile, Message, can_have_media_files, media_files};
use crate::output::{counted, counted_are};
use crate::sending::Sender;

/// The limits of the check: distinct files, concurrent requests, and total time.
const MOST_FILES: usize = 200;
const AT_A_TIME: usize = 8;
const IN_ALL: Duration = Duration::from_secs(30);
/// The number of files, and of lines for each, to name.
const NAMED: usize = 5;

/// A file with the rows that use it.
struct FileOfRows {
    file: MediaFile,
    rows: u64,
    /// The first lines.
    lines: Vec<u64>,
}

/// The result for a file.
enum Finding {
    Fine,
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
    let settings = &sender.settings;
    // An API on this machine sends nothing to people, so no file is fetched. Most lists have no files, but may have a
    // million rows.
    if settings.is_sandboxed() || sender.planned_base().is_loopback() || !can_have_media_files(kind.schema()) {
        return Ok(());
    }
    let stderr = &context.stderr;
    let (mut files, has_more) = files_of(draft, kind)?;
    let found = files.len();
    files.retain(|of_rows| !takes_proxy(&of_rows.file));
    if files.len() < found {
        let files = counted_are((found - files.len()) as u64, "media file");
        stderr.note(&format!("{files} not checked: jelouctl does not check files through a proxy"));
    }
    if files.is_empty() {
        return Ok(());
    }
    let roots = settings.ca_cert_file()?.map_or(Roots::Platform, |(file, content)| Roots::Only { file, content });
    let findings = look_at_all(&MediaClient::new(roots)?, &files).await;
    if has_more {
        stderr.note(&format!("only the first {MOST_FILES} different media files were checked"));
    }
    let mut faults = Vec::new();
    let mut unknown = Vec::new();
    for (of_rows, finding) in files.iter().zip(findings) {
        match finding {
            Finding::Fine => {}
            Finding::Faulty(problem) => faults.push(of_rows.told(&problem)),
            Finding::Unknown(why) => unknown.push(format!("{} ({why})", shown(&of_rows.file.url))),
        }
    }
    if !unknown.is_empty() {
        let (files, more) =
            (counted(unknown.len() as u64, "media file"), if unknown.len() > NAMED { ", …" } else { "" });
        unknown.truncate(NAMED);
        stderr.note(&format!("{files} could not be checked: {}{more}", unknown.join(", ")));
    }
    let more = faults.len().saturating_sub(NAMED);
    let told = faults.iter().take(NAMED).cloned().chain((more > 0).then(|| format!("and {more} more media files")));
    stderr.warnings(&told.collect::<Vec<_>>());
    if strict && !faults.is_empty() {
        let files = counted(faults.len() as u64, "media file");
        let message = format!("{files} cannot be sent, and --strict makes that an error");
        return Err(UsageError::new(message, "fix the addresses, or leave --strict out").into());
    }
    Ok(())
}

impl FileOfRows {
    /// `https://a.example/1.png: it does not exist (404); 7 rows: line 2, 3, 4, 5, 6, …`
    fn told(&self, problem: &str) -> String {
        let lines: Vec<_> = self.lines.iter().map(u64::to_string).collect();
        let more = if self.rows > lines.len() as u64 { ", …" } else { "" };
        let (url, rows) = (shown(&self.file.url), counted(self.rows, "row"));
        format!("{url}: {problem}; {rows}: line {}{more}", lines.join(", "))
    }
}

/// The distinct files of the rows to send, and whether there are more than the check covers.
fn files_of(draft: &LedgerDraft, kind: &Message) -> Result<(Vec<FileOfRows>, bool), LedgerError> {
    let (mut places, mut files, mut has_more) = (HashMap::new(), Vec::<FileOfRows>::new(), false);
    draft.requests(|line, DraftRequest { body, .. }| {
        let body = serde_json::from_str(body).map_err(LedgerError::damaged)?;
        for file in media_files(kind.schema(), &body) {
            let place = places.get(&file.url).copied().unwrap_or(files.len());
            if place == MOST_FILES {
                has_more = true;
                continue;
            }
            if place == files.len() {
                places.insert(file.url.clone(), place);
                files.push(FileOfRows { file, rows: 0, lines: Vec::new() });
            }
            if let Some(known) = files.get_mut(place) {
                known.rows += 1;
                if known.lines.len() < NAMED {
                    known.lines.push(line);
                }
            }
        }
        Ok::<_, LedgerError>(())
    })?;
    Ok((files, has_more))
}

/// Whether programs of this machine reach the file through a proxy.
fn takes_proxy(file: &MediaFile) -> bool {
    // A variable that names no proxy ends the command when it connects.
    Url::parse(&file.url).is_ok_and(|url| !matches!(Proxy::of(&url), Ok(None)))
}

/// Checks `files`, a few at a time.
async fn look_at_all(client: &MediaClient, files: &[FileOfRows]) -> Vec<Finding> {
    let late = || Finding::Unknown("no time was left for it".to_owned());
    let mut findings: Vec<_> = files.iter().map(|_| late()).collect();
    let deadline = Instant::now() + IN_ALL;
    let mut left = (0..).zip(files);
    let mut looks = JoinSet::new();
    loop {
        while looks.len() < AT_A_TIME
            && let Some((place, FileOfRows { file, .. })) = left.next()
        {
            let (client, file) = (client.clone(), file.clone());
            looks.spawn(async move { (place, finding(&client, &file).await) });
        }
        // Files without a result by then stay unknown; dropping the set cancels their checks.
        let Ok(Some(Ok((place, found)))) = timeout_at(deadline, looks.join_next()).await else { return findings };
        if let Some(finding) = findings.get_mut::<usize>(place) {
            *finding = found;
        }
    }
}

async fn finding(client: &MediaClient, file: &MediaFile) -> Finding {
    // A message with an invalid address is not sent.
    let Ok(url) = Url::parse(&file.url) else { return Finding::Fine };
    match client.look(&url).await {
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
        MediaLook::Answered { bytes, .. } => match (bytes, &file.most) {
            (Some(bytes), Some((most, written))) if bytes > *most => {
                Finding::Faulty(format!("it has {bytes} bytes; at most {written} are accepted"))
            }
            (Some(_) | None, _) => Finding::Fine,
        },
    }
}

/// An address without its query, which may be secret or personal.
fn shown(url: &str) -> String {
    url.split_once('?').map_or_else(|| url.to_owned(), |(address, _)| format!("{address}?…"))
}
