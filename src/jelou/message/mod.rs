//! The messages that can be sent. `kinds/` has the definition of each kind as JSON Schema, and a
//! file with its flags and its own code. This module does not use the network and prints nothing.
//! The only files that it reads are those in flags.

mod characters;
mod checks;
mod drawing;
mod envelope;
mod explained;
mod flag;
mod incoming;
mod invalid;
mod kinds;
mod limits;
mod literal_recipient;
mod marks;
mod media_url;
mod outgoing;
mod parameter;
mod placeholder;
mod recipient;
mod schema;
mod template_listing;
mod template_text;
mod typed;
mod vcard;

pub(crate) use self::characters::{each_text, is_refused, refused_character, visit_texts};
pub(crate) use self::drawing::{Part, TemplatePart, note, template_button};
pub(crate) use self::envelope::{Envelope, Route, merge, sends_template};
pub(crate) use self::explained::{Example, Field};
pub(crate) use self::flag::{fit, is_template};
pub(crate) use self::incoming::{Checked, check_flow_message, check_message, check_template};
pub(crate) use self::invalid::InvalidMessage;
pub(crate) use self::kinds::MessageKind;
pub(crate) use self::literal_recipient::undocumented_form;
pub(crate) use self::outgoing::{
    Outgoing, has_misspelt_recipients, recipients_in, with_country_codes, written_recipients,
};
pub(crate) use self::parameter::named_parameter;
pub(crate) use self::placeholder::documented_placeholder;
pub(crate) use self::recipient::{
    NamedRecipients, RecipientChoice, RecipientSources, TypedRecipient, check_id_to_exclude,
    to_flag, typed_form,
};
pub(crate) use self::schema::Schema;
pub(crate) use self::template_listing::{
    TemplateUse, TemplateUses, TemplateVerdict, did_you_mean, is_same_language, nearest_template,
};
pub(crate) use self::template_text::TemplateTexts;
pub(crate) use self::typed::{CommandLine, MessageArgs};
#[cfg(any(test, fuzzing))]
pub(crate) use self::vcard::read_cards;
