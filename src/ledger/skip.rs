//! Why rows are skipped, and the number for each reason.

use clap::ValueEnum;

/// Why a row is left out. Of several reasons it is the first in this order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, ValueEnum)]
#[value(rename_all = "snake_case")]
pub(crate) enum SkipReason {
    /// It makes no message that can be sent
    Invalid,
    /// Its recipient is on a list of people who are not to be written to
    Excluded,
    /// An earlier run has sent the same message to the same person
    AlreadySent,
    /// An earlier run may have sent it
    MayHaveBeenSent,
    /// An unfinished run is to send it
    ToBeSent,
    /// An earlier row of the list is the same message, or goes to the same person
    Repeated,
    /// The sheet hides it
    Hidden,
    /// Its recipient is not one that `allow_to` allows
    NotAllowed,
    /// The run was cancelled before it was sent
    Cancelled,
    /// It is a free message, and its recipient has not written within 23 hours
    OutsideWindow,
}

impl SkipReason {
    pub(crate) const ALL: [Self; 10] = [
        Self::Invalid,
        Self::Excluded,
        Self::AlreadySent,
        Self::MayHaveBeenSent,
        Self::ToBeSent,
        Self::Repeated,
        Self::Hidden,
        Self::NotAllowed,
        Self::Cancelled,
        Self::OutsideWindow,
    ];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Invalid => "invalid",
            Self::Excluded => "excluded",
            Self::OutsideWindow => "outside_window",
            Self::AlreadySent => "already_sent",
            Self::MayHaveBeenSent => "may_have_been_sent",
            Self::ToBeSent => "to_be_sent",
            Self::Repeated => "repeated",
            Self::Hidden => "hidden",
            Self::NotAllowed => "not_allowed",
            Self::Cancelled => "cancelled",
        }
    }

    pub(crate) fn of_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|reason| reason.name() == name)
    }

    /// Whether a person must still check the row. If not, it was skipped on purpose.
    pub(crate) fn needs_attention(self) -> bool {
        match self {
            Self::Invalid | Self::MayHaveBeenSent => true,
            Self::Excluded
            | Self::OutsideWindow
            | Self::AlreadySent
            | Self::ToBeSent
            | Self::Repeated
            | Self::Hidden
            | Self::NotAllowed
            | Self::Cancelled => false,
        }
    }
}

/// The rest of a run that was cancelled.
pub(crate) const CANCELLED: Skip<'static> =
    Skip { reason: SkipReason::Cancelled, problem: "the run was cancelled", run: None };

/// Skips a row: the reason, the reason in words, and the other run involved.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Skip<'a> {
    pub(crate) reason: SkipReason,
    pub(crate) problem: &'a str,
    pub(crate) run: Option<&'a str>,
}

/// The number of skipped rows for each reason.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct SkipCounts(pub(super) Vec<(SkipReason, u64)>);

impl SkipCounts {
    /// Collects the counts from `rows`, which receives the name of each reason.
    pub(crate) fn of(mut rows: impl FnMut(&str) -> u64) -> Self {
        let counts = SkipReason::ALL.map(|reason| (reason, rows(reason.name())));
        Self(counts.into_iter().filter(|(_, rows)| *rows > 0).collect())
    }

    /// The reasons that occur, in their order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (SkipReason, u64)> {
        self.0.iter().copied()
    }

    /// The number of rows skipped for this reason.
    pub(crate) fn rows(&self, reason: SkipReason) -> u64 {
        self.iter().find(|(known, _)| *known == reason).map_or(0, |(_, rows)| rows)
    }

    /// The increase for each reason since `before`.
    pub(crate) fn since(&self, before: &Self) -> Self {
        let more = self.iter().map(|(reason, rows)| (reason, rows.saturating_sub(before.rows(reason))));
        Self(more.filter(|(_, rows)| *rows > 0).collect())
    }

    /// Rows that a person must still check.
    pub(crate) fn needing_attention(&self) -> u64 {
        self.iter().filter(|(reason, _)| reason.needs_attention()).map(|(_, rows)| rows).sum()
    }
}
