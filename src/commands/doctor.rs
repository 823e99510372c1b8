//! `doctor`: checks step by step whether this machine could send a message. Sends nothing, and does not stop at the first
//! failure.

use std::time::{Duration, SystemTime};

use clap::Args;

use super::open_ledger::{ledger_address, ledger_database, open_ledger_to_read};
use super::prices::read_prices;
use super::profile;
use crate::base::exit::ExitCode;
use crate::base::output::{Check, CheckState, Format, counted, rounded};
use crate::base::paths::STATE;
use crate::base::process::block_on;
use crate::base::timestamps::now;
use crate::command_error::CommandError;
use crate::jelou::api::{Cause, Credentials, Failure, ListingCoverage, TemplateFilter};
use crate::runs::hours::days_past_everywhere;
use crate::runs::ledger::{LedgerError, check_writable};
use crate::sender::config::{
    ApiUrl, ConfigFile, SecretSource, Settings, describe_useless_patterns, no_bot,
};
use crate::sender::context::Context;
use crate::sender::{
    Connection, Listing, check_audit_log, new_client, proxy_to, reach_or_start, read_environment,
    reread_do_not_contact, short_secret_warning,
};

/// With a larger clock error, certificates can be refused, and times in the log are wrong.
const CLOCK_TOLERANCE: Duration = Duration::from_secs(5 * 60);

const LEDGERS: &str = "ledgers";
/// The last check that a message needs.
const CREDENTIALS: &str = "credentials";

/// Check step by step whether you can send a message
///
/// Examples:
///   jelouctl doctor
///   jelouctl doctor --profile prod --output record
///   jelouctl doctor --offline
///
/// Sends nothing; lists the bot's templates to test the credentials. Exits with 0, or with the code
/// that a send would exit with.
#[derive(Args, Debug)]
#[command(verbatim_doc_comment)]
pub(crate) struct DoctorArgs {
    /// Skip the network checks
    #[arg(long)]
    offline: bool,
}

/// The results so far, and the exit code of the first failure.
struct Checkup {
    checks: Vec<Check>,
    /// Whether bulk runs and --once work. A single send needs no ledger.
    has_ledger: bool,
    code: ExitCode,
}

/// Checks everything, or with `--offline` only what works without the network, and prints the results.
pub(crate) fn run(
    context: &Context,
    &DoctorArgs { offline }: &DoctorArgs,
) -> Result<ExitCode, CommandError> {
    let mut checkup = Checkup {
        checks: Vec::new(),
        has_ledger: true,
        code: ExitCode::Success,
    };
    let settings = checkup.settings(context);
    match settings {
        None => checkup.warn(
            "secret and network",
            "not checked: fix the configuration first",
        ),
        Some(settings) => block_on(async {
            checkup.audit_log(&settings);
            let secret = checkup.secret(&settings).await;
            if offline {
                checkup.warn("network", "not checked: --offline");
            } else {
                let _ = checkup.network(context, &settings, secret).await;
            }
            Ok::<_, CommandError>(())
        })?,
    }
    checkup.ledgers(context, offline);
    checkup.ok("version", format!("jelouctl {}", env!("CARGO_PKG_VERSION")));
    let code = checkup.code;
    if context.stdout.format != Format::Record {
        // A default value does not need a line.
        let is_default = |check: &Check| {
            check.state == CheckState::Ok
                && check.name != "profile"
                && check.detail.ends_with(" (default)")
        };
        let is_verbose = context.stderr.is_verbose();
        checkup
            .checks
            .retain(|check| is_verbose || !is_default(check));
        // Failures come first.
        checkup
            .checks
            .sort_by_key(|check| check.state != CheckState::Failed);
    }
    context
        .stdout
        .checkup(&checkup.checks, code.code(), &checkup.summary())?;
    Ok(code)
}

