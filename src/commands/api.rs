//! `api`: a request to an endpoint that cannot send messages, with the same credentials and outcomes as a send.

use clap::Args;
use http::Method;
use serde_json::Value;

use super::send::report::{note_delivery, note_error, preview, print_answer, print_result};
use crate::base::exit::ExitCode;
use crate::base::input::{Source, UsageError};
use crate::base::message::{Message, msg};
use crate::base::output::{Record, Sent};
use crate::base::process::block_on;
use crate::command_error::CommandError;
use crate::jelou::api::{Request, TypedPath};
use crate::sender::config::ApiUrl;
use crate::sender::context::{Context, Mode};
use crate::sender::{RequestProgress, Sender, catch_panic, read_environment, read_settings};

/// The methods that endpoints use.
const METHODS: [Method; 5] = [
    Method::GET,
    Method::POST,
    Method::PUT,
    Method::PATCH,
    Method::DELETE,
];

/// Call an endpoint of the Jelou API
///
/// Examples:
///   jelouctl api '/v1/bots/{bot}/templates?limit=5'
///   jelouctl api GET '/v1/external/messages/history/{bot}' -f startAt=2026-11-01
///   jelouctl api POST '/v1/bots/{bot}/events/webhook' --input webhooks.json
///
/// Uses the credentials, timeouts and exit codes of `send`. Exits with 5 for `success: false`. Without
/// a response, GET exits with 7. Other methods exit with 8, because they may have changed something.
/// GET works for all paths. POST works only for paths that cannot send messages: templates, event
/// webhooks and statistics. For other methods and paths, --curl prints a command that you can run.
#[derive(Args, Debug)]
#[command(
    verbatim_doc_comment,
    override_usage = "jelouctl api [OPTIONS] [METHOD] <PATH>"
)]
pub(crate) struct ApiArgs {
    /// HTTP method, or only the path [default: GET, or POST with a body]
    ///
    /// GET, POST, PUT, PATCH or DELETE.
    // clap does not allow flags between an optional argument and the next argument.
    #[arg(value_name = "METHOD|PATH")]
    method_or_path: String,

    /// Path of the endpoint, with or without a query; {bot} becomes the bot's id
    path: Option<String>,

    /// Add a parameter to the query (repeatable)
    #[arg(short = 'f', long, value_name = "KEY=TEXT", value_parser = field, allow_hyphen_values = true)]
    raw_field: Vec<(String, String)>,

    /// Read the JSON body from this file; `-` reads standard input
    #[arg(long, value_name = "FILE|-", value_hint = clap::ValueHint::FilePath)]
    input: Option<Source>,
}

/// Parses `KEY=VALUE`.
fn field(raw: &str) -> Result<(String, String), Message> {
    raw.split_once('=')
        .filter(|(key, _)| !key.is_empty())
        .map(|(key, value)| (key.to_owned(), value.to_owned()))
        .ok_or_else(|| msg!("`{typed}` is not KEY=VALUE", typed = raw))
}

/// Makes the typed request and prints the response.
pub(crate) fn run(context: &mut Context, typed: &ApiArgs) -> ExitCode {
    let mut record = Record {
        command: "api".into(),
        ..Record::default()
    };
    let code = call(context, typed, &mut record)
        .unwrap_or_else(|error| note_error(context, error, &mut record));
    let reads = typed
        .endpoint()
        .is_ok_and(|(method, _)| method == Method::GET);
    let format = context.stdout.format;
    if !reads {
        return print_result(context, &msg!("the request"), format, &mut record, code);
    }
    match print_answer(context, format, &mut record, code) {
        Ok(()) => code,
        Err(error) => note_error(context, error.into(), &mut record),
    }
}

fn call(
    context: &mut Context,
    typed: &ApiArgs,
    record: &mut Record,
) -> Result<ExitCode, CommandError> {
    let (method, path) = typed.endpoint()?;
    let settings = read_settings(context, &read_environment()?)?;
    let path = TypedPath::new(path)?;
    path.check_harmless(&method, context.mode == Mode::Curl)?;
    let body: Option<Box<str>> = typed
        .body(context, &method)?
        .map(|body| body.to_string().into());
    record.profile = settings
        .profile
        .as_ref()
        .map(|profile| profile.value.clone());
    let sender = Sender::new(settings, context)?;
    record.bot_id = Some(sender.bot.as_str().to_owned());
    record.api_url = Some(sender.planned_base().to_string());
    let request = |base: &ApiUrl| {
        let mut url = path.url(base.url(), &sender.bot)?;
        if !typed.raw_field.is_empty() {
            url.query_pairs_mut().extend_pairs(&typed.raw_field);
        }
        Ok::<_, CommandError>(Request::any(method.clone(), url, body.clone()))
    };
    if context.mode != Mode::Send {
        preview(context, &sender, request, record)?;
        return Ok(ExitCode::Success);
    }
    let flight = RequestProgress::default();
    let made = async {
        path.for_bot(&sender.bot).check_harmless(&method, false)?;
        let connection = sender.connect(context).await?;
        record.api_url = Some(connection.base.to_string());
        let request = request(&connection.base)?;
        let retry_for = connection.retry_for;
        let stop = connection.signals.next();
        Ok(connection
            .deliver(&request, None, retry_for, None, &flight, stop)
            .await)
    };
    let code = note_delivery(catch_panic(&flight, || block_on(made))?, record);
    if method == Method::GET && record.sent == Sent::Unknown {
        // A GET was interrupted. It could not change anything.
        record.sent = Sent::No;
    }
    if let Some(error) = &record.error {
        let problem = &error.message;
        let message = if code == ExitCode::Unknown {
            msg!("Jelou may have carried it out: {problem}", problem)
        } else {
            problem.clone()
        };
        context.stderr.error(message, &[], error.hint.as_ref());
    }
    Ok(code)
}

impl ApiArgs {
    /// Returns the method and the path. The path may be missing.
    fn endpoint(&self) -> Result<(Method, &str), UsageError> {
        let first = &self.method_or_path;
        let method = METHODS
            .into_iter()
            .find(|method| method.as_str().eq_ignore_ascii_case(first));
        match (method, &self.path) {
            (Some(method), path) => Ok((method, path.as_deref().unwrap_or_default())),
            (None, None) if self.input.is_some() => Ok((Method::POST, first)),
            (None, None) => Ok((Method::GET, first)),
            (None, Some(_)) => {
                let message = msg!("`{first}` is not a method of an endpoint", first);
                let hint =
                    msg!("write GET, POST, PUT, PATCH or DELETE before the path, or only the path");
                Err(UsageError::new(message, hint))
            }
        }
    }

    fn body(&self, context: &mut Context, method: &Method) -> Result<Option<Value>, UsageError> {
        if *method == Method::GET && self.input.is_some() {
            let hint = msg!("to add parameters to a GET: -f KEY=VALUE; to send a body: POST");
            return Err(UsageError::new(msg!("--input: a GET has no body"), hint));
        }
        self.input
            .as_ref()
            .map(|source| context.input.json("--input", source))
            .transpose()
    }
}
