//! The bot's templates, read from the API as one listing of all pages, and the check before a send that the bot has the
//! templates of a message.

use std::time::Duration;

use serde_json::Value;

use super::connection::{Connection, RequestProgress};
use crate::base::exit::ExitCode;
use crate::base::message::{Message, msg};
use crate::base::output::Stderr;
use crate::command_error::CommandError;
use crate::jelou::api::{
    Body, ListingCoverage, LookUpError, Outcome, Pager, Request, TEMPLATES_LIMIT, TemplateFilter,
    counted,
};
use crate::jelou::message::{
    Outgoing, TemplateTexts, TemplateUse, TemplateUses, TemplateVerdict, did_you_mean,
    nearest_template,
};

/// More pages than any bot has. Stops a server that returns new pages forever.
const MAX_PAGES: u32 = 100;

/// Reads every page.
///
/// # Errors
/// If a page cannot be read.
pub(crate) async fn read_templates(
    connection: &Connection,
    filter: &TemplateFilter,
    retry_for: Duration,
) -> Result<Listing, LookUpError> {
    let mut listing = Listing::new(filter.clone());
    while listing.end.is_none() {
        listing.read_page(connection, retry_for).await?;
    }
    Ok(listing)
}

/// The pages read so far, combined.
#[derive(Debug)]
pub(crate) struct Listing {
    filter: TemplateFilter,
    pager: Pager,
    /// The first page. The results of all pages replace its own.
    first: Value,
    found: Vec<Value>,
    /// How the listing ended. None as long as more pages follow.
    pub(crate) end: Option<ListingCoverage>,
}

impl Listing {
    pub(crate) fn new(filter: TemplateFilter) -> Self {
        let pager = Pager::new(MAX_PAGES, TEMPLATES_LIMIT);
        Self {
            filter,
            pager,
            first: Value::Null,
            found: Vec::new(),
            end: None,
        }
    }

    /// Reads the next page.
    ///
    /// # Errors
    /// If it cannot be read.
    pub(crate) async fn read_page(
        &mut self,
        connection: &Connection,
        retry_for: Duration,
    ) -> Result<(), LookUpError> {
        let page = self.pager.next_page();
        let request =
            Request::templates(connection.base.url(), &connection.bot, &self.filter, page);
        let flight = RequestProgress::default();
        let stop = connection.signals.next();
        let delivery = connection
            .deliver(&request, None, retry_for, None, &flight, stop)
            .await;
        let body = delivery.answer.as_ref().map(|answer| &answer.body);
        match (
            &delivery.outcome,
            body.and_then(|body| body.json.as_ref()),
            body.and_then(Body::results),
        ) {
            (Outcome::Sent { .. }, Some(page), Some(results)) => self.add_page(page, results),
            _ => return Err(LookUpError::failed(delivery)),
        }
        Ok(())
    }

    /// Adds the next page, which has the templates `results`.
    fn add_page(&mut self, page: &Value, results: &[Value]) {
        if self.pager.next_page() == 1 {
            self.first.clone_from(page);
        }
        for template in results {
            if self.pager.entry(template) {
                self.found.push(template.clone());
            }
        }
        // With a filter, the total may count all templates.
        let [pages, total] = counted(page);
        self.end = self.pager.end_page([
            pages,
            total.filter(|_| self.filter == TemplateFilter::default()),
        ]);
    }

    fn has_samples_only(&self) -> bool {
        self.first.get("samples_only") == Some(&Value::Bool(true))
    }

    /// Returns the templates of all pages.
    pub(crate) fn templates(&self) -> &[Value] {
        &self.found
    }

    /// Returns the listing in the format of the API: the first page, with the `results` of all
    /// pages.
    pub(crate) fn into_value(mut self) -> Value {
        if let Value::Object(fields) = &mut self.first {
            fields.shift_remove("data");
            fields.insert("results".to_owned(), Value::Array(self.found));
        }
        self.first
    }
}

/// The maximum delay of a run by the listing.
const CHECK_TIME: Duration = Duration::from_secs(3);
/// The maximum number of faults in an error.
const MAX_FAULTS: usize = 5;

