//! The safety checks of the recipients, for one send and for every row of a bulk run: `allow_to`, and the excluded
//! recipients on the lists of `--exclude` and of the profile's `do_not_contact`.

use std::io;

use super::resolve::{Sender, read_environment};
use crate::base::clock;
use crate::base::exit::ExitCode;
use crate::base::input::{Source, UsageError, source_name};
use crate::base::message::{Message, ToValue, msg};
use crate::base::output::Retry;
use crate::base::private_file::{PipeBound, open_to_read};
use crate::command_error::CommandError;
use crate::jelou::message::Outgoing;
use crate::lists::exclusions::{
    CountryRule, ExclusionList, ExclusionOptions, Exclusions, SoughtRecipients, read_exclusion_list,
};
use crate::lists::list_file::ListInput;
use crate::phone::spellings;
use crate::runs::ledger::SkipReason;
use crate::sender::config::{Origin, Settings};
use crate::sender::context::Context;

/// The rules of a profile that must not go missing while a run is sent.
const RULES: [&str; 6] = [
    "allow_to",
    "do_not_contact",
    "between",
    "not_on",
    "limit_24h",
    "budget",
];

/// Checks every recipient of a request against `allow_to`. Any spelling of an allowed number is allowed.
///
/// # Errors
/// If one is not allowed. The error names the first.
pub(crate) fn check_allowed<'a>(
    settings: &Settings,
    recipients: impl Iterator<Item = &'a str>,
) -> Result<(), CommandError> {
    let origin = settings.origin("allow_to");
    check_allowed_by(settings.allow_to.as_deref(), origin, recipients)
}

/// Checks every recipient of a request against the `allow_to` of `origin`.
///
/// # Errors
/// As for [`check_allowed`].
pub(crate) fn check_allowed_by<'a>(
    allow_to: Option<&[String]>,
    origin: &impl ToValue,
    mut recipients: impl Iterator<Item = &'a str>,
) -> Result<(), CommandError> {
    let Some(allow_to) = allow_to else {
        return Ok(());
    };
    let is_allowed =
        |recipient: &str| spellings(recipient).any(|spelling| allows(allow_to, &spelling));
    match recipients.find(|recipient| !is_allowed(recipient)) {
        None => Ok(()),
        Some(recipient) => {
            let allowed = if allow_to.is_empty() {
                msg!("no one (allow_to is empty)")
            } else {
                Message::verbatim(allow_to.join(", "))
            };
            let problem = msg!(
                "{recipient} is not among the recipients that {origin} allows: {allowed}",
                recipient,
                origin,
                allowed
            );
            let hint = msg!("to allow another recipient: change allow_to in the configuration");
            Err(CommandError::guard(problem, hint).named(SkipReason::NotAllowed.name()))
        }
    }
}

/// Returns the error if a recipient of the message is excluded. It names the first.
pub(crate) fn exclusion_error(
    exclusions: &Exclusions,
    outgoing: &Outgoing,
) -> Option<CommandError> {
    let (recipient, list) = exclusions.find(outgoing.recipients())?;
    Some(excluded_by(recipient, list))
}

/// Creates the error for a recipient that this list excludes.
pub(crate) fn excluded_by(recipient: &str, list: &str) -> CommandError {
    let problem = msg!("{recipient} is excluded by {list}", recipient, list);
    let hint = msg!("to send anyway: remove the recipient from {list}", list);
    excluded(problem, Some(hint))
}

/// Creates the error for excluded recipients.
pub(crate) fn excluded(problem: Message, hint: Option<Message>) -> CommandError {
    CommandError::new(ExitCode::Guard, "excluded", problem, hint).with_retry(Retry::Never)
}

/// Returns whether one of `patterns` allows the recipient.
fn allows(patterns: &[String], recipient: &str) -> bool {
    patterns
        .iter()
        .any(|pattern| pattern == recipient || matches(as_sent(pattern), recipient))
}

/// Removes the `id:` of a user of another channel from the pattern, because the request does not
/// contain it. A pattern with `*` keeps the `id:` and matches no one, because it would also allow
/// similar phone numbers.
fn as_sent(pattern: &str) -> &str {
    pattern
        .strip_prefix("id:")
        .filter(|user| !user.contains('*'))
        .unwrap_or(pattern)
}

/// Returns whether `pattern` matches the whole of `text`.
fn matches(pattern: &str, text: &str) -> bool {
    let Some((head, rest)) = pattern.split_once('*') else {
        return pattern == text;
    };
    let Some(mut text) = text.strip_prefix(head) else {
        return false;
    };
    let mut parts: Vec<&str> = rest.split('*').collect();
    let tail = parts.pop().unwrap_or_default();
    for part in parts {
        let Some((_, after)) = text.split_once(part) else {
            return false;
        };
        text = after;
    }
    text.ends_with(tail)
}