impl Checkup {
    /// Returns the last line: whether a message could be sent.
    fn summary(&self) -> String {
        let failed = self
            .checks
            .iter()
            .filter(|check| check.state == CheckState::Failed)
            .count() as u64;
        let accepted = self
            .checks
            .iter()
            .find(|check| check.name == CREDENTIALS && check.state == CheckState::Ok);
        match accepted {
            _ if failed > 0 => format!("{}; next: {}", counted(failed, "problem"), self.next()),
            Some(Check { detail, .. }) => format!("{}: {detail}", self.readiness()),
            None => "no problem found, but some checks were skipped".to_owned(),
        }
    }

    /// Returns what works, if no check failed.
    fn readiness(&self) -> &'static str {
        if self.has_ledger {
            "ready"
        } else {
            "ready for single sends, but not for bulk and --once"
        }
    }

    /// Returns what to type next: the command in the first failure's hint, or else the hint.
    fn next(&self) -> String {
        let failed = |check: &&Check| check.state == CheckState::Failed;
        let hint = self
            .checks
            .iter()
            .filter(failed)
            .find_map(|check| check.hint.as_deref());
        let Some(hint) = hint else {
            return "jelouctl doctor --verbose".to_owned();
        };
        match hint.find("jelouctl ") {
            Some(start) => {
                let command = hint.get(start..).unwrap_or_default();
                command
                    .split([';', '`'])
                    .next()
                    .unwrap_or_default()
                    .trim_end()
                    .to_owned()
            }
            None => format!("{hint}; then: jelouctl doctor"),
        }
    }

    fn push(
        &mut self,
        name: &'static str,
        state: CheckState,
        detail: impl Into<String>,
        hint: Option<String>,
    ) {
        self.checks.push(Check {
            name,
            state,
            detail: detail.into(),
            hint,
        });
    }

    fn ok(&mut self, name: &'static str, detail: impl Into<String>) {
        self.push(name, CheckState::Ok, detail, None);
    }

    fn warn(&mut self, name: &'static str, detail: impl Into<String>) {
        self.push(name, CheckState::Warning, detail, None);
    }

    fn fail(&mut self, name: &'static str, error: impl Into<CommandError>) {
        let error = error.into();
        if self.code == ExitCode::Success {
            self.code = error.code;
        }
        self.push(name, CheckState::Failed, error.line(), error.hint);
    }

    /// Runs a check, and returns its value unless it has failed.
    fn check<T>(
        &mut self,
        name: &'static str,
        checked: Result<T, impl Into<CommandError>>,
    ) -> Option<T> {
        checked.map_err(|error| self.fail(name, error)).ok()
    }

    /// Checks the configuration file, the profile, and each value with its origin.
    fn settings(&mut self, context: &Context) -> Option<Settings> {
        let environment = self.check("environment", read_environment())?;
        for warning in &environment.warnings {
            self.warn("environment", warning);
        }
        let found = ConfigFile::find(context.flags.config_file(&environment).as_deref());
        let file = match self.check("configuration", found)? {
            Some(file) => format!("{}, profiles: {}", file.path.display(), file.profiles.len()),
            None => "no file; settings come only from flags and variables".to_owned(),
        };
        self.ok("configuration", file);
        let settings = self.check("profile", Settings::load(&context.flags, &environment))?;
        for warning in settings
            .warnings
            .iter()
            .filter(|warning| !environment.warnings.contains(warning))
        {
            self.warn("configuration", warning);
        }
        // Errors of the ledger are reported below.
        let ledger = ledger_database(context).ok().flatten();
        let sandbox = settings.sandbox_note().is_some();
        for (name, value, origin) in profile::rows(&settings, ledger.as_ref()) {
            match (name, value.is_empty()) {
                ("do_not_contact", false) => self.do_not_contact(&settings, &origin),
                ("prices", false) => match read_prices(None, &settings) {
                    Ok(_) => self.ok(name, format!("{value} ({origin})")),
                    Err(error) => self.fail(name, error),
                },
                ("api_url", _) if sandbox => self.ok(name, "the sandbox"),
                ("bot_id", true) => self.fail(name, no_bot()),
                ("client_id" | "client_secret", true) => self.warn(name, origin),
                // The setting is neither set nor needed.
                (_, true) => {}
                (_, false) => match setting_problem(name, &settings) {
                    Some(problem) => self.warn(name, format!("{value} ({origin}): {problem}")),
                    None => self.ok(name, format!("{value} ({origin})")),
                },
            }
        }
        Some(settings)
    }

    /// Checks the exclusion list: an unusable list stops every message.
    fn do_not_contact(&mut self, settings: &Settings, origin: &str) {
        const NAME: &str = "do_not_contact";
        let Some(exclusions) = self.check(NAME, reread_do_not_contact(settings)) else {
            return;
        };
        for list in exclusions.lists {
            self.ok(NAME, format!("{list} ({origin})"));
            for cell in &list.unclear_cells {
                self.warn(NAME, cell);
            }
        }
    }

    /// Checks whether a bulk run could be stored; creates nothing. A send does not need a ledger, so an unusable
    /// directory is a warning. A database was requested, so it fails with the exit code of a bulk run.
    fn ledgers(&mut self, context: &Context, offline: bool) {
        let address = ledger_address(context);
        let is_database = !matches!(address, Ok(None));
        let checked = match address {
            Ok(Some(address)) if offline => Ok((format!("{}, not checked", address.shown), None)),
            Ok(address) => ledger(
                context,
                address.as_ref().map(|address| address.shown.as_str()),
            ),
            Err(error) => Err(error),
        };
        match checked {
            Ok((detail, None)) => self.ok(LEDGERS, detail),
            Ok((detail, hint)) => self.push(LEDGERS, CheckState::Warning, detail, hint),
            Err(error) => {
                self.has_ledger = false;
                let message = format!("bulk and --once do not work: {}", error.message);
                if is_database {
                    self.fail(LEDGERS, CommandError { message, ..error });
                } else {
                    self.push(LEDGERS, CheckState::Warning, message, error.hint);
                }
            }
        }
    }

    /// Checks whether messages would be logged. A send does not need the log, so this is not a failure.
    fn audit_log(&mut self, settings: &Settings) {
        let Some(log) = &settings.log else { return };
        if let Err(error) = check_audit_log(log) {
            let hint = format!(
                "fix {}; until then, jelouctl sends messages without logging them",
                settings.origin("log")
            );
            self.push("log", CheckState::Warning, error.to_string(), Some(hint));
        }
    }

    /// Reads the credentials; runs the command that prints the secret, if there is one.
    async fn secret(&mut self, settings: &Settings) -> Option<Credentials> {
        const NAME: &str = "secret";
        let (client_id, secret) = self.check(NAME, settings.credentials(false))?;
        if secret.value == SecretSource::Stdin {
            self.warn(NAME, "not checked: it comes from standard input");
            return None;
        }
        let never_asked = async || Ok(String::new());
        let (client_secret, warning) = self.check(NAME, secret.fetch(never_asked).await)?;
        match warning.or_else(|| short_secret_warning(&client_secret, settings)) {
            Some(warning) => self.warn(NAME, warning),
            None => self.ok(NAME, "obtained"),
        }
        Some(
            Credentials::new(client_id.value.as_str(), &client_secret)
                .read_from(&client_id.origin, &secret.origin),
        )
    }

    /// Checks the connection, TLS, the clock, and whether the API accepts the credentials by reading the bot's templates,
    /// which sends nothing. None if one of them failed.
    async fn network(
        &mut self,
        context: &Context,
        settings: &Settings,
        credentials: Option<Credentials>,
    ) -> Option<()> {
        let base = self.check("sandbox", reach_or_start(settings, &context.stderr).await)?;
        let client = self.check("connection", new_client(settings, &base))?;
        match client.probe(base.url()).await {
            Ok(date) => self.reached(settings, &base, date),
            Err(failure) => {
                self.unreached(&failure);
                return None;
            }
        }
        let Some((credentials, bot)) = credentials.zip(settings.bot().ok()) else {
            self.warn(CREDENTIALS, "not checked: credentials or bot are missing");
            return None;
        };
        let mut connection =
            Connection::new(base, client, credentials, bot, settings, &context.stderr);
        let mut listing = Listing::new(TemplateFilter::default());
        // One page shows whether Jelou accepts the credentials.
        let read = listing.read_page(&mut connection, Duration::ZERO).await;
        self.check(CREDENTIALS, read)?;
        let at_least = if listing.end == Some(ListingCoverage::Whole) {
            ""
        } else {
            "at least "
        };
        let count = listing.templates().len();
        self.ok(
            CREDENTIALS,
            format!("accepted for bot {bot}; templates: {at_least}{count}"),
        );
        Some(())
    }

    fn reached(&mut self, settings: &Settings, base: &ApiUrl, date: Option<SystemTime>) {
        let through = proxy_to(base).ok().flatten();
        let through =
            through.map(|proxy| format!(", through the proxy {proxy} of {}", proxy.variable));
        self.ok(
            "connection",
            format!(
                "{} answers{}",
                base.url().authority(),
                through.unwrap_or_default()
            ),
        );
        let tls = match &settings.ca_cert {
            _ if base.is_plain_http() => "not used".to_owned(),
            Some(file) => format!(
                "the certificate is valid for the authorities of {}",
                file.display()
            ),
            None => "the certificate is valid for the system's authorities".to_owned(),
        };
        self.ok("TLS", tls);
        let now = SystemTime::now();
        let date = date.unwrap_or(now);
        let off = now
            .duration_since(date)
            .or_else(|_| date.duration_since(now))
            .unwrap_or_default();
        if off > CLOCK_TOLERANCE {
            let detail = format!("differs from the server's by {}", rounded(off));
            let hint = "set the clock: a wrong clock makes certificates invalid".to_owned();
            self.push("clock", CheckState::Warning, detail, Some(hint));
        }
    }

    fn unreached(&mut self, failure: &Failure) {
        let (name, hint) = match failure.cause {
            None => (
                "answer",
                "a server answered, but not like the API; check the api_url",
            ),
            Some(Cause::Tls) => (
                "TLS",
                "for a private certificate authority, set --ca-cert or ca_cert of the profile",
            ),
            Some(_) => ("connection", "check the network, the proxy and the api_url"),
        };
        let is_of_proxy = failure.cause == Some(Cause::ProxyCredentials);
        let code = if is_of_proxy {
            ExitCode::Configuration
        } else {
            ExitCode::Network
        };
        let hint = failure.hint.unwrap_or(hint).to_owned();
        self.fail(
            name,
            CommandError::new(code, "network", &failure.message, Some(hint)),
        );
    }
}

