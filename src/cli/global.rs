//! The flags that may appear anywhere on the line.

use std::path::PathBuf;

use clap::Args;

use crate::base::input::Input;
use crate::base::output::{Color, Format, Stderr, Stdout, Verbosity};
use crate::commands::profile::KeyFlags;
use crate::sender::config::Flags;
use crate::sender::context::{Context, Mode};

#[derive(Args, Debug)]
#[command(next_help_heading = "Global options")]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a flag without a value"
)]
pub(crate) struct GlobalFlags {
    /// Use this profile [env: JELOU_PROFILE]
    #[arg(short, long, global = true, value_name = "NAME")]
    profile: Option<String>,

    /// Read this configuration file [env: JELOUCTL_CONFIG]
    #[arg(long, global = true, value_name = "FILE", value_hint = clap::ValueHint::FilePath)]
    config: Option<PathBuf>,

    /// Send to the sandbox instead of Jelou, without an account
    ///
    /// Sends nothing to Jelou or WhatsApp. Uses the sandbox on port 4780, or one inside this process if none runs
    /// there. JELOUCTL_SANDBOX sets another, even without --sandbox.
    #[arg(long, global = true, conflicts_with = "api_url")]
    sandbox: bool,

    #[command(flatten)]
    keys: KeyFlags<true>,

    /// Print the request as JSON instead of sending it
    ///
    /// Does not read the secret.
    #[arg(long, global = true, conflicts_with = "curl")]
    dry_run: bool,

    /// Print the request as a curl command instead of sending it
    #[arg(long, global = true)]
    curl: bool,

    /// Choose what to print [default: response]
    #[arg(short, long, global = true, value_name = "FORMAT")]
    output: Option<Format>,

    /// Print only errors
    #[arg(short, long, global = true, conflicts_with = "verbose")]
    quiet: bool,

    /// Print each attempt, request and response, without secrets
    // Repeating the flag changes nothing.
    #[arg(short, long, global = true, overrides_with = "verbose")]
    verbose: bool,

    /// Choose when to use colors [default: auto]
    #[arg(
        long,
        global = true,
        value_name = "WHEN",
        default_value = "auto",
        hide_default_value = true
    )]
    color: Color,

    /// Never prompt; fail if a value is missing
    ///
    /// Also applies if the variable CI is set.
    #[arg(long, global = true)]
    no_input: bool,

    /// Answer yes to every prompt
    #[arg(short, long, global = true)]
    yes: bool,
}

impl GlobalFlags {
    /// Creates the context of a command. With `no_input`, the environment disables prompts.
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
        Context {
            flags: Flags {
                profile: self.profile,
                default_profile: None,
                config: self.config,
                sandbox: self.sandbox,
                layer: self.keys.0,
            },
            stdout: Stdout::new(self.output, self.color),
            stderr: Stderr::new(verbosity, self.color),
            input: Input::default(),
            mode,
            assume_yes: self.yes,
            no_input: self.no_input || no_input,
            typed_line: None,
        }
    }
}
