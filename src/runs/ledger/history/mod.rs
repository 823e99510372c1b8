//! What earlier runs and single sends mean for a list: the draft of a list, the comparison with messages that recipients
//! have, and the recipients of a bot in 24 hours. Also the overview of all runs.

pub(super) mod comparing;
pub(super) mod draft;
pub(super) mod draft_rows;
pub(super) mod earlier_rows;
pub(super) mod matching;
pub(super) mod overview;
pub(super) mod reach;
