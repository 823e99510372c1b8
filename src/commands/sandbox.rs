//! `sandbox`: a local Jelou that listens until it is interrupted, or as long as a command runs.

use std::ffi::OsString;
use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use anyhow::Context as _;

use super::{Context, Mode, child, interrupt, wrong_usage};
use crate::exit::ExitCode;
use crate::input::Source;
use crate::private_file;
use crate::sandbox::{DEFAULT_MAX, DEFAULT_PORT, Fault, Options, Sandbox, Templates, Webhook};

/// Client id and secret, and the bot where none is chosen.
const NAME: &str = "sandbox";
/// Messages that are listed on standard error.
const LISTED: usize = 100;

/// What was typed.
#[derive(Debug)]
pub struct Plan {
    pub port: Option<u16>,
    pub open: bool,
    pub faults: Vec<String>,
    pub templates: Option<Source>,
    pub window: bool,
    pub webhook: Option<String>,
    pub max: Option<u32>,
    pub expect: Option<u64>,
    pub list: Option<PathBuf>,
    pub command: Vec<OsString>,
}

/// Runs the sandbox, and tells what arrived.
///
/// # Errors
/// When it cannot be started as it was typed, or the list cannot be written.
pub fn run(context: &mut Context, plan: &Plan) -> anyhow::Result<ExitCode> {
    if context.mode != Mode::Send {
        return Err(wrong_usage("--dry-run and --curl show a send; the sandbox sends nothing", "leave them out"));
    }
    let options = options(context, plan)?;
    // Before anything runs: what cannot be written afterwards would be lost.
    let list = plan.list.as_deref().map(|path| Ok::<_, anyhow::Error>((path, create(path)?))).transpose()?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.context("failed to start the runtime")?;
    let (sandbox, code) = runtime.block_on(serve(context, plan, options))?;
    tell(context, &sandbox);
    if let Some((path, mut file)) = list {
        write(&mut file, &sandbox).with_context(|| format!("failed to write {}", path.display()))?;
    }
    Ok(check(context, plan.expect, sandbox.arrived(), code))
}

fn options(context: &mut Context, plan: &Plan) -> anyhow::Result<Options> {
    let templates = match &plan.templates {
        Some(source) => Templates::from_json(context.input.json("--templates", source)?).map_err(|error| {
            wrong_usage(format!("--templates: {error}"), "give a JSON array, or what `jelouctl templates` printed")
        })?,
        None => Templates::default(),
    };
    let fault = |rule: &String| {
        rule.parse::<Fault>().map_err(|error| {
            let message = format!("--fault `{}`: {error}", rule.escape_debug());
            wrong_usage(&message, "write, for example, status=429,retry_after=2,every=5; docs/sandbox.md has them all")
        })
    };
    let webhook = plan.webhook.as_deref().map(|url| {
        url.parse::<Webhook>().map_err(|error| {
            wrong_usage(format!("--webhook: {error}"), "give an address such as http://127.0.0.1:3000/hook")
        })
    });
    let default_port = if plan.command.is_empty() { DEFAULT_PORT } else { 0 };
    Ok(Options {
        port: plan.port.unwrap_or(default_port),
        bot: context.flags.bot.as_ref().map(|bot| bot.as_str().to_owned()),
        templates,
        faults: plan.faults.iter().map(fault).collect::<Result<_, _>>()?,
        webhook: webhook.transpose()?,
        window: plan.window,
        max: plan.max.map_or(DEFAULT_MAX, |max| max as usize),
    })
}

/// Listens until Ctrl-C or SIGTERM, or as long as the command runs.
async fn serve(context: &Context, plan: &Plan, options: Options) -> anyhow::Result<(Sandbox, ExitCode)> {
    let port = options.port;
    let sandbox = Sandbox::start(options).map_err(|error| {
        let message = format!("failed to listen on 127.0.0.1:{port}: {error}");
        wrong_usage(&message, "choose another port with --port, or any free one with --port 0")
    })?;
    let url = format!("http://127.0.0.1:{}", sandbox.port());
    context.output.note(&format!("sandbox: look at what arrives on {url}"));
    if plan.open
        && let Err(error) = open::that_detached(&url)
    {
        context.output.warning(&format!("failed to open the browser: {error}"));
    }
    let mut variables = variables(context, &url);
    if !plan.command.is_empty() {
        variables.push(("JELOUCTL_SANDBOX", url));
        let ended = child::run(context, &plan.command, &variables, None).await?;
        return Ok((sandbox, ExitCode::Command(ended.code)));
    }
    // Caught before the variables show that it listens.
    let interrupted = interrupt::interrupted().context("failed to listen for signals")?;
    let terminated = interrupt::terminated().context("failed to listen for signals")?;
    for (name, value) in &variables {
        context.output.line(&format!("export {name}='{}'", value.replace('\'', r"'\''")))?;
    }
    tokio::select! {
        () = interrupted => {}
        () = terminated => {}
    }
    Ok((sandbox, ExitCode::Success))
}

/// What leads a client of the API here.
fn variables(context: &Context, url: &str) -> Vec<(&'static str, String)> {
    let bot = context.flags.bot.as_ref().map_or(NAME, |bot| bot.as_str());
    vec![
        ("JELOU_API_URL", url.to_owned()),
        ("JELOU_BOT_ID", bot.to_owned()),
        ("JELOU_CLIENT_ID", NAME.to_owned()),
        ("JELOU_CLIENT_SECRET", NAME.to_owned()),
    ]
}

/// Lists what arrived on standard error.
fn tell(context: &Context, sandbox: &Sandbox) {
    let (arrived, messages) = (sandbox.arrived(), sandbox.messages());
    context.output.note(&match arrived {
        0 => "sandbox: no message arrived".to_owned(),
        1 => "sandbox: 1 message arrived".to_owned(),
        _ => format!("sandbox: {arrived} messages arrived"),
    });
    for message in messages.iter().take(LISTED) {
        context.output.listed(&[&message.id, message.kind, &message.user], &message.body());
    }
    let listed = messages.len().min(LISTED) as u64;
    if arrived > listed {
        context.output.note(&format!("sandbox: and {} more", arrived - listed));
    }
}

/// Opens the file, readable by us alone.
fn create(path: &Path) -> anyhow::Result<File> {
    private_file::open_anew(path)
        .map_err(|error| wrong_usage(format!("--list: {error}"), "name a file that can be written"))
}

fn write(file: &mut File, sandbox: &Sandbox) -> io::Result<()> {
    for message in sandbox.messages() {
        writeln!(file, "{}", message.json())?;
    }
    file.flush()
}

/// The expectation goes before the command's own code, which is told then.
fn check(context: &Context, expected: Option<u64>, arrived: u64, code: ExitCode) -> ExitCode {
    let Some(expected) = expected.filter(|expected| *expected != arrived) else { return code };
    let ended = match code {
        ExitCode::Command(code) if code != 0 => vec![format!("the command ended with {code}")],
        _ => Vec::new(),
    };
    context.output.error(
        &format!("--expect {expected}: the number of messages that arrived is {arrived}"),
        &ended,
        None,
    );
    ExitCode::Expectation
}
