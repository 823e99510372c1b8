//! Checks the configuration: each setting with its origin, the exclusion list, the log and the secret.

use super::checkup::Checkup;
use crate::base::output::CheckState;
use crate::base::timestamps::now;
use crate::commands::open_ledger::ledger_database;
use crate::commands::prices::read_prices;
use crate::commands::setting_rows::setting_rows;
use crate::jelou::api::Credentials;
use crate::runs::hours::days_past_everywhere;
use crate::sender::config::{ConfigFile, SecretSource, Settings, describe_useless_pattern, no_bot};
use crate::sender::context::Context;
use crate::sender::{
    check_audit_log, read_environment, reread_do_not_contact, short_secret_warning,
};

impl Checkup {
    /// Checks the configuration file, the profile, and each value with its origin.
    pub(super) fn settings(&mut self, context: &Context) -> Option<Settings> {
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
        // `Checkup::ledgers` reports the errors of the ledger.
        let ledger = ledger_database(context).ok().flatten();
        let sandbox = settings.sandbox_note().is_some();
        for (name, value, origin) in setting_rows(&settings, ledger.as_ref()) {
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
            self.ok(NAME, format!("{} ({origin})", list.describe()));
            for cell in &list.unclear_cells {
                self.warn(NAME, cell);
            }
        }
    }

    /// Checks whether messages would be logged. A send does not need the log, so this is not a failure.
    pub(super) fn audit_log(&mut self, settings: &Settings) {
        let Some(log) = &settings.log else { return };
        if let Err(error) = check_audit_log(log) {
            let hint = format!(
                "fix {}; until then, jelouctl sends messages without logging them",
                settings.origin("log")
            );
            self.push(
                "log",
                CheckState::Warning,
                error.to_string(),
                Some(hint.into()),
            );
        }
    }

    /// Reads the credentials; runs the command that prints the secret, if there is one.
    pub(super) async fn secret(&mut self, settings: &Settings) -> Option<Credentials> {
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
}

/// Returns why a valid setting does not have the intended effect.
fn setting_problem(name: &str, settings: &Settings) -> Option<String> {
    match name {
        "allow_to" => {
            let patterns = settings.allow_to.iter().flatten();
            describe_useless_pattern(patterns, settings.country)
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