/// Refuses the templates with these faults.
pub(crate) fn refuse_unusable(
    faults: &[Message],
    hint: impl Into<Message>,
) -> Result<(), CommandError> {
    let refused = |message: Message| {
        CommandError::new(
            ExitCode::Usage,
            "invalid_message",
            message,
            Some(hint.into()),
        )
    };
    match faults {
        [] => Ok(()),
        [only] => Err(refused(only.clone())),
        _ => {
            let more = faults.len().saturating_sub(MAX_FAULTS);
            let first = faults.iter().take(MAX_FAULTS).cloned();
            let rest = (more > 0).then(|| msg!("and {more} more", more));
            let details = first.chain(rest).collect();
            let message = msg!(
                "{count} of the templates cannot be sent",
                count = faults.len()
            );
            Err(CommandError {
                details,
                ..refused(message)
            })
        }
    }
}

/// The result of the check against the bot's listing.
#[derive(Debug, Default)]
pub(crate) struct CheckedTemplates {
    /// The reasons why some cannot be sent.
    pub(crate) faults: Vec<Message>,
    pub(crate) texts: TemplateTexts,
}

/// Checks `uses` against the bot's listing. If that is incomplete, prints a warning and reports no fault. With
/// `strict`, a missing language is an error.
///
/// # Errors
/// If a signal arrives.
pub(crate) async fn check_templates(
    connection: &mut Connection,
    uses: &TemplateUses,
    strict: bool,
) -> Result<CheckedTemplates, CommandError> {
    if uses.uses.is_empty() {
        return Ok(CheckedTemplates::default());
    }
    let filter = TemplateFilter::default();
    let reading = read_templates(connection, &filter, CHECK_TIME);
    let why = match tokio::time::timeout(CHECK_TIME, reading).await {
        Ok(Ok(listing)) => {
            let texts = TemplateTexts::new(uses, listing.templates());
            return Ok(CheckedTemplates {
                faults: find_faults(&listing, &connection.stderr, uses, strict),
                texts,
            });
        }
        Ok(Err(error)) => match error.signal() {
            Some(signal) => return Err(CommandError::interrupted(signal)),
            None => error.message(),
        },
        Err(_) => msg!(
            "its templates were not listed within {seconds} s",
            seconds = CHECK_TIME.as_secs()
        ),
    };
    connection.stderr.warning(msg!(
        "could not check whether the bot has the template: {why}",
        why
    ));
    Ok(CheckedTemplates::default())
}

/// Checks like [`check_templates`], but refuses the templates that the bot cannot send, with this
/// `hint`. Returns the texts of the others.
pub(crate) async fn refuse_templates(
    connection: &mut Connection,
    uses: &TemplateUses,
    strict: bool,
    hint: impl Into<Message>,
) -> Result<TemplateTexts, CommandError> {
    let CheckedTemplates { faults, texts } = check_templates(connection, uses, strict).await?;
    refuse_unusable(&faults, hint)?;
    Ok(texts)
}

/// Finds the faults of `uses`, according to the bot's listing. Prints a warning if the listing is
/// not enough.
fn find_faults(
    listing: &Listing,
    stderr: &Stderr,
    uses: &TemplateUses,
    strict: bool,
) -> Vec<Message> {
    if uses.is_cut {
        stderr.warning(msg!(
            "checked only the first {count} different templates of the list",
            count = uses.uses.len()
        ));
    }
    let templates = listing.templates();
    let mut faults = Vec::new();
    for wanted in &uses.uses {
        let verdict = wanted.judge(templates);
        if let Some(why) = why_unclear(&verdict, listing) {
            let name = &wanted.name;
            let question = match &verdict {
                TemplateVerdict::UnknownName { meant } => question(name, meant, templates),
                _ => None,
            };
            let why = match question {
                Some(question) => msg!("{why}; {question}", why, question),
                None => why,
            };
            stderr.warning(msg!(
                "could not check whether the bot has the template `{name}`: {why}",
                name,
                why
            ));
            continue;
        }
        let problem = describe(wanted, &verdict, templates);
        let named = wanted.named_place(templates).map(|name| {
            msg!(
                "`{name}=` is sent as part of the value: the template `{template}` has a placeholder `{name}`, but \
                 takes its values in order, without names",
                name,
                template = wanted.name
            )
        });
        let is_caution =
            problem.is_none() || matches!(verdict, TemplateVerdict::SeveralLanguages { .. });
        let Some(problem) = problem.or(named) else {
            continue;
        };
        if is_caution && !strict {
            stderr.warning(problem);
        } else {
            faults.push(problem);
        }
    }
    faults
}

