//! The connection to the API or to a sandbox, opened right before a request. From then on, a signal does not end the
//! process, but becomes the outcome. If a panic or a timeout occurs while a request is in flight, its message may have
//! been sent. Only this file knows the address of the sandbox.

use std::cell::{Cell, RefCell};
use std::env;
use std::ffi::OsStr;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::time::Duration;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::base::exit::ExitCode;
use crate::base::input::{MAX_INPUT_BYTES, UsageError};
use crate::base::message::{Message, msg};
use crate::base::output::{HiddenInput, Stderr, SystemError, ask_hidden, visible_json};
use crate::base::private_file::{FileAction, FileError, PipeBound, open_to_read, read_to_limit};
use crate::base::process::{Signal, Signals, run_blocking};
use crate::base::timestamps::time_value;
use crate::command_error::CommandError;
use crate::jelou::api::{
    Answer, Cause, Client, ClientOptions, Credentials, Deadline, Delivery, Event, Outcome, Problem,
    Proxy, Request, Roots, deliver, excerpt, unknown_hint,
};
use crate::sandbox::{self, DEFAULT_PORT, PortOwner, RunningSandbox, Sandbox};
use crate::sender::config::{ApiUrl, SandboxMode, Settings, bad_file, sandbox_hint};

/// How long to wait for the signal of a Ctrl-C at a prompt.
const SIGNAL_DELAY: Duration = Duration::from_secs(1);

/// Everything that a request needs, and the signals that stop it.
pub(crate) struct Connection {
    pub(crate) base: ApiUrl,
    pub(crate) client: Client,
    pub(crate) credentials: Credentials,
    pub(crate) signals: Signals,
    /// Prints the progress.
    pub(crate) stderr: Stderr,
    /// The bot of the messages and templates.
    pub(crate) bot: String,
    pub(crate) retry_for: Duration,
    /// The maximum of look-ups a second.
    pub(super) rate: f64,
    /// Whether `JELOUCTL_SANDBOX` sets the address, so that hints must not name another setting.
    is_of_sandbox_variable: bool,
}

/// Returns the address of requests. Does not check whether a sandbox runs. A running sandbox has a
/// page.
pub(super) fn planned_base(settings: &Settings) -> ApiUrl {
    match &settings.sandbox {
        SandboxMode::No | SandboxMode::At(_) => settings.api_url.clone(),
        SandboxMode::Nearest => ApiUrl::on_loopback(DEFAULT_PORT),
    }
}

/// Returns the URL for requests. With `--sandbox`, this is the user's running sandbox, or a new one in this process.
///
/// # Errors
/// If the sandbox does not start, or the name of the host in `JELOUCTL_SANDBOX` is unknown.
pub(crate) async fn reach_or_start(
    settings: &Settings,
    stderr: &Stderr,
) -> Result<ApiUrl, CommandError> {
    match &settings.sandbox {
        SandboxMode::No => return Ok(planned_base(settings)),
        SandboxMode::At(url) => {
            find_host(url).await?;
            return Ok(url.clone());
        }
        SandboxMode::Nearest => {}
    }
    match sandbox::neighbor(DEFAULT_PORT).await {
        PortOwner::SameUser(running) => {
            note_running(stderr, &running);
            return Ok(planned_base(settings));
        }
        PortOwner::OtherHome(running) => {
            let sandbox = describe_running(&running);
            stderr.note(msg!(
                "sandbox: {sandbox} belongs to another home directory; using one inside this process",
                sandbox
            ));
        }
        PortOwner::OtherUser => stderr.warning(msg!(
            "the sandbox on port {port} belongs to another user; using one inside this process",
            port = DEFAULT_PORT
        )),
        PortOwner::NoSandbox => {}
    }
    let inside = Sandbox::start(sandbox::Options::default()).map_err(|cause| SystemError {
        action: msg!("start the sandbox"),
        cause,
    })?;
    Ok(ApiUrl::on_loopback(inside.port()))
}

/// Looks up the host of a sandbox. A typing error in its name would otherwise be retried like a network that is down.
///
/// # Errors
/// If the name is unknown.
async fn find_host(sandbox: &ApiUrl) -> Result<(), CommandError> {
    let Some(host) = sandbox.url().domain() else {
        return Ok(());
    };
    let port = sandbox.url().port_or_known_default().unwrap_or_default();
    match tokio::net::lookup_host((host, port)).await {
        Ok(_) => Ok(()),
        Err(error) => {
            let message = msg!(
                "JELOUCTL_SANDBOX: host `{host}`: {problem}",
                host,
                problem = error
            );
            let hint = Some(sandbox_hint());
            Err(CommandError::new(
                ExitCode::Network,
                "network",
                message,
                hint,
            ))
        }
    }
}