impl Sender {
    /// Checks the bot that the body of one message names, and every recipient against `exclusions` and the `allow_to` of
    /// `profile`. With one of them, or a key of `--once`, the body must name its recipients clearly.
    ///
    /// # Errors
    /// If it names another bot, or a recipient is excluded, not allowed or ambiguous. The error names the first.
    pub(crate) fn check_message(
        &self,
        profile: &Settings,
        exclusions: &Exclusions,
        has_key: bool,
        outgoing: &Outgoing,
    ) -> Result<(), CommandError> {
        outgoing.check_bot(&self.bot)?;
        if let Some(error) = exclusion_error(exclusions, outgoing) {
            return Err(error);
        }
        let is_checked = has_key || profile.allow_to.is_some() || !exclusions.is_empty();
        if let Some(error) = outgoing.unclear_recipient().filter(|_| is_checked) {
            let hint = error.hint.clone();
            let message = error.message();
            return Err(CommandError::new(ExitCode::Guard, "guard", message, hint));
        }
        check_allowed(profile, outgoing.recipients())?;
        if let (true, Some(other)) = (has_key, outgoing.second_recipient()) {
            let problem = msg!(
                "--once needs one recipient, but the body also names {other}",
                other
            );
            let hint = msg!("send a separate message to each recipient");
            return Err(CommandError::guard(problem, hint));
        }
        Ok(())
    }
}

/// The profile's rules about recipients.
pub(crate) struct ProfileRules {
    /// The profile, with its `allow_to`.
    pub(crate) settings: Settings,
    /// The recipients on its list; empty until it is read again.
    pub(crate) exclusions: Exclusions,
    /// When they were read, in milliseconds since 1970.
    pub(crate) read_at: i64,
}

impl ProfileRules {
    /// Returns the rules of `settings`, which count as old: they are read again before a message is sent.
    pub(crate) fn unread(settings: &Settings) -> Self {
        Self {
            settings: settings.clone(),
            exclusions: Exclusions::default(),
            read_at: 0,
        }
    }

    /// Reads the profile and its list again. With `sought`, the list may be searched for these recipients only.
    ///
    /// # Errors
    /// If one of them cannot be read, or the profile has lost one of these rules.
    pub(crate) fn read_again(
        &self,
        context: &Context,
        sought: Option<&SoughtRecipients>,
    ) -> Result<Self, CommandError> {
        let read_at = clock::unix_millis();
        let settings = Settings::load(&context.flags, &read_environment()?)?;
        let before = &self.settings;
        let has = |settings: &Settings, key| *settings.origin(key) != Origin::Default;
        let lost = RULES
            .into_iter()
            .find(|key| has(before, key) && !has(&settings, key));
        if let Some(key) = lost {
            let origin = before.origin(key);
            let problem = msg!("{origin} no longer has {key}", origin, key);
            return Err(CommandError::bare_configuration(problem));
        }
        Ok(Self {
            exclusions: reread_do_not_contact(&settings, sought)?,
            settings,
            read_at,
        })
    }
}

/// Reserves standard input if one of `sources` uses it.
pub(crate) fn claim_exclusions(
    context: &mut Context,
    sources: &[Source],
) -> Result<(), UsageError> {
    let stdin = sources.iter().filter(|source| **source == Source::Stdin);
    stdin
        .into_iter()
        .try_for_each(|_| context.input.claim_stdin("--exclude"))
}

/// Reads the recipients on the lists of `--exclude` and of the profile. `options` apply to
/// `--exclude`. With `sought`, the lists may be searched for these recipients only.
///
/// # Errors
/// If a list cannot be read, or a row does not clearly name one recipient.
pub(crate) fn read_exclusions(
    sources: &[Source],
    options: ExclusionOptions,
    settings: &Settings,
    sought: Option<&SoughtRecipients>,
) -> Result<Exclusions, CommandError> {
    let lists = sources
        .iter()
        .map(|source| read(source, options, sought))
        .collect::<Result<Vec<_>, _>>();
    let mut lists = lists.map_err(|problem| problem.in_file("--exclude"))?;
    lists.extend(profile_list(settings, sought)?);
    Ok(Exclusions { lists })
}

/// Reads the profile's list again. With `sought`, it may be searched for these recipients only.
///
/// # Errors
/// As for [`read_exclusions`].
pub(crate) fn reread_do_not_contact(
    settings: &Settings,
    sought: Option<&SoughtRecipients>,
) -> Result<Exclusions, CommandError> {
    Ok(Exclusions {
        lists: profile_list(settings, sought)?.into_iter().collect(),
    })
}

fn profile_list(
    settings: &Settings,
    sought: Option<&SoughtRecipients>,
) -> Result<Option<ExclusionList>, CommandError> {
    let Some(kept) = &settings.do_not_contact else {
        return Ok(None);
    };
    let profile = match settings.origin("do_not_contact") {
        Origin::Profile(name) => name.clone(),
        other => other.to_string(),
    };
    let options = ExclusionOptions {
        countries: CountryRule::new(None, settings.country),
        encoding: None,
    };
    read(&Source::File(kept.clone()), options, sought)
        .map(Some)
        .map_err(|problem| CommandError {
            code: ExitCode::Configuration,
            name: "configuration",
            ..problem
                .in_file(&msg!("do_not_contact (profile {profile})", profile))
                .into()
        })
}