/// Returns why the bot's listing does not show whether a template can be sent; None if it does.
fn why_unclear(verdict: &TemplateVerdict, listing: &Listing) -> Option<Message> {
    match verdict {
        TemplateVerdict::UnknownName { .. } if listing.has_samples_only() => {
            Some(msg!("the sandbox has only its samples"))
        }
        TemplateVerdict::UnknownName { .. } | TemplateVerdict::OtherLanguage { .. }
            if may_lack_some(listing) =>
        {
            Some(msg!("the API may not have listed all of its templates"))
        }
        TemplateVerdict::Unclear { missing } => {
            Some(msg!("the API lists it without its {missing}", missing))
        }
        _ => None,
    }
}

/// Returns a question with similar names, for a name that the bot does not have.
fn question(name: &str, meant: &[String], templates: &[Value]) -> Option<Message> {
    let nearest = || did_you_mean(nearest_template(name, templates).as_slice());
    did_you_mean(meant).or_else(nearest)
}

/// Jelou's and WhatsApp's codes for a wrong name or language of a template.
const REFUSED_TEMPLATE: [&str; 2] = ["notification_could_not_be_send", "132001"];

/// Returns a hint from the bot's list, after a rejected template: the names or the languages that the
/// bot has. None if the rejection has another cause, or the list does not arrive in time.
pub(crate) async fn refused_template_hint(
    connection: &Connection,
    outgoing: &Outgoing,
    api_code: &str,
) -> Option<Message> {
    if !REFUSED_TEMPLATE.contains(&api_code) {
        return None;
    }
    let mut uses = TemplateUses::default();
    uses.note(outgoing);
    let wanted = uses.uses.first()?;
    let filter = TemplateFilter::default();
    let reading = read_templates(connection, &filter, Duration::ZERO);
    let listing = tokio::time::timeout(CHECK_TIME, reading).await.ok()?.ok()?;
    let templates = listing.templates();
    match wanted.judge(templates) {
        // An incomplete listing proves only that other templates have a similar name.
        TemplateVerdict::UnknownName { meant } if may_lack_some(&listing) => {
            question(&wanted.name, &meant, templates)
        }
        verdict => describe(wanted, &verdict, templates),
    }
}

/// Returns whether the listing may be incomplete. It is complete if it has as many templates as the
/// API counts. A sandbox has only its samples.
fn may_lack_some(listing: &Listing) -> bool {
    let is_whole =
        counted(&listing.first) != [None; 2] && listing.end == Some(ListingCoverage::Whole);
    !listing.has_samples_only() && !is_whole
}

/// Describes the problem, and suggests a template.
fn describe(
    wanted: &TemplateUse,
    verdict: &TemplateVerdict,
    templates: &[Value],
) -> Option<Message> {
    let name = &wanted.name;
    let template = match &wanted.language {
        Some(code) => format!("`{name}` ({code})"),
        None => format!("`{name}`"),
    };
    Some(match verdict {
        TemplateVerdict::Fits | TemplateVerdict::Unclear { .. } => return None,
        TemplateVerdict::SeveralLanguages { languages } => msg!(
            "the template `{name}` exists in several languages ({languages}), but the message does not set one",
            name,
            languages = languages.join(", ")
        ),
        TemplateVerdict::UnknownName { meant } => {
            unknown_name(name, question(name, meant, templates))
        }
        TemplateVerdict::OtherLanguage { languages } => other_language(wanted, languages),
        TemplateVerdict::NotApproved { status } => msg!(
            "the template {template} cannot be sent: its status is {status}, not APPROVED",
            template,
            status
        ),
        TemplateVerdict::NeedsNumber => msg!(
            "WhatsApp does not allow the authentication template {template} for a user id",
            template
        ),
        TemplateVerdict::NeedsMedia { media, given } => {
            needs_media(&template, media, given.as_deref())
        }
        TemplateVerdict::TakesNoMedia { given } => msg!(
            "the template {template} has only text, but the message is of type {given}",
            template,
            given
        ),
        TemplateVerdict::TooLong { characters, most } => msg!(
            "the template {template} has {characters} characters with its values; WhatsApp allows at most {most}",
            template,
            characters,
            most
        ),
        TemplateVerdict::WrongCount { given, expected } => msg!(
            "the template {template} takes {expected} {expected|value|values}, but the message has {given}",
            template,
            expected,
            given
        ),
    })
}

fn unknown_name(name: &str, question: Option<Message>) -> Message {
    match question {
        Some(question) => msg!(
            "the bot has no template `{name}`; {question}",
            name,
            question
        ),
        None => msg!("the bot has no template `{name}`", name),
    }
}