/// Notes which sandbox is used, if it was started in another directory or may answer unlike one without flags.
fn note_running(stderr: &Stderr, running: &RunningSandbox) {
    let is_here = env::current_dir().is_ok_and(|here| here == running.directory);
    if is_here && running.options.is_empty() {
        return;
    }
    let sandbox = describe_running(running);
    stderr.note(if running.options.is_empty() {
        msg!("sandbox: using {sandbox}", sandbox)
    } else {
        let flags = running.options.join(", ");
        msg!("sandbox: using {sandbox} with {flags}", sandbox, flags)
    });
}

/// Describes where a sandbox listens, and when and where it started.
fn describe_running(running: &RunningSandbox) -> Message {
    let port = DEFAULT_PORT;
    match running.started_at.parse::<Timestamp>() {
        Ok(at) => msg!(
            "the one on port {port}, started at {at} in {directory}",
            port,
            at = time_value(&TimeZone::system(), at.as_millisecond()),
            directory = running.directory
        ),
        Err(_) => msg!("the one on port {port}", port),
    }
}

/// Prompts for a secret without showing the input; needs a runtime. A cancelled prompt restores the terminal.
///
/// # Errors
/// If the terminal cannot be read; `Interrupted` after Ctrl-C.
pub(crate) async fn ask_secret(stderr: &Stderr, question: Message) -> io::Result<String> {
    let _hidden = HiddenInput::begin()?;
    let question = question.text(stderr.lang);
    let typed = run_blocking(move || ask_hidden(&question)).await;
    let is_interrupted = |error: &io::Error| error.kind() == io::ErrorKind::Interrupted;
    if typed.as_ref().is_err_and(is_interrupted) {
        // Its signal arrives soon, unless it is ignored.
        tokio::time::sleep(SIGNAL_DELAY).await;
    }
    typed
}

impl Connection {
    /// Does not catch signals yet.
    pub(crate) fn new(
        base: ApiUrl,
        client: Client,
        credentials: Credentials,
        bot: &str,
        settings: &Settings,
        stderr: &Stderr,
    ) -> Self {
        let signals = Signals::default();
        let stderr = stderr.clone();
        let bot = bot.to_owned();
        Self {
            base,
            client,
            credentials,
            signals,
            stderr,
            bot,
            retry_for: settings.retry_for,
            rate: settings.rate,
            is_of_sandbox_variable: matches!(settings.sandbox, SandboxMode::At(_)),
        }
    }

    /// Catches signals. From now on, a signal is an outcome.
    ///
    /// # Errors
    /// If the system does not allow signal handlers.
    pub(crate) fn catch_signals(&mut self) -> Result<(), CommandError> {
        self.signals = Signals::catch()?;
        Ok(())
    }

    /// Sends `request` until `stop`, prints its progress and records it in `flight`. No attempt starts
    /// after `begins_by`. If the command sends several messages, `recipient` names this one in lines of progress.
    pub(crate) async fn deliver(
        &self,
        request: &Request,
        recipient: Option<&str>,
        retry_for: Duration,
        begins_by: Option<Deadline>,
        flight: &RequestProgress,
        stop: impl Future<Output = Signal>,
    ) -> Delivery {
        let Self {
            client,
            credentials,
            signals,
            stderr,
            is_of_sandbox_variable,
            ..
        } = self;
        signals.keep();
        let watch = |event: Event<'_>| {
            flight.note(&event);
            report_event(stderr, credentials, request, recipient, &event);
        };
        let mut delivery = deliver(
            client,
            request,
            credentials,
            retry_for,
            begins_by,
            stop,
            watch,
        )
        .await;
        if *is_of_sandbox_variable
            && matches!(delivery.outcome, Outcome::NotSent(Cause::Network))
            && let Some(problem) = &mut delivery.problem
        {
            problem.hint = sandbox_hint();
        }
        delivery
    }
}

