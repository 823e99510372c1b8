//! `run`: runs a command, then sends how it ended. Nothing of the command but its name goes into the message, unless the
//! end of its stderr is asked for.

use std::cell::Cell;
use std::ffi::OsString;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use anyhow::Context as _;
use serde_json::{Map, Value, json};

use super::child::{self, Ended};
use super::connection::{self, Connection, Opening};
use super::guard::check_allowed;
use super::interrupt::Signals;
use super::tail::Tail;
use super::{Context, Mode, UsageError, preview};
use crate::api::{Delivery, Event, Request, deliver};
use crate::bulk::{Body, Row, language};
use crate::config::{BotId, Environment, SecretSource, Settings};
use crate::exit::{self, ExitCode};
use crate::input::Source;
use crate::message::{Message, Outgoing, RecipientSources};
use crate::output::Sent;

const TEXT: &str = "{{ command }}: {{ result }} on {{ host }} after {{ duration }}, exit code {{ code }}";
const TEXT_WITH_TAIL: &str =
    "{{ command }}: {{ result }} on {{ host }} after {{ duration }}, exit code {{ code }}\n{{ tail }}";

/// The tail of a command that wrote nothing: a message must not be empty.
const NO_TAIL: &str = "(nothing on stderr)";

/// What was typed.
#[derive(Debug)]
pub struct Plan {
    /// `--to`
    pub to: Option<String>,
    pub on: On,
    pub notice: Notice,
    /// `--tail`, a number of lines.
    pub tail: Option<usize>,
    /// The longest that the notice may take.
    pub timeout: Duration,
    /// `--strict-notify`
    pub strict: bool,
    pub command: Vec<OsString>,
}

/// When a notice is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum On {
    Always,
    Failure,
    Success,
}

/// What is sent; texts are templates.
#[derive(Debug)]
pub enum Notice {
    Text(Option<String>),
    Template { name: String, language: Option<String>, parameters: Vec<String> },
    Body(Source),
}

/// Runs the command and sends the notice. What would keep the notice from leaving is told before the command runs.
///
/// # Errors
/// When the notice cannot be made or could not leave; the command has not run then.
pub fn run(context: &mut Context, plan: &Plan) -> anyhow::Result<ExitCode> {
    if context.flags.client_secret == Some(SecretSource::Stdin) {
        context.input.claim_stdin("--client-secret-file")?;
    }
    let (kind, body) = message(context, plan)?;
    let (schema, language) = (kind.schema(), language());
    let body = Body::compile(&language, &schema, &body, "").map_err(|error| {
        usage(&format!("{}: it is no template: {}", error.path, error.problem), "write {{ result }} for a value")
    })?;
    let environment = Environment::read()?;
    let to = RecipientSources { flag: plan.to.clone(), environment: environment.to.clone() };
    let template = Filled { kind: &kind, body, to };
    let settings = Settings::load(&context.flags, &environment)?;
    context.output.warnings(&settings.warnings);
    let bot = settings.bot()?;
    let (client_id, secret) = settings.credentials(context.can_ask())?;
    // How it could end: a notice that cannot be made must be known now.
    let facts = Facts::new(plan);
    let (example, warnings) =
        template.fill(&facts.ended(Ended { code: 1, signal: None }), plan.tail.map(|_| NO_TAIL))?;
    template.fill(&facts.ended(Ended { code: 137, signal: Some(9) }), plan.tail.map(|_| NO_TAIL))?;
    context.output.warnings(&warnings);
    example.check_bot(bot.as_str())?;
    check_allowed(&settings, example.recipients())?;
    if context.mode != Mode::Send {
        let request = Request::new(preview::base(&settings).url(), bot.as_str(), &example);
        preview::show(context, &settings, &client_id.value, &request)?;
        return Ok(ExitCode::Success);
    }
    connection::block_on(async {
        let base = connection::base(&settings).await?;
        let mut connection = match Connection::open(context, &settings, &base, &client_id.value, &secret).await? {
            Opening::Open(connection) => connection,
            Opening::Interrupted(signal) => return Ok(exit::of_signal(signal)),
        };
        let facts = Facts::new(plan);
        let mut tail = plan.tail.map(Tail::new);
        let ended = child::run(context, &plan.command, &[], tail.as_mut()).await?;
        let code = ExitCode::Command(ended.code);
        if !plan.on.wants(ended) {
            return Ok(code);
        }
        let tail =
            tail.map(|tail| Some(tail.text()).filter(|text| !text.is_empty()).unwrap_or_else(|| NO_TAIL.to_owned()));
        let outgoing = template.fill_to_fit(&facts.ended(ended), tail.as_deref());
        let notified = match outgoing {
            Ok((outgoing, _)) => {
                let request = Request::new(base.url(), bot.as_str(), &outgoing);
                notify(context, &settings, plan, bot, &outgoing, &request, &mut connection).await
            }
            Err(error) => {
                let told = exit::of_error(&error);
                Err((told.code, std::iter::once(told.message).chain(told.details).collect::<Vec<_>>().join("; ")))
            }
        };
        match notified {
            Ok(()) => Ok(code),
            Err((notice, problem)) => {
                context.output.error(&format!("the notice of how the command ended: {problem}"), &[], None);
                Ok(if plan.strict { notice } else { code })
            }
        }
    })
}

