//! Checks the connection to the API, and whether it accepts the credentials.

use std::time::{Duration, SystemTime};

use super::checkup::{Checkup, credentials as credentials_check};
use crate::base::exit::ExitCode;
use crate::base::message::{Message, msg};
use crate::base::output::{CheckState, duration_value};
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
        let base = self.check(
            msg!("sandbox"),
            reach_or_start(settings, &context.stderr).await,
        )?;
        let client = self.check(msg!("connection"), new_client(settings, &base))?;
        match client.probe(base.url()).await {
            Ok(date) => self.reached(settings, &base, date),
            Err(failure) => {
                self.unreached(&failure);
                return None;
            }
        }
        let Some((credentials, bot)) = credentials.zip(settings.bot().ok()) else {
            self.warn(
                credentials_check(),
                msg!("not checked: credentials or bot are missing"),
            );
            return None;
        };
        let connection = Connection::new(base, client, credentials, bot, settings, &context.stderr);
        let mut listing = Listing::new(TemplateFilter::default());
        // One page shows whether Jelou accepts the credentials.
        let read = listing.read_page(&connection, Duration::ZERO).await;
        self.check(credentials_check(), read)?;
        let count = listing.templates().len();
        let accepted = if listing.end == Some(ListingCoverage::Whole) {
            msg!("accepted for bot {bot}; templates: {count}", bot, count)
        } else {
            msg!(
                "accepted for bot {bot}; templates: at least {count}",
                bot,
                count
            )
        };
        self.ok(credentials_check(), accepted);
        Some(())
    }

    fn reached(&mut self, settings: &Settings, base: &ApiUrl, date: Option<SystemTime>) {
        let host = base.url().authority();
        let answers = match proxy_to(base).ok().flatten() {
            Some(proxy) => msg!(
                "{host} answers, through the proxy {proxy} of {variable}",
                host,
                proxy = proxy.to_string(),
                variable = proxy.variable
            ),
            None => msg!("{host} answers", host),
        };
        self.ok(msg!("connection"), answers);
        let tls = match &settings.ca_cert {
            _ if base.is_plain_http() => msg!("not used"),
            Some(file) => msg!(
                "the certificate is valid for the authorities of {file}",
                file
            ),
            None => msg!("the certificate is valid for the system's authorities"),
        };
        self.ok(Message::verbatim("TLS"), tls);
        let now = SystemTime::now();
        let date = date.unwrap_or(now);
        let off = now
            .duration_since(date)
            .or_else(|_| date.duration_since(now))
            .unwrap_or_default();
        if off > CLOCK_TOLERANCE {
            let detail = msg!(
                "differs from the server's by {off}",
                off = duration_value(off)
            );
            let hint = msg!("set the clock: a wrong clock makes certificates invalid");
            self.push(msg!("clock"), CheckState::Warning, detail, Some(hint));
        }
    }

    fn unreached(&mut self, failure: &Failure) {
        let (name, hint) = match failure.cause {
            None => (
                msg!("answer"),
                msg!("a server answered, but not like the API"),
            ),
            Some(Cause::Tls) => (
                Message::verbatim("TLS"),
                msg!("for a private certificate authority: --ca-cert FILE"),
            ),
            Some(_) => (
                msg!("connection"),
                msg!("check the network, the proxy and the api_url"),
            ),
        };
        let is_of_proxy = failure.cause == Some(Cause::ProxyCredentials);
        let code = if is_of_proxy {
            ExitCode::Configuration
        } else {
            ExitCode::Network
        };
        let hint = failure.hint.clone().unwrap_or(hint);
        self.fail(
            name,
            CommandError::new(code, "network", failure.message.clone(), Some(hint)),
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
                let found = (check.name.to_string(), checkup.code.code());
                assert_eq!(found, (name.to_owned(), code), "{cause:?}");
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
                .find(|check| check.name == msg!("clock"))
                .map(|check| check.state);
            assert_eq!(
                state,
                is_reported.then_some(CheckState::Warning),
                "{date:?}"
            );
        }
    }
}
