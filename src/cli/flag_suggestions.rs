//! Suggestions for flags that do not exist, or that the command does not have.

use super::suggestion::SuggestionRow;

/// The first matching row wins.
pub(super) const FLAG_SUGGESTIONS: &[SuggestionRow] = &[
    SuggestionRow {
        places: &[
            "profile set",
            "profile use",
            "profile show",
            "profile remove",
        ],
        words: "--name --profile-name",
        hint: "the name has no flag: jelouctl profile COMMAND NAME",
    },
    SuggestionRow {
        places: &["* image", "* audio", "* video", "* file", "* sticker"],
        words: "--image --photo --video --document --audio --media --file --url --path --archivo \
            --attachment --src --link --href --foto --imagen --pdf -f -u",
        hint: "pass a URL on the web with --media-url: {usage}",
    },
    SuggestionRow {
        places: &["send *", "bulk send *", "profile set"],
        words: "--rates",
        hint: "use --prices FILE",
    },
    SuggestionRow {
        places: &["bulk send *"],
        words: "--run",
        hint: "a name may contain a-z, 0-9 and -, such as november-2026",
    },
    SuggestionRow {
        places: &["bulk *"],
        words: "--run",
        hint: "pass the name of the run without a flag",
    },
    SuggestionRow {
        places: &["bulk report", "bulk status", "bulk deliveries", "bulk list"],
        words: "--user --to --phone --number --recipient --para --numero",
        hint: "to find a recipient in all runs: jelouctl bulk find RECIPIENT",
    },
    SuggestionRow {
        places: &["bulk resolve", "once show"],
        words: "--user --phone --number --recipient --para --numero",
        hint: "to set the recipient: --to NUMBER",
    },
    SuggestionRow {
        places: &[
            "bulk status",
            "bulk deliveries",
            "bulk list",
            "bulk find",
            "bulk resume",
            "bulk work",
        ],
        words: "--lang --locale --language",
        hint: "to write a report in Spanish: jelouctl bulk report RUN --lang es",
    },
    SuggestionRow {
        places: &["bulk report"],
        words: "--not-sent --unsent --missing",
        hint: "to list failed rows: --state failed; to list unsent rows: --state pending",
    },
    SuggestionRow {
        places: &["bulk report"],
        words: "--failed --errors --only-failed --rejected",
        hint: "jelouctl bulk report RUN --state failed",
    },
    SuggestionRow {
        places: &["bulk report"],
        words: "--sent --ok --success",
        hint: "jelouctl bulk report RUN --state sent",
    },
    SuggestionRow {
        places: &["bulk report"],
        words: "--pending",
        hint: "jelouctl bulk report RUN --state pending",
    },
    SuggestionRow {
        places: &["bulk report"],
        words: "--skipped --invalid",
        hint: "jelouctl bulk report RUN --state skipped",
    },
    SuggestionRow {
        places: &["bulk report"],
        words: "--unknown",
        hint: "jelouctl bulk report RUN --state unknown",
    },
    SuggestionRow {
        places: &["bulk report"],
        words: "--status --filter --only",
        hint: "jelouctl bulk report RUN --state STATE",
    },
    SuggestionRow {
        places: &["bulk report"],
        words: "--delivered --read --undelivered",
        hint: "jelouctl bulk report RUN --delivery STATE",
    },
    SuggestionRow {
        places: &["bulk report"],
        words: "--output-file --out --csv --xlsx --excel --html --page --pdf",
        hint: "the file extension sets the format: jelouctl bulk report RUN --file report.xlsx",
    },
    SuggestionRow {
        places: &["templates"],
        words: "--name --search --filter",
        hint: "jelouctl templates --query NAME",
    },
    SuggestionRow {
        places: &["templates"],
        words: "--lang --locale --language --idioma",
        hint: "every language is listed; to list one template: jelouctl templates --query NAME",
    },
    SuggestionRow {
        places: &["templates"],
        words: "--approved",
        hint: "jelouctl templates --status approved",
    },
    SuggestionRow {
        places: &["messages list"],
        words: "--user --phone --number --recipient --chat --contact -t --para --with --numero",
        hint: "to set the recipient: jelouctl messages list --to NUMBER",
    },
    SuggestionRow {
        places: &["messages list"],
        words: "--from",
        hint: "to set the start: --since 2026-11-20; to list only the user's messages: --by user",
    },
    SuggestionRow {
        places: &["messages list"],
        words: "--search --query --grep --text --filter --contains",
        hint: "to search the texts: jelouctl messages list --matching WORD",
    },
    SuggestionRow {
        places: &["messages list"],
        words: "--last --days --hours --start --after --date",
        hint: "jelouctl messages list --since 7d",
    },
    SuggestionRow {
        places: &["messages list"],
        words: "--end --before",
        hint: "jelouctl messages list --until 2026-11-20",
    },
    SuggestionRow {
        places: &["messages list"],
        words: "--incoming --inbound --received --in",
        hint: "jelouctl messages list --by user",
    },
    SuggestionRow {
        places: &["messages list"],
        words: "--outgoing --outbound --sent --out",
        hint: "jelouctl messages list --by bot",
    },
    SuggestionRow {
        places: &["messages list"],
        words: "--follow --watch --tail -f",
        hint: "jelouctl cannot follow new messages; to list recent ones: jelouctl messages list --since \
            1h",
    },
    SuggestionRow {
        places: &["api"],
        words: "-X --method --request",
        hint: "pass the method first: jelouctl api POST PATH",
    },
    SuggestionRow {
        places: &["api"],
        words: "-d --data --body --json --data-raw --data-binary",
        hint: "to pass a body: --input FILE; from standard input: --input -",
    },
    SuggestionRow {
        places: &["api"],
        words: "-H --header -u --user --token",
        hint: "jelouctl sets the headers and credentials; to show them: jelouctl profile show",
    },
    SuggestionRow {
        places: &["api"],
        words: "-F --field --form --query --param",
        hint: "to pass a query parameter: -f KEY=TEXT; to pass a body: --input FILE",
    },
    SuggestionRow {
        places: &["api"],
        words: "--jq --paginate",
        hint: "to filter the response: jelouctl api PATH | jq .",
    },
    SuggestionRow {
        places: &["run"],
        words: "--on-failure --on-error --only-failure --only-on-failure --if-failed --failure \
            --on-fail",
        hint: "jelouctl run --on failure --to NUMBER -- COMMAND",
    },
    SuggestionRow {
        places: &["run"],
        words: "--on-success --only-success --if-ok --success",
        hint: "jelouctl run --on success --to NUMBER -- COMMAND",
    },
    SuggestionRow {
        places: &["run"],
        words: "--always --on-exit",
        hint: "jelouctl run --on always --to NUMBER -- COMMAND",
    },
    SuggestionRow {
        places: &["run"],
        words: "--cmd --command -c --exec",
        hint: "put -- before the command: jelouctl run --to NUMBER -- COMMAND",
    },
    SuggestionRow {
        places: &["run"],
        words: "--lines --log --include-output --stderr",
        hint: "to send the last lines of output: --tail LINES",
    },
    SuggestionRow {
        places: &["run"],
        words: "--strict",
        hint: "to exit with the notification's code if it fails: --strict-notify",
    },
    SuggestionRow {
        places: &["run"],
        words: "--message --msg -m --mensaje",
        hint: "pass the text with --text: jelouctl run --to NUMBER --text 'TEXT' -- COMMAND",
    },
    SuggestionRow {
        places: &["bulk work"],
        words: "--rate --between --not-on --time-zone --keep-going --again --skip-sent --ignore-run",
        hint: "to set it for the run: jelouctl bulk resume RUN",
    },
    SuggestionRow {
        places: &["bulk send"],
        words: "--to",
        hint: "to build the number: jelouctl bulk send LIST text --to '593{{ celular }}' 'Hola'; \
            to name one column: --to-column COLUMN before the kind",
    },
    SuggestionRow {
        places: &["bulk send"],
        words: "--body --text-file --param --media-url --caption --strict",
        hint: "put {flag} after the kind of message: jelouctl bulk send LIST {kind} {flag} …",
    },
    SuggestionRow {
        places: &["bulk send *"],
        words: "--name",
        hint: "to name the run: --run NAME",
    },
    SuggestionRow {
        places: &["bulk send *"],
        words: "--to --phone --number --telefono --numero --phone-column --column",
        hint: "to name the column: --to-column COLUMN before the kind; to build the number: --to \
            '593{{ celular }}' after the kind",
    },
    SuggestionRow {
        places: &["bulk send *"],
        words: "--where --filter",
        hint: "to skip hidden rows: --hidden skip; to exclude recipients: --exclude FILE",
    },
    SuggestionRow {
        places: &["bulk send *"],
        words: "--schedule --at --send-at --time --when --hora",
        hint: "a run starts now; to set sending hours: --between 'mon-fri 07:00-19:00'",
    },
    SuggestionRow {
        places: &["bulk send *"],
        words: "--resume --continue",
        hint: "to continue a run: jelouctl bulk resume RUN",
    },
    SuggestionRow {
        places: &["bulk send *"],
        words: "--csv --list --file --input --excel --lista --archivo",
        hint: "pass the list first: {usage}",
    },
    SuggestionRow {
        places: &["bulk send *"],
        words: "--batch --batch-size",
        hint: "to send only the first N: --limit N; to set the speed: --rate RATE",
    },
    SuggestionRow {
        places: &["bulk send *"],
        words: "--template --plantilla",
        hint: "jelouctl bulk send LIST template NAME --param '{{ nombre }}'",
    },
    SuggestionRow {
        places: &["bulk send template"],
        words: "--image --document --video",
        hint: "to set the header of a template: --type image --media-url URL",
    },
    SuggestionRow {
        places: &["bulk send *"],
        words: "--dedupe --unique --dedup --no-duplicates",
        hint: "to send only one message per recipient: --one-per-recipient",
    },
    SuggestionRow {
        places: &["bulk send *"],
        words: "--test",
        hint: "to send the first message to yourself: --test-to NUMBER; to show messages: \
            --preview 3",
    },
    SuggestionRow {
        places: &["bulk *"],
        words: "--delay --sleep --interval --throttle --speed",
        hint: "to set the speed: --rate 5/s, 300/m or 1000/h",
    },
    SuggestionRow {
        places: &["send template"],
        words: "--image --document --video --header",
        hint: "to set the header of a template: --type image --media-url URL",
    },
    SuggestionRow {
        places: &["* template"],
        words: "--lang --locale --idioma --lenguaje",
        hint: "pass the language with --language CODE",
    },
    SuggestionRow {
        places: &["* template"],
        words: "--name --template --plantilla --template-name --element-name",
        hint: "pass the name without a flag: {usage}",
    },
    SuggestionRow {
        places: &["* template"],
        words: "--var --vars --variable --variables --params --parameter --parameters --value \
            --values --body-param --component --components --arg --args --valor",
        hint: "pass each value in its order, with a flag: {usage}",
    },
    SuggestionRow {
        places: &["* quick-reply"],
        words: "--button --buttons --option --options --choice --boton --quick-reply --answer",
        hint: "pass each reply with its flag: {usage}",
    },
    SuggestionRow {
        places: &["* list"],
        words: "--item --items --row --rows --section --choice --opcion --buttons",
        hint: "pass each option with its flag: {usage}",
    },
    SuggestionRow {
        places: &["* cta-url"],
        words: "--link --href --media-url --enlace --button-url",
        hint: "pass the button's page with --url: {usage}",
    },
    SuggestionRow {
        places: &["* location"],
        words: "--latitude --latitud",
        hint: "pass the latitude with --lat: {usage}",
    },
    SuggestionRow {
        places: &["* location"],
        words: "--longitude --longitud --lng --lon",
        hint: "pass the longitude with --long: {usage}",
    },
    SuggestionRow {
        places: &["* contacts"],
        words: "--number --tel --telefono --mobile --contact-phone",
        hint: "pass the contact's number with --phone, and the recipient with --to: {usage}",
    },
    SuggestionRow {
        places: &["* contacts"],
        words: "--contact-name --nombre",
        hint: "pass the contact's name with --name: {usage}",
    },
    SuggestionRow {
        places: &["* flow"],
        words: "--flow --id",
        hint: "pass the flow with --flow-id: {usage}",
    },
    SuggestionRow {
        places: &["flow-message"],
        words: "--flow --name --flow-id --id",
        hint: "pass the flow with --flow-name: {usage}",
    },
    SuggestionRow {
        places: &["* file"],
        words: "--name --document-name --file-name --nombre",
        hint: "pass the name of the file with --filename NAME",
    },
    SuggestionRow {
        places: &["* image", "* video", "* file"],
        words: "--caption --title --message --msg -m --mensaje --description --body-text",
        hint: "pass the text below it with --text 'TEXT'",
    },
    SuggestionRow {
        places: &["* audio", "* sticker", "* location", "* contacts"],
        words: "--caption --text --title --message --msg -m --mensaje",
        hint: "this kind has no text: send the text as a separate message",
    },
    SuggestionRow {
        places: &["* text"],
        words: "--image --photo --media --media-url --url",
        hint: "to send an image as a separate message: jelouctl send image --to NUMBER \
            --media-url URL",
    },
    SuggestionRow {
        places: &["* text"],
        words: "--file --attach --attachment --document --adjunto --archivo --pdf --video --audio -a",
        hint: "to send a file as a separate message: jelouctl send file --to NUMBER --media-url \
            URL",
    },
    SuggestionRow {
        places: &["* text"],
        words: "--template --plantilla",
        hint: "jelouctl send template NAME --to NUMBER --param 'VALUE'",
    },
    SuggestionRow {
        places: &["* text"],
        words: "--button --buttons --reply --option --options --botones",
        hint: "to send buttons: jelouctl send quick-reply --to NUMBER --text 'TEXT' --reply 'YES'",
    },
    SuggestionRow {
        places: &["* text"],
        words: "--subject --title --asunto --titulo -s --header",
        hint: "a text has no subject: jelouctl send text --to NUMBER 'TEXT'",
    },
    SuggestionRow {
        places: &["send"],
        words: "--message --msg -m --mensaje --text --body",
        hint: "the kind of message comes first: jelouctl send text --to NUMBER 'TEXT'",
    },
    SuggestionRow {
        places: &["send"],
        words: "--template",
        hint: "jelouctl send template NAME --to NUMBER --param 'VALUE'",
    },
    SuggestionRow {
        places: &["send"],
        words: "--media-url",
        hint: "the kind of message comes first: jelouctl send image --to NUMBER --media-url URL",
    },
    SuggestionRow {
        places: &["send"],
        words: "--list --csv --bulk",
        hint: "jelouctl bulk send LIST text 'Hola {{ nombre }}'",
    },
    SuggestionRow {
        places: &["send"],
        words: "--to --phone --number -t --recipient --para",
        hint: "the kind of message comes first: jelouctl send text --to NUMBER 'TEXT'",
    },
    SuggestionRow {
        places: &[""],
        words: "--to --phone --number -t --recipient --para --message --msg -m --mensaje --text \
            --body",
        hint: "a command comes first: jelouctl send text --to NUMBER 'TEXT'",
    },
    SuggestionRow {
        places: &["send text"],
        words: "--phone --number -t --recipient --recipients --para --user --user-id --numero \
            --telefono --destination --dest --celular --tel --cel --destinatario",
        hint: "to set the recipient: jelouctl send text --to NUMBER 'TEXT'",
    },
    SuggestionRow {
        places: &["send *", "flow-message"],
        words: "--phone --number -t --recipient --recipients --para --user --user-id --numero \
            --telefono --destination --dest --celular --tel --cel --destinatario",
        hint: "to set the recipient: {usage}",
    },
    SuggestionRow {
        places: &["run"],
        words: "--phone --number -t --recipient --recipients --para --user --user-id --numero \
            --telefono --celular --tel",
        hint: "to set the recipient: jelouctl run --to NUMBER -- COMMAND",
    },
    SuggestionRow {
        places: &["send *"],
        words: "--cc --bcc --recipients-file",
        hint: "to send to several: --to NUMBER --to NUMBER; to send to a list: jelouctl bulk send LIST text 'Hola {{ \
            nombre }}'",
    },
    SuggestionRow {
        places: &["send *"],
        words: "--json -d --data --payload --data-raw",
        hint: "to pass a whole body: --body FILE; to print JSON: -o record",
    },
    SuggestionRow {
        places: &["send *"],
        words: "--schedule --at --send-at --delay --later --time --when --in --hora --programar",
        hint: "jelouctl sends immediately; to send later, use cron or at",
    },
    SuggestionRow {
        places: &["run"],
        words: "--schedule --at --send-at --delay --later --time --when --in",
        hint: "jelouctl sends when the command ends; to choose the result: --on failure",
    },
    SuggestionRow {
        places: &["*"],
        words: "--message --msg -m --mensaje --content --body-text --texto --contenido",
        hint: "pass the text in quotes, or with --text: {usage}",
    },
    SuggestionRow {
        places: &["*"],
        words: "--from --sender --de --from-number",
        hint: "to set the bot: --bot BOT; to set its profile: --profile NAME",
    },
    SuggestionRow {
        places: &["*"],
        words: "--account --env --environment --context",
        hint: "to choose the sender: --profile NAME",
    },
    SuggestionRow {
        places: &["*"],
        words: "--idempotency-key --dedupe --key --idempotency",
        hint: "to send each recipient at most one message: --once KEY",
    },
    SuggestionRow {
        places: &["*"],
        words: "--retries --retry --max-retries --attempts",
        hint: "to set how long to retry: --retry-for DURATION",
    },
    SuggestionRow {
        places: &["*"],
        words: "--json --format --output-format --output --pretty",
        hint: "to print one JSON object, also on failure: -o record; to print the API's JSON: -o \
            response",
    },
    SuggestionRow {
        places: &["*"],
        words: "--jq",
        hint: "to print one JSON object for jq: jelouctl … -o record | jq .message_id",
    },
    SuggestionRow {
        places: &["*"],
        words: "--client-secret --secret --password --token --api-key --access-token --bearer \
            --auth-token -u --secret-key --apikey --pass --clave --contraseña",
        hint: "other users can read secrets in arguments; to enter it at a prompt: omit the flag; to read it from a file: --client-secret-file FILE",
    },
    SuggestionRow {
        places: &["*"],
        words: "--user --username --clientid --client --app-id",
        hint: "pass the id of the credentials with --client-id ID",
    },
    SuggestionRow {
        places: &["*"],
        words: "--host --endpoint --base-url --server --api --url-base",
        hint: "to set the API's URL: --api-url URL",
    },
    SuggestionRow {
        places: &["*"],
        words: "--debug --trace --log-level --verbosity -d",
        hint: "to show each attempt, request and response: -v",
    },
    SuggestionRow {
        places: &["*"],
        words: "--silent -s --quieter",
        hint: "to show only errors: -q",
    },
    SuggestionRow {
        places: &["*"],
        words: "--force -f --assume-yes --confirm --no-confirm --non-interactive --batch-mode",
        hint: "to answer yes to every prompt: -y; to disable prompts: --no-input",
    },
    SuggestionRow {
        places: &["*"],
        words: "--dryrun --noop --simulate --no-send --test --dry --preview --check",
        hint: "to print the request instead of sending it: --dry-run; to send to the sandbox: \
            --sandbox",
    },
    SuggestionRow {
        places: &["*"],
        words: "--demo --fake --local",
        hint: "to send to the sandbox: --sandbox",
    },
    SuggestionRow {
        places: &["*"],
        words: "--insecure -k --no-verify --cacert",
        hint: "to trust other certificates: --ca-cert FILE",
    },
    SuggestionRow {
        places: &["*"],
        words: "--proxy -x",
        hint: "set the proxy in HTTPS_PROXY",
    },
    SuggestionRow {
        places: &["*"],
        words: "-H --header",
        hint: "jelouctl sets the headers; to show them: -v",
    },
    SuggestionRow {
        places: &["*"],
        words: "--no-color --no-colour --nocolor",
        hint: "--color never",
    },
    SuggestionRow {
        places: &["send *", "bulk send *"],
        words: "--lang --locale --language",
        hint: "to set a template's language: --language CODE after the kind",
    },
    SuggestionRow {
        places: &["*"],
        words: "--ayuda -ayuda -? --h",
        hint: "jelouctl --help",
    },
    SuggestionRow {
        places: &["*"],
        words: "--wait-for --wait-until",
        hint: "to wait for the delivery: --wait delivered",
    },
    SuggestionRow {
        places: &["bulk send *", "messages list"],
        words: "--max --count --first --rows",
        hint: "to handle only the first N: --limit N",
    },
];
