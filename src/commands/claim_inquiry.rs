//! Asks Jelou whether a message was sent, before its key keeps another one back. It sends nothing, asks for 8 seconds at
//! most, and changes nothing under the key if it finds nothing.

use std::time::Duration;

use tokio::time::Instant;

use super::CommandError;
use super::bulk::hold_off_others;
use crate::api::LookUpError;
use crate::context::Context;
use crate::deliveries::{ClaimInquiry, StillUnknown};
use crate::ledger::{ClaimEnd, LedgerError, LedgerStore, OnceClaims, now};
use crate::message::Outgoing;
use crate::once::{OnceEntry, OnceHash, OnceScope, OnceState};
use crate::sending::{Connection, Flight, Interrupted, Sender};

/// How long it may take: somebody waits for the command, or a notice of `run` for its turn.
const WITHIN: Duration = Duration::from_secs(8);

/// A message that may have been sent.
pub(super) struct UnknownClaim<'a> {
    pub(super) store: &'a dyn LedgerStore,
    pub(super) scope: &'a OnceScope,
    pub(super) sender: &'a Sender,
    pub(super) outgoing: &'a Outgoing,
    pub(super) entry: &'a OnceEntry,
}

/// Why the outcome stays unknown.
enum NotTold {
    Interrupted(Interrupted),
    Ledger(LedgerError),
    LookUp(LookUpError),
    InTime,
    Because(StillUnknown),
}

impl From<LedgerError> for NotTold {
    fn from(error: LedgerError) -> Self {
        Self::Ledger(error)
    }
}

impl From<LookUpError> for NotTold {
    fn from(error: LookUpError) -> Self {
        match error.signal() {
            Some(signal) => Self::Interrupted(Interrupted(signal)),
            None => Self::LookUp(error),
        }
    }
}

impl UnknownClaim<'_> {
    /// What the person has under the key if Jelou lists the message; otherwise prints why and returns None.
    ///
    /// # Errors
    /// If a signal came.
    pub(super) async fn ask(
        &self,
        context: &Context,
        connection: &mut Connection,
    ) -> Result<Option<OnceEntry>, CommandError> {
        let why = match self.settle(context, connection).await {
            Ok(entry) => return Ok(entry),
            Err(NotTold::Interrupted(signal)) => return Err(signal.into()),
            Err(NotTold::Ledger(error)) => error.to_string(),
            Err(NotTold::LookUp(error)) => error.to_string(),
            Err(NotTold::InTime) => format!("not everything was read within {} s", WITHIN.as_secs()),
            Err(NotTold::Because(why)) => in_words(why).to_owned(),
        };
        context.stderr.note(&format!("Jelou's history does not tell whether it was sent: {why}"));
        Ok(None)
    }

    async fn settle(&self, context: &Context, connection: &mut Connection) -> Result<Option<OnceEntry>, NotTold> {
        let Self { store, scope, sender, entry, .. } = self;
        let Some(claims) = store.claims_to_look()? else { return Ok(None) };
        let (timeout, retry_for) = (sender.settings.timeout.value, sender.settings.retry_for.value);
        let person = claims.hasher().person(self.outgoing.recipient().as_str());
        let inquiry = ClaimInquiry::of(claims.hasher(), person, entry, timeout.duration(), retry_for.duration());
        let Some(mut inquiry) = inquiry else { return Ok(None) };
        let end = Instant::now() + WITHIN;
        self.count(&*claims, &person, &mut inquiry, end)?;
        if !inquiry.has_examples() {
            return Ok(None);
        }
        let ahead = now().saturating_sub(store.clock()?.unwrap_or_else(now));
        let flight = Flight::default();
        let mut look_ups = connection.look_ups(&context.stderr, &sender.settings, sender.bot.as_str(), &flight);
        let asked = tokio::time::timeout_at(end, inquiry.ask(&mut look_ups, ahead)).await;
        drop(look_ups);
        if !asked.map_err(|_| NotTold::InTime)?? {
            return Err(NotTold::Because(StillUnknown::NotAsked));
        }
        // Messages sent while the history was read may be listed.
        inquiry.forget_attempts();
        self.count(&*claims, &person, &mut inquiry, end + WITHIN)?;
        let message_id = inquiry.verdict().map_err(NotTold::Because)?;
        drop(claims);
        let claims = hold_off_others(context, *store, &mut connection.signals, || store.try_hold_claims()).await;
        let claims = claims.map_err(|error| error.map_or_else(NotTold::Ledger, NotTold::Interrupted))?;
        let is_same = claims.person(scope, &person)?.as_ref() == Some(*entry);
        let finding = ClaimEnd::Sent { message_id: Some(message_id.clone()) };
        if !is_same || !claims.decide(scope, &person, &finding)? {
            return Err(NotTold::Because(StillUnknown::MayStillSpeak));
        }
        Ok(Some(OnceEntry { state: OnceState::Sent, message_id: Some(message_id), ..(*entry).clone() }))
    }

    /// Counts what the bot has sent or may have sent, from all that is known here, until `end`.
    fn count(
        &self,
        claims: &dyn OnceClaims,
        person: &OnceHash,
        inquiry: &mut ClaimInquiry<'_>,
        end: Instant,
    ) -> Result<(), NotTold> {
        let Self { store, scope, .. } = self;
        for (person, entry) in claims.alike(&scope.bot, &inquiry.kind(), person)? {
            inquiry.add_claim(person, &entry);
        }
        let [first, last] = inquiry.counted_span();
        for name in store.all_names()? {
            if let Some(run) = store.read_of_bot(&name, &scope.bot)?
                && run.created_at()? <= last
                && run.changed_at()? >= first
            {
                run.each_attempt([first, last], &mut |attempt| inquiry.add_attempt(&attempt))?;
            }
            if Instant::now() > end {
                return Err(NotTold::InTime);
            }
        }
        Ok(())
    }
}

fn in_words(why: StillUnknown) -> &'static str {
    match why {
        StillUnknown::NotListed | StillUnknown::NotYetListed | StillUnknown::OtherListed => {
            "the message is not listed; it may be listed later"
        }
        StillUnknown::FewerListed => "fewer messages are listed than were attempted",
        StillUnknown::MayBeRefused => {
            "the message is listed as undelivered, which may be an earlier request that Jelou refused"
        }
        StillUnknown::NotOursAlone => {
            "another sender sends the same message, or the history does not say enough, so copies cannot be counted"
        }
        StillUnknown::Unproven | StillUnknown::NotShown => {
            "no message of this kind was found as it was sent, so that nothing can be recognized"
        }
        StillUnknown::MayStillSpeak => "another process has changed what stands under the key meanwhile",
        StillUnknown::TooOld | StillUnknown::NotAsked => "not everything could be read",
    }
}
