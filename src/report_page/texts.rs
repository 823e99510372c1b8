//! All texts of the page, in each of its languages. Codes and commands are the same in all languages.

use std::collections::BTreeMap;

use crate::list::ReportLanguage;

impl ReportLanguage {
    /// The language code in HTML.
    pub(super) fn code(self) -> &'static str {
        match self {
            Self::En => "en",
            Self::Es => "es",
        }
    }

    /// The text with this name; if there is none, the name itself, which a test detects.
    pub(super) fn text(self, name: &'static str) -> &'static str {
        TEXTS.iter().find(|(known, _)| *known == name).map_or(name, |(_, texts)| self.of(*texts))
    }

    /// The text with this name, with a value in place of `{}`.
    pub(super) fn text_with(self, name: &'static str, value: &str) -> String {
        self.text(name).replace("{}", value)
    }

    /// A text that depends on a number: `name_1` for one, `name_n` for others.
    pub(super) fn counted(self, one: &'static str, many: &'static str, number: u64) -> String {
        self.text_with(if number == 1 { one } else { many }, &self.number(number))
    }

    /// All texts by name, for the template.
    pub(super) fn texts(self) -> BTreeMap<&'static str, &'static str> {
        TEXTS.iter().map(|(name, texts)| (*name, self.of(*texts))).collect()
    }

    /// `12,345`, or with a thin space between the thousands: in Spanish, both dot and comma are ambiguous.
    pub(super) fn number(self, number: u64) -> String {
        let digits = number.to_string();
        let mut grouped = String::with_capacity(digits.len() * 2);
        for (place, digit) in digits.chars().enumerate() {
            if place > 0 && (digits.len() - place).is_multiple_of(3) {
                grouped.push_str(self.of([",", "\u{202f}"]));
            }
            grouped.push(digit);
        }
        grouped
    }

    /// The share of `part` in `whole`, to a tenth of a percent; a share above zero is never shown as zero, nor one
    /// below all as all.
    pub(super) fn share(self, part: u64, whole: u64) -> String {
        let thousandths = part.saturating_mul(2000).saturating_add(whole) / whole.saturating_mul(2).max(1);
        let shown = match thousandths {
            0 if part > 0 => 1,
            1000 if part < whole => 999,
            thousandths => thousandths,
        };
        let tenth = if shown % 10 == 0 { String::new() } else { format!("{}{}", self.of([".", ","]), shown % 10) };
        format!("{}{tenth}{}", shown / 10, self.of(["%", "\u{a0}%"]))
    }
}