/// The kind and the body that the flags make, with its templates.
fn message(context: &mut Context, plan: &Plan) -> anyhow::Result<(Message, Value)> {
    let body = match &plan.notice {
        Notice::Text(Some(text)) => json!({ "type": "text", "text": text }),
        Notice::Text(None) => {
            json!({ "type": "text", "text": if plan.tail.is_some() { TEXT_WITH_TAIL } else { TEXT } })
        }
        Notice::Template { name, language, parameters } => {
            let mut body = json!({ "elementName": name, "parameters": parameters });
            if let (Some(body), Some(language)) = (body.as_object_mut(), language) {
                body.insert("language".to_owned(), json!(language));
            }
            body
        }
        Notice::Body(source) => context.input.json("--body", source)?,
    };
    let fields = body.as_object();
    let wire = fields.and_then(|fields| fields.get("type")?.as_str());
    let is_template = fields.is_some_and(|fields| fields.contains_key("elementName"));
    let kind = match (is_template, wire) {
        (true, _) => Message::named("template"),
        (false, Some(wire)) => Message::of_wire_type(wire),
        (false, None) => None,
    };
    let kind = kind.ok_or_else(|| {
        let hint = "a body has the `type` of a kind (`jelouctl explain` lists them), or `elementName` for a template";
        usage("--body: nobody can tell what kind of message it is", hint)
    })?;
    let other = fields.and_then(|fields| kind.read_as(fields));
    Ok((other.unwrap_or(kind), body))
}

fn usage(message: &str, hint: &str) -> anyhow::Error {
    UsageError { message: message.to_owned(), hint: hint.to_owned() }.into()
}

/// The notice, ready to be filled.
struct Filled<'a> {
    kind: &'a Message,
    body: Body<'a>,
    to: RecipientSources,
}

impl Filled<'_> {
    fn fill(&self, facts: &Map<String, Value>, tail: Option<&str>) -> anyhow::Result<(Outgoing, Vec<String>)> {
        let mut facts = facts.clone();
        facts.extend(tail.map(|tail| ("tail".to_owned(), json!(tail))));
        let body = self.body.fill(&Row::Fields(Arc::new(facts))).map_err(|error| {
            let seen = "a template sees command, result, code, signal, duration, host, started, and with --tail tail";
            usage(&format!("{}: {}", error.path, error.problem), seen)
        })?;
        Ok(Outgoing::new(self.kind, json!({}), Some(body), &self.to)?)
    }

    /// As [`Filled::fill`], with as much of the end of `tail` as the message has room for.
    fn fill_to_fit(&self, facts: &Map<String, Value>, tail: Option<&str>) -> anyhow::Result<(Outgoing, Vec<String>)> {
        let whole = self.fill(facts, tail);
        let (Err(_), Some(tail)) = (&whole, tail) else { return whole };
        let characters: Vec<_> = tail.chars().collect();
        let end = |count: usize| characters.iter().skip(characters.len() - count).collect::<String>();
        let (mut fits, mut is_too_much) = (0, characters.len());
        while fits + 1 < is_too_much {
            let middle = fits.midpoint(is_too_much);
            match self.fill(facts, Some(&end(middle))) {
                Ok(_) => fits = middle,
                Err(_) => is_too_much = middle,
            }
        }
        self.fill(facts, Some(&end(fits)))
    }
}

