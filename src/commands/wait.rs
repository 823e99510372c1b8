//! `--wait` and `--for` of the commands that send one message.

use std::time::Duration;

use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{Args, ValueEnum};

use crate::config::timeout;
use crate::sending::{DeliveryWait, WaitGoal};

#[derive(Args, Debug)]
pub(super) struct WaitArgs {
    /// Wait until the person got it; exit with 15 if not
    ///
    /// Once the message is accepted, Jelou is asked until it is delivered or read. 15 means that it was accepted, but failed
    /// later or has not come so far in time. That is not a reason to send it again: the person may get both.
    #[arg(long, value_name = "STATE", value_parser = goal())]
    wait: Option<WaitGoal>,

    /// How long to wait with --wait [default: 2m]
    #[arg(long = "for", value_name = "DURATION", requires = "wait", value_parser = timeout)]
    within: Option<Duration>,
}

impl WaitArgs {
    pub(super) fn wait(&self) -> Option<DeliveryWait> {
        let within = self.within.unwrap_or(DeliveryWait::DEFAULT);
        self.wait.map(|goal| DeliveryWait { goal, within })
    }
}

/// A send cannot wait for a reply.
fn goal() -> impl TypedValueParser<Value = WaitGoal> {
    PossibleValuesParser::new(["delivered", "read"]).try_map(|word| WaitGoal::from_str(&word, false))
}
