//! `bulk status` and `bulk report`: what there is to see of one run, also while it goes on.

use std::io::{self, Write};
use std::path::Path;

use serde_json::{Value, json};
use tempfile::NamedTempFile;

use super::hours::waiting;
use super::summary::{RunSummary, print_summary, to_continue};
use super::times::{local_time, utc};
use crate::bulk::{BulkError, Ledger, ReportFormat, RowFilter, RunName, Runs, write_report};
use crate::commands::CommandError;
use crate::context::{Context, UsageError};
use crate::exit::ExitCode;
use crate::private_file::FileError;

/// The run that was named, else the newest one, which is said.
fn find_or_newest(context: &Context, runs: &Runs, asked: Option<&RunName>) -> Result<RunName, BulkError> {
    if let Some(asked) = asked {
        return runs.named(asked);
    }
    let newest = runs.newest()?;
    context.stderr.note(&format!("this is the newest run, {newest}; jelouctl bulk list shows all"));
    Ok(newest)
}

/// The run in figures, also while it is going on.
pub(crate) fn status(context: &Context, asked: Option<&RunName>) -> Result<ExitCode, CommandError> {
    let runs = Runs::open()?;
    let name = find_or_newest(context, &runs, asked)?;
    let run = runs.overview(&name)?;
    let details = &run.details;
    let summary = RunSummary::of(&Ledger::read(&runs.path(&name))?, details.written_to)?;
    let waiting = waiting(&runs, &name, details, &summary.counts);
    let is_stopping = run.is_held && runs.stop_mark(&name).is_set();
    let mut json = summary.to_json(Some(&name));
    if let Value::Object(json) = &mut json {
        json.insert("kind".to_owned(), json!(details.kind));
        json.insert("profile".to_owned(), json!(details.profile));
        json.insert("bot_id".to_owned(), json!(details.bot));
        json.insert("api_url".to_owned(), json!(details.api_url));
        json.insert("created_at".to_owned(), json!(utc(run.created_at)));
        json.insert("changed_at".to_owned(), json!(utc(run.changed_at)));
        json.insert("running".to_owned(), json!(run.is_held));
        json.insert("stopping".to_owned(), json!(is_stopping));
        json.insert("hours".to_owned(), json!(details.conditions.hours));
        json.insert("waiting".to_owned(), json!(waiting));
    }
    let mut words = vec![format!("run {name}: {}, begun {}", details.description(), local_time(run.created_at))];
    words.extend(summary.words(None, run.is_held));
    words.push(match (run.is_held, &waiting) {
        _ if run.is_finished() => format!("complete, last changed {}", local_time(run.changed_at)),
        (true, _) if is_stopping => "it is stopping, as `jelouctl bulk stop` asks".to_owned(),
        (true, Some(waiting)) => format!("it waits {}", waiting.shown),
        (true, None) => "a process has it".to_owned(),
        (false, _) => "no process sends it".to_owned(),
    });
    print_summary(context, &json, &words, Some(&name))?;
    if context.stdout.wants_words() && !run.is_held {
        let to_continue = (!run.is_finished()).then(|| to_continue(&name));
        to_continue.into_iter().chain(summary.ways_on(&name)).for_each(|way| context.stderr.note(&way));
    }
    Ok(ExitCode::Success)
}

/// The input's columns with what became of each row.
pub(crate) fn report(
    context: &Context,
    asked: Option<&RunName>,
    filter: &RowFilter,
    format: ReportFormat,
    file: Option<&Path>,
) -> Result<ExitCode, CommandError> {
    // Where it cannot be written is a fault of the line, and told before all others.
    let to = file.map(Destination::open).transpose()?;
    let runs = Runs::open()?;
    let ledger = Ledger::read(&runs.path(&find_or_newest(context, &runs, asked)?))?;
    let details = ledger.details()?;
    let Some(mut to) = to else {
        return match write_report(&ledger, &details, filter, format, context.stdout.stream()) {
            // A reader that has seen enough, `head` perhaps, is no error.
            Err(BulkError::Report(cause)) if cause.kind() == io::ErrorKind::BrokenPipe => Ok(ExitCode::Success),
            written => Ok(written.map(|()| ExitCode::Success)?),
        };
    };
    let failed = || FileError::of("write", to.path);
    match write_report(&ledger, &details, filter, format, io::BufWriter::new(&mut to.file)) {
        Err(BulkError::Report(cause)) => return Err(failed()(cause).into()),
        written => written?,
    }
    to.file.flush().map_err(failed())?;
    to.file.persist(to.path).map_err(|error| FileError::of("write", to.path)(error.error))?;
    Ok(ExitCode::Success)
}

/// The file of a report: another one beside it, which takes its place when it is whole.
struct Destination<'a> {
    path: &'a Path,
    file: NamedTempFile,
}

impl<'a> Destination<'a> {
    fn open(path: &'a Path) -> Result<Self, UsageError> {
        let directory = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let refused = |cause| {
            let error = FileError::of("write", path)(cause);
            UsageError::new(format!("--file: {error}"), "name a file in a directory that is there and can be written")
        };
        if path.is_dir() {
            return Err(refused(io::ErrorKind::IsADirectory.into()));
        }
        Ok(Self { path, file: NamedTempFile::new_in(directory).map_err(refused)? })
    }
}
