//! Files, the terminal, processes, time and text. Every other module may use this one, and it uses none of them.

pub(crate) mod clock;
pub(crate) mod conventions;
pub(crate) mod currencies;
pub(crate) mod date_names;
pub(crate) mod exit;
pub(crate) mod input;
pub(crate) mod invisible;
pub(crate) mod letters;
pub(crate) mod message;
pub(crate) mod output;
pub(crate) mod owner;
pub(crate) mod paths;
pub(crate) mod placeholders;
pub(crate) mod private_file;
pub(crate) mod process;
pub(crate) mod question;
pub(crate) mod secret;
pub(crate) mod suggest;
pub(crate) mod system_error;
pub(crate) mod text_encoding;
pub(crate) mod texts;
pub(crate) mod timestamps;