fn other_language(wanted: &TemplateUse, languages: &[String]) -> Message {
    let name = &wanted.name;
    let languages = languages.join(", ");
    match &wanted.language {
        Some(code) => msg!(
            "`{name}` exists in another language: {languages}; the message has `{code}`",
            name,
            languages,
            code
        ),
        None => msg!(
            "`{name}` exists in another language: {languages}",
            name,
            languages
        ),
    }
}

fn needs_media(template: &str, media: &str, given: Option<&str>) -> Message {
    match given {
        Some(given) => msg!(
            "the template {template} needs --type {media}, but the message is of type {given}",
            template,
            media,
            given
        ),
        None => msg!(
            "the template {template} needs --type {media}, but the message has no media",
            template,
            media
        ),
    }
}

#[cfg(test)]
mod tests {
    use std::slice;

    use serde_json::json;

    use super::*;
    use crate::base::output::{Color, Verbosity};

    /// Returns how the listing ends after pages with these templates and counts.
    fn end(pages: &[(&[&str], Value)]) -> Option<ListingCoverage> {
        let mut listing = Listing::new(TemplateFilter::default());
        for (names, pagination) in pages {
            assert_eq!(listing.end, None, "{pages:?}");
            let results: Vec<_> = names.iter().map(|name| json!(name)).collect();
            listing.add_page(&json!({ "pagination": pagination }), &results);
        }
        listing.end
    }

    #[test]
    fn template_listing_reports_if_it_is_complete() {
        let pages = |count: u64| json!({ "totalPages": count });
        let both = |pages: u64, total: u64| json!({ "totalPages": pages, "total": total });
        for (read, expected) in [
            (&[(&["a"][..], pages(2))][..], None),
            (
                &[(&["a"], pages(2)), (&["b"], pages(2))],
                Some(ListingCoverage::Whole),
            ),
            (
                &[(&["a"], json!({ "totalPages": "1" }))],
                Some(ListingCoverage::Whole),
            ),
            (&[(&["a"], json!({ "totalPages": "two" }))], None),
            (&[(&["a"], json!({ "total": 1 }))], None),
            (
                &[(&["a"], json!({ "total": 1 })), (&["a"], json!({}))],
                Some(ListingCoverage::Whole),
            ),
            (
                &[(&["a"], json!({})), (&[], json!({}))],
                Some(ListingCoverage::Whole),
            ),
            (&[(&[], pages(0))], Some(ListingCoverage::Whole)),
            (&[(&[], pages(1))], Some(ListingCoverage::Whole)),
            (&[(&[], pages(2))], Some(ListingCoverage::Missing)),
            (&[(&["a"], both(1, 1))], Some(ListingCoverage::Whole)),
            (&[(&["a"], both(1, 2))], None),
            (
                &[(&["a"], both(1, 2)), (&["b"], json!({}))],
                Some(ListingCoverage::Whole),
            ),
            (
                &[
                    (&["a"], json!({ "totalPages": 1, "total": "2" })),
                    (&[], json!({})),
                ],
                Some(ListingCoverage::Missing),
            ),
            // The server repeats its page, or announces less than before.
            (
                &[(&["a"], pages(2)), (&["a"], pages(2))],
                Some(ListingCoverage::Missing),
            ),
            (&[(&["a"], pages(3)), (&["b"], pages(1))], None),
            (
                &[(&["a"], pages(3)), (&[], pages(0))],
                Some(ListingCoverage::Missing),
            ),
        ] {
            assert_eq!(end(read), expected, "{read:?}");
        }
    }

    fn wanted(name: &str, language: Option<&str>, parameters: usize) -> TemplateUse {
        let name = name.to_owned();
        let language = language.map(str::to_owned);
        TemplateUse {
            name,
            language,
            parameters,
            parameter_names: Vec::new(),
            goes_to_user_id: false,
            media: None,
            characters: 0,
        }
    }

    /// Creates a listing of one page.
    fn one_page_listing(page: &Value, results: &[Value]) -> Listing {
        let mut listing = Listing::new(TemplateFilter::default());
        listing.add_page(page, results);
        listing
    }

    #[test]
    fn listing_metadata_shows_if_templates_are_missing() {
        for (listing, may_lack) in [
            (
                json!({ "pagination": { "total": 2, "totalPages": 1 } }),
                false,
            ),
            (
                json!({ "pagination": { "total": "2", "totalPages": 1 } }),
                false,
            ),
            (
                json!({ "pagination": { "total": 1, "totalPages": 1 } }),
                false,
            ),
            (json!({ "pagination": { "totalPages": 1 } }), false),
            (json!({ "pagination": { "total": 3 } }), true),
            (
                json!({ "pagination": { "total": "3", "totalPages": 1 } }),
                true,
            ),
            (
                json!({ "pagination": { "total": "many", "totalPages": null } }),
                true,
            ),
            (json!({}), true),
            (
                json!({ "samples_only": true, "pagination": { "total": 3 } }),
                false,
            ),
            (json!({ "samples_only": false }), true),
        ] {
            assert_eq!(
                may_lack_some(&one_page_listing(&listing, &[json!("a"), json!("b")])),
                may_lack,
                "{listing}"
            );
        }
    }

