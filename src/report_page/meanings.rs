//! The meaning of a reason, in the page's language: `explain`'s own sentences for the codes of the API, and plain ones
//! for the words of the ledger.

use crate::api::CODES;
use crate::list::ReportLanguage;

/// A reason's meaning, and the remedy if there is one.
pub(super) struct Meaning {
    pub(super) sentence: &'static str,
    pub(super) hint: Option<&'static str>,
}

impl Meaning {
    /// For a code of the API or a word of the ledger; None if it is unknown.
    pub(super) fn of(reason: &str, language: ReportLanguage) -> Option<Self> {
        if let Some(code) = CODES.iter().find(|code| code.code == reason) {
            let hint = Some(translated(code.hint, language));
            return Some(Self { sentence: translated(code.meaning, language), hint });
        }
        let (_, sentence) = WORDS.iter().find(|(word, _)| *word == reason)?;
        Some(Self { sentence: language.of(*sentence), hint: None })
    }
}

/// A reason as one word: a code of the API is the same in every language, as is each word of the ledger in English.
pub(super) fn shown_reason(reason: &str, language: ReportLanguage) -> String {
    let spanish = SPANISH_WORDS.iter().find(|(word, _)| *word == reason);
    spanish.map_or(reason, |(word, spanish)| language.of([word, spanish])).to_owned()
}

/// A kind of message.
pub(super) fn shown_kind(kind: &str, language: ReportLanguage) -> String {
    let spanish = SPANISH_KINDS.iter().find(|(word, _)| *word == kind);
    spanish.map_or(kind, |(word, spanish)| language.of([word, spanish])).to_owned()
}