/// By name.
const TEXTS: &[(&str, [&str; 2])] = &[
    ("report", ["Report", "Informe"]),
    ("run", ["Run", "Envío"]),
    ("preview", ["Before sending", "Antes de enviar"]),
    ("not_sent", ["Not sent yet", "Aún no se envía"]),
    ("not_ready", ["Cannot be sent as it is", "No se puede enviar así"]),
    ("refused_means", ["This list cannot be sent as it is.", "Esta lista no se puede enviar tal como está."]),
    ("to_be_sent_by", ["Sender", "Remitente"]),
    ("recipient", ["Recipient", "Destinatario"]),
    ("message", ["Message", "Mensaje"]),
    ("the_message", ["The message", "El mensaje"]),
    ("fine", ["Fine", "Bien"]),
    ("bad", ["Cannot be sent", "No se pueden enviar"]),
    ("doubtful", ["With a warning", "Con advertencia"]),
    ("left_aside", ["Left out", "Omitidos"]),
    ("one_fine", ["Fine", "Bien"]),
    ("one_bad", ["Cannot be sent", "No se puede enviar"]),
    ("one_doubtful", ["Warning", "Advertencia"]),
    ("one_left_aside", ["Left out", "Omitido"]),
    ("fine_means", ["ready to be sent", "listos para enviar"]),
    ("bad_means", ["the list must be fixed", "hay que corregir la lista"]),
    ("doubtful_means", ["would be sent; look at them", "se enviarían; revísalos"]),
    ("to_look_at", ["What to look at", "Qué revisar"]),
    ("nothing_to_look_at", ["Nothing: every row is fine.", "Nada: todas las filas están bien."]),
    (
        "same_message_as",
        ["the same message to the same recipient as line {}", "el mismo mensaje al mismo destinatario que la línea {}"],
    ),
    ("same_person_as", ["goes to the person of line {}", "va a la persona de la línea {}"]),
    ("is_not_allowed", ["the recipient is not allowed", "el destinatario no está permitido"]),
    ("has_no_value", ["no value under `{}`", "sin valor en `{}`"]),
    ("says_in_column", ["`{cell}` under `{column}`", "`{cell}` en `{column}`"]),
    ("complete", ["Complete", "Completo"]),
    ("under_way", ["Under way", "En curso"]),
    ("damaged", ["Damaged", "Dañado"]),
    (
        "damaged_means",
        [
            "The ledger of this run is damaged: what it does not have as sent may have been sent.",
            "El registro de este envío está dañado: lo que no consta como enviado quizá se envió.",
        ],
    ),
    ("unfinished", ["Unfinished", "Sin terminar"]),
    ("rehearsal", ["Rehearsal (sandbox): nothing was sent to anybody", "Ensayo (sandbox): no se envió nada a nadie"]),
    ("masked", ["Without names and numbers", "Sin nombres ni números"]),
    ("sender", ["Sent by", "Enviado por"]),
    ("bot", ["bot {}", "bot {}"]),
    ("profile", ["profile {}", "perfil {}"]),
    ("sandbox", ["Rehearsal (sandbox)", "Ensayo (sandbox)"]),
    ("list", ["List", "Lista"]),
    ("standard_input", ["standard input", "entrada estándar"]),
    ("kind", ["Kind", "Tipo"]),
    ("when", ["When", "Cuándo"]),
    ("duration", ["Duration", "Duración"]),
    ("rate", ["Rate", "Ritmo"]),
    ("rate_is", ["at most {} a second", "máximo {} por segundo"]),
    ("hours", ["Hours", "Horario"]),
    ("rows", ["Rows", "Filas"]),
    ("in_figures", ["In figures", "En cifras"]),
    ("row_1", ["{} row", "{} fila"]),
    ("row_n", ["{} rows", "{} filas"]),
    ("sent", ["Sent", "Enviados"]),
    ("failed", ["Failed", "Fallidos"]),
    ("unknown", ["Unknown", "Desconocidos"]),
    ("skipped", ["Skipped", "Omitidos"]),
    ("pending", ["Not yet", "Pendientes"]),
    ("one_sent", ["Sent", "Enviado"]),
    ("one_failed", ["Failed", "Fallido"]),
    ("one_unknown", ["Unknown", "Desconocido"]),
    ("one_skipped", ["Skipped", "Omitido"]),
    ("one_pending", ["Not yet", "Pendiente"]),
    ("one_inflight", ["Under way", "En curso"]),
    ("sent_means", ["accepted by Jelou", "aceptados por Jelou"]),
    ("failed_means", ["refused, so not sent", "rechazados: no salieron"]),
    ("unknown_means", ["may have been sent", "quizá se enviaron"]),
    ("skipped_means", ["left out beforehand", "se dejaron fuera"]),
    ("left_means", ["still to be sent", "por enviar"]),
    ("arrived", ["What the people got", "Qué recibieron"]),
    (
        "nobody_asked",
        ["Jelou has not been asked yet what the people got.", "Aún no se le ha preguntado a Jelou qué recibieron."],
    ),
    (
        "asked_at",
        [
            "Jelou was asked about {n} of {m} messages, last on {}.",
            "Se preguntó a Jelou por {n} de {m} mensajes; la última vez, el {}.",
        ],
    ),
    (
        "asked_in_part",
        [
            "Jelou was asked about {n} of {m} messages; its list was not read to the end.",
            "Se preguntó a Jelou por {n} de {m} mensajes; su lista no se leyó hasta el final.",
        ],
    ),
    (
        "each_once",
        ["Each message counts once, by how far it came:", "Cada mensaje cuenta una vez, según hasta dónde llegó:"],
    ),
    (
        "receipts",
        [
            "WhatsApp reports a message as read only if the person shares read receipts.",
            "WhatsApp solo informa de la lectura si la persona muestra sus confirmaciones.",
        ],
    ),
    ("delivered", ["Delivered", "Entregados"]),
    ("read", ["Read", "Leídos"]),
    ("replied", ["Replied", "Respondidos"]),
    ("only_read", ["Read, no reply", "Leídos, sin respuesta"]),
    ("only_delivered", ["Delivered, not read", "Entregados, sin leer"]),
    ("at_whatsapp", ["At WhatsApp", "En WhatsApp"]),
    ("at_jelou", ["At Jelou", "En Jelou"]),
    ("undelivered", ["Not delivered", "No entregados"]),
    ("one_undelivered", ["Not delivered", "No entregado"]),
    ("other_state", ["In another state", "En otro estado"]),
    ("not_listed", ["Not in Jelou's history", "No están en el historial de Jelou"]),
    ("no_id", ["Without an id", "Sin identificador"]),
    ("not_asked", ["Not asked about", "Sin consultar"]),
    ("over_time", ["Over time", "En el tiempo"]),
    ("messages_per", ["Messages per {}", "Mensajes por {}"]),
    ("as_a_table", ["Show as a table", "Ver como tabla"]),
    ("from", ["From", "Desde"]),
    ("nothing_left", ["No message has left yet.", "Aún no ha salido ningún mensaje."]),
    ("chart", ["Messages over time: {}", "Mensajes en el tiempo: {}"]),
    ("paused", ["Paused", "En pausa"]),
    ("waiting", ["Waiting", "En espera"]),
    ("stopped", ["Stopped", "Detenido"]),
    ("cancelled", ["Cancelled", "Cancelado"]),
    ("first_message", ["The message", "El mensaje"]),
    ("to", ["As {} sees it, the first to get it", "Como lo ve {}, la primera persona que lo recibe"]),
    ("unfilled", ["As it was written; each row fills in its own", "Como se escribió; cada fila pone lo suyo"]),
    ("no_message", ["Each row is a message of its own.", "Cada fila es un mensaje propio."]),
    ("template", ["Template", "Plantilla"]),
    ("template_means", ["Its text is kept by WhatsApp", "WhatsApp guarda su texto"]),
    ("went_wrong", ["What went wrong", "Qué salió mal"]),
    ("on_purpose", ["Left out on purpose", "Se dejó fuera a propósito"]),
    ("nothing_wrong", ["Nothing: every row that was to be sent has been.", "Nada: todo lo que debía salir salió."]),
    ("nothing_wrong_yet", ["Nothing so far.", "Nada hasta ahora."]),
    ("reason", ["Reason", "Motivo"]),
    ("state", ["State", "Estado"]),
    ("meaning", ["What it means", "Qué significa"]),
    ("what_to_do", ["What to do: {}", "Qué hacer: {}"]),
    ("for_example", ["for example, line {}:", "por ejemplo, línea {}:"]),
    ("by_country", ["By country", "Por país"]),
    ("country", ["Country", "País"]),
    ("no_country", ["no number", "sin número"]),
    ("all", ["All", "Total"]),
    ("course", ["What the run went through", "Cómo transcurrió el envío"]),
    ("begun", ["Begun", "Empezó"]),
    ("resumed", ["Resumed", "Se reanudó"]),
    ("was_cut_off", ["the process before had ended without a word", "el proceso anterior terminó sin avisar"]),
    ("waited", ["Waited", "Esperó"]),
    ("waited_times", ["{} times", "{} veces"]),
    ("was_paused", ["Paused", "Se pausó"]),
    ("was_stopped", ["Stopped", "Se detuvo"]),
    ("was_cancelled", ["Cancelled: what was left is not sent", "Se canceló: lo que faltaba no se envía"]),
    ("ended", ["Ended", "Terminó"]),
    ("was_decided", ["Decided by hand", "Se decidió a mano"]),
    ("decided_sent_1", ["{} row was sent", "{} fila se envió"]),
    ("decided_sent_n", ["{} rows were sent", "{} filas se enviaron"]),
    ("decided_failed_1", ["{} row was not sent", "{} fila no se envió"]),
    ("decided_failed_n", ["{} rows were not sent", "{} filas no se enviaron"]),
    ("decided_pending_1", ["{} row will be sent again", "{} fila se volverá a enviar"]),
    ("decided_pending_n", ["{} rows will be sent again", "{} filas se volverán a enviar"]),
    ("decided_unknown_1", ["{} row may have been sent", "{} fila quizá se envió"]),
    ("decided_unknown_n", ["{} rows may have been sent", "{} filas quizá se enviaron"]),
    ("until", ["until {}", "hasta {}"]),
    ("for_hours", ["for its hours", "su horario"]),
    ("for_rate_limit", ["for a rate limit", "por el límite de velocidad"]),
    ("for_network", ["for the network", "a que volviera la red"]),
    ("why_credentials", ["the credentials were not accepted", "no se aceptaron las credenciales"]),
    ("why_account", ["WhatsApp lets the business send nothing", "WhatsApp no deja enviar nada a la empresa"]),
    ("why_proxy_credentials", ["the proxy asks for credentials", "el proxy pide credenciales"]),
    ("why_network", ["the network failed", "falló la red"]),
    ("why_rate_limit", ["the rate limit lasted too long", "el límite de velocidad duró demasiado"]),
    ("why_unknown", ["too many outcomes were unknown", "demasiados resultados desconocidos"]),
    ("why_all_rejected", ["no message was accepted", "no se aceptó ningún mensaje"]),
    ("why_command", ["asked for by `bulk stop`", "lo pidió `bulk stop`"]),
    ("why_person", ["somebody stopped it (Ctrl-C)", "lo detuvo una persona (Ctrl-C)"]),
    ("why_terminated", ["the system ended it (SIGTERM)", "lo detuvo el sistema (SIGTERM)"]),
    ("why_unexpected", ["a fault of jelouctl", "un fallo de jelouctl"]),
    ("next", ["What to do next", "Qué hacer ahora"]),
    ("next_none", ["Nothing is left to do.", "No queda nada por hacer."]),
    ("next_running", ["It is still under way. To see how it stands:", "Aún está en curso. Para ver cómo va:"]),
    (
        "next_damaged",
        [
            "To take the ledger as it is, if its files cannot be put back:",
            "Para aceptar el registro tal como está, si no se pueden recuperar sus archivos:",
        ],
    ),
    ("next_resume", ["To send what is left:", "Para enviar lo que falta:"]),
    (
        "next_unknown",
        [
            "Some may have been sent. Ask the recipients, and decide each row by its line:",
            "Algunos quizá se enviaron. Pregunta a los destinatarios y decide cada fila por su línea:",
        ],
    ),
    (
        "next_failed",
        [
            "To send the failed ones again just as they are, where the fault was not theirs:",
            "Para reenviar los fallidos tal como están, si la falla no era suya:",
        ],
    ),
    (
        "next_corrected",
        [
            "To correct the list or the message: these rows as a list, then the same message to them, with the same flags (write it in place of `…`):",
            "Para corregir la lista o el mensaje: estas filas como lista, y luego el mismo mensaje para ellas, con las mismas opciones (escríbelo en lugar de `…`):",
        ],
    ),
    (
        "next_undelivered",
        [
            "Some were accepted and not delivered. These rows as a list:",
            "Algunos se aceptaron, pero no se entregaron. Estas filas como lista:",
        ],
    ),
    ("next_all", ["The whole list with the outcome of each row:", "La lista completa con lo que pasó con cada fila:"]),
    ("copy", ["Copy", "Copiar"]),
    ("copied", ["Copied", "Copiado"]),
    ("line", ["Line", "Línea"]),
    ("detail", ["In words", "En palabras"]),
    ("time", ["Time", "Hora"]),
    ("search", ["Search", "Buscar"]),
    ("any_state", ["Any state", "Cualquier estado"]),
    ("any_reason", ["Any reason", "Cualquier motivo"]),
    ("previous", ["Previous", "Anterior"]),
    ("following", ["Next", "Siguiente"]),
    ("range", ["{a}–{b} of {n}", "{a}–{b} de {n}"]),
    ("none_found", ["No rows match.", "Ninguna fila coincide."]),
    ("on_paper", ["{a} of {b} rows are printed.", "Se imprimen {a} de {b} filas."]),
    (
        "not_on_paper_1",
        [
            "{} more column of the list is on the page and not on paper.",
            "{} columna más de la lista está en la página y no en el papel.",
        ],
    ),
    (
        "not_on_paper_n",
        [
            "{} more columns of the list are on the page and not on paper.",
            "{} columnas más de la lista están en la página y no en el papel.",
        ],
    ),
    ("shown_first", ["The first {} are shown.", "Se muestran las primeras {}."]),
    (
        "needs_script",
        ["Search and the other rows need JavaScript.", "La búsqueda y las demás filas necesitan JavaScript."],
    ),
    ("left_out_1", ["{} more row is not on this page:", "Falta {} fila en esta página:"]),
    ("left_out_n", ["{} more rows are not on this page:", "Faltan {} filas en esta página:"]),
    ("made", ["Made by jelouctl on {}", "Hecho con jelouctl el {}"]),
];
