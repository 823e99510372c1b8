//! `docs/settings.md`: every setting and variable, from `keys.tsv` and `variables.tsv`.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use super::env::our_variables;
use super::keys::{KEYS, Key, KeyForm};
use crate::base::paths::{CONFIGURATION, STATE};
use crate::base::texts::rows;

const INTRODUCTION: &str = "# Settings and variables

`jelouctl profile show` prints the settings of a command and where each comes from; with `-v` also the unset ones.
`jelouctl doctor` checks them. [config.example.toml](../config.example.toml) is a configuration file with comments.

## Which value counts

1. the flag
2. the environment variable
3. the profile in the configuration file
4. the default

- **File**: `--config`, else `JELOUCTL_CONFIG`, else your own file (`~/.config/jelouctl/config.toml`, on Windows
  `%APPDATA%\\jelouctl\\config.toml`), else `/etc/jelouctl/config.toml`. jelouctl reads only one of them.
- **Profile**: `--profile`, else `JELOU_PROFILE`, else `default_profile` in the file, else the only profile.
- **Credentials**: client id and secret both come from flags and variables, or both from the profile. With `--profile`,
  jelouctl ignores the bot and the credentials of variables, with a warning.
- **Sandbox**: `--sandbox` and `JELOUCTL_SANDBOX` replace the API and the credentials, whatever else is set.
- A variable that is set but empty is an error, because it is usually a CI secret that does not exist.

## Settings

A profile contains the key: `timeout = \"30s\"`. `jelouctl profile set NAME` has each of these flags, and saves its value.
A flag with * is one of every command. Paths in a profile start at the directory of the file, and `~/` is the home
directory.

| key | value | flag | variable | default | |
|---|---|---|---|---|---|
";

const VARIABLES: &str = "
## Other variables

| variable | |
|---|---|
";

impl Key {
    /// Returns the form of the value in the file.
    fn written_form(&self) -> &'static str {
        match self.form {
            KeyForm::Text => "text",
            KeyForm::Path => "path",
            KeyForm::Number => "number or text",
            KeyForm::Switch => "`true` or `false`",
            KeyForm::List => "list of texts",
            KeyForm::Command => "list: program and arguments",
        }
    }

    /// Returns the row of the key.
    fn page_row(&self) -> String {
        let code = |text: &str| format!("`{}`", text.replace('|', "\\|"));
        let flag = self.flag.as_ref().map(|flag| {
            let mark = if flag.is_global { " *" } else { "" };
            code(&format!("{} {}", flag.name, flag.value)) + mark
        });
        let cells = [
            code(self.name),
            self.written_form().to_owned(),
            flag.unwrap_or_default(),
            self.variable.map(code).unwrap_or_default(),
            self.default.map(code).unwrap_or_default(),
            self.about.trim_end_matches('.').replace('*', "\\*"),
        ];
        format!("| {} |\n", cells.join(" | "))
    }
}

fn page() -> String {
    let mut page = INTRODUCTION.to_owned();
    page.extend(KEYS.iter().map(Key::page_row));
    page.push_str(VARIABLES);
    for [name, meaning] in rows::<2>(include_str!("variables.tsv")) {
        // Writing to a String cannot fail.
        let _ = writeln!(page, "| `{name}` | {meaning} |");
    }
    page
}

#[test]
fn settings_page_has_every_key_and_variable() {
    let page = page();
    // A row that cannot be read would be a setting that does not exist.
    assert_eq!(KEYS.len() + 1, include_str!("keys.tsv").lines().count());
    let user_directories = [CONFIGURATION.variable, STATE.variable];
    for variable in our_variables().into_iter().chain(user_directories) {
        assert!(page.contains(&format!("`{variable}`")), "{variable}");
    }
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/settings.md");
    if std::env::var_os("UPDATE_SETTINGS").is_some() {
        fs::write(&file, &page).unwrap();
    }
    let committed = fs::read_to_string(&file).unwrap_or_default();
    assert!(
        page == committed,
        "docs/settings.md is not current: run tests/update"
    );
}