/// A sentence of `explain` in the page's language; one without a translation stays as it is.
fn translated(english: &'static str, language: ReportLanguage) -> &'static str {
    let spanish = SENTENCES.iter().find(|(known, _)| *known == english).map_or(english, |(_, spanish)| spanish);
    language.of([english, spanish])
}

/// The ledger's words for why a row was not sent.
const WORDS: &[(&str, [&str; 2])] = &[
    ("rejected", ["the API refuses the message", "la API rechaza el mensaje"]),
    ("unknown", ["no answer that says whether it was sent", "sin una respuesta que diga si se envió"]),
    ("credentials", ["the API does not accept the credentials", "la API no acepta las credenciales"]),
    ("account", ["WhatsApp lets the business send nothing", "WhatsApp no deja enviar nada a la empresa"]),
    ("unavailable", ["a rate limit, or an API that is down", "un límite de velocidad, o la API no responde"]),
    ("network", ["the API could not be reached", "no se pudo llegar a la API"]),
    ("tls", ["the connection could not be made safe", "la conexión no se pudo asegurar"]),
    ("interrupted", ["a signal came before anything left", "una señal llegó antes de que algo saliera"]),
    (
        "damaged",
        [
            "the run's ledger is damaged: the message may have been sent",
            "el registro del envío está dañado: quizá se envió",
        ],
    ),
    ("ledger", ["the run's ledger could not be read", "no se pudo leer el registro del envío"]),
    ("invalid", ["the row makes no message that can be sent", "la fila no da un mensaje que se pueda enviar"]),
    ("excluded", ["this person must not be written to", "a esta persona no se le debe escribir"]),
    (
        "outside_window",
        ["this person has not written within 23 hours", "esta persona no ha escrito en las últimas 23 horas"],
    ),
    ("already_sent", ["an earlier run has sent it", "un envío anterior ya lo envió"]),
    ("may_have_been_sent", ["an earlier run may have sent it", "un envío anterior quizá lo envió"]),
    ("to_be_sent", ["an unfinished run will send it", "un envío sin terminar lo va a enviar"]),
    ("hidden", ["the sheet hides its row, or shows it crossed out", "la hoja oculta su fila, o la muestra tachada"]),
    ("cancelled", ["the run was cancelled before it was sent", "el envío se canceló antes de enviarlo"]),
    (
        "repeated",
        [
            "an earlier row is the same message, or goes to the same person",
            "una fila anterior es igual o va a la misma persona",
        ],
    ),
    ("resolved", ["decided by hand", "decidido a mano"]),
    ("no_code", ["Jelou gives no code for it", "Jelou no da un código"]),
    ("not_allowed", ["the profile does not allow this recipient", "el perfil no permite este destinatario"]),
    ("warning", ["the message may not be what was meant", "el mensaje quizá no es lo que se quería"]),
    ("empty_cell", ["a value of the message is empty", "un valor del mensaje está vacío"]),
    ("placeholder_cell", ["a value means that there is none, such as N/A", "un valor dice que no hay dato, como N/A"]),
    ("same_person", ["this person gets an earlier message too", "esta persona también recibe un mensaje anterior"]),
];

/// The ledger's words in Spanish.
const SPANISH_WORDS: &[(&str, &str)] = &[
    ("rejected", "rechazado"),
    ("unknown", "desconocido"),
    ("credentials", "credenciales"),
    ("account", "cuenta"),
    ("unavailable", "no disponible"),
    ("network", "red"),
    ("tls", "TLS"),
    ("interrupted", "interrumpido"),
    ("damaged", "registro dañado"),
    ("ledger", "registro"),
    ("invalid", "no válida"),
    ("excluded", "excluida"),
    ("outside_window", "fuera de las 24 horas"),
    ("already_sent", "ya enviado"),
    ("may_have_been_sent", "quizá enviado"),
    ("to_be_sent", "por enviar en otro envío"),
    ("repeated", "repetida"),
    ("hidden", "oculta"),
    ("cancelled", "cancelada"),
    ("resolved", "decidido a mano"),
    ("no_code", "sin código"),
    ("not_allowed", "no permitido"),
    ("warning", "advertencia"),
    ("empty_cell", "valor vacío"),
    ("placeholder_cell", "sin dato"),
    ("same_person", "misma persona"),
];

/// The kinds of message in Spanish.
const SPANISH_KINDS: &[(&str, &str)] = &[
    ("text", "texto"),
    ("list", "lista"),
    ("quick-reply", "respuestas rápidas"),
    ("image", "imagen"),
    ("audio", "audio"),
    ("video", "video"),
    ("file", "archivo"),
    ("sticker", "sticker"),
    ("location", "ubicación"),
    ("location-request", "pedido de ubicación"),
    ("contact-info-request", "pedido de contacto"),
    ("cta-url", "botón con enlace"),
    ("contacts", "contactos"),
    ("call", "llamada"),
    ("carousel", "carrusel"),
    ("flow", "flow"),
    ("flow-message", "mensaje de flow"),
    ("template", "plantilla"),
    ("template-by-id", "plantilla por id"),
    ("raw", "JSON propio"),
];

/// The texts of `explain` for the API's codes, with their translations.
const SENTENCES: &[(&str, &str)] = &[
    ("there is no such bot, or your company may not use it", "no existe ese bot, o tu empresa no puede usarlo"),
    ("check --bot", "revisa --bot"),
    ("these credentials may not use this bot", "estas credenciales no pueden usar este bot"),
    ("check --bot and the credentials", "revisa --bot y las credenciales"),
    ("Jelou could not send it", "Jelou no pudo enviarlo"),
    (
        "check the recipient, and that they wrote in the last 24 hours: later only templates reach them",
        "revisa el destinatario y que haya escrito en las últimas 24 horas: después solo le llegan plantillas",
    ),
    ("Jelou could not send the template", "Jelou no pudo enviar la plantilla"),
    ("check its name, language and parameters", "revisa su nombre, idioma y parámetros"),
    ("the credentials are not accepted", "no se aceptan las credenciales"),
    ("check client id and secret", "revisa el client id y el secreto"),
    ("a field is missing or wrong", "falta un campo o está mal"),
    ("fix the field and send again", "corrige el campo y vuelve a enviar"),
    ("the credentials belong to no company", "las credenciales no son de ninguna empresa"),
    ("check client id and secret with Jelou", "revisa el client id y el secreto con Jelou"),
    ("the media cannot be fetched", "no se puede descargar el archivo"),
    (
        "give a public HTTPS URL that points straight at the file",
        "da una URL HTTPS pública que lleve directo al archivo",
    ),
    ("the media is too large", "el archivo es demasiado grande"),
    (
        "give a smaller file; `jelouctl explain image` tells the limits",
        "da un archivo más pequeño; `jelouctl explain image` dice los límites",
    ),
    ("WhatsApp does not take this kind of file", "WhatsApp no acepta este tipo de archivo"),
    ("convert it", "conviértelo"),
    ("something went wrong that Jelou has no name for", "algo falló y Jelou no sabe decir qué"),
    (
        "ask the recipient or check in Jelou before you send it again",
        "pregunta al destinatario o revisa en Jelou antes de reenviarlo",
    ),
    (
        "WhatsApp has blocked the account for breaking its policy",
        "WhatsApp bloqueó la cuenta por incumplir su política",
    ),
    ("see the account's state in WhatsApp Manager", "mira el estado de la cuenta en WhatsApp Manager"),
    (
        "the recipient has not written to the bot in the last 24 hours",
        "el destinatario no ha escrito al bot en las últimas 24 horas",
    ),
    ("only a template reaches them until they write", "solo una plantilla le llega hasta que escriba"),
    ("WhatsApp's rate limit of the account is reached", "se alcanzó el límite de WhatsApp para la cuenta"),
    ("wait and try again", "espera y vuelve a intentarlo"),
    ("WhatsApp's rate limit of the number is reached", "se alcanzó el límite de WhatsApp para el número"),
    ("send more slowly", "envía más despacio"),
    (
        "WhatsApp held it back: this recipient is part of an experiment",
        "WhatsApp lo retuvo: el destinatario es parte de un experimento",
    ),
    ("do not send it again at once; use a utility template", "no lo reenvíes enseguida; usa una plantilla de utilidad"),
    ("WhatsApp cannot deliver to this recipient", "WhatsApp no puede entregar a este destinatario"),
    (
        "check that the number is on WhatsApp, and that its app is current",
        "revisa que el número esté en WhatsApp y que su aplicación esté al día",
    ),
    (
        "WhatsApp restricts the number, since too many of its messages were blocked or reported",
        "WhatsApp restringe el número, pues bloquearon o denunciaron demasiados de sus mensajes",
    ),
    (
        "see the number's quality in WhatsApp Manager, and send less until it is better",
        "mira la calidad del número en WhatsApp Manager y envía menos hasta que mejore",
    ),
    (
        "WhatsApp held it back: this recipient has had enough marketing lately",
        "WhatsApp lo retuvo: el destinatario ya recibió bastante publicidad",
    ),
    (
        "do not send it again at once; try after a day, or use a utility template",
        "no lo reenvíes enseguida; prueba al otro día o usa una plantilla de utilidad",
    ),
    ("WhatsApp does not know this type of message", "WhatsApp no conoce este tipo de mensaje"),
    ("choose another kind: `jelouctl explain` lists them", "elige otro tipo: `jelouctl explain` los lista"),
    ("too many messages to this recipient", "demasiados mensajes a este destinatario"),
    ("leave 6 seconds between messages to one recipient", "deja 6 segundos entre los mensajes a un mismo destinatario"),
    ("the number of parameters does not match the template", "el número de parámetros no coincide con la plantilla"),
    (
        "give as many --param as `jelouctl templates` shows {{…}} in its text",
        "da tantos --param como {{…}} muestra `jelouctl templates` en su texto",
    ),
    (
        "there is no such template in this language, or it is not approved",
        "no existe esa plantilla en este idioma, o no está aprobada",
    ),
    ("`jelouctl templates` lists names, languages and states", "`jelouctl templates` lista nombres, idiomas y estados"),
    ("a parameter of the template has the wrong form", "un parámetro de la plantilla tiene mala forma"),
    ("compare the parameters with the template", "compara los parámetros con la plantilla"),
    ("the template is paused for its low quality", "la plantilla está en pausa por su baja calidad"),
    ("change the template, or use another one", "cambia la plantilla o usa otra"),
    ("the template is disabled for good", "la plantilla está desactivada para siempre"),
    (
        "a parameter of the template has a line break, a tab or more than 4 spaces in a row, or is empty",
        "un parámetro de la plantilla tiene un salto de línea, un tabulador o más de 4 espacios seguidos, o está vacío",
    ),
    ("write each parameter on one line", "escribe cada parámetro en una sola línea"),
    ("use another template", "usa otra plantilla"),
    (
        "WhatsApp does not let this business write to the recipient's country",
        "WhatsApp no deja que esta empresa escriba al país del destinatario",
    ),
    (
        "do not send it again; leave out the numbers of that country, or ask Meta which countries are allowed",
        "no lo reenvíes; quita los números de ese país o pregunta a Meta qué países están permitidos",
    ),
    ("WhatsApp could not send it and does not say why", "WhatsApp no pudo enviarlo y no dice por qué"),
    ("try again later; if it continues, ask Jelou", "vuelve a intentarlo más tarde; si sigue igual, pregunta a Jelou"),
    (
        "WhatsApp does not give this business permission to send it",
        "WhatsApp no da permiso a esta empresa para enviarlo",
    ),
    ("have Jelou check the permissions of the account", "pide a Jelou que revise los permisos de la cuenta"),
    ("a field of the message is missing", "a WhatsApp le falta un campo del mensaje"),
    ("WhatsApp does not accept a value of the message", "WhatsApp no acepta un valor del mensaje"),
    (
        "compare the message with `jelouctl explain`, and a template's parameters with `jelouctl templates`",
        "compara el mensaje con `jelouctl explain`, y los parámetros de una plantilla con `jelouctl templates`",
    ),
    ("the recipient is the bot's own number", "el destinatario es el propio número del bot"),
    ("send it to another number", "envíalo a otro número"),
    ("WhatsApp has locked the business's account", "WhatsApp bloqueó la cuenta de la empresa"),
    (
        "nothing can be sent until it is unlocked: see the account's state in WhatsApp Manager",
        "nadie recibe nada hasta que se desbloquee: mira el estado de la cuenta en WhatsApp Manager",
    ),
    ("WhatsApp cannot charge the business for its messages", "WhatsApp no puede cobrar a la empresa por sus mensajes"),
    (
        "nothing can be sent until the payment is settled in WhatsApp Manager",
        "nadie recibe nada hasta que se arregle el pago en WhatsApp Manager",
    ),
    (
        "the bot's number is not registered with WhatsApp correctly",
        "el número del bot no está bien registrado en WhatsApp",
    ),
    ("have Jelou register the number again", "pide a Jelou que vuelva a registrar el número"),
    (
        "the recipient has opted out of this business's marketing",
        "el destinatario pidió no recibir más publicidad de esta empresa",
    ),
    (
        "never send them marketing again: add them to the list of --exclude or do_not_contact",
        "no le envíes publicidad nunca más: agrégalo a la lista de --exclude o de do_not_contact",
    ),
    ("WhatsApp could not download the media", "WhatsApp no pudo descargar el archivo"),
    ("WhatsApp could not take the media", "WhatsApp no pudo recibir el archivo"),
    (
        "check the file's type and size: `jelouctl explain image` tells the limits",
        "revisa el tipo y el tamaño del archivo: `jelouctl explain image` dice los límites",
    ),
    (
        "an authentication template cannot go to a WhatsApp user id",
        "una plantilla de autenticación no puede ir a un id de usuario de WhatsApp",
    ),
    ("send it to the person's phone number", "envíala al número de teléfono de la persona"),
    (
        "the template's text is too long with these parameters",
        "con estos parámetros el texto de la plantilla es demasiado largo",
    ),
    ("give shorter parameters", "da parámetros más cortos"),
    (
        "the template's text with these parameters breaks WhatsApp's policy",
        "con estos parámetros el texto de la plantilla incumple la política de WhatsApp",
    ),
    ("change the parameters, or use another template", "cambia los parámetros o usa otra plantilla"),
    ("WhatsApp has blocked the flow", "WhatsApp bloqueó el flow"),
    ("fix the flow in WhatsApp Manager, or use another one", "arregla el flow en WhatsApp Manager o usa otro"),
    ("WhatsApp limits the flow to 10 messages an hour", "WhatsApp limita el flow a 10 mensajes por hora"),
    ("fix the flow in WhatsApp Manager, then send again", "arregla el flow en WhatsApp Manager y vuelve a enviar"),
    ("the bot's number is not registered with WhatsApp", "el número del bot no está registrado en WhatsApp"),
    ("have Jelou register the number", "pide a Jelou que registre el número"),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::SkipReason;
    use crate::message::Message;

    #[test]
    fn every_sentence_of_explain_is_translated_and_every_reason_has_one() {
        for code in &CODES {
            for english in [code.meaning, code.hint] {
                assert_ne!(translated(english, ReportLanguage::Es), english, "{}", code.code);
            }
        }
        for (word, _) in WORDS {
            assert!(SPANISH_WORDS.iter().any(|(known, _)| known == word), "{word}");
        }
        for kind in Message::all() {
            assert!(SPANISH_KINDS.iter().any(|(known, _)| *known == kind.command()), "{}", kind.command());
        }
        for reason in SkipReason::all() {
            assert!(Meaning::of(reason.name(), ReportLanguage::Es).is_some(), "{reason:?}");
        }
        let known = |english| CODES.iter().any(|code| code.meaning == english || code.hint == english);
        assert!(SENTENCES.iter().all(|(english, _)| known(*english)), "a sentence that explain does not have any more");
    }
}
