//! `profile …`.

use std::path::PathBuf;

use clap::Subcommand;

use crate::commands::profile::ProfileAction;
use crate::phone::Country;

#[derive(Debug, Subcommand)]
pub(crate) enum ProfileCommand {
    /// List the profiles: name, bot, and which is the default
    List,
    /// Show every setting and where it comes from; never the secret
    Show {
        /// Profile [default: the one that would send]
        name: Option<String>,
    },
    /// Create or change a profile
    ///
    /// Examples:
    ///   jelouctl profile set prod --bot 77 --client-id ID --client-secret-file secret.txt
    ///   pass show jelou | jelouctl profile set prod --bot 77 --client-id ID --client-secret-file -
    ///   jelouctl profile set prod --allow-to '593*'
    ///
    /// It saves the flags that you give. For a new profile, a terminal asks for what is missing.
    /// Of a secret file it saves the path; a secret from standard input is saved in the configuration.
    #[command(verbatim_doc_comment)]
    Set {
        /// Profile
        name: String,

        /// Allow messages only to recipients like this; `*` is any run of characters (repeatable;
        /// replaces the earlier list)
        #[arg(long, value_name = "PATTERN")]
        allow_to: Vec<String>,

        /// Country whose national numbers may be typed, in two letters: EC
        #[arg(long, value_name = "CODE")]
        country: Option<Country>,

        /// File with the password for the database of --ledger; the profile keeps both
        #[arg(long, value_name = "FILE", value_hint = clap::ValueHint::FilePath)]
        ledger_password_file: Option<PathBuf>,
    },
    /// Make a profile the default
    Use {
        /// Profile
        name: String,
    },
    /// Remove a profile; asks first, or needs --yes
    Remove {
        /// Profile
        name: String,
    },
}

impl From<ProfileCommand> for ProfileAction {
    fn from(action: ProfileCommand) -> Self {
        match action {
            ProfileCommand::List => Self::List,
            ProfileCommand::Show { name } => Self::Show { name },
            ProfileCommand::Set { name, allow_to, country, ledger_password_file } => {
                Self::Set { name, allow_to, country, ledger_password_file }
            }
            ProfileCommand::Use { name } => Self::Use { name },
            ProfileCommand::Remove { name } => Self::Remove { name },
        }
    }
}
