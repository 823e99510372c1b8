//! The settings of a sender with their origins, as `profile show` and `doctor` print them.

use crate::sender::config::{KEYS, LedgerDatabase, Settings, WithOrigin};

/// Returns name, value and origin of each setting; never the secret itself.
pub(super) fn setting_rows(
    settings: &Settings,
    ledger: Option<&LedgerDatabase>,
) -> impl Iterator<Item = (&'static str, String, String)> {
    let profile = (
        "profile",
        settings.profile.as_ref().map(WithOrigin::display),
    );
    // How a secret is found is shown as the secret.
    let keys = KEYS
        .iter()
        .filter(|key| !key.name.ends_with("_file") && !key.name.ends_with("_command"));
    let shown = keys.map(|key| match key.name {
        "ledger" => (key.name, ledger.map(|ledger| ledger.shown.clone())),
        name => (name, settings.display(key)),
    });
    let password = ledger.and_then(|ledger| ledger.password.as_ref());
    let password = ("ledger_password", password.map(WithOrigin::display));
    let rows: Vec<_> = [profile]
        .into_iter()
        .chain(shown)
        .chain([password])
        .collect();
    rows.into_iter().map(|(name, shown)| match shown {
        Some(WithOrigin { value, origin }) => (name, value, origin.to_string()),
        None => (name, String::new(), "not set".to_owned()),
    })
}