fn read(
    source: &Source,
    options: ExclusionOptions,
    sought: Option<&SoughtRecipients>,
) -> Result<ExclusionList, UsageError> {
    read_exclusion_list(
        open_list(source, PipeBound::FirstByte)?,
        &source_name(source).to_string(),
        options,
        sought,
    )
}

/// Opens the list `source`.
///
/// # Errors
/// If it cannot be opened.
pub(crate) fn open_list(source: &Source, bound: PipeBound) -> Result<ListInput, UsageError> {
    match source {
        Source::Stdin => Ok(ListInput::Stream(Box::new(io::stdin()))),
        Source::File(path) => {
            let opened = open_to_read(path, bound).map(ListInput::File);
            opened.map_err(|cause| UsageError::unreadable(&source_name(source).to_string(), &cause))
        }
    }
}

/// Warns about suspicious lists: empty ones, and cells that may contain an unreadable number.
pub(crate) fn warn_about_lists(context: &Context, exclusions: &Exclusions) {
    for list in &exclusions.lists {
        for problem in &list.unclear_cells {
            context
                .stderr
                .warning(msg!("{list}: {problem}", list = list.name, problem));
        }
        if list.passed_over > 0 {
            context.stderr.note(msg!(
                "{list}: skipped {rows} invalid {rows|row|rows} of the report",
                list = list.name,
                rows = list.passed_over
            ));
        }
        if list.is_empty() {
            let name = &list.name;
            context.stderr.note(if list.passed_over == 0 {
                msg!("{name} is empty and excludes no one", name)
            } else {
                msg!("{name} excludes no one", name)
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sender::config::{Environment, Flags};

    /// Returns the error of the check for these recipients.
    fn refused(profile: &str, recipients: &[&str]) -> Option<String> {
        let directory = tempfile::TempDir::new().unwrap();
        let config = directory.path().join("config.toml");
        std::fs::write(
            &config,
            format!("[profiles.p]\nbot_id = \"1\"\n{profile}\n"),
        )
        .unwrap();
        let flags = Flags {
            config: Some(config),
            profile: Some("p".to_owned()),
            ..Flags::default()
        };
        let settings = Settings::load(&flags, &Environment::default()).unwrap();
        let error = check_allowed(&settings, recipients.iter().copied()).err()?;
        assert!(
            error
                .hint
                .as_ref()
                .is_some_and(|hint| hint.to_string().starts_with("to allow another recipient")),
            "{error:?}"
        );
        Some(error.message.to_string())
    }

    #[test]
    fn patterns_match_the_whole_recipient() {
        for (pattern, text, expected) in [
            ("593*", "593987654321", true),
            ("593*", "1593", false),
            ("*", "", true),
            ("593987654321", "593987654321", true),
            ("593987654321", "5939876543210", false),
            ("*@*.com", "a@b.com", true),
            ("5*3*1", "593987654321", true),
            ("5*3*1", "593987654322", false),
            ("a*a", "a", false),
            ("id:U1", "U1", true),
            ("id:U1", "id:U1", true),
            ("id:U1", "U12", false),
            ("id:5*", "593987654321", false),
            ("id:*", "U1", false),
        ] {
            assert_eq!(
                allows(&[pattern.to_owned()], text),
                expected,
                "{pattern} {text}"
            );
        }
        assert!(!allows(&[], "593987654321"));
    }

    #[test]
    fn every_recipient_must_be_allowed_in_some_spelling() {
        let ana = "593987654321";
        let luis = "593987654322";
        for (profile, recipients, expected) in [
            ("", &[ana, luis][..], None),
            ("allow_to = [\"593*\"]", &[ana, luis], None),
            ("allow_to = [\"593987654321\"]", &[ana, luis], Some(luis)),
            (
                "allow_to = [\"593987654322\", \"51*\"]",
                &[ana, luis],
                Some(ana),
            ),
            ("allow_to = []", &[ana], Some(ana)),
            // The numbers of Mexico and Brazil have two spellings.
            ("allow_to = [\"5215512345678\"]", &["525512345678"], None),
            ("allow_to = [\"5511987654321\"]", &["551187654321"], None),
            ("allow_to = [\"593*\"]", &["id:593"], Some("id:593")),
        ] {
            let error = refused(profile, recipients);
            let found = error.as_ref().map(|error| {
                error
                    .split_once(" is not among the recipients that ")
                    .unwrap()
                    .0
            });
            assert_eq!(found, expected, "{profile} {recipients:?}");
        }
    }

    #[test]
    fn error_names_the_allowed_recipients() {
        for (profile, allowed) in [
            ("allow_to = [\"51*\", \"52*\"]", "51*, 52*"),
            ("allow_to = []", "no one (allow_to is empty)"),
        ] {
            let expected = format!(
                "593987654321 is not among the recipients that profile p allows: {allowed}"
            );
            assert_eq!(refused(profile, &["593987654321"]), Some(expected));
        }
    }
}
