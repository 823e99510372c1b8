//! Checks the configuration: each setting with its origin, the exclusion list, the log and the secret.

use super::checkup::Checkup;
use crate::base::message::{Message, msg};
use crate::base::output::CheckState;
use crate::base::timestamps::now;
use crate::commands::open_ledger::ledger_database;
use crate::commands::setting_rows::setting_rows;
use crate::jelou::api::Credentials;
use crate::runs::hours::{ZoneName, days_past_everywhere};
use crate::sender::config::{
    ConfigFile, Origin, SecretSource, Settings, WithOrigin, describe_useless_pattern, no_bot,
};
use crate::sender::context::Context;
use crate::sender::read_prices;
use crate::sender::{
    check_audit_log, read_environment, reread_do_not_contact, short_secret_warning,
};

impl Checkup {
    /// Checks the configuration file, the profile, and each value with its origin.
    pub(super) fn settings(&mut self, context: &Context) -> Option<Settings> {
        let environment = self.check(msg!("environment"), read_environment())?;
        for warning in &environment.warnings {
            self.warn(msg!("environment"), warning);
        }
        let found = ConfigFile::find(context.flags.config_file(&environment).as_deref());
        let file = match self.check(msg!("configuration"), found)? {
            Some(file) => msg!(
                "{path}, profiles: {count}",
                path = file.path,
                count = file.profiles.len()
            ),
            None => msg!("no file; settings come only from flags and variables"),
        };
        self.ok(msg!("configuration"), file);
        let loaded = Settings::load(&context.flags, &environment);
        let settings = self.check(msg!("profile"), loaded)?;
        for warning in settings
            .warnings
            .iter()
            .filter(|warning| !environment.warnings.contains(warning))
        {
            self.warn(msg!("configuration"), warning);
        }
        // `Checkup::ledgers` reports the errors of the ledger.
        let ledger = ledger_database(context).ok().flatten();
        let sandbox = settings.sandbox_note().is_some();
        for (name, shown) in setting_rows(&settings, ledger.as_ref()) {
            let title = Message::verbatim(name);
            let Some(WithOrigin { value, origin }) = shown else {
                match name {
                    "bot_id" => self.fail(title, no_bot()),
                    "client_id" | "client_secret" => self.warn(title, msg!("not set")),
                    // The setting is neither set nor needed.
                    _ => {}
                }
                continue;
            };
            let is_default = origin == Origin::Default;
            let shown = msg!("{value} ({origin})", value, origin);
            match name {
                "profile" => self.ok(msg!("profile"), shown),
                "do_not_contact" => self.do_not_contact(&settings, &origin),
                "prices" => match read_prices(None, &settings) {
                    Ok(_) => self.ok(title, shown),
                    Err(error) => self.fail(title, error),
                },
                "api_url" if sandbox => self.ok(title, msg!("the sandbox")),
                _ => {
                    if let Some(problem) = setting_problem(name, &settings) {
                        self.warn(title, msg!("{shown}: {problem}", shown, problem));
                    } else {
                        self.defaults.extend(is_default.then(|| title.clone()));
                        self.ok(title, shown);
                    }
                }
            }
        }
        Some(settings)
    }

    /// Checks the exclusion list: an unusable list stops every message.
    fn do_not_contact(&mut self, settings: &Settings, origin: &Origin) {
        let title = Message::verbatim("do_not_contact");
        let Some(exclusions) = self.check(&title, reread_do_not_contact(settings, None)) else {
            return;
        };
        for list in exclusions.lists {
            self.ok(
                &title,
                msg!("{list} ({origin})", list = list.describe(), origin),
            );
            for cell in &list.unclear_cells {
                self.warn(&title, cell);
            }
        }
    }

    /// Checks whether messages would be logged. A send does not need the log, so this is not a failure.
    pub(super) fn audit_log(&mut self, settings: &Settings) {
        let Some(log) = &settings.log else { return };
        if let Err(error) = check_audit_log(log) {
            let problem = error.message();
            let detail = msg!(
                "messages are sent without a line in the log: {problem}",
                problem
            );
            self.push(Message::verbatim("log"), CheckState::Warning, detail, None);
        }
    }

    /// Reads the credentials; runs the command that prints the secret, if there is one.
    pub(super) async fn secret(&mut self, settings: &Settings) -> Option<Credentials> {
        let name = msg!("secret");
        let (client_id, secret) = self.check(&name, settings.credentials(false))?;
        if secret.value == SecretSource::Stdin {
            self.warn(name, msg!("not checked: it comes from standard input"));
            return None;
        }
        let never_asked = async || Ok(String::new());
        let (client_secret, warning) = self.check(&name, secret.fetch(never_asked).await)?;
        match warning.or_else(|| short_secret_warning(&client_secret, settings)) {
            Some(warning) => self.warn(name, warning),
            None => self.ok(name, msg!("obtained")),
        }
        Some(
            Credentials::new(client_id.value.as_str(), &client_secret)
                .read_from(&client_id.origin, &secret.origin),
        )
    }
}

/// Returns why a valid setting does not have the intended effect.
fn setting_problem(name: &str, settings: &Settings) -> Option<Message> {
    match name {
        "allow_to" => {
            let patterns = settings.allow_to.iter().flatten();
            describe_useless_pattern(patterns, settings.country)
        }
        "between" if !settings.hours.between.is_empty() && settings.hours.time_zone.is_none() => {
            ZoneName::from_machine().err()
        }
        "not_on" => {
            let days = settings.hours.not_on.iter().copied();
            let past = days_past_everywhere(days, now());
            (!past.is_empty()).then(|| Message::joined(past, "; "))
        }
        "budget" if settings.prices.is_none() => {
            Some(msg!("without prices, jelouctl refuses every bulk run"))
        }
        _ => None,
    }
}