/// Creates the client for requests to the API at `base`.
pub(crate) fn new_client(settings: &Settings, base: &ApiUrl) -> Result<Client, CommandError> {
    let read = |file: PathBuf| {
        let content = read_pem(&file).map_err(bad_file)?;
        Ok::<_, CommandError>(Roots::Only { file, content })
    };
    let roots = match settings.ca_cert.clone().map(read).transpose()? {
        _ if base.is_plain_http() => Roots::None,
        given => given.unwrap_or(Roots::Platform),
    };
    if matches!(roots, Roots::Platform) {
        check_platform_roots()?;
    }
    let timeout = settings.timeout;
    let proxy = proxy_to(base).map_err(no_client)?;
    let client = Client::new(&ClientOptions {
        timeout,
        roots,
        proxy,
    });
    client.map_err(|error| {
        // Only the system's certificates can come from these variables.
        match roots_variables().filter(|_| settings.ca_cert.is_none()) {
            Some(variables) => CommandError::configuration(error.message, unset_hint(&variables)),
            None => no_client(error),
        }
    })
}

fn read_pem(file: &Path) -> Result<Vec<u8>, FileError> {
    open_to_read(file, PipeBound::FirstByte)
        .and_then(|pem| read_to_limit(pem, MAX_INPUT_BYTES))
        .map_err(FileError::while_doing(FileAction::Read, file))
}

/// The variables for a file and for directories of certificate authorities, which replace the system's.
const ROOTS_FILE: &str = "SSL_CERT_FILE";
const ROOTS_DIRECTORY: &str = "SSL_CERT_DIR";
/// Other systems do not use these variables.
const USES_ROOTS_VARIABLES: bool = cfg!(all(unix, not(target_os = "macos")));

/// Checks the variables for certificate authorities. If no authority could be read, jelouctl would
/// trust no certificate, and the error would blame the server.
///
/// # Errors
/// If a variable is set, and no variable has a usable value.
fn check_platform_roots() -> Result<(), CommandError> {
    if !USES_ROOTS_VARIABLES {
        return Ok(());
    }
    let file = env::var_os(ROOTS_FILE).map(|file| (ROOTS_FILE, check_roots_file(Path::new(&file))));
    // An empty list of directories counts as unset.
    let directory = env::var_os(ROOTS_DIRECTORY)
        .filter(|paths| !paths.is_empty())
        .map(|paths| (ROOTS_DIRECTORY, check_roots_directories(&paths)));
    let checked: Vec<_> = file.into_iter().chain(directory).collect();
    if checked.iter().any(|(_, usable)| usable.is_ok()) {
        return Ok(());
    }
    let Some((variable, Err(problem))) = checked.into_iter().next() else {
        return Ok(());
    };
    let variables = roots_variables().unwrap_or_default();
    let message = msg!(
        "cannot use the root certificates of {variable}: {problem}",
        variable,
        problem
    );
    Err(CommandError::configuration(message, unset_hint(&variables)))
}

/// Returns the variables for certificate authorities that are set, as a shell's `unset` takes them.
/// None if no variable is used.
fn roots_variables() -> Option<String> {
    let is_set = |variable: &&str| env::var_os(variable).is_some();
    let set: Vec<_> = [ROOTS_FILE, ROOTS_DIRECTORY]
        .into_iter()
        .filter(is_set)
        .collect();
    (USES_ROOTS_VARIABLES && !set.is_empty()).then(|| set.join(" "))
}

fn unset_hint(variables: &str) -> Message {
    msg!(
        "to use the system's certificates: unset {variables}; to use others only here: --ca-cert FILE",
        variables
    )
}

/// Returns the problem of a file without certificates. Checks only a regular file, because a pipe
/// can be read only once.
fn check_roots_file(file: &Path) -> Result<(), Message> {
    if file.as_os_str().is_empty() {
        return Err(msg!("it is empty"));
    }
    if file.is_dir() {
        return Err(msg!("{file} is a directory", file));
    }
    if file.exists() && !file.is_file() {
        return Ok(());
    }
    match read_pem(file) {
        Ok(pem) if String::from_utf8_lossy(&pem).contains("-----BEGIN ") => Ok(()),
        Ok(_) => Err(msg!("{file} has no PEM certificate", file)),
        Err(error) => Err(error.message()),
    }
}

/// Returns the problem of a list of paths without a directory.
fn check_roots_directories(paths: &OsStr) -> Result<(), Message> {
    if env::split_paths(paths).any(|path| path.is_dir()) {
        return Ok(());
    }
    Err(msg!("{path} is not a directory", path = Path::new(paths)))
}

/// Returns the error for a client that cannot be created. It is a configuration error.
pub(crate) fn no_client(UsageError { message, hint, .. }: UsageError) -> CommandError {
    CommandError {
        hint,
        ..CommandError::bare_configuration(message)
    }
}