    #[test]
    fn template_is_refused_only_on_listing_evidence() {
        let template = |language: &str, status: Option<&str>, text: &str| {
            let mut template =
                json!({ "elementName": "order", "language": language, "template": text });
            template["status"] = status.into();
            template
        };
        let results = |templates: &[Value], total: u64| json!({ "results": templates, "pagination": { "total": total, "totalPages": 1 } });
        let es = template("es", Some("APPROVED"), "Hola {{1}}");
        let en = template("en", Some("APPROVED"), "Hi {{1}}");
        let one = results(slice::from_ref(&es), 1);
        let both = results(&[es.clone(), en], 2);
        let part = results(slice::from_ref(&es), 2);
        let uncounted = json!({ "results": [es] });
        let samples = json!({ "results": [es], "samples_only": true });
        let pending = results(&[template("es", Some("PENDING"), "Hola {{1}}")], 1);
        let without_status = results(&[template("es", None, "Hola {{1}}")], 1);
        let fits = wanted("order", Some("es"), 1);
        let unknown = wanted("ordr", None, 1);
        let foreign = wanted("order", Some("pt"), 1);
        let open = wanted("order", None, 1);
        for (listing, wanted, strict, expected) in [
            (&one, &fits, true, None),
            (
                &one,
                &unknown,
                false,
                Some("the bot has no template `ordr`; did you mean `order`?"),
            ),
            (
                &one,
                &foreign,
                false,
                Some("`order` exists in another language: es; the message has `pt`"),
            ),
            (
                &one,
                &wanted("order", Some("es"), 0),
                false,
                Some("the template `order` (es) takes 1 value, but the message has 0"),
            ),
            (
                &pending,
                &fits,
                false,
                Some(
                    "the template `order` (es) cannot be sent: its status is PENDING, not APPROVED",
                ),
            ),
            // Several languages are a fault with --strict only.
            (&both, &open, false, None),
            (
                &both,
                &open,
                true,
                Some(
                    "the template `order` exists in several languages (es, en), but the message does not set one",
                ),
            ),
            // An incomplete list may lack a template that exists.
            (&part, &unknown, true, None),
            (&part, &foreign, true, None),
            (&uncounted, &unknown, true, None),
            (&uncounted, &foreign, true, None),
            (&samples, &unknown, true, None),
            (&without_status, &fits, true, None),
            // Templates in the listing are checked.
            (
                &part,
                &wanted("order", None, 2),
                false,
                Some("the template `order` takes 1 value, but the message has 2"),
            ),
            (
                &samples,
                &foreign,
                false,
                Some("`order` exists in another language: es; the message has `pt`"),
            ),
        ] {
            let uses = TemplateUses {
                uses: vec![wanted.clone()],
                is_cut: false,
            };
            let listing = one_page_listing(listing, listing["results"].as_array().unwrap());
            let faults = find_faults(
                &listing,
                &Stderr::new(Verbosity::Quiet, Color::default()),
                &uses,
                strict,
            );
            assert_eq!(faults, expected.as_slice(), "{wanted:?} in {listing:?}");
        }
    }

    #[test]
    fn several_faults_are_counted_and_first_named() {
        let of = |count: usize| {
            let fault = |n| Message::verbatim(format!("p{n}"));
            let faults: Vec<_> = (1..=count).map(fault).collect();
            let error = refuse_unusable(&faults, "").unwrap_err();
            let details: Vec<_> = error.details.iter().map(ToString::to_string).collect();
            (error.message.to_string(), details.join(" "))
        };
        assert_eq!(of(1), ("p1".to_owned(), String::new()));
        assert_eq!(
            of(5),
            (
                "5 of the templates cannot be sent".to_owned(),
                "p1 p2 p3 p4 p5".to_owned()
            )
        );
        assert_eq!(
            of(7),
            (
                "7 of the templates cannot be sent".to_owned(),
                "p1 p2 p3 p4 p5 and 2 more".to_owned()
            )
        );
    }
}
