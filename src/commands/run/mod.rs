//! `run`: runs a command, then sends how it ended. Nothing of the command but its name goes into the message, unless the
//! end of its stderr is asked for.

mod facts;
mod notice;

use std::cell::{Cell, RefCell};
use std::ffi::{OsStr, OsString};
use std::time::Duration;

use anyhow::Context as _;

use self::facts::Facts;
use self::notice::{NO_TAIL, Notice};
use super::child::{self, Ended};
use super::connection::{self, Connection, Opening};
use super::guard::check_allowed;
use super::interrupt::Signals;
use super::tail::Tail;
use super::{Context, Mode, preview};
use crate::api::{Delivery, Event, Request, deliver};
use crate::config::{ApiUrl, BotId, Environment, Settings};
use crate::exit::{self, ExitCode};
use crate::input::Source;
use crate::message::{Outgoing, RecipientSources};
use crate::output::Sent;
use crate::template::language;

/// The ways a command can end.
const ENDS: [Ended; 3] =
    [Ended { code: 0, signal: None }, Ended { code: 137, signal: Some(9) }, Ended { code: 1, signal: None }];

/// What was typed.
#[derive(Debug)]
pub struct Plan {
    /// `--to`
    pub to: Option<String>,
    pub on: On,
    pub content: Content,
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
pub enum Content {
    Text(Option<String>),
    Template { name: String, language: Option<String>, parameters: Vec<String> },
    Body(Source),
}

/// Runs the command and sends the notice. What would keep the notice from leaving is told before the command runs.
///
/// # Errors
/// When the notice cannot be made or could not leave; the command has not run then.
pub fn run(context: &mut Context, plan: &Plan) -> anyhow::Result<ExitCode> {
    context.claim_secret()?;
    let read = notice::read(context, plan)?;
    let (schema, language) = (read.0.schema(), language());
    let environment = Environment::read()?;
    let to = RecipientSources { flag: plan.to.clone(), environment: environment.to.clone() };
    let notice = Notice::compile(&language, &schema, &read, to)?;
    let settings = Settings::load(&context.flags, &environment)?;
    context.output.warnings(&settings.warnings);
    let bot = settings.bot()?;
    let (client_id, secret) = settings.credentials(context.can_ask())?;
    let example = try_out(context, plan, &notice)?;
    example.check_bot(bot.as_str())?;
    check_allowed(&settings, example.recipients())?;
    if context.mode != Mode::Send {
        let request = Request::new(preview::base(&settings).url(), bot.as_str(), &example);
        preview::show(context, &settings, &client_id.value, &request)?;
        return Ok(ExitCode::Success);
    }
    connection::block_on(async {
        let base = connection::base(&settings).await?;
        match Connection::open(context, &settings, &base, &client_id.value, &secret).await? {
            Opening::Interrupted(signal) => Ok(exit::of_signal(signal)),
            Opening::Open(connection) => {
                Accompanied { context, plan, settings: &settings, bot, base, connection }.run(&notice).await
            }
        }
    })
}

/// A notice that cannot be made must be known before the command runs: it is filled for each end that is told.
fn try_out(context: &Context, plan: &Plan, notice: &Notice<'_>) -> anyhow::Result<Outgoing> {
    let facts = Facts::new(plan.program());
    let tail = plan.tail.map(|_| NO_TAIL);
    let told = ENDS.into_iter().filter(|ended| plan.on.wants(*ended));
    let filled = told.map(|ended| notice.fill(&facts.ended(ended), tail)).collect::<Result<Vec<_>, _>>()?;
    let (example, warnings) = filled.into_iter().next_back().context("a command ends in some way")?;
    context.output.warnings(&warnings);
    Ok(example)
}

impl Plan {
    fn program(&self) -> &OsStr {
        self.command.first().map(OsString::as_os_str).unwrap_or_default()
    }
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

/// A command about to run, with all that its notice needs to leave.
struct Accompanied<'a> {
    context: &'a Context,
    plan: &'a Plan,
    settings: &'a Settings,
    bot: &'a BotId,
    base: ApiUrl,
    connection: Connection,
}

/// A notice that failed: its own exit code, and why.
struct Failure(ExitCode, String);

impl Accompanied<'_> {
    /// Runs the command, then sends the notice where it is wanted. Gives the command's exit code, or with
    /// `--strict-notify` that of a notice that failed.
    async fn run(mut self, notice: &Notice<'_>) -> anyhow::Result<ExitCode> {
        let Self { context, plan, .. } = self;
        let facts = Facts::new(plan.program());
        let mut tail = plan.tail.map(Tail::new);
        let ended = child::run(context, &plan.command, &[], tail.as_mut()).await?;
        let code = ExitCode::Command(ended.code);
        if !plan.on.wants(ended) {
            return Ok(code);
        }
        let tail = tail.map(|tail| tail.text());
        let tail = tail.as_deref().map(|text| if text.is_empty() { NO_TAIL } else { text });
        let notified = match notice.fill_to_fit(&facts.ended(ended), tail) {
            Ok((outgoing, _)) => self.notify(&outgoing).await,
            Err(error) => {
                let told = exit::of_error(&error);
                let parts = std::iter::once(told.message).chain(told.details);
                Err(Failure(told.code, parts.collect::<Vec<_>>().join("; ")))
            }
        };
        let Err(Failure(of_notice, problem)) = notified else { return Ok(code) };
        context.output.error(&format!("the notice of how the command ended: {problem}"), &[], None);
        Ok(if plan.strict { of_notice } else { code })
    }