/// Returns the proxy for the API at `base`. Never for this machine or a sandbox, which are the only
/// ones with plain HTTP.
///
/// # Errors
/// If a variable has an invalid proxy.
pub(crate) fn proxy_to(base: &ApiUrl) -> Result<Option<Proxy>, UsageError> {
    if base.is_loopback() || base.is_plain_http() {
        Ok(None)
    } else {
        Proxy::for_target(base.url())
    }
}

/// Prints the progress of a request: each wait, and with `--verbose` each request and response. A script may have put
/// the secret into the URL or the body by mistake, so it is hidden there, too.
pub(super) fn report_event(
    stderr: &Stderr,
    credentials: &Credentials,
    request: &Request,
    recipient: Option<&str>,
    event: &Event<'_>,
) {
    let detail = |text: &str| stderr.detail('>', &credentials.hidden_in_lines(text));
    match event {
        Event::Attempt(number) if stderr.is_verbose() => {
            stderr.detail('*', &format!("attempt {number}"));
            detail(&format!("{} {}", request.method, request.url));
            for (name, value) in request.redacted_headers() {
                detail(&format!("{name}: {value}"));
            }
            if let Some(body) = &request.body {
                detail(&visible_json(body));
            }
        }
        Event::Attempt(_) => {}
        Event::Answered(Answer {
            status,
            warnings,
            body,
            ..
        }) => {
            for warning in warnings {
                stderr.warning(warning);
            }
            stderr.detail('<', &status.to_string());
            stderr.detail('<', &excerpt(&body.text));
        }
        Event::Failed(message) => stderr.detail('<', &message.to_string()),
        Event::Waiting { wait, problem } => {
            let seconds = format!("{:.1}", wait.as_secs_f64());
            let problem = &problem.message;
            let note = if request.body.is_some() {
                msg!(
                    "{problem}; not sent, retrying in {seconds} s",
                    problem,
                    seconds
                )
            } else {
                msg!("{problem}; retrying in {seconds} s", problem, seconds)
            };
            stderr.note(match recipient {
                Some(recipient) => msg!("{recipient}: {note}", recipient, note),
                None => note,
            });
        }
    }
}

/// The progress of a request, from its events.
#[derive(Debug, Default)]
pub(crate) struct RequestProgress {
    is_in_flight: Cell<bool>,
    attempts: Cell<u32>,
    /// Stable name and text of the last attempt's problem.
    last_problem: RefCell<Option<(&'static str, Message)>>,
}

impl RequestProgress {
    pub(crate) fn note(&self, event: &Event<'_>) {
        match event {
            Event::Attempt(number) => {
                self.is_in_flight.set(true);
                self.attempts.set(*number);
            }
            Event::Waiting { problem, .. } => {
                self.is_in_flight.set(false);
                self.last_problem
                    .replace(Some((problem.code, problem.message.clone())));
            }
            // The response is not classified yet. If it is a failure, the next event reports it.
            Event::Answered(_) => drop(self.last_problem.take()),
            Event::Failed(_) => {}
        }
    }

    fn is_in_flight(&self) -> bool {
        self.is_in_flight.get()
    }

    /// Records that the outcome of the message is certain; what follows is another message.
    pub(crate) fn set_outcome_known(&self) {
        self.is_in_flight.set(false);
        self.last_problem.take();
    }

    pub(crate) fn last_problem(&self) -> Option<(&'static str, Message)> {
        self.last_problem.borrow().clone()
    }

    /// Returns the result of a request that timed out after `tried_for`.
    pub(crate) fn timeout_result(&self, tried_for: Duration) -> Delivery {
        let (code, cause) = match self.last_problem() {
            _ if self.is_in_flight() => ("unknown", msg!("no response")),
            Some(problem) => problem,
            None => ("unavailable", msg!("no response in time")),
        };
        let more_time = || msg!("to allow more time: --notify-timeout TIME");
        let (outcome, hint) = match code {
            "unknown" => (Outcome::Unknown(None), unknown_hint()),
            "network" => (Outcome::NotSent(Cause::Network), more_time()),
            _ => (Outcome::NotSent(Cause::Unavailable), more_time()),
        };
        let seconds = tried_for.as_secs_f64().to_string();
        let message = msg!("{cause} (tried for {seconds} s)", cause, seconds);
        let problem = Problem::new(&outcome, message, hint);
        Delivery {
            outcome,
            problem: Some(problem),
            answer: None,
            attempts: self.attempts.get(),
            duration: tried_for,
            is_late: false,
        }
    }
}

/// Runs `work`. A panic becomes an error that says whether a request was in flight.
pub(crate) fn catch_panic<T>(
    flight: &RequestProgress,
    work: impl FnOnce() -> Result<T, CommandError>,
) -> Result<T, CommandError> {
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|_| Err(panicked(flight.is_in_flight())))
}

