//! The settings of a sender with their origins, as `profile show` and `doctor` print them.

use crate::base::message::Message;
use crate::sender::config::{KEYS, LedgerDatabase, Settings, WithOrigin};

/// Returns name, value and origin of each setting; never the secret itself. None if it is not set.
pub(super) fn setting_rows(
    settings: &Settings,
    ledger: Option<&LedgerDatabase>,
) -> Vec<(&'static str, Option<WithOrigin<Message>>)> {
    let profile = (
        "profile",
        settings.profile.as_ref().map(WithOrigin::display),
    );
    // How a secret is found is shown as the secret.
    let keys = KEYS
        .iter()
        .filter(|key| !key.name.ends_with("_file") && !key.name.ends_with("_command"));
    let shown = keys.map(|key| match key.name {
        "ledger" => (key.name, ledger.map(|ledger| ledger.shown.display())),
        name => (name, settings.display(key)),
    });
    let password = ledger.and_then(|ledger| ledger.password.as_ref());
    let password = ("ledger_password", password.map(WithOrigin::display));
    let rows = [profile].into_iter().chain(shown);
    rows.chain([password]).collect()
}
