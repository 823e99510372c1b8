//! The way to the API, opened when a request is about to leave: the secret is fetched, and from here on a signal is an
//! outcome.

use std::io;
use std::pin::Pin;

use anyhow::Context as _;

use super::{Context, interrupt, preview};
use crate::api::{Answer, Client, ClientOptions, Credentials, Event, Request, Roots, Signal};
use crate::config::{ApiUrl, ClientId, ConfigError, Sandboxed, SecretSource, Settings, Sourced};
use crate::output::{self, Output, visible_json};
use crate::sandbox::{self, DEFAULT_PORT, Sandbox};

/// What a request needs to leave, and what stops it.
pub struct Connection {
    pub client: Client,
    pub credentials: Credentials,
    /// Ends with the first signal.
    pub stop: Pin<Box<dyn Future<Output = Signal>>>,
}

/// What came of opening one.
pub enum Opening {
    Open(Connection),
    /// A signal came while the secret was fetched.
    Interrupted(Signal),
}

/// Runs `work` to its end in a runtime of its own.
///
/// # Errors
/// Those of `work`, and when the runtime cannot start.
pub fn block_on<T>(work: impl Future<Output = anyhow::Result<T>>) -> anyhow::Result<T> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.context("failed to start the runtime")?;
    let done = runtime.block_on(work);
    // A name look-up or a read that hangs must not keep the process once all is decided.
    runtime.shutdown_background();
    done
}

/// Where the API is. With `--sandbox` it is the sandbox that runs, else one that is started in this process.
///
/// # Errors
/// When the sandbox cannot start.
pub async fn base(settings: &Settings) -> anyhow::Result<ApiUrl> {
    if settings.sandbox != Sandboxed::Nearest || sandbox::is_running(DEFAULT_PORT).await {
        return Ok(preview::base(settings));
    }
    let inside = Sandbox::start(sandbox::Options::default()).context("failed to start the sandbox")?;
    Ok(ApiUrl::on_loopback(inside.port()))
}

impl Connection {
    /// Opens the way to `base` for `client_id`, whose secret is fetched now.
    ///
    /// # Errors
    /// When the secret cannot be had, or the certificates or the proxy cannot be used.
    pub async fn open(
        context: &Context,
        settings: &Settings,
        base: &ApiUrl,
        client_id: &ClientId,
        secret: &Sourced<SecretSource>,
    ) -> anyhow::Result<Opening> {
        let client = Client::new(&client_options(settings, base)?)?;
        // Ctrl-C that is caught ends a question with an error; SIGTERM would wait for the answer, and is caught after it.
        let interrupted = interrupt::interrupted().context("failed to listen for signals")?;
        let typed = if secret.value == SecretSource::Prompt { Some(secret.fetch(ask_secret).await?) } else { None };
        let terminated = interrupt::terminated().context("failed to listen for signals")?;
        let mut stop: Pin<Box<dyn Future<Output = Signal>>> = Box::pin(async {
            tokio::select! {
                () = interrupted => Signal::Interrupt,
                () = terminated => Signal::Terminate,
            }
        });
        let fetched = async {
            match typed {
                Some(typed) => Ok(typed),
                None => secret.fetch(ask_secret).await,
            }
        };
        let (client_secret, warning) = tokio::select! {
            biased;
            signal = &mut stop => return Ok(Opening::Interrupted(signal)),
            fetched = fetched => fetched?,
        };
        context.output.warnings(warning.as_slice());
        let credentials = Credentials::new(client_id.as_str(), &client_secret);
        Ok(Opening::Open(Self { client, credentials, stop }))
    }
}

/// Asks for the secret on the terminal.
///
/// # Errors
/// When the terminal cannot be read, or a signal comes.
pub fn ask_secret() -> io::Result<String> {
    output::ask_hidden("Client secret (hidden):")
}

/// How the API at `base` is reached.
///
/// # Errors
/// When the file of certificates cannot be read.
pub fn client_options(settings: &Settings, base: &ApiUrl) -> Result<ClientOptions, ConfigError> {
    let roots = match settings.ca_cert_pem()? {
        _ if base.is_plain_http() => Roots::None,
        Some(pem) => Roots::Only(pem),
        None => Roots::Platform,
    };
    Ok(ClientOptions { timeout: settings.timeout.value.duration(), roots, proxies: !base.is_loopback() })
}

/// Tells what happens on the way: each wait, and with `--verbose` each request and answer.
pub fn watch(output: &Output, request: &Request, event: &Event<'_>) {
    match event {
        Event::Attempt(number) => {
            output.detail('*', &format!("attempt {number}"));
            output.detail('>', &format!("{} {}", request.method, request.url));
            for (name, value) in request.shown_headers() {
                output.detail('>', &format!("{name}: {value}"));
            }
            if let Some(body) = &request.body {
                output.detail('>', &visible_json(body));
            }
        }
        Event::Answered(Answer { status, body, .. }) => {
            output.detail('<', &status.to_string());
            output.detail('<', &body.text);
        }
        Event::Failed(message) => output.detail('<', message),
        Event::Waiting { wait, fault } => {
            let state = if request.body.is_some() { "not sent, " } else { "" };
            output.note(&format!("{}; {state}trying again in {:.1} s", fault.message, wait.as_secs_f64()));
        }
    }
}