/// Returns the error after a panic. The server may have read a request in flight, and earlier
/// requests may have been sent.
pub(crate) fn panicked(is_in_flight: bool) -> CommandError {
    if is_in_flight {
        let message =
            msg!("internal error while the request was in flight; the message may have been sent");
        return CommandError::unknown(message, unknown_hint());
    }
    let message = msg!("internal error before the request");
    CommandError {
        nothing_was_sent: false,
        ..CommandError::new(ExitCode::Unexpected, "unexpected", message, None)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::message::Message;

    #[test]
    fn panic_is_unknown_only_with_request_in_flight() {
        let problem = Problem::new(&Outcome::NotSent(Cause::Network), "away".into(), "".into());
        let reset = Message::verbatim("reset");
        let waiting = || Event::Waiting {
            wait: Duration::ZERO,
            problem: &problem,
        };
        for (events, lands, is_in_flight) in [
            (&[][..], false, false),
            (&[Event::Attempt(1)], false, true),
            // The failure comes first.
            (&[Event::Attempt(1), Event::Failed(&reset)], false, true),
            (&[Event::Attempt(1), waiting()], false, false),
            (
                &[Event::Attempt(1), waiting(), Event::Attempt(2)],
                false,
                true,
            ),
            (&[Event::Attempt(1)], true, false),
        ] {
            let flight = RequestProgress::default();
            for event in events {
                flight.note(event);
            }
            if lands {
                flight.set_outcome_known();
            }
            let has_waited = events
                .iter()
                .any(|event| matches!(event, Event::Waiting { .. }));
            assert_eq!(
                flight.last_problem(),
                has_waited.then(|| ("network", "away".into()))
            );
            let panicked = catch_panic::<()>(&flight, || panic!("a fault of our own")).unwrap_err();
            assert_eq!(
                panicked.code == ExitCode::Unknown,
                is_in_flight,
                "{events:?}"
            );
        }
        assert_eq!(
            catch_panic(&RequestProgress::default(), || Ok(7)).unwrap(),
            7
        );
    }

    #[test]
    fn interrupt_is_unknown_only_with_request_in_flight() {
        let problem = |cause| Problem::new(&Outcome::NotSent(cause), "because".into(), "".into());
        let network = problem(Cause::Network);
        let limit = problem(Cause::Unavailable);
        let waits = |problem| Event::Waiting {
            wait: Duration::ZERO,
            problem,
        };
        let not_sent = Outcome::NotSent;
        for (events, outcome, code, message) in [
            (
                vec![],
                not_sent(Cause::Unavailable),
                "unavailable",
                "no response in time (tried for 1.5 s)",
            ),
            (
                vec![Event::Attempt(1)],
                Outcome::Unknown(None),
                "unknown",
                "no response (tried for 1.5 s)",
            ),
            (
                vec![Event::Attempt(1), waits(&network)],
                not_sent(Cause::Network),
                "network",
                "because (tried for 1.5 s)",
            ),
            (
                vec![Event::Attempt(1), waits(&limit)],
                not_sent(Cause::Unavailable),
                "unavailable",
                "because (tried for 1.5 s)",
            ),
            (
                vec![Event::Attempt(1), waits(&limit), Event::Attempt(2)],
                Outcome::Unknown(None),
                "unknown",
                "no response (tried for 1.5 s)",
            ),
        ] {
            let flight = RequestProgress::default();
            for event in &events {
                flight.note(event);
            }
            let ended = flight.timeout_result(Duration::from_millis(1500));
            let is_attempt = |event: &&Event<'_>| matches!(event, Event::Attempt(_));
            let attempts = events.iter().filter(is_attempt).count();
            assert_eq!(ended.attempts as usize, attempts, "{events:?}");
            let problem = ended.problem.unwrap();
            assert_eq!(
                (
                    ended.outcome,
                    problem.code,
                    problem.message.to_string().as_str()
                ),
                (outcome, code, message),
                "{events:?}"
            );
        }
    }
}
