//! The flags that may appear anywhere on the line.

use std::path::PathBuf;

use clap::Args;

use crate::config::{Flags, Layer, checked};
use crate::context::{Context, Mode};
use crate::input::Input;
use crate::output::{Color, Format, Stderr, Stdout, Verbosity};

#[derive(Args, Debug)]
#[command(next_help_heading = "Global options")]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag that is there or not")]
pub(crate) struct GlobalFlags {
    /// Profile to send with [env: JELOU_PROFILE]
    #[arg(short, long, global = true, value_name = "NAME")]
    profile: Option<String>,

    /// Configuration file [env: JELOUCTL_CONFIG]
    #[arg(long, global = true, value_name = "FILE", value_hint = clap::ValueHint::FilePath)]
    config: Option<PathBuf>,

    /// Bot to send from [env: JELOU_BOT_ID]
    #[arg(long, global = true, value_name = "BOT", visible_alias = "bot-id", value_parser = checked("bot_id"))]
    bot: Option<String>,

    /// Client id of the API credentials [env: JELOU_CLIENT_ID]
    #[arg(long, global = true, value_name = "ID", value_parser = checked("client_id"))]
    client_id: Option<String>,

    /// File with the client secret, or `-` [env: JELOU_CLIENT_SECRET_FILE]
    ///
    /// `-` is standard input. The secret itself can be in the variable JELOU_CLIENT_SECRET.
    #[arg(long, global = true, value_name = "FILE|-", value_hint = clap::ValueHint::FilePath)]
    client_secret_file: Option<String>,

    /// Address of the API [env: JELOU_API_URL] [default: https://api.jelou.ai]
    #[arg(long, global = true, value_name = "URL", value_hint = clap::ValueHint::Url, value_parser = checked("api_url"))]
    api_url: Option<String>,

    /// Send to the sandbox: nothing leaves this machine
    ///
    /// Uses the sandbox that runs on port 4780; if none does, one inside this process. JELOUCTL_SANDBOX can name another
    /// one.
    #[arg(long, global = true, conflicts_with = "api_url")]
    sandbox: bool,

    /// Limit for one attempt [env: JELOU_TIMEOUT] [default: 30s]
    #[arg(long, global = true, value_name = "DURATION", value_parser = checked("timeout"))]
    timeout: Option<String>,

    /// How long to retry, 0 for never [env: JELOU_RETRY_FOR] [default: 30s]
    ///
    /// Retries only requests that certainly had no effect.
    #[arg(long, global = true, value_name = "DURATION", value_parser = checked("retry_for"))]
    retry_for: Option<String>,

    /// CA certificates (PEM) to use instead of the system's
    #[arg(long, global = true, value_name = "FILE", value_hint = clap::ValueHint::FilePath)]
    ca_cert: Option<PathBuf>,

    /// Database for bulk runs, instead of local files [env: JELOUCTL_LEDGER]
    ///
    /// postgres://USER@HOST/DATABASE; several machines can send its runs together.
    #[arg(long, global = true, value_name = "URL", value_hint = clap::ValueHint::Url)]
    ledger: Option<String>,

    /// Print the request as JSON and send nothing
    ///
    /// The secret is not read.
    #[arg(long, global = true, conflicts_with = "curl")]
    dry_run: bool,

    /// Print the request as a curl command and send nothing
    #[arg(long, global = true)]
    curl: bool,

    /// What goes to standard output
    #[arg(short, long, global = true, value_name = "FORMAT")]
    output: Option<Format>,

    /// Show only errors
    #[arg(short, long, global = true, conflicts_with = "verbose")]
    quiet: bool,

    /// Show each attempt, request and answer, secrets redacted
    // Giving it twice is the same as once.
    #[arg(short, long, global = true, overrides_with = "verbose")]
    verbose: bool,

    /// When to colour
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto", hide_default_value = true)]
    color: Color,

    /// Never ask; what is missing is an error
    ///
    /// Also when the variable CI is set.
    #[arg(long, global = true)]
    no_input: bool,

    /// Answer yes to every question
    #[arg(short, long, global = true)]
    yes: bool,
}

impl GlobalFlags {
    /// The context of a command; `no_input` says whether the environment forbids questions.
    pub(crate) fn context(self, no_input: bool) -> Context {
        let verbosity = match (self.quiet, self.verbose) {
            (true, _) => Verbosity::Quiet,
            (false, true) => Verbosity::Verbose,
            (false, false) => Verbosity::Normal,
        };
        let mode = match (self.dry_run, self.curl) {
            (true, _) => Mode::DryRun,
            (false, true) => Mode::Curl,
            (false, false) => Mode::Send,
        };
        let mut layer = Layer::default();
        layer.type_in("bot_id", self.bot);
        layer.type_in("client_id", self.client_id);
        layer.type_in("client_secret_file", self.client_secret_file);
        layer.type_in("api_url", self.api_url);
        layer.type_in("timeout", self.timeout);
        layer.type_in("retry_for", self.retry_for);
        layer.type_in("ca_cert", self.ca_cert.as_ref().map(|path| path.display()));
        layer.type_in("ledger", self.ledger);
        Context {
            flags: Flags {
                profile: self.profile,
                default_profile: None,
                config: self.config,
                sandbox: self.sandbox,
                layer,
            },
            stdout: Stdout::new(self.output, self.color),
            stderr: Stderr::new(verbosity, self.color),
            input: Input::default(),
            mode,
            assume_yes: self.yes,
            no_input: self.no_input || no_input,
        }
    }
}
