//! Suggestions for words that are not commands.

use super::suggestion::SuggestionRow;

/// The first matching row wins.
pub(super) const WORD_SUGGESTIONS: &[SuggestionRow] = &[
    SuggestionRow {
        places: &[""],
        words: "login auth init configure config setup signup entrar credentials credenciales \
            configurar set-token",
        hint: "to save credentials in a profile: jelouctl profile set NAME --bot BOT --client-id \
            ID",
    },
    SuggestionRow {
        places: &[""],
        words: "logout",
        hint: "to remove a profile with its credentials: jelouctl profile remove NAME",
    },
    SuggestionRow {
        places: &[""],
        words: "whoami me account cuenta quien",
        hint: "to show the sender: jelouctl profile show; to check it with Jelou: jelouctl doctor",
    },
    SuggestionRow {
        places: &[""],
        words: "profiles perfiles perfil",
        hint: "jelouctl profile list",
    },
    SuggestionRow {
        places: &[""],
        words: "list ls listar lista",
        hint: "to list messages: jelouctl messages list; to list bulk runs: jelouctl bulk list",
    },
    SuggestionRow {
        places: &[""],
        words: "history historial log logs chats chat conversations conversation received \
            recibidos",
        hint: "to list messages: jelouctl messages list --to NUMBER; to list bulk runs: jelouctl \
            bulk list",
    },
    SuggestionRow {
        places: &[""],
        words: "runs jobs campaigns campañas broadcasts",
        hint: "jelouctl bulk list",
    },
    SuggestionRow {
        places: &[""],
        words: "broadcast campaign campaña masivo difusion difusión batch bulk-send send-bulk \
            import csv",
        hint: "to send to each row of a list: jelouctl bulk send LIST text 'Hola {{ nombre }}'",
    },
    SuggestionRow {
        places: &[""],
        words: "inbox bandeja",
        hint: "to open the sandbox's inbox: jelouctl sandbox --open",
    },
    SuggestionRow {
        places: &[""],
        words: "simulator simulador simulate mock prueba probar demo tutorial quickstart start try",
        hint: "to try without an account: jelouctl --sandbox send text --to NUMBER 'TEXT'",
    },
    SuggestionRow {
        places: &[""],
        words: "version versión",
        hint: "jelouctl --version",
    },
    SuggestionRow {
        places: &[""],
        words: "ayuda manual commands comandos usage info ?",
        hint: "jelouctl --help",
    },
    SuggestionRow {
        places: &[""],
        words: "mail email correo notify notificar enviar envia envía mandar sendmessage \
            send-message sendtext send-text post messages:send message:send",
        hint: "jelouctl send text --to NUMBER 'TEXT'",
    },
    SuggestionRow {
        places: &[""],
        words: "numbers recipients people",
        hint: "to send to the recipients of a list: jelouctl bulk send LIST text 'Hola {{ nombre \
            }}'",
    },
    SuggestionRow {
        places: &[""],
        words: "bots bot",
        hint: "to set the bot in a profile: jelouctl profile set NAME --bot BOT --client-id ID",
    },
    SuggestionRow {
        places: &[""],
        words: "request call-api curl http get put delete patch",
        hint: "to call any endpoint of the API: jelouctl api METHOD PATH",
    },
    SuggestionRow {
        places: &[""],
        words: "error errors code codes codigo código exit errores explicar",
        hint: "to explain a code: jelouctl explain CODE",
    },
    SuggestionRow {
        places: &[""],
        words: "check test verify validate ping health diagnose status-check verificar diagnostico \
            diagnóstico",
        hint: "to check the settings: jelouctl doctor; to show the request: jelouctl --dry-run \
            send text --to NUMBER 'TEXT'",
    },
    SuggestionRow {
        places: &[""],
        words: "estado",
        hint: "to show a run: jelouctl bulk status RUN; to show a message: jelouctl messages get \
            ID",
    },
    SuggestionRow {
        places: &[""],
        words: "status stop resume cancel report deliveries cancelar detener reanudar continuar \
            informe reporte",
        hint: "this is a command of `bulk`: jelouctl bulk --help",
    },
    SuggestionRow {
        places: &[""],
        words: "template plantilla",
        hint: "to send one: jelouctl send template NAME --to NUMBER; to list them: jelouctl \
            templates",
    },
    SuggestionRow {
        places: &[""],
        words: "plantillas",
        hint: "jelouctl templates",
    },
    SuggestionRow {
        places: &[""],
        words: "upgrade update self-update",
        hint: "install the new version the way you installed this one",
    },
    SuggestionRow {
        places: &[""],
        words: "completion autocomplete autocompletar",
        hint: "jelouctl completions bash",
    },
    SuggestionRow {
        places: &["profile"],
        words: "add new create edit update agregar crear nuevo",
        hint: "jelouctl profile set NAME --bot BOT --client-id ID",
    },
    SuggestionRow {
        places: &["profile"],
        words: "listar",
        hint: "jelouctl profile list",
    },
    SuggestionRow {
        places: &["profile"],
        words: "get current which whoami",
        hint: "jelouctl profile show",
    },
    SuggestionRow {
        places: &["profile"],
        words: "login auth",
        hint: "jelouctl profile set NAME --bot BOT --client-id ID",
    },
    SuggestionRow {
        places: &["profile"],
        words: "activate select",
        hint: "jelouctl profile use NAME",
    },
    SuggestionRow {
        places: &["sandbox"],
        words: "start up serve server begin iniciar",
        hint: "to start the sandbox: jelouctl sandbox; to stop it: Ctrl-C",
    },
    SuggestionRow {
        places: &["sandbox"],
        words: "open inbox ui web browser",
        hint: "jelouctl sandbox --open",
    },
    SuggestionRow {
        places: &["sandbox"],
        words: "stop down kill",
        hint: "to stop it: Ctrl-C in its terminal",
    },
    SuggestionRow {
        places: &["send"],
        words: "bulk masivo",
        hint: "jelouctl bulk send LIST text 'Hola {{ nombre }}'",
    },
    SuggestionRow {
        places: &["send"],
        words: "media",
        hint: "to send a file by its kind: jelouctl send image --to NUMBER --media-url URL; to \
            list the kinds: jelouctl send --help",
    },
    SuggestionRow {
        places: &["send"],
        words: "help ayuda",
        hint: "jelouctl send --help",
    },
    SuggestionRow {
        places: &["bulk"],
        words: "kill halt abort detener parar",
        hint: "to stop a run: jelouctl bulk stop RUN; to cancel it: jelouctl bulk cancel RUN",
    },
    SuggestionRow {
        places: &["bulk"],
        words: "retry continue reintentar reanudar continuar",
        hint: "to send the rest: jelouctl bulk resume RUN; to send failed rows again: jelouctl \
            bulk resolve RUN --failed-as pending",
    },
    SuggestionRow {
        places: &["bulk"],
        words: "rm borrar eliminar",
        hint: "jelouctl bulk remove RUN",
    },
    SuggestionRow {
        places: &["bulk"],
        words: "history log logs estado progress",
        hint: "jelouctl bulk status RUN",
    },
    SuggestionRow {
        places: &["bulk"],
        words: "errors failures failed errores",
        hint: "jelouctl bulk report RUN --state failed",
    },
    SuggestionRow {
        places: &["bulk"],
        words: "export results download informe reporte",
        hint: "jelouctl bulk report RUN --file report.xlsx",
    },
    SuggestionRow {
        places: &["bulk"],
        words: "ls runs listar",
        hint: "jelouctl bulk list",
    },
    SuggestionRow {
        places: &["bulk"],
        words: "watch",
        hint: "jelouctl bulk deliveries RUN --watch",
    },
    SuggestionRow {
        places: &["bulk"],
        words: "clean prune purge",
        hint: "jelouctl bulk remove --older-than 90d",
    },
    SuggestionRow {
        places: &["bulk"],
        words: "preview dry-run check validate",
        hint: "jelouctl bulk send LIST --preview 3 text 'Hola {{ nombre }}'",
    },
    SuggestionRow {
        places: &["bulk"],
        words: "start run import enviar new create message messages",
        hint: "jelouctl bulk send LIST text 'Hola {{ nombre }}'",
    },
    SuggestionRow {
        places: &["templates"],
        words: "list ls listar all",
        hint: "jelouctl templates",
    },
    SuggestionRow {
        places: &["templates"],
        words: "show get search find",
        hint: "jelouctl templates --query NAME",
    },
    SuggestionRow {
        places: &["templates"],
        words: "send enviar",
        hint: "jelouctl send template NAME --to NUMBER",
    },
    SuggestionRow {
        places: &["messages"],
        words: "send create enviar",
        hint: "jelouctl send text --to NUMBER 'TEXT'",
    },
    SuggestionRow {
        places: &["messages"],
        words: "search find",
        hint: "jelouctl messages list --matching WORD",
    },
    SuggestionRow {
        places: &["messages"],
        words: "history log logs all ls",
        hint: "jelouctl messages list --to NUMBER",
    },
];
