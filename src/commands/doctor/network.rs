//! Checks the connection to the API, and whether it accepts the credentials.

use std::time::{Duration, SystemTime};

use super::checkup::{CREDENTIALS, Checkup};
use crate::base::exit::ExitCode;
use crate::base::output::{CheckState, rounded};
use crate::command_error::CommandError;
use crate::jelou::api::{Cause, Credentials, Failure, ListingCoverage, TemplateFilter};
use crate::sender::config::{ApiUrl, Settings};
use crate::sender::context::Context;
use crate::sender::{Connection, Listing, new_client, proxy_to, reach_or_start};

/// With a larger clock error, certificates can be refused, and times in the log are wrong.
const CLOCK_TOLERANCE: Duration = Duration::from_secs(5 * 60);

impl Checkup {
    /// Checks the connection, TLS, the clock, and whether the API accepts the credentials by reading the bot's templates,
    /// which sends nothing. None if one of them failed.
    pub(super) async fn network(
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
        let connection = Connection::new(base, client, credentials, bot, settings, &context.stderr);
        let mut listing = Listing::new(TemplateFilter::default());
        // One page shows whether Jelou accepts the credentials.
        let read = listing.read_page(&connection, Duration::ZERO).await;
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
            let hint = "set the clock: a wrong clock makes certificates invalid".into();
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
        let hint = failure.hint.clone().unwrap_or_else(|| hint.into());
        self.fail(
            name,
            CommandError::new(code, "network", &failure.message, Some(hint)),
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::message::Message;
    use crate::sender::config::{Environment, Flags};

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
                let mut checkup = Checkup::new();
                checkup.unreached(&Failure {
                    cause,
                    message: "x".into(),
                    hint: own.map(Message::from),
                });
                let check = checkup.checks.pop().unwrap();
                assert_eq!((check.name, checkup.code.code()), (name, code), "{cause:?}");
                assert!(
                    check
                        .hint
                        .unwrap()
                        .to_string()
                        .starts_with(own.unwrap_or(hint)),
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
            let mut checkup = Checkup::new();
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