    /// Sends the notice; from here on a signal ends it, not the command.
    async fn notify(&mut self, outgoing: &Outgoing) -> Result<(), Failure> {
        let Self { context, plan, settings, bot, .. } = self;
        let request = Request::new(self.base.url(), bot.as_str(), outgoing);
        let unexpected = |error: anyhow::Error| Failure(ExitCode::Unexpected, format!("{error:#}"));
        let mut signals = Signals::catch().context("failed to listen for signals").map_err(unexpected)?;
        let in_flight = Cell::new(false);
        let last_fault = RefCell::new(None);
        let watch = |event: Event<'_>| {
            match event {
                Event::Attempt(_) => in_flight.set(true),
                Event::Waiting { fault, .. } => {
                    in_flight.set(false);
                    *last_fault.borrow_mut() = Some((fault.code, fault.message.clone()));
                }
                Event::Answered(_) | Event::Failed(_) => {}
            }
            connection::watch(&context.output, &request, &event);
        };
        let Connection { client, credentials, .. } = &self.connection;
        let retry_for = settings.retry_for.value.duration();
        let delivery = deliver(client, &request, credentials, retry_for, signals.next(), watch);
        let Ok(Delivery { outcome, fault, .. }) = tokio::time::timeout(plan.timeout, delivery).await else {
            let seconds = plan.timeout.as_secs_f64();
            return Err(match last_fault.take() {
                _ if in_flight.get() => {
                    Failure(ExitCode::Unknown, format!("it may have been sent: no answer within {seconds} s"))
                }
                Some(("network", cause)) => Failure(ExitCode::Network, format!("not sent within {seconds} s: {cause}")),
                Some((_, cause)) => Failure(ExitCode::Unavailable, format!("not sent within {seconds} s: {cause}")),
                None => Failure(ExitCode::Unavailable, format!("not sent within {seconds} s")),
            });
        };
        if let Some(fault) = fault {
            let (code, sent) = exit::of_outcome(&outcome);
            let state = if sent == Sent::Unknown { "it may have been sent" } else { "not sent" };
            return Err(Failure(code, format!("{state}: {}; {}", fault.message, fault.hint)));
        }
        let recipient = outgoing.recipient();
        context.output.accepted(&format!("the notice for {recipient} from bot {}", bot.as_str()));
        if settings.is_sandboxed() {
            context.output.note("sandbox: nothing left this machine");
            context.output.would_see(recipient.as_str(), &outgoing.draw());
        }
        Ok(())
    }
}