/// What templates see of the command: its name, never its arguments, which may hold secrets.
struct Facts {
    command: String,
    host: String,
    started: SystemTime,
    begun: Instant,
}

impl Facts {
    fn new(plan: &Plan) -> Self {
        let program = plan.command.first().map(Path::new).and_then(Path::file_name);
        Self {
            command: program.unwrap_or_default().to_string_lossy().into_owned(),
            host: host(),
            started: SystemTime::now(),
            begun: Instant::now(),
        }
    }

    fn ended(&self, ended: Ended) -> Map<String, Value> {
        let elapsed = self.begun.elapsed();
        // Nobody reads milliseconds behind minutes.
        let precision = if elapsed < Duration::from_secs(10) { 100 } else { 1000 };
        let rounded = u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX) / precision * precision;
        let facts = json!({
            "command": self.command,
            "result": match ended { Ended { signal: Some(_), .. } => "killed", Ended { code: 0, .. } => "ok", _ => "failed" },
            "code": ended.code,
            "signal": ended.signal.map(name_of).unwrap_or_default(),
            "duration": humantime::format_duration(Duration::from_millis(rounded)).to_string(),
            "host": self.host,
            "started": humantime::format_rfc3339_seconds(self.started).to_string(),
        });
        facts.as_object().cloned().unwrap_or_default()
    }
}

/// The signals that end programs, by their names.
fn name_of(signal: i32) -> String {
    let name = match signal {
        1 => "SIGHUP",
        2 => "SIGINT",
        3 => "SIGQUIT",
        4 => "SIGILL",
        6 => "SIGABRT",
        8 => "SIGFPE",
        9 => "SIGKILL",
        11 => "SIGSEGV",
        13 => "SIGPIPE",
        14 => "SIGALRM",
        15 => "SIGTERM",
        other => return format!("signal {other}"),
    };
    name.to_owned()
}

#[cfg(unix)]
fn host() -> String {
    rustix::system::uname().nodename().to_string_lossy().into_owned()
}

#[cfg(not(unix))]
fn host() -> String {
    std::env::var("COMPUTERNAME").unwrap_or_default()
}

impl On {
    fn wants(self, ended: Ended) -> bool {
        match self {
            Self::Always => true,
            Self::Failure => ended.code != 0,
            Self::Success => ended.code == 0,
        }
    }
}

/// Sends the notice; from here on a signal ends it, not the command.
async fn notify(
    context: &Context,
    settings: &Settings,
    plan: &Plan,
    bot: &BotId,
    outgoing: &Outgoing,
    request: &Request,
    connection: &mut Connection,
) -> Result<(), (ExitCode, String)> {
    let unexpected = |error: anyhow::Error| (ExitCode::Unexpected, format!("{error:#}"));
    let mut signals = Signals::catch().context("failed to listen for signals").map_err(unexpected)?;
    let in_flight = Cell::new(false);
    let watch = |event: Event<'_>| {
        match event {
            Event::Attempt(_) => in_flight.set(true),
            Event::Waiting { .. } => in_flight.set(false),
            Event::Answered(_) | Event::Failed(_) => {}
        }
        connection::watch(&context.output, request, &event);
    };
    let Connection { client, credentials, .. } = connection;
    let delivery = deliver(client, request, credentials, settings.retry_for.value.duration(), signals.next(), watch);
    let Ok(Delivery { outcome, fault, .. }) = tokio::time::timeout(plan.timeout, delivery).await else {
        let seconds = plan.timeout.as_secs_f64();
        return Err(if in_flight.get() {
            (ExitCode::Unknown, format!("it may have been sent: no answer within {seconds} s"))
        } else {
            (ExitCode::Unavailable, format!("not sent within {seconds} s"))
        });
    };
    let (code, sent) = exit::of_outcome(&outcome);
    match fault {
        None => {
            context.output.accepted(&format!("the notice for {} from bot {}", outgoing.recipient(), bot.as_str()));
            if settings.is_sandboxed() {
                context.output.note("sandbox: nothing left this machine");
                context.output.note(&format!("{} would see:", outgoing.recipient()));
                context.output.bubble(outgoing.body());
            }
            Ok(())
        }
        Some(fault) => {
            let state = if sent == Sent::Unknown { "it may have been sent" } else { "not sent" };
            Err((code, format!("{state}: {}; {}", fault.message, fault.hint)))
        }
    }
}
