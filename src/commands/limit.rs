//! What a run and a single send may cost, by prices and a budget; and how many different people a bot may reach with
//! templates in 24 hours.

use std::path::Path;
use std::time::Duration;

use super::store::{open_store, wait_for_turn};
use crate::base::input::UsageError;
use crate::base::output::grouped;
use crate::base::timestamps::local_time;
use crate::command_error::CommandError;
use crate::jelou::api::Deadline;
use crate::jelou::message::{MessageKind, Outgoing, sends_template};
use crate::phone::country_of;
use crate::runs::cost::{Category, Money, PriceList};
use crate::runs::ledger::{
    DailyLimit, Ledger, LedgerDraft, LedgerError, ReachKey, ReachedBySend, RunSettings,
};
use crate::sender::config::Settings;
use crate::sender::context::Context;
use crate::sender::{Connection, Sender};

const FORMAT: &str = "`jelouctl explain prices` shows the format";

/// The prices of the file that was typed, or else of the profile's.
pub(super) fn read_prices(
    typed: Option<&Path>,
    settings: &Settings,
) -> Result<Option<PriceList>, CommandError> {
    match (typed, &settings.prices) {
        (Some(path), _) => Ok(Some(
            PriceList::read(path).map_err(|problem| UsageError::new(problem, FORMAT))?,
        )),
        (None, Some(path)) => PriceList::read(path)
            .map(Some)
            .map_err(|problem| CommandError::configuration(problem, FORMAT)),
        (None, None) => Ok(None),
    }
}

/// The most that a run may cost: as typed, or else as in the profile.
pub(super) fn budget(
    typed: Option<Money>,
    settings: &Settings,
    has_rates: bool,
) -> Result<Option<Money>, CommandError> {
    let problem = "needs prices to know what the messages cost";
    let hint = format!("add --prices FILE; {FORMAT}");
    match (typed, settings.budget) {
        (Some(_), _) if !has_rates => {
            Err(UsageError::new(format!("--budget {problem}"), hint).into())
        }
        (None, Some(_)) if !has_rates => Err(CommandError::configuration(
            format!("budget ({}) {problem}", settings.origin("budget")),
            hint,
        )),
        (typed, of_profile) => Ok(typed.or(of_profile)),
    }
}

/// Says what one message costs. Of a template only the bot's list says the category, so all prices are named.
pub(super) fn report_cost(context: &Context, outgoing: &Outgoing, list: Option<&PriceList>) {
    let Some(list) = list else { return };
    let country = country_of(outgoing.recipient().as_str());
    let is_template = sends_template(outgoing.route().endpoint(), outgoing.json());
    let categories = Category::ALL
        .into_iter()
        .filter(|category| (*category == Category::Service) != is_template);
    let priced =
        categories.filter_map(|category| Some((category.name(), list.price(country, category)?)));
    let shown: Vec<_> = priced
        .map(|(name, price)| format!("{price} {} as {name}", list.currency))
        .collect();
    let to = country.map_or("a recipient without a country".to_owned(), |country| {
        format!("a number of {country}")
    });
    context.stderr.note(&if shown.is_empty() {
        format!("the price list has no price for this message to {to}")
    } else {
        format!("cost by your prices, for {to}: {}", shown.join(", "))
    });
}

/// The limit of a run of this kind: as typed, or else `kept`. Only templates count.
pub(super) fn limit_of_run(
    typed: Option<u32>,
    kept: Option<u32>,
    kind: &MessageKind,
) -> Result<Option<u32>, UsageError> {
    if kind.may_be_template() {
        return Ok(typed.or(kept));
    }
    match typed {
        None => Ok(None),
        Some(_) => Err(UsageError::new(
            format!(
                "--per-day: it counts people who get a template, and a message of kind {} is not one",
                kind.command()
            ),
            "leave it out; --rate and --between say when messages leave",
        )),
    }
}

/// Warns before the question that the limit of people has no room now for all new ones of a list; returns whether it does.
pub(crate) fn report_limit(
    context: &Context,
    store: Option<&Ledger>,
    details: &RunSettings,
    draft: &LedgerDraft,
) -> Result<bool, LedgerError> {
    let Some(daily) = DailyLimit::for_draft(store, details, draft)? else {
        return Ok(false);
    };
    if details.sandbox {
        context
            .stderr
            .note("the sandbox does not count people, so --per-day has no effect here");
        return Ok(false);
    }
    let DailyLimit {
        limit,
        new: people,
        room,
    } = daily;
    if people <= room {
        return Ok(false);
    }
    let room = if room == 0 {
        "none".to_owned()
    } else {
        grouped(room)
    };
    let limit = grouped(limit);
    let people = grouped(people);
    context.stderr.warning(&format!(
        "templates reach at most {limit} different people in 24 hours: of this list, {people} would be new in that time, and \
         there is room for {room}; the run waits for the others and goes on by itself, as long as this command runs"
    ));
    Ok(true)
}

/// How long after its recipient was counted the first attempt of a single send may begin.
const LONGEST_START: Duration = Duration::from_secs(30);

/// A single send that has room in the limit.
pub(super) struct Admission {
    pub(super) reached: ReachedBySend,
    /// By when its first byte must leave.
    pub(super) begins_by: Deadline,
}

/// A template that is sent alone by a profile with a limit.
pub(super) struct LimitedSend {
    store: Ledger,
    of: ReachKey,
    /// None if it may be exceeded.
    limit: Option<u32>,
}

impl LimitedSend {
    /// None without a limit, for a message that is not a template, and in the sandbox.
    pub(super) fn open(
        context: &Context,
        sender: &Sender,
        outgoing: &Outgoing,
        is_over_allowed: bool,
    ) -> Result<Option<Self>, CommandError> {
        let Settings {
            limit_24h,
            api_url,
            timeout,
            retry_for,
            ..
        } = &sender.settings;
        let is_template = sends_template(outgoing.route().endpoint(), outgoing.json());
        let Some(limit) = limit_24h.filter(|_| is_template && !sender.settings.is_sandboxed())
        else {
            return Ok(None);
        };
        let store = open_store(context)?;
        let lag = (2 * *timeout)
            .saturating_add(*retry_for)
            .saturating_add(LONGEST_START);
        let of = ReachKey::new(&sender.bot, &api_url.as_key(), lag);
        Ok(Some(Self {
            store,
            of,
            limit: Some(limit).filter(|_| !is_over_allowed),
        }))
    }

    /// Counts the recipient of the message, which must leave soon: later, the recipient would count for too short a time.
    ///
    /// # Errors
    /// If that would be one more than the limit, the store cannot be used, or a signal came first.
    pub(super) async fn admit(
        &self,
        connection: &mut Connection,
        outgoing: &Outgoing,
    ) -> Result<Admission, CommandError> {
        wait_for_turn(&self.store, &mut connection.signals).await?;
        let begins_by = Deadline::after(LONGEST_START);
        match self
            .store
            .reach(&self.of, outgoing.recipient().as_str(), self.limit)?
        {
            Ok(reached) => Ok(Admission { reached, begins_by }),
            Err(until) => {
                let until = local_time(until);
                let limit = self.limit.unwrap_or_default();
                let problem = format!(
                    "this bot has sent templates to as many people as limit_24h allows, {limit}"
                );
                let hint = format!("the next one may leave at {until}; --over-limit sends it now");
                Err(CommandError::guard(problem, hint))
            }
        }
    }
}
