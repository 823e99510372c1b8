//! The table of all settings that a profile may have.

/// A setting that a profile may have.
#[derive(Debug)]
pub(crate) struct Key {
    /// Its name in a profile and in `profile show`.
    pub(crate) name: &'static str,
    pub(crate) form: KeyForm,
    /// The help of its flag. The first sentence is the short help.
    pub(crate) about: &'static str,
    pub(crate) flag: Option<KeyFlag>,
    /// The environment variable.
    pub(crate) variable: Option<&'static str>,
    /// The value if no source sets it.
    pub(crate) default: Option<&'static str>,
}

/// The form of a value in a profile.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum KeyForm {
    Text,
    Path,
    /// A number, or a text such as `30s`.
    Number,
    Switch,
    List,
    /// A program and its arguments.
    Command,
}

/// The flag of a setting.
#[derive(Debug)]
pub(crate) struct KeyFlag {
    pub(crate) name: &'static str,
    /// The placeholder of its value.
    pub(crate) value: &'static str,
    /// Whether every command has it. Otherwise only `profile set` has it.
    pub(crate) is_global: bool,
}

/// The keys are in the order of `profile show`.
pub(crate) const KEYS: &[Key] = &[
    Key {
        name: "bot_id",
        form: KeyForm::Text,
        about: "Send from this bot",
        flag: Some(KeyFlag {
            name: "--bot",
            value: "BOT",
            is_global: true,
        }),
        variable: Some("JELOU_BOT_ID"),
        default: None,
    },
    Key {
        name: "client_id",
        form: KeyForm::Text,
        about: "Use this client id of the API credentials",
        flag: Some(KeyFlag {
            name: "--client-id",
            value: "ID",
            is_global: true,
        }),
        variable: Some("JELOU_CLIENT_ID"),
        default: None,
    },
    Key {
        name: "client_secret",
        form: KeyForm::Text,
        about: "The client secret itself",
        flag: None,
        variable: Some("JELOU_CLIENT_SECRET"),
        default: None,
    },
    Key {
        name: "client_secret_file",
        form: KeyForm::Path,
        about: "Read the client secret from this file. `-` reads standard input. To set the \
                secret itself, use JELOU_CLIENT_SECRET.",
        flag: Some(KeyFlag {
            name: "--client-secret-file",
            value: "FILE|-",
            is_global: true,
        }),
        variable: Some("JELOU_CLIENT_SECRET_FILE"),
        default: None,
    },
    Key {
        name: "client_secret_command",
        form: KeyForm::Command,
        about: "Program that prints the client secret. It runs without a shell, for at most 10 seconds.",
        flag: None,
        variable: None,
        default: None,
    },
    Key {
        name: "api_url",
        form: KeyForm::Text,
        about: "Send requests to this URL",
        flag: Some(KeyFlag {
            name: "--api-url",
            value: "URL",
            is_global: true,
        }),
        variable: Some("JELOU_API_URL"),
        default: Some("https://api.jelou.ai"),
    },
    Key {
        name: "timeout",
        form: KeyForm::Number,
        about: "Limit the time of each attempt",
        flag: Some(KeyFlag {
            name: "--timeout",
            value: "DURATION",
            is_global: true,
        }),
        variable: Some("JELOU_TIMEOUT"),
        default: Some("30s"),
    },
    Key {
        name: "retry_for",
        form: KeyForm::Number,
        about: "Retry for this long, 0 for never. Retries only requests that certainly had no \
                effect. Does not apply to bulk runs.",
        flag: Some(KeyFlag {
            name: "--retry-for",
            value: "DURATION",
            is_global: true,
        }),
        variable: Some("JELOU_RETRY_FOR"),
        default: Some("30s"),
    },
    Key {
        name: "ca_cert",
        form: KeyForm::Path,
        about: "Trust these CA certificates (PEM) instead of the system's",
        flag: Some(KeyFlag {
            name: "--ca-cert",
            value: "FILE",
            is_global: true,
        }),
        variable: None,
        default: None,
    },
    Key {
        name: "allow_to",
        form: KeyForm::List,
        about: "Allow only these recipients, such as 593*. Unset: everyone. Empty: no one.",
        flag: Some(KeyFlag {
            name: "--allow-to",
            value: "PATTERN",
            is_global: false,
        }),
        variable: None,
        default: None,
    },
    Key {
        name: "do_not_contact",
        form: KeyForm::Path,
        about: "Exclude the recipients in this file from every send. One per line, or a list \
                file with a header.",
        flag: Some(KeyFlag {
            name: "--do-not-contact",
            value: "FILE",
            is_global: false,
        }),
        variable: None,
        default: None,
    },
    Key {
        name: "rate",
        form: KeyForm::Text,
        about: "Send bulk runs at this rate, such as 5/s, 300/m or 1000/h",
        flag: Some(KeyFlag {
            name: "--rate",
            value: "RATE",
            is_global: false,
        }),
        variable: None,
        default: Some("5/s"),
    },
    Key {
        name: "country",
        form: KeyForm::Text,
        about: "Country of local numbers, such as EC",
        flag: Some(KeyFlag {
            name: "--country",
            value: "CODE",
            is_global: false,
        }),
        variable: None,
        default: None,
    },
    Key {
        name: "to_column",
        form: KeyForm::List,
        about: "Read recipients from this column; with several, the first that the list has",
        flag: Some(KeyFlag {
            name: "--to-column",
            value: "COLUMN",
            is_global: false,
        }),
        variable: None,
        default: None,
    },
    Key {
        name: "remember",
        form: KeyForm::Number,
        about: "How far back to look for duplicates, such as 12h, or 0 for never",
        flag: Some(KeyFlag {
            name: "--remember",
            value: "TIME",
            is_global: false,
        }),
        variable: None,
        default: Some("3d"),
    },
    Key {
        name: "confirm_bulk",
        form: KeyForm::Switch,
        about: "If true, ask before each bulk run, or require --yes",
        flag: Some(KeyFlag {
            name: "--confirm-bulk",
            value: "BOOL",
            is_global: false,
        }),
        variable: None,
        default: Some("true"),
    },
    Key {
        name: "between",
        form: KeyForm::List,
        about: "Send bulk runs only in these hours, such as 'mon-fri 07:00-19:00', or always. \
                Unset: always.",
        flag: Some(KeyFlag {
            name: "--between",
            value: "HOURS",
            is_global: false,
        }),
        variable: None,
        default: None,
    },
    Key {
        name: "not_on",
        form: KeyForm::List,
        about: "Send no bulk runs on this day, such as 2026-12-25",
        flag: Some(KeyFlag {
            name: "--not-on",
            value: "DATE",
            is_global: false,
        }),
        variable: None,
        default: None,
    },
    Key {
        name: "time_zone",
        form: KeyForm::Text,
        about: "Use this time zone for hours, days and times, such as America/Bogota. Unset: \
                the time zone of this machine. If that is UTC, hours need this setting.",
        flag: Some(KeyFlag {
            name: "--time-zone",
            value: "ZONE",
            is_global: false,
        }),
        variable: None,
        default: None,
    },
    Key {
        name: "prices",
        form: KeyForm::Path,
        about: "Estimate costs with this price list (CSV). `jelouctl explain prices` shows its \
                format.",
        flag: Some(KeyFlag {
            name: "--prices",
            value: "FILE",
            is_global: false,
        }),
        variable: None,
        default: None,
    },
    Key {
        name: "budget",
        form: KeyForm::Number,
        about: "Refuse bulk runs over this estimated cost, in the currency of the price list",
        flag: Some(KeyFlag {
            name: "--budget",
            value: "AMOUNT",
            is_global: false,
        }),
        variable: None,
        default: None,
    },
    Key {
        name: "limit_24h",
        form: KeyForm::Number,
        about: "Send templates to at most N different recipients in any 24 hours. Set it to \
                the messaging limit of the WhatsApp account.",
        flag: Some(KeyFlag {
            name: "--limit-24h",
            value: "N",
            is_global: false,
        }),
        variable: None,
        default: None,
    },
    Key {
        name: "lang",
        form: KeyForm::Text,
        about: "Print in this language: en or es. Without it, a terminal has the language of its locale, and a script \
                has English.",
        flag: Some(KeyFlag {
            name: "--lang",
            value: "LANG",
            is_global: false,
        }),
        variable: Some("JELOUCTL_LANG"),
        default: None,
    },
    Key {
        name: "log",
        form: KeyForm::Path,
        about: "Log each message and the end of each bulk run to this audit log file",
        flag: Some(KeyFlag {
            name: "--log",
            value: "FILE",
            is_global: false,
        }),
        variable: Some("JELOUCTL_LOG"),
        default: None,
    },
    Key {
        name: "ledger",
        form: KeyForm::Text,
        about: "Keep runs and --once keys in this database. The address is \
                postgres://USER@HOST/DATABASE. Several machines can send a run together. `local` \
                (default) is a file on this machine.",
        flag: Some(KeyFlag {
            name: "--ledger",
            value: "URL",
            is_global: true,
        }),
        variable: Some("JELOUCTL_LEDGER"),
        default: None,
    },
    Key {
        name: "ledger_password_file",
        form: KeyForm::Path,
        about: "Read the password of the ledger's database from this file. The profile must \
                set `ledger`, too.",
        flag: Some(KeyFlag {
            name: "--ledger-password-file",
            value: "FILE",
            is_global: false,
        }),
        variable: None,
        default: None,
    },
    Key {
        name: "ledger_password_command",
        form: KeyForm::Command,
        about: "Program that prints the password of the ledger's database",
        flag: None,
        variable: None,
        default: None,
    },
];