/// Returns why a valid setting does not have the intended effect.
fn setting_problem(name: &str, settings: &Settings) -> Option<String> {
    match name {
        "allow_to" => {
            let patterns = settings.allow_to.iter().flatten();
            describe_useless_patterns(patterns, settings.country)
        }
        "not_on" => {
            let days = settings.hours.not_on.iter().copied();
            let past = days_past_everywhere(days, now());
            Some(past.join("; ")).filter(|problem| !problem.is_empty())
        }
        "budget" if settings.prices.is_none() => {
            Some("without prices, jelouctl refuses every bulk run".to_owned())
        }
        _ => None,
    }
}

/// Checks the whole ledger; returns its description, with a hint if something is wrong. A read-only role is not an error.
fn ledger(
    context: &Context,
    database: Option<&str>,
) -> Result<(String, Option<String>), CommandError> {
    let detail = if let Some(shown) = database {
        format!(
            "{shown}: durable, with a ledger (checked: connection, certificate, that it is the primary, server version, \
             fsync, synchronous_commit, ledger version, privileges)"
        )
    } else {
        let directory = STATE.directory().ok_or_else(LedgerError::no_directory)?;
        check_writable(&directory)?;
        format!("{} is writable", directory.display())
    };
    let Some(ledger) = open_ledger_to_read(context)? else {
        return Ok((detail, None));
    };
    let usable_but = |error: LedgerError| Ok((format!("{detail}; but {error}"), Some(error.hint)));
    match ledger.ensure_writable() {
        Err(error) if database.is_some() => {
            return Ok((
                format!("{detail}; this role can read, but not send"),
                Some(error.hint),
            ));
        }
        may_write => may_write?,
    }
    ledger.check()?;
    for refused in [ledger.refuse_older_layout(), ledger.refuse_restored()] {
        if let Err(error) = refused {
            return usable_but(error);
        }
    }
    for run in ledger.runs()? {
        if let Some(error) = run.stale_reason()? {
            return usable_but(error);
        }
    }
    Ok((detail, None))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sender::config::{Environment, Flags};

    fn checkup() -> Checkup {
        Checkup {
            checks: Vec::new(),
            has_ledger: true,
            code: ExitCode::Success,
        }
    }

    #[test]
    fn unusable_ledger_limits_readiness() {
        let mut checkup = checkup();
        checkup.ok(CREDENTIALS, "accepted");
        assert_eq!(checkup.summary(), "ready: accepted");
        checkup.has_ledger = false;
        assert_eq!(
            checkup.summary(),
            "ready for single sends, but not for bulk and --once: accepted"
        );
    }

    #[test]
    fn first_failed_check_sets_the_exit_code() {
        let mut checkup = checkup();
        checkup.warn("a", "x");
        assert_eq!(checkup.code, ExitCode::Success);
        checkup.fail("b", no_bot());
        checkup.fail(
            "c",
            CommandError::new(ExitCode::Network, "network", "y", None),
        );
        checkup.ok("d", "z");
        assert_eq!(checkup.code, ExitCode::Configuration);
        let states: Vec<_> = checkup.checks.iter().map(|check| check.state).collect();
        assert_eq!(
            states,
            [
                CheckState::Warning,
                CheckState::Failed,
                CheckState::Failed,
                CheckState::Ok
            ]
        );
    }

    #[test]
    fn failed_check_depends_on_request_progress() {
        for (cause, name, code, hint) in [
            (
                Some(Cause::Network),
                "connection",
                7,
                "check the network, the proxy",
            ),
            (
                Some(Cause::ProxyRefusal),
                "connection",
                7,
                "check the network, the proxy",
            ),
            (
                Some(Cause::ProxyCredentials),
                "connection",
                3,
                "check the network, the proxy",
            ),
            (
                Some(Cause::Tls),
                "TLS",
                7,
                "for a private certificate authority",
            ),
            (None, "answer", 7, "a server answered"),
        ] {
            for own in [None, Some("its own")] {
                let mut checkup = checkup();
                checkup.unreached(&Failure {
                    cause,
                    message: "x".to_owned(),
                    hint: own,
                });
                let check = checkup.checks.pop().unwrap();
                assert_eq!((check.name, checkup.code.code()), (name, code), "{cause:?}");
                assert!(
                    check.hint.unwrap().starts_with(own.unwrap_or(hint)),
                    "{cause:?}"
                );
            }
        }
    }

    #[test]
    fn clock_off_by_five_minutes_is_a_warning() {
        let directory = tempfile::TempDir::new().unwrap();
        let config = directory.path().join("config.toml");
        std::fs::write(&config, "").unwrap();
        let flags = Flags {
            config: Some(config),
            ..Flags::default()
        };
        let settings = Settings::load(&flags, &Environment::default()).unwrap();
        let now = SystemTime::now();
        let minute = Duration::from_secs(60);
        for (date, is_reported) in [
            (None, false),
            (Some(now), false),
            (Some(now + 4 * minute), false),
            (Some(now - 4 * minute), false),
            (Some(now + 100 * minute), true),
            (Some(now - 100 * minute), true),
        ] {
            let mut checkup = checkup();
            checkup.reached(&settings, &ApiUrl::on_loopback(1), date);
            assert_eq!(checkup.code, ExitCode::Success, "{date:?}");
            let state = checkup
                .checks
                .iter()
                .find(|check| check.name == "clock")
                .map(|check| check.state);
            assert_eq!(
                state,
                is_reported.then_some(CheckState::Warning),
                "{date:?}"
            );
        }
    }
}
