# Print an optspec for argparse to handle cmd's options that are independent of any subcommand.
function __fish_jelouctl_global_optspecs
    string join \n p/profile= config= bot= client-id= client-secret-file= api-url= sandbox timeout= retry-for= ca-cert= ledger= dry-run curl o/output= q/quiet v/verbose color= no-input y/yes h/help V/version
end

function __fish_jelouctl_needs_command
    # Figure out if the current invocation already has a command.
    set -l cmd (commandline -opc)
    set -e cmd[1]
    argparse -s (__fish_jelouctl_global_optspecs) -- $cmd 2>/dev/null
    or return
    if set -q argv[1]
        # Also print the command, so this can be used to figure out what it is.
        echo $argv[1]
        return 1
    end
    return 0
end

function __fish_jelouctl_using_subcommand
    set -l cmd (__fish_jelouctl_needs_command)
    test -z "$cmd"
    and return 1
    contains -- $cmd[1] $argv
end

complete -c jelouctl -n "__fish_jelouctl_needs_command" -s p -l profile -d 'Profile to send with [env: JELOU_PROFILE]' -r
complete -c jelouctl -n "__fish_jelouctl_needs_command" -l config -d 'Configuration file [env: JELOUCTL_CONFIG]' -r -F
complete -c jelouctl -n "__fish_jelouctl_needs_command" -l bot -l bot-id -d 'Bot to send from [env: JELOU_BOT_ID]' -r
complete -c jelouctl -n "__fish_jelouctl_needs_command" -l client-id -d 'Client id of the API credentials [env: JELOU_CLIENT_ID]' -r
complete -c jelouctl -n "__fish_jelouctl_needs_command" -l client-secret-file -d 'File with the client secret, or `-` [env: JELOU_CLIENT_SECRET_FILE]' -r -F
complete -c jelouctl -n "__fish_jelouctl_needs_command" -l api-url -d 'Address of the API [env: JELOU_API_URL] [default: https://api.jelou.ai]' -r -f
complete -c jelouctl -n "__fish_jelouctl_needs_command" -l timeout -d 'Limit for one attempt [env: JELOU_TIMEOUT] [default: 30s]' -r
complete -c jelouctl -n "__fish_jelouctl_needs_command" -l retry-for -d 'How long to retry, 0 for never [env: JELOU_RETRY_FOR] [default: 30s]' -r
complete -c jelouctl -n "__fish_jelouctl_needs_command" -l ca-cert -d 'CA certificates (PEM) to use instead of the system\'s' -r -F
complete -c jelouctl -n "__fish_jelouctl_needs_command" -l ledger -d 'Database for bulk runs, instead of local files [env: JELOUCTL_LEDGER]' -r -f
complete -c jelouctl -n "__fish_jelouctl_needs_command" -s o -l output -d 'What goes to standard output' -r -f -a "response\t'The API\'s response (default)'
id\t'Only the message id, or for a list the name of its run; nothing if there is none'
record\t'One JSON object with the outcome of the message'
none\t'Nothing; check the exit code'"
complete -c jelouctl -n "__fish_jelouctl_needs_command" -l color -d 'When to colour' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set (default)'
always\t''
never\t''"
complete -c jelouctl -n "__fish_jelouctl_needs_command" -l sandbox -d 'Send to the sandbox: nothing leaves this machine'
complete -c jelouctl -n "__fish_jelouctl_needs_command" -l dry-run -d 'Print the request as JSON and send nothing'
complete -c jelouctl -n "__fish_jelouctl_needs_command" -l curl -d 'Print the request as a curl command and send nothing'
complete -c jelouctl -n "__fish_jelouctl_needs_command" -s q -l quiet -d 'Show only errors'
complete -c jelouctl -n "__fish_jelouctl_needs_command" -s v -l verbose -d 'Show each attempt, request and answer, secrets redacted'
complete -c jelouctl -n "__fish_jelouctl_needs_command" -l no-input -d 'Never ask; what is missing is an error'
complete -c jelouctl -n "__fish_jelouctl_needs_command" -s y -l yes -d 'Answer yes to every question'
complete -c jelouctl -n "__fish_jelouctl_needs_command" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c jelouctl -n "__fish_jelouctl_needs_command" -s V -l version -d 'Print version'
complete -c jelouctl -n "__fish_jelouctl_needs_command" -f -a "send" -d 'Send one message'
complete -c jelouctl -n "__fish_jelouctl_needs_command" -f -a "flow-message" -d 'Send a WhatsApp Flow by its name in Jelou'
complete -c jelouctl -n "__fish_jelouctl_needs_command" -f -a "templates" -d 'List the bot\'s templates'
complete -c jelouctl -n "__fish_jelouctl_needs_command" -f -a "messages" -d 'Show what a bot sent and received, and what was delivered'
complete -c jelouctl -n "__fish_jelouctl_needs_command" -f -a "bulk" -d 'Send a message to each row of a list'
complete -c jelouctl -n "__fish_jelouctl_needs_command" -f -a "once" -d 'Show and manage the keys of --once'
complete -c jelouctl -n "__fish_jelouctl_needs_command" -f -a "run" -d 'Run a command, then send a message about how it ended'
complete -c jelouctl -n "__fish_jelouctl_needs_command" -f -a "api" -d 'Call any endpoint of the Jelou API'
complete -c jelouctl -n "__fish_jelouctl_needs_command" -f -a "sandbox" -d 'Run a local Jelou with a web inbox; no account is needed'
complete -c jelouctl -n "__fish_jelouctl_needs_command" -f -a "profile" -d 'Manage profiles: the senders in the configuration file'
complete -c jelouctl -n "__fish_jelouctl_needs_command" -f -a "ledger" -d 'Prepare a database for bulk runs on several machines'
complete -c jelouctl -n "__fish_jelouctl_needs_command" -f -a "doctor" -d 'Check, step by step, whether a message could be sent'
complete -c jelouctl -n "__fish_jelouctl_needs_command" -f -a "explain" -d 'Explain a kind of message or an error code'
complete -c jelouctl -n "__fish_jelouctl_needs_command" -f -a "schema" -d 'Print the JSON Schema of a body, or of the configuration'
complete -c jelouctl -n "__fish_jelouctl_needs_command" -f -a "skill" -d 'Print the instructions for an agent that uses jelouctl'
complete -c jelouctl -n "__fish_jelouctl_needs_command" -f -a "completions" -d 'Print the completion script of a shell'
complete -c jelouctl -n "__fish_jelouctl_needs_command" -f -a "man" -d 'Print the manual page'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and not __fish_seen_subcommand_from text list quick-reply image audio video file sticker location location-request contact-info-request contacts cta-url call flow flow-message carousel template raw" -s p -l profile -d 'Profile to send with [env: JELOU_PROFILE]' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and not __fish_seen_subcommand_from text list quick-reply image audio video file sticker location location-request contact-info-request contacts cta-url call flow flow-message carousel template raw" -l config -d 'Configuration file [env: JELOUCTL_CONFIG]' -r -F
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and not __fish_seen_subcommand_from text list quick-reply image audio video file sticker location location-request contact-info-request contacts cta-url call flow flow-message carousel template raw" -l bot -l bot-id -d 'Bot to send from [env: JELOU_BOT_ID]' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and not __fish_seen_subcommand_from text list quick-reply image audio video file sticker location location-request contact-info-request contacts cta-url call flow flow-message carousel template raw" -l client-id -d 'Client id of the API credentials [env: JELOU_CLIENT_ID]' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and not __fish_seen_subcommand_from text list quick-reply image audio video file sticker location location-request contact-info-request contacts cta-url call flow flow-message carousel template raw" -l client-secret-file -d 'File with the client secret, or `-` [env: JELOU_CLIENT_SECRET_FILE]' -r -F
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and not __fish_seen_subcommand_from text list quick-reply image audio video file sticker location location-request contact-info-request contacts cta-url call flow flow-message carousel template raw" -l api-url -d 'Address of the API [env: JELOU_API_URL] [default: https://api.jelou.ai]' -r -f
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and not __fish_seen_subcommand_from text list quick-reply image audio video file sticker location location-request contact-info-request contacts cta-url call flow flow-message carousel template raw" -l timeout -d 'Limit for one attempt [env: JELOU_TIMEOUT] [default: 30s]' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and not __fish_seen_subcommand_from text list quick-reply image audio video file sticker location location-request contact-info-request contacts cta-url call flow flow-message carousel template raw" -l retry-for -d 'How long to retry, 0 for never [env: JELOU_RETRY_FOR] [default: 30s]' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and not __fish_seen_subcommand_from text list quick-reply image audio video file sticker location location-request contact-info-request contacts cta-url call flow flow-message carousel template raw" -l ca-cert -d 'CA certificates (PEM) to use instead of the system\'s' -r -F
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and not __fish_seen_subcommand_from text list quick-reply image audio video file sticker location location-request contact-info-request contacts cta-url call flow flow-message carousel template raw" -l ledger -d 'Database for bulk runs, instead of local files [env: JELOUCTL_LEDGER]' -r -f
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and not __fish_seen_subcommand_from text list quick-reply image audio video file sticker location location-request contact-info-request contacts cta-url call flow flow-message carousel template raw" -s o -l output -d 'What goes to standard output' -r -f -a "response\t'The API\'s response (default)'
id\t'Only the message id, or for a list the name of its run; nothing if there is none'
record\t'One JSON object with the outcome of the message'
none\t'Nothing; check the exit code'"
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and not __fish_seen_subcommand_from text list quick-reply image audio video file sticker location location-request contact-info-request contacts cta-url call flow flow-message carousel template raw" -l color -d 'When to colour' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set (default)'
always\t''
never\t''"
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and not __fish_seen_subcommand_from text list quick-reply image audio video file sticker location location-request contact-info-request contacts cta-url call flow flow-message carousel template raw" -l sandbox -d 'Send to the sandbox: nothing leaves this machine'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and not __fish_seen_subcommand_from text list quick-reply image audio video file sticker location location-request contact-info-request contacts cta-url call flow flow-message carousel template raw" -l dry-run -d 'Print the request as JSON and send nothing'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and not __fish_seen_subcommand_from text list quick-reply image audio video file sticker location location-request contact-info-request contacts cta-url call flow flow-message carousel template raw" -l curl -d 'Print the request as a curl command and send nothing'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and not __fish_seen_subcommand_from text list quick-reply image audio video file sticker location location-request contact-info-request contacts cta-url call flow flow-message carousel template raw" -s q -l quiet -d 'Show only errors'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and not __fish_seen_subcommand_from text list quick-reply image audio video file sticker location location-request contact-info-request contacts cta-url call flow flow-message carousel template raw" -s v -l verbose -d 'Show each attempt, request and answer, secrets redacted'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and not __fish_seen_subcommand_from text list quick-reply image audio video file sticker location location-request contact-info-request contacts cta-url call flow flow-message carousel template raw" -l no-input -d 'Never ask; what is missing is an error'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and not __fish_seen_subcommand_from text list quick-reply image audio video file sticker location location-request contact-info-request contacts cta-url call flow flow-message carousel template raw" -s y -l yes -d 'Answer yes to every question'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and not __fish_seen_subcommand_from text list quick-reply image audio video file sticker location location-request contact-info-request contacts cta-url call flow flow-message carousel template raw" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and not __fish_seen_subcommand_from text list quick-reply image audio video file sticker location location-request contact-info-request contacts cta-url call flow flow-message carousel template raw" -f -a "text" -d 'Send a text'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and not __fish_seen_subcommand_from text list quick-reply image audio video file sticker location location-request contact-info-request contacts cta-url call flow flow-message carousel template raw" -f -a "list" -d 'Send a text with a list of options to choose from'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and not __fish_seen_subcommand_from text list quick-reply image audio video file sticker location location-request contact-info-request contacts cta-url call flow flow-message carousel template raw" -f -a "quick-reply" -d 'Send a text with up to three replies to press'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and not __fish_seen_subcommand_from text list quick-reply image audio video file sticker location location-request contact-info-request contacts cta-url call flow flow-message carousel template raw" -f -a "image" -d 'Send an image, with a text below it'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and not __fish_seen_subcommand_from text list quick-reply image audio video file sticker location location-request contact-info-request contacts cta-url call flow flow-message carousel template raw" -f -a "audio" -d 'Send an audio file'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and not __fish_seen_subcommand_from text list quick-reply image audio video file sticker location location-request contact-info-request contacts cta-url call flow flow-message carousel template raw" -f -a "video" -d 'Send a video, with a text below it'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and not __fish_seen_subcommand_from text list quick-reply image audio video file sticker location location-request contact-info-request contacts cta-url call flow flow-message carousel template raw" -f -a "file" -d 'Send a document, with a text below it'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and not __fish_seen_subcommand_from text list quick-reply image audio video file sticker location location-request contact-info-request contacts cta-url call flow flow-message carousel template raw" -f -a "sticker" -d 'Send a sticker'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and not __fish_seen_subcommand_from text list quick-reply image audio video file sticker location location-request contact-info-request contacts cta-url call flow flow-message carousel template raw" -f -a "location" -d 'Send a place on the map'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and not __fish_seen_subcommand_from text list quick-reply image audio video file sticker location location-request contact-info-request contacts cta-url call flow flow-message carousel template raw" -f -a "location-request" -d 'Ask the recipient for their location'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and not __fish_seen_subcommand_from text list quick-reply image audio video file sticker location location-request contact-info-request contacts cta-url call flow flow-message carousel template raw" -f -a "contact-info-request" -d 'Ask the recipient to share their contact'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and not __fish_seen_subcommand_from text list quick-reply image audio video file sticker location location-request contact-info-request contacts cta-url call flow flow-message carousel template raw" -f -a "contacts" -d 'Send contact cards'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and not __fish_seen_subcommand_from text list quick-reply image audio video file sticker location location-request contact-info-request contacts cta-url call flow flow-message carousel template raw" -f -a "cta-url" -d 'Send a text with a button that opens a web page'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and not __fish_seen_subcommand_from text list quick-reply image audio video file sticker location location-request contact-info-request contacts cta-url call flow flow-message carousel template raw" -f -a "call" -d 'Send a message with a call button (it does not place a call)'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and not __fish_seen_subcommand_from text list quick-reply image audio video file sticker location location-request contact-info-request contacts cta-url call flow flow-message carousel template raw" -f -a "flow" -d 'Send a message with a button that opens a WhatsApp Flow'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and not __fish_seen_subcommand_from text list quick-reply image audio video file sticker location location-request contact-info-request contacts cta-url call flow flow-message carousel template raw" -f -a "flow-message" -d 'Send a WhatsApp Flow by its name in Jelou'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and not __fish_seen_subcommand_from text list quick-reply image audio video file sticker location location-request contact-info-request contacts cta-url call flow flow-message carousel template raw" -f -a "carousel" -d 'Send cards that scroll sideways'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and not __fish_seen_subcommand_from text list quick-reply image audio video file sticker location location-request contact-info-request contacts cta-url call flow flow-message carousel template raw" -f -a "template" -d 'Send a template, which reaches anyone'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and not __fish_seen_subcommand_from text list quick-reply image audio video file sticker location location-request contact-info-request contacts cta-url call flow flow-message carousel template raw" -f -a "raw" -d 'Send a JSON body as it is'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from text" -l text -d 'The text as a flag: it may begin with a dash' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from text" -l text-file -d 'Read the text from a file, or from standard input' -r -F
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from text" -l to -d 'Recipient: 593987654321 [env: JELOU_TO]' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from text" -l country -d 'Country of national numbers: EC [default: the profile\'s]' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from text" -l body -d 'The body, or a part of it, as JSON; flags override it' -r -F
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from text" -l exclude -d 'Send nothing to the people on this list (repeatable)' -r -F
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from text" -l once -d 'Send each person at most one message for this key, whatever the text' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from text" -l wait -d 'Wait until the person got it; exit with 15 if not' -r -f -a "delivered\t''
read\t''"
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from text" -l for -d 'How long to wait with --wait [default: 2m]' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from text" -s p -l profile -d 'Profile to send with [env: JELOU_PROFILE]' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from text" -l config -d 'Configuration file [env: JELOUCTL_CONFIG]' -r -F
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from text" -l bot -l bot-id -d 'Bot to send from [env: JELOU_BOT_ID]' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from text" -l client-id -d 'Client id of the API credentials [env: JELOU_CLIENT_ID]' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from text" -l client-secret-file -d 'File with the client secret, or `-` [env: JELOU_CLIENT_SECRET_FILE]' -r -F
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from text" -l api-url -d 'Address of the API [env: JELOU_API_URL] [default: https://api.jelou.ai]' -r -f
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from text" -l timeout -d 'Limit for one attempt [env: JELOU_TIMEOUT] [default: 30s]' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from text" -l retry-for -d 'How long to retry, 0 for never [env: JELOU_RETRY_FOR] [default: 30s]' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from text" -l ca-cert -d 'CA certificates (PEM) to use instead of the system\'s' -r -F
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from text" -l ledger -d 'Database for bulk runs, instead of local files [env: JELOUCTL_LEDGER]' -r -f
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from text" -s o -l output -d 'What goes to standard output' -r -f -a "response\t'The API\'s response (default)'
id\t'Only the message id, or for a list the name of its run; nothing if there is none'
record\t'One JSON object with the outcome of the message'
none\t'Nothing; check the exit code'"
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from text" -l color -d 'When to colour' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set (default)'
always\t''
never\t''"
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from text" -l strict -d 'Send nothing if there is a warning about the message'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from text" -l sandbox -d 'Send to the sandbox: nothing leaves this machine'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from text" -l dry-run -d 'Print the request as JSON and send nothing'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from text" -l curl -d 'Print the request as a curl command and send nothing'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from text" -s q -l quiet -d 'Show only errors'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from text" -s v -l verbose -d 'Show each attempt, request and answer, secrets redacted'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from text" -l no-input -d 'Never ask; what is missing is an error'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from text" -s y -l yes -d 'Answer yes to every question'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from text" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from list" -l title -d 'Line above the text, up to 60 characters' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from list" -l text -d 'Text of the message, 1 to 4096 characters (Jelou\'s editor takes 1024)' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from list" -l text-file -d 'Read the text from a file, or from standard input' -r -F
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from list" -l button -d 'Label of the button that opens the list, up to 20 characters [default: Jelou\'s]' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from list" -l option -d 'An option, up to 10 of them; titles up to 24 characters, descriptions 72 (repeatable)' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from list" -l to -d 'Recipient: 593987654321 [env: JELOU_TO]' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from list" -l country -d 'Country of national numbers: EC [default: the profile\'s]' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from list" -l body -d 'The body, or a part of it, as JSON; flags override it' -r -F
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from list" -l exclude -d 'Send nothing to the people on this list (repeatable)' -r -F
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from list" -l once -d 'Send each person at most one message for this key, whatever the text' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from list" -l wait -d 'Wait until the person got it; exit with 15 if not' -r -f -a "delivered\t''
read\t''"
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from list" -l for -d 'How long to wait with --wait [default: 2m]' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from list" -s p -l profile -d 'Profile to send with [env: JELOU_PROFILE]' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from list" -l config -d 'Configuration file [env: JELOUCTL_CONFIG]' -r -F
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from list" -l bot -l bot-id -d 'Bot to send from [env: JELOU_BOT_ID]' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from list" -l client-id -d 'Client id of the API credentials [env: JELOU_CLIENT_ID]' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from list" -l client-secret-file -d 'File with the client secret, or `-` [env: JELOU_CLIENT_SECRET_FILE]' -r -F
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from list" -l api-url -d 'Address of the API [env: JELOU_API_URL] [default: https://api.jelou.ai]' -r -f
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from list" -l timeout -d 'Limit for one attempt [env: JELOU_TIMEOUT] [default: 30s]' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from list" -l retry-for -d 'How long to retry, 0 for never [env: JELOU_RETRY_FOR] [default: 30s]' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from list" -l ca-cert -d 'CA certificates (PEM) to use instead of the system\'s' -r -F
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from list" -l ledger -d 'Database for bulk runs, instead of local files [env: JELOUCTL_LEDGER]' -r -f
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from list" -s o -l output -d 'What goes to standard output' -r -f -a "response\t'The API\'s response (default)'
id\t'Only the message id, or for a list the name of its run; nothing if there is none'
record\t'One JSON object with the outcome of the message'
none\t'Nothing; check the exit code'"
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from list" -l color -d 'When to colour' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set (default)'
always\t''
never\t''"
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from list" -l strict -d 'Send nothing if there is a warning about the message'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from list" -l sandbox -d 'Send to the sandbox: nothing leaves this machine'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from list" -l dry-run -d 'Print the request as JSON and send nothing'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from list" -l curl -d 'Print the request as a curl command and send nothing'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from list" -s q -l quiet -d 'Show only errors'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from list" -s v -l verbose -d 'Show each attempt, request and answer, secrets redacted'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from list" -l no-input -d 'Never ask; what is missing is an error'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from list" -s y -l yes -d 'Answer yes to every question'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from list" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from quick-reply" -l title -d 'Line above the text, up to 60 characters (Jelou says 20)' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from quick-reply" -l text -d 'Text of the message, 1 to 1024 characters' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from quick-reply" -l text-file -d 'Read the text from a file, or from standard input' -r -F
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from quick-reply" -l reply -d 'A reply, 1 to 3 of them, each up to 20 characters and all different (repeatable)' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from quick-reply" -l to -d 'Recipient: 593987654321 [env: JELOU_TO]' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from quick-reply" -l country -d 'Country of national numbers: EC [default: the profile\'s]' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from quick-reply" -l body -d 'The body, or a part of it, as JSON; flags override it' -r -F
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from quick-reply" -l exclude -d 'Send nothing to the people on this list (repeatable)' -r -F
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from quick-reply" -l once -d 'Send each person at most one message for this key, whatever the text' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from quick-reply" -l wait -d 'Wait until the person got it; exit with 15 if not' -r -f -a "delivered\t''
read\t''"
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from quick-reply" -l for -d 'How long to wait with --wait [default: 2m]' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from quick-reply" -s p -l profile -d 'Profile to send with [env: JELOU_PROFILE]' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from quick-reply" -l config -d 'Configuration file [env: JELOUCTL_CONFIG]' -r -F
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from quick-reply" -l bot -l bot-id -d 'Bot to send from [env: JELOU_BOT_ID]' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from quick-reply" -l client-id -d 'Client id of the API credentials [env: JELOU_CLIENT_ID]' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from quick-reply" -l client-secret-file -d 'File with the client secret, or `-` [env: JELOU_CLIENT_SECRET_FILE]' -r -F
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from quick-reply" -l api-url -d 'Address of the API [env: JELOU_API_URL] [default: https://api.jelou.ai]' -r -f
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from quick-reply" -l timeout -d 'Limit for one attempt [env: JELOU_TIMEOUT] [default: 30s]' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from quick-reply" -l retry-for -d 'How long to retry, 0 for never [env: JELOU_RETRY_FOR] [default: 30s]' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from quick-reply" -l ca-cert -d 'CA certificates (PEM) to use instead of the system\'s' -r -F
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from quick-reply" -l ledger -d 'Database for bulk runs, instead of local files [env: JELOUCTL_LEDGER]' -r -f
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from quick-reply" -s o -l output -d 'What goes to standard output' -r -f -a "response\t'The API\'s response (default)'
id\t'Only the message id, or for a list the name of its run; nothing if there is none'
record\t'One JSON object with the outcome of the message'
none\t'Nothing; check the exit code'"
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from quick-reply" -l color -d 'When to colour' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set (default)'
always\t''
never\t''"
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from quick-reply" -l strict -d 'Send nothing if there is a warning about the message'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from quick-reply" -l sandbox -d 'Send to the sandbox: nothing leaves this machine'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from quick-reply" -l dry-run -d 'Print the request as JSON and send nothing'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from quick-reply" -l curl -d 'Print the request as a curl command and send nothing'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from quick-reply" -s q -l quiet -d 'Show only errors'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from quick-reply" -s v -l verbose -d 'Show each attempt, request and answer, secrets redacted'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from quick-reply" -l no-input -d 'Never ask; what is missing is an error'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from quick-reply" -s y -l yes -d 'Answer yes to every question'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from quick-reply" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from image" -l media-url -l url -d 'Public HTTPS URL of the image' -r -f
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from image" -l text -l caption -d 'Text below it, up to 1024 characters' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from image" -l text-file -d 'Read the text from a file, or from standard input' -r -F
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from image" -l to -d 'Recipient: 593987654321 [env: JELOU_TO]' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from image" -l country -d 'Country of national numbers: EC [default: the profile\'s]' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from image" -l body -d 'The body, or a part of it, as JSON; flags override it' -r -F
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from image" -l exclude -d 'Send nothing to the people on this list (repeatable)' -r -F
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from image" -l once -d 'Send each person at most one message for this key, whatever the text' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from image" -l wait -d 'Wait until the person got it; exit with 15 if not' -r -f -a "delivered\t''
read\t''"
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from image" -l for -d 'How long to wait with --wait [default: 2m]' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from image" -s p -l profile -d 'Profile to send with [env: JELOU_PROFILE]' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from image" -l config -d 'Configuration file [env: JELOUCTL_CONFIG]' -r -F
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from image" -l bot -l bot-id -d 'Bot to send from [env: JELOU_BOT_ID]' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from image" -l client-id -d 'Client id of the API credentials [env: JELOU_CLIENT_ID]' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from image" -l client-secret-file -d 'File with the client secret, or `-` [env: JELOU_CLIENT_SECRET_FILE]' -r -F
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from image" -l api-url -d 'Address of the API [env: JELOU_API_URL] [default: https://api.jelou.ai]' -r -f
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from image" -l timeout -d 'Limit for one attempt [env: JELOU_TIMEOUT] [default: 30s]' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from image" -l retry-for -d 'How long to retry, 0 for never [env: JELOU_RETRY_FOR] [default: 30s]' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from image" -l ca-cert -d 'CA certificates (PEM) to use instead of the system\'s' -r -F
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from image" -l ledger -d 'Database for bulk runs, instead of local files [env: JELOUCTL_LEDGER]' -r -f
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from image" -s o -l output -d 'What goes to standard output' -r -f -a "response\t'The API\'s response (default)'
id\t'Only the message id, or for a list the name of its run; nothing if there is none'
record\t'One JSON object with the outcome of the message'
none\t'Nothing; check the exit code'"
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from image" -l color -d 'When to colour' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set (default)'
always\t''
never\t''"
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from image" -l strict -d 'Send nothing if there is a warning about the message'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from image" -l sandbox -d 'Send to the sandbox: nothing leaves this machine'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from image" -l dry-run -d 'Print the request as JSON and send nothing'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from image" -l curl -d 'Print the request as a curl command and send nothing'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from image" -s q -l quiet -d 'Show only errors'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from image" -s v -l verbose -d 'Show each attempt, request and answer, secrets redacted'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from image" -l no-input -d 'Never ask; what is missing is an error'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from image" -s y -l yes -d 'Answer yes to every question'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from image" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from audio" -l media-url -l url -d 'Public HTTPS URL of the audio' -r -f
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from audio" -l to -d 'Recipient: 593987654321 [env: JELOU_TO]' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from audio" -l country -d 'Country of national numbers: EC [default: the profile\'s]' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from audio" -l body -d 'The body, or a part of it, as JSON; flags override it' -r -F
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from audio" -l exclude -d 'Send nothing to the people on this list (repeatable)' -r -F
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from audio" -l once -d 'Send each person at most one message for this key, whatever the text' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from audio" -l wait -d 'Wait until the person got it; exit with 15 if not' -r -f -a "delivered\t''
read\t''"
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from audio" -l for -d 'How long to wait with --wait [default: 2m]' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from audio" -s p -l profile -d 'Profile to send with [env: JELOU_PROFILE]' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from audio" -l config -d 'Configuration file [env: JELOUCTL_CONFIG]' -r -F
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from audio" -l bot -l bot-id -d 'Bot to send from [env: JELOU_BOT_ID]' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from audio" -l client-id -d 'Client id of the API credentials [env: JELOU_CLIENT_ID]' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from audio" -l client-secret-file -d 'File with the client secret, or `-` [env: JELOU_CLIENT_SECRET_FILE]' -r -F
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from audio" -l api-url -d 'Address of the API [env: JELOU_API_URL] [default: https://api.jelou.ai]' -r -f
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from audio" -l timeout -d 'Limit for one attempt [env: JELOU_TIMEOUT] [default: 30s]' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from audio" -l retry-for -d 'How long to retry, 0 for never [env: JELOU_RETRY_FOR] [default: 30s]' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from audio" -l ca-cert -d 'CA certificates (PEM) to use instead of the system\'s' -r -F
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from audio" -l ledger -d 'Database for bulk runs, instead of local files [env: JELOUCTL_LEDGER]' -r -f
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from audio" -s o -l output -d 'What goes to standard output' -r -f -a "response\t'The API\'s response (default)'
id\t'Only the message id, or for a list the name of its run; nothing if there is none'
record\t'One JSON object with the outcome of the message'
none\t'Nothing; check the exit code'"
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from audio" -l color -d 'When to colour' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set (default)'
always\t''
never\t''"
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from audio" -l strict -d 'Send nothing if there is a warning about the message'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from audio" -l sandbox -d 'Send to the sandbox: nothing leaves this machine'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from audio" -l dry-run -d 'Print the request as JSON and send nothing'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from audio" -l curl -d 'Print the request as a curl command and send nothing'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from audio" -s q -l quiet -d 'Show only errors'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from audio" -s v -l verbose -d 'Show each attempt, request and answer, secrets redacted'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from audio" -l no-input -d 'Never ask; what is missing is an error'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from audio" -s y -l yes -d 'Answer yes to every question'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from audio" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from video" -l media-url -l url -d 'Public HTTPS URL of the video' -r -f
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from video" -l text -l caption -d 'Text below it, up to 1024 characters' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from video" -l text-file -d 'Read the text from a file, or from standard input' -r -F
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from video" -l to -d 'Recipient: 593987654321 [env: JELOU_TO]' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from video" -l country -d 'Country of national numbers: EC [default: the profile\'s]' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from video" -l body -d 'The body, or a part of it, as JSON; flags override it' -r -F
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from video" -l exclude -d 'Send nothing to the people on this list (repeatable)' -r -F
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from video" -l once -d 'Send each person at most one message for this key, whatever the text' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from video" -l wait -d 'Wait until the person got it; exit with 15 if not' -r -f -a "delivered\t''
read\t''"
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from video" -l for -d 'How long to wait with --wait [default: 2m]' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from video" -s p -l profile -d 'Profile to send with [env: JELOU_PROFILE]' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from video" -l config -d 'Configuration file [env: JELOUCTL_CONFIG]' -r -F
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from video" -l bot -l bot-id -d 'Bot to send from [env: JELOU_BOT_ID]' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from video" -l client-id -d 'Client id of the API credentials [env: JELOU_CLIENT_ID]' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from video" -l client-secret-file -d 'File with the client secret, or `-` [env: JELOU_CLIENT_SECRET_FILE]' -r -F
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from video" -l api-url -d 'Address of the API [env: JELOU_API_URL] [default: https://api.jelou.ai]' -r -f
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from video" -l timeout -d 'Limit for one attempt [env: JELOU_TIMEOUT] [default: 30s]' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from video" -l retry-for -d 'How long to retry, 0 for never [env: JELOU_RETRY_FOR] [default: 30s]' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from video" -l ca-cert -d 'CA certificates (PEM) to use instead of the system\'s' -r -F
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from video" -l ledger -d 'Database for bulk runs, instead of local files [env: JELOUCTL_LEDGER]' -r -f
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from video" -s o -l output -d 'What goes to standard output' -r -f -a "response\t'The API\'s response (default)'
id\t'Only the message id, or for a list the name of its run; nothing if there is none'
record\t'One JSON object with the outcome of the message'
none\t'Nothing; check the exit code'"
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from video" -l color -d 'When to colour' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set (default)'
always\t''
never\t''"
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from video" -l strict -d 'Send nothing if there is a warning about the message'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from video" -l sandbox -d 'Send to the sandbox: nothing leaves this machine'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from video" -l dry-run -d 'Print the request as JSON and send nothing'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from video" -l curl -d 'Print the request as a curl command and send nothing'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from video" -s q -l quiet -d 'Show only errors'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from video" -s v -l verbose -d 'Show each attempt, request and answer, secrets redacted'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from video" -l no-input -d 'Never ask; what is missing is an error'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from video" -s y -l yes -d 'Answer yes to every question'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from video" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from file" -l media-url -l url -d 'Public HTTPS URL of the document' -r -f
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from file" -l text -l caption -d 'Text below it, up to 1024 characters' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from file" -l text-file -d 'Read the text from a file, or from standard input' -r -F
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from file" -l filename -d 'Name that the recipient sees [default: the last part of the address]' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from file" -l to -d 'Recipient: 593987654321 [env: JELOU_TO]' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from file" -l country -d 'Country of national numbers: EC [default: the profile\'s]' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from file" -l body -d 'The body, or a part of it, as JSON; flags override it' -r -F
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from file" -l exclude -d 'Send nothing to the people on this list (repeatable)' -r -F
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from file" -l once -d 'Send each person at most one message for this key, whatever the text' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from file" -l wait -d 'Wait until the person got it; exit with 15 if not' -r -f -a "delivered\t''
read\t''"
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from file" -l for -d 'How long to wait with --wait [default: 2m]' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from file" -s p -l profile -d 'Profile to send with [env: JELOU_PROFILE]' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from file" -l config -d 'Configuration file [env: JELOUCTL_CONFIG]' -r -F
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from file" -l bot -l bot-id -d 'Bot to send from [env: JELOU_BOT_ID]' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from file" -l client-id -d 'Client id of the API credentials [env: JELOU_CLIENT_ID]' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from file" -l client-secret-file -d 'File with the client secret, or `-` [env: JELOU_CLIENT_SECRET_FILE]' -r -F
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from file" -l api-url -d 'Address of the API [env: JELOU_API_URL] [default: https://api.jelou.ai]' -r -f
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from file" -l timeout -d 'Limit for one attempt [env: JELOU_TIMEOUT] [default: 30s]' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from file" -l retry-for -d 'How long to retry, 0 for never [env: JELOU_RETRY_FOR] [default: 30s]' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from file" -l ca-cert -d 'CA certificates (PEM) to use instead of the system\'s' -r -F
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from file" -l ledger -d 'Database for bulk runs, instead of local files [env: JELOUCTL_LEDGER]' -r -f
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from file" -s o -l output -d 'What goes to standard output' -r -f -a "response\t'The API\'s response (default)'
id\t'Only the message id, or for a list the name of its run; nothing if there is none'
record\t'One JSON object with the outcome of the message'
none\t'Nothing; check the exit code'"
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from file" -l color -d 'When to colour' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set (default)'
always\t''
never\t''"
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from file" -l strict -d 'Send nothing if there is a warning about the message'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from file" -l sandbox -d 'Send to the sandbox: nothing leaves this machine'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from file" -l dry-run -d 'Print the request as JSON and send nothing'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from file" -l curl -d 'Print the request as a curl command and send nothing'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from file" -s q -l quiet -d 'Show only errors'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from file" -s v -l verbose -d 'Show each attempt, request and answer, secrets redacted'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from file" -l no-input -d 'Never ask; what is missing is an error'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from file" -s y -l yes -d 'Answer yes to every question'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from file" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from sticker" -l media-url -l url -d 'Public HTTPS URL of the sticker' -r -f
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from sticker" -l to -d 'Recipient: 593987654321 [env: JELOU_TO]' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from sticker" -l country -d 'Country of national numbers: EC [default: the profile\'s]' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from sticker" -l body -d 'The body, or a part of it, as JSON; flags override it' -r -F
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from sticker" -l exclude -d 'Send nothing to the people on this list (repeatable)' -r -F
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from sticker" -l once -d 'Send each person at most one message for this key, whatever the text' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from sticker" -l wait -d 'Wait until the person got it; exit with 15 if not' -r -f -a "delivered\t''
read\t''"
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from sticker" -l for -d 'How long to wait with --wait [default: 2m]' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from sticker" -s p -l profile -d 'Profile to send with [env: JELOU_PROFILE]' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from sticker" -l config -d 'Configuration file [env: JELOUCTL_CONFIG]' -r -F
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from sticker" -l bot -l bot-id -d 'Bot to send from [env: JELOU_BOT_ID]' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from sticker" -l client-id -d 'Client id of the API credentials [env: JELOU_CLIENT_ID]' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from sticker" -l client-secret-file -d 'File with the client secret, or `-` [env: JELOU_CLIENT_SECRET_FILE]' -r -F
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from sticker" -l api-url -d 'Address of the API [env: JELOU_API_URL] [default: https://api.jelou.ai]' -r -f
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from sticker" -l timeout -d 'Limit for one attempt [env: JELOU_TIMEOUT] [default: 30s]' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from sticker" -l retry-for -d 'How long to retry, 0 for never [env: JELOU_RETRY_FOR] [default: 30s]' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from sticker" -l ca-cert -d 'CA certificates (PEM) to use instead of the system\'s' -r -F
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from sticker" -l ledger -d 'Database for bulk runs, instead of local files [env: JELOUCTL_LEDGER]' -r -f
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from sticker" -s o -l output -d 'What goes to standard output' -r -f -a "response\t'The API\'s response (default)'
id\t'Only the message id, or for a list the name of its run; nothing if there is none'
record\t'One JSON object with the outcome of the message'
none\t'Nothing; check the exit code'"
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from sticker" -l color -d 'When to colour' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set (default)'
always\t''
never\t''"
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from sticker" -l strict -d 'Send nothing if there is a warning about the message'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from sticker" -l sandbox -d 'Send to the sandbox: nothing leaves this machine'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from sticker" -l dry-run -d 'Print the request as JSON and send nothing'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from sticker" -l curl -d 'Print the request as a curl command and send nothing'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from sticker" -s q -l quiet -d 'Show only errors'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from sticker" -s v -l verbose -d 'Show each attempt, request and answer, secrets redacted'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from sticker" -l no-input -d 'Never ask; what is missing is an error'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from sticker" -s y -l yes -d 'Answer yes to every question'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from sticker" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from location" -l lat -d 'Latitude in degrees, -90 to 90' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from location" -l long -d 'Longitude in degrees, -180 to 180' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from location" -l name -d 'Name of the place' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from location" -l address -d 'Address of the place' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from location" -l to -d 'Recipient: 593987654321 [env: JELOU_TO]' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from location" -l country -d 'Country of national numbers: EC [default: the profile\'s]' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from location" -l body -d 'The body, or a part of it, as JSON; flags override it' -r -F
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from location" -l exclude -d 'Send nothing to the people on this list (repeatable)' -r -F
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from location" -l once -d 'Send each person at most one message for this key, whatever the text' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from location" -l wait -d 'Wait until the person got it; exit with 15 if not' -r -f -a "delivered\t''
read\t''"
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from location" -l for -d 'How long to wait with --wait [default: 2m]' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from location" -s p -l profile -d 'Profile to send with [env: JELOU_PROFILE]' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from location" -l config -d 'Configuration file [env: JELOUCTL_CONFIG]' -r -F
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from location" -l bot -l bot-id -d 'Bot to send from [env: JELOU_BOT_ID]' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from location" -l client-id -d 'Client id of the API credentials [env: JELOU_CLIENT_ID]' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from location" -l client-secret-file -d 'File with the client secret, or `-` [env: JELOU_CLIENT_SECRET_FILE]' -r -F
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from location" -l api-url -d 'Address of the API [env: JELOU_API_URL] [default: https://api.jelou.ai]' -r -f
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from location" -l timeout -d 'Limit for one attempt [env: JELOU_TIMEOUT] [default: 30s]' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from location" -l retry-for -d 'How long to retry, 0 for never [env: JELOU_RETRY_FOR] [default: 30s]' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from location" -l ca-cert -d 'CA certificates (PEM) to use instead of the system\'s' -r -F
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from location" -l ledger -d 'Database for bulk runs, instead of local files [env: JELOUCTL_LEDGER]' -r -f
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from location" -s o -l output -d 'What goes to standard output' -r -f -a "response\t'The API\'s response (default)'
id\t'Only the message id, or for a list the name of its run; nothing if there is none'
record\t'One JSON object with the outcome of the message'
none\t'Nothing; check the exit code'"
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from location" -l color -d 'When to colour' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set (default)'
always\t''
never\t''"
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from location" -l strict -d 'Send nothing if there is a warning about the message'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from location" -l sandbox -d 'Send to the sandbox: nothing leaves this machine'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from location" -l dry-run -d 'Print the request as JSON and send nothing'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from location" -l curl -d 'Print the request as a curl command and send nothing'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from location" -s q -l quiet -d 'Show only errors'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from location" -s v -l verbose -d 'Show each attempt, request and answer, secrets redacted'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from location" -l no-input -d 'Never ask; what is missing is an error'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from location" -s y -l yes -d 'Answer yes to every question'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from location" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from location-request" -l text -d 'Text of the message, 1 to 1024 characters' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from location-request" -l text-file -d 'Read the text from a file, or from standard input' -r -F
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from location-request" -l to -d 'Recipient: 593987654321 [env: JELOU_TO]' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from location-request" -l country -d 'Country of national numbers: EC [default: the profile\'s]' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from location-request" -l body -d 'The body, or a part of it, as JSON; flags override it' -r -F
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from location-request" -l exclude -d 'Send nothing to the people on this list (repeatable)' -r -F
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from location-request" -l once -d 'Send each person at most one message for this key, whatever the text' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from location-request" -l wait -d 'Wait until the person got it; exit with 15 if not' -r -f -a "delivered\t''
read\t''"
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from location-request" -l for -d 'How long to wait with --wait [default: 2m]' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from location-request" -s p -l profile -d 'Profile to send with [env: JELOU_PROFILE]' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from location-request" -l config -d 'Configuration file [env: JELOUCTL_CONFIG]' -r -F
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from location-request" -l bot -l bot-id -d 'Bot to send from [env: JELOU_BOT_ID]' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from location-request" -l client-id -d 'Client id of the API credentials [env: JELOU_CLIENT_ID]' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from location-request" -l client-secret-file -d 'File with the client secret, or `-` [env: JELOU_CLIENT_SECRET_FILE]' -r -F
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from location-request" -l api-url -d 'Address of the API [env: JELOU_API_URL] [default: https://api.jelou.ai]' -r -f
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from location-request" -l timeout -d 'Limit for one attempt [env: JELOU_TIMEOUT] [default: 30s]' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from location-request" -l retry-for -d 'How long to retry, 0 for never [env: JELOU_RETRY_FOR] [default: 30s]' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from location-request" -l ca-cert -d 'CA certificates (PEM) to use instead of the system\'s' -r -F
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from location-request" -l ledger -d 'Database for bulk runs, instead of local files [env: JELOUCTL_LEDGER]' -r -f
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from location-request" -s o -l output -d 'What goes to standard output' -r -f -a "response\t'The API\'s response (default)'
id\t'Only the message id, or for a list the name of its run; nothing if there is none'
record\t'One JSON object with the outcome of the message'
none\t'Nothing; check the exit code'"
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from location-request" -l color -d 'When to colour' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set (default)'
always\t''
never\t''"
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from location-request" -l strict -d 'Send nothing if there is a warning about the message'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from location-request" -l sandbox -d 'Send to the sandbox: nothing leaves this machine'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from location-request" -l dry-run -d 'Print the request as JSON and send nothing'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from location-request" -l curl -d 'Print the request as a curl command and send nothing'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from location-request" -s q -l quiet -d 'Show only errors'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from location-request" -s v -l verbose -d 'Show each attempt, request and answer, secrets redacted'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from location-request" -l no-input -d 'Never ask; what is missing is an error'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from location-request" -s y -l yes -d 'Answer yes to every question'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from location-request" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from contact-info-request" -l text -d 'Text of the message, 1 to 1024 characters' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from contact-info-request" -l text-file -d 'Read the text from a file, or from standard input' -r -F
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from contact-info-request" -l to -d 'Recipient: 593987654321 [env: JELOU_TO]' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from contact-info-request" -l country -d 'Country of national numbers: EC [default: the profile\'s]' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from contact-info-request" -l body -d 'The body, or a part of it, as JSON; flags override it' -r -F
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from contact-info-request" -l exclude -d 'Send nothing to the people on this list (repeatable)' -r -F
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from contact-info-request" -l once -d 'Send each person at most one message for this key, whatever the text' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from contact-info-request" -l wait -d 'Wait until the person got it; exit with 15 if not' -r -f -a "delivered\t''
read\t''"
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from contact-info-request" -l for -d 'How long to wait with --wait [default: 2m]' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from contact-info-request" -s p -l profile -d 'Profile to send with [env: JELOU_PROFILE]' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from contact-info-request" -l config -d 'Configuration file [env: JELOUCTL_CONFIG]' -r -F
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from contact-info-request" -l bot -l bot-id -d 'Bot to send from [env: JELOU_BOT_ID]' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from contact-info-request" -l client-id -d 'Client id of the API credentials [env: JELOU_CLIENT_ID]' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from contact-info-request" -l client-secret-file -d 'File with the client secret, or `-` [env: JELOU_CLIENT_SECRET_FILE]' -r -F
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from contact-info-request" -l api-url -d 'Address of the API [env: JELOU_API_URL] [default: https://api.jelou.ai]' -r -f
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from contact-info-request" -l timeout -d 'Limit for one attempt [env: JELOU_TIMEOUT] [default: 30s]' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from contact-info-request" -l retry-for -d 'How long to retry, 0 for never [env: JELOU_RETRY_FOR] [default: 30s]' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from contact-info-request" -l ca-cert -d 'CA certificates (PEM) to use instead of the system\'s' -r -F
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from contact-info-request" -l ledger -d 'Database for bulk runs, instead of local files [env: JELOUCTL_LEDGER]' -r -f
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from contact-info-request" -s o -l output -d 'What goes to standard output' -r -f -a "response\t'The API\'s response (default)'
id\t'Only the message id, or for a list the name of its run; nothing if there is none'
record\t'One JSON object with the outcome of the message'
none\t'Nothing; check the exit code'"
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from contact-info-request" -l color -d 'When to colour' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set (default)'
always\t''
never\t''"
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from contact-info-request" -l strict -d 'Send nothing if there is a warning about the message'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from contact-info-request" -l sandbox -d 'Send to the sandbox: nothing leaves this machine'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from contact-info-request" -l dry-run -d 'Print the request as JSON and send nothing'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from contact-info-request" -l curl -d 'Print the request as a curl command and send nothing'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from contact-info-request" -s q -l quiet -d 'Show only errors'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from contact-info-request" -s v -l verbose -d 'Show each attempt, request and answer, secrets redacted'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from contact-info-request" -l no-input -d 'Never ask; what is missing is an error'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from contact-info-request" -s y -l yes -d 'Answer yes to every question'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from contact-info-request" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from contacts" -l contact -d 'A contact, or an array of them, as JSON; or --vcard, or --name (repeatable)' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from contacts" -l vcard -d 'Every card of a vCard file, version 2.1, 3.0 or 4.0' -r -F
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from contacts" -l name -d 'Full name of the contact' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from contacts" -l first-name -d 'First name [default: the first word of --name]' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from contacts" -l last-name -d 'Last name [default: --name without its first word]' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from contacts" -l phone -d 'Phone with country code: +593987654322 (repeatable)' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from contacts" -l phone-type -d 'Type of every phone of the card [default: Mobile]' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from contacts" -l email -d 'Email address (repeatable)' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from contacts" -l email-type -d 'Type of every email address of the card [default: Work]' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from contacts" -l to -d 'Recipient: 593987654321 [env: JELOU_TO]' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from contacts" -l country -d 'Country of national numbers: EC [default: the profile\'s]' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from contacts" -l body -d 'The body, or a part of it, as JSON; flags override it' -r -F
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from contacts" -l exclude -d 'Send nothing to the people on this list (repeatable)' -r -F
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from contacts" -l once -d 'Send each person at most one message for this key, whatever the text' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from contacts" -l wait -d 'Wait until the person got it; exit with 15 if not' -r -f -a "delivered\t''
read\t''"
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from contacts" -l for -d 'How long to wait with --wait [default: 2m]' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from contacts" -s p -l profile -d 'Profile to send with [env: JELOU_PROFILE]' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from contacts" -l config -d 'Configuration file [env: JELOUCTL_CONFIG]' -r -F
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from contacts" -l bot -l bot-id -d 'Bot to send from [env: JELOU_BOT_ID]' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from contacts" -l client-id -d 'Client id of the API credentials [env: JELOU_CLIENT_ID]' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from contacts" -l client-secret-file -d 'File with the client secret, or `-` [env: JELOU_CLIENT_SECRET_FILE]' -r -F
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from contacts" -l api-url -d 'Address of the API [env: JELOU_API_URL] [default: https://api.jelou.ai]' -r -f
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from contacts" -l timeout -d 'Limit for one attempt [env: JELOU_TIMEOUT] [default: 30s]' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from contacts" -l retry-for -d 'How long to retry, 0 for never [env: JELOU_RETRY_FOR] [default: 30s]' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from contacts" -l ca-cert -d 'CA certificates (PEM) to use instead of the system\'s' -r -F
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from contacts" -l ledger -d 'Database for bulk runs, instead of local files [env: JELOUCTL_LEDGER]' -r -f
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from contacts" -s o -l output -d 'What goes to standard output' -r -f -a "response\t'The API\'s response (default)'
id\t'Only the message id, or for a list the name of its run; nothing if there is none'
record\t'One JSON object with the outcome of the message'
none\t'Nothing; check the exit code'"
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from contacts" -l color -d 'When to colour' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set (default)'
always\t''
never\t''"
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from contacts" -l strict -d 'Send nothing if there is a warning about the message'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from contacts" -l sandbox -d 'Send to the sandbox: nothing leaves this machine'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from contacts" -l dry-run -d 'Print the request as JSON and send nothing'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from contacts" -l curl -d 'Print the request as a curl command and send nothing'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from contacts" -s q -l quiet -d 'Show only errors'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from contacts" -s v -l verbose -d 'Show each attempt, request and answer, secrets redacted'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from contacts" -l no-input -d 'Never ask; what is missing is an error'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from contacts" -s y -l yes -d 'Answer yes to every question'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from contacts" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from cta-url" -l title -d 'Line above the text, up to 60 characters' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from cta-url" -l text -d 'Text of the message, 1 to 1024 characters' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from cta-url" -l text-file -d 'Read the text from a file, or from standard input' -r -F
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from cta-url" -l caption -d 'Line below the text, up to 60 characters' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from cta-url" -l url -d 'Page that the button opens, up to 4096 characters' -r -f
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from cta-url" -l button -d 'Label of the button, up to 20 characters (Jelou\'s editor takes 18)' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from cta-url" -l to -d 'Recipient: 593987654321 [env: JELOU_TO]' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from cta-url" -l country -d 'Country of national numbers: EC [default: the profile\'s]' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from cta-url" -l body -d 'The body, or a part of it, as JSON; flags override it' -r -F
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from cta-url" -l exclude -d 'Send nothing to the people on this list (repeatable)' -r -F
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from cta-url" -l once -d 'Send each person at most one message for this key, whatever the text' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from cta-url" -l wait -d 'Wait until the person got it; exit with 15 if not' -r -f -a "delivered\t''
read\t''"
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from cta-url" -l for -d 'How long to wait with --wait [default: 2m]' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from cta-url" -s p -l profile -d 'Profile to send with [env: JELOU_PROFILE]' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from cta-url" -l config -d 'Configuration file [env: JELOUCTL_CONFIG]' -r -F
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from cta-url" -l bot -l bot-id -d 'Bot to send from [env: JELOU_BOT_ID]' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from cta-url" -l client-id -d 'Client id of the API credentials [env: JELOU_CLIENT_ID]' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from cta-url" -l client-secret-file -d 'File with the client secret, or `-` [env: JELOU_CLIENT_SECRET_FILE]' -r -F
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from cta-url" -l api-url -d 'Address of the API [env: JELOU_API_URL] [default: https://api.jelou.ai]' -r -f
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from cta-url" -l timeout -d 'Limit for one attempt [env: JELOU_TIMEOUT] [default: 30s]' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from cta-url" -l retry-for -d 'How long to retry, 0 for never [env: JELOU_RETRY_FOR] [default: 30s]' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from cta-url" -l ca-cert -d 'CA certificates (PEM) to use instead of the system\'s' -r -F
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from cta-url" -l ledger -d 'Database for bulk runs, instead of local files [env: JELOUCTL_LEDGER]' -r -f
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from cta-url" -s o -l output -d 'What goes to standard output' -r -f -a "response\t'The API\'s response (default)'
id\t'Only the message id, or for a list the name of its run; nothing if there is none'
record\t'One JSON object with the outcome of the message'
none\t'Nothing; check the exit code'"
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from cta-url" -l color -d 'When to colour' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set (default)'
always\t''
never\t''"
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from cta-url" -l strict -d 'Send nothing if there is a warning about the message'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from cta-url" -l sandbox -d 'Send to the sandbox: nothing leaves this machine'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from cta-url" -l dry-run -d 'Print the request as JSON and send nothing'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from cta-url" -l curl -d 'Print the request as a curl command and send nothing'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from cta-url" -s q -l quiet -d 'Show only errors'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from cta-url" -s v -l verbose -d 'Show each attempt, request and answer, secrets redacted'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from cta-url" -l no-input -d 'Never ask; what is missing is an error'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from cta-url" -s y -l yes -d 'Answer yes to every question'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from cta-url" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from call" -l title -d 'Line above the text, up to 60 characters' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from call" -l text -d 'Text of the message, 1 to 1024 characters' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from call" -l text-file -d 'Read the text from a file, or from standard input' -r -F
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from call" -l button -d 'Label of the call button, up to 20 characters' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from call" -l to -d 'Recipient: 593987654321 [env: JELOU_TO]' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from call" -l country -d 'Country of national numbers: EC [default: the profile\'s]' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from call" -l body -d 'The body, or a part of it, as JSON; flags override it' -r -F
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from call" -l exclude -d 'Send nothing to the people on this list (repeatable)' -r -F
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from call" -l once -d 'Send each person at most one message for this key, whatever the text' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from call" -l wait -d 'Wait until the person got it; exit with 15 if not' -r -f -a "delivered\t''
read\t''"
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from call" -l for -d 'How long to wait with --wait [default: 2m]' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from call" -s p -l profile -d 'Profile to send with [env: JELOU_PROFILE]' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from call" -l config -d 'Configuration file [env: JELOUCTL_CONFIG]' -r -F
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from call" -l bot -l bot-id -d 'Bot to send from [env: JELOU_BOT_ID]' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from call" -l client-id -d 'Client id of the API credentials [env: JELOU_CLIENT_ID]' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from call" -l client-secret-file -d 'File with the client secret, or `-` [env: JELOU_CLIENT_SECRET_FILE]' -r -F
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from call" -l api-url -d 'Address of the API [env: JELOU_API_URL] [default: https://api.jelou.ai]' -r -f
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from call" -l timeout -d 'Limit for one attempt [env: JELOU_TIMEOUT] [default: 30s]' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from call" -l retry-for -d 'How long to retry, 0 for never [env: JELOU_RETRY_FOR] [default: 30s]' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from call" -l ca-cert -d 'CA certificates (PEM) to use instead of the system\'s' -r -F
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from call" -l ledger -d 'Database for bulk runs, instead of local files [env: JELOUCTL_LEDGER]' -r -f
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from call" -s o -l output -d 'What goes to standard output' -r -f -a "response\t'The API\'s response (default)'
id\t'Only the message id, or for a list the name of its run; nothing if there is none'
record\t'One JSON object with the outcome of the message'
none\t'Nothing; check the exit code'"
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from call" -l color -d 'When to colour' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set (default)'
always\t''
never\t''"
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from call" -l strict -d 'Send nothing if there is a warning about the message'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from call" -l sandbox -d 'Send to the sandbox: nothing leaves this machine'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from call" -l dry-run -d 'Print the request as JSON and send nothing'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from call" -l curl -d 'Print the request as a curl command and send nothing'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from call" -s q -l quiet -d 'Show only errors'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from call" -s v -l verbose -d 'Show each attempt, request and answer, secrets redacted'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from call" -l no-input -d 'Never ask; what is missing is an error'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from call" -s y -l yes -d 'Answer yes to every question'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from call" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from flow" -l title -d 'Line above the text, up to 60 characters' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from flow" -l text -d 'Text of the message, 1 to 1024 characters' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from flow" -l text-file -d 'Read the text from a file, or from standard input' -r -F
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from flow" -l caption -d 'Line below the text, up to 60 characters' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from flow" -l flow-id -d 'Identifier of the flow' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from flow" -l button -d 'Label of the button, up to 20 characters, without emoji' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from flow" -l flow-name -d 'Name of the flow' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from flow" -l mode -d 'State of the flow [default: published]' -r -f -a "draft\t''
published\t''"
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from flow" -l action -d 'What the button does [default: navigate]' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from flow" -l flow-version -d 'Version of WhatsApp\'s flow message [default: 3]' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from flow" -l screen -d 'Screen that the flow opens with' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from flow" -l action-payload -d 'The action payload as JSON, instead of --screen' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from flow" -l to -d 'Recipient: 593987654321 [env: JELOU_TO]' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from flow" -l country -d 'Country of national numbers: EC [default: the profile\'s]' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from flow" -l body -d 'The body, or a part of it, as JSON; flags override it' -r -F
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from flow" -l exclude -d 'Send nothing to the people on this list (repeatable)' -r -F
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from flow" -l once -d 'Send each person at most one message for this key, whatever the text' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from flow" -l wait -d 'Wait until the person got it; exit with 15 if not' -r -f -a "delivered\t''
read\t''"
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from flow" -l for -d 'How long to wait with --wait [default: 2m]' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from flow" -s p -l profile -d 'Profile to send with [env: JELOU_PROFILE]' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from flow" -l config -d 'Configuration file [env: JELOUCTL_CONFIG]' -r -F
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from flow" -l bot -l bot-id -d 'Bot to send from [env: JELOU_BOT_ID]' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from flow" -l client-id -d 'Client id of the API credentials [env: JELOU_CLIENT_ID]' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from flow" -l client-secret-file -d 'File with the client secret, or `-` [env: JELOU_CLIENT_SECRET_FILE]' -r -F
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from flow" -l api-url -d 'Address of the API [env: JELOU_API_URL] [default: https://api.jelou.ai]' -r -f
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from flow" -l timeout -d 'Limit for one attempt [env: JELOU_TIMEOUT] [default: 30s]' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from flow" -l retry-for -d 'How long to retry, 0 for never [env: JELOU_RETRY_FOR] [default: 30s]' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from flow" -l ca-cert -d 'CA certificates (PEM) to use instead of the system\'s' -r -F
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from flow" -l ledger -d 'Database for bulk runs, instead of local files [env: JELOUCTL_LEDGER]' -r -f
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from flow" -s o -l output -d 'What goes to standard output' -r -f -a "response\t'The API\'s response (default)'
id\t'Only the message id, or for a list the name of its run; nothing if there is none'
record\t'One JSON object with the outcome of the message'
none\t'Nothing; check the exit code'"
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from flow" -l color -d 'When to colour' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set (default)'
always\t''
never\t''"
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from flow" -l strict -d 'Send nothing if there is a warning about the message'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from flow" -l sandbox -d 'Send to the sandbox: nothing leaves this machine'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from flow" -l dry-run -d 'Print the request as JSON and send nothing'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from flow" -l curl -d 'Print the request as a curl command and send nothing'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from flow" -s q -l quiet -d 'Show only errors'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from flow" -s v -l verbose -d 'Show each attempt, request and answer, secrets redacted'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from flow" -l no-input -d 'Never ask; what is missing is an error'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from flow" -s y -l yes -d 'Answer yes to every question'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from flow" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from flow-message" -l title -d 'Line above the text, up to 60 characters' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from flow-message" -l text -d 'Text of the message, 1 to 1024 characters' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from flow-message" -l text-file -d 'Read the text from a file, or from standard input' -r -F
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from flow-message" -l caption -d 'Line below the text, up to 60 characters' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from flow-message" -l flow-name -d 'Name (slug) of the flow in Jelou' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from flow-message" -l button -d 'Label of the button, up to 20 characters, without emoji' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from flow-message" -l screen -d 'Screen that the flow opens with' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from flow-message" -l action-payload -d 'The action payload as JSON, instead of --screen' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from flow-message" -l payload -d 'Context that Jelou returns with the flow\'s reply' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from flow-message" -l type -d 'The endpoint\'s `type` parameter [default: Jelou\'s standard type]' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from flow-message" -l to -d 'Recipient: 593987654321 [env: JELOU_TO]' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from flow-message" -l country -d 'Country of national numbers: EC [default: the profile\'s]' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from flow-message" -l body -d 'The body, or a part of it, as JSON; flags override it' -r -F
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from flow-message" -l exclude -d 'Send nothing to the people on this list (repeatable)' -r -F
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from flow-message" -l once -d 'Send each person at most one message for this key, whatever the text' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from flow-message" -l wait -d 'Wait until the person got it; exit with 15 if not' -r -f -a "delivered\t''
read\t''"
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from flow-message" -l for -d 'How long to wait with --wait [default: 2m]' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from flow-message" -s p -l profile -d 'Profile to send with [env: JELOU_PROFILE]' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from flow-message" -l config -d 'Configuration file [env: JELOUCTL_CONFIG]' -r -F
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from flow-message" -l bot -l bot-id -d 'Bot to send from [env: JELOU_BOT_ID]' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from flow-message" -l client-id -d 'Client id of the API credentials [env: JELOU_CLIENT_ID]' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from flow-message" -l client-secret-file -d 'File with the client secret, or `-` [env: JELOU_CLIENT_SECRET_FILE]' -r -F
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from flow-message" -l api-url -d 'Address of the API [env: JELOU_API_URL] [default: https://api.jelou.ai]' -r -f
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from flow-message" -l timeout -d 'Limit for one attempt [env: JELOU_TIMEOUT] [default: 30s]' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from flow-message" -l retry-for -d 'How long to retry, 0 for never [env: JELOU_RETRY_FOR] [default: 30s]' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from flow-message" -l ca-cert -d 'CA certificates (PEM) to use instead of the system\'s' -r -F
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from flow-message" -l ledger -d 'Database for bulk runs, instead of local files [env: JELOUCTL_LEDGER]' -r -f
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from flow-message" -s o -l output -d 'What goes to standard output' -r -f -a "response\t'The API\'s response (default)'
id\t'Only the message id, or for a list the name of its run; nothing if there is none'
record\t'One JSON object with the outcome of the message'
none\t'Nothing; check the exit code'"
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from flow-message" -l color -d 'When to colour' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set (default)'
always\t''
never\t''"
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from flow-message" -l strict -d 'Send nothing if there is a warning about the message'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from flow-message" -l sandbox -d 'Send to the sandbox: nothing leaves this machine'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from flow-message" -l dry-run -d 'Print the request as JSON and send nothing'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from flow-message" -l curl -d 'Print the request as a curl command and send nothing'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from flow-message" -s q -l quiet -d 'Show only errors'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from flow-message" -s v -l verbose -d 'Show each attempt, request and answer, secrets redacted'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from flow-message" -l no-input -d 'Never ask; what is missing is an error'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from flow-message" -s y -l yes -d 'Answer yes to every question'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from flow-message" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from carousel" -l text -d 'Text above the cards, 1 to 1024 characters' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from carousel" -l text-file -d 'Read the text from a file, or from standard input' -r -F
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from carousel" -l card -d 'A card, or an array of cards, as JSON; 1 to 10 of them (repeatable)' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from carousel" -l to -d 'Recipient: 593987654321 [env: JELOU_TO]' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from carousel" -l country -d 'Country of national numbers: EC [default: the profile\'s]' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from carousel" -l body -d 'The body, or a part of it, as JSON; flags override it' -r -F
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from carousel" -l exclude -d 'Send nothing to the people on this list (repeatable)' -r -F
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from carousel" -l once -d 'Send each person at most one message for this key, whatever the text' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from carousel" -l wait -d 'Wait until the person got it; exit with 15 if not' -r -f -a "delivered\t''
read\t''"
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from carousel" -l for -d 'How long to wait with --wait [default: 2m]' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from carousel" -s p -l profile -d 'Profile to send with [env: JELOU_PROFILE]' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from carousel" -l config -d 'Configuration file [env: JELOUCTL_CONFIG]' -r -F
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from carousel" -l bot -l bot-id -d 'Bot to send from [env: JELOU_BOT_ID]' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from carousel" -l client-id -d 'Client id of the API credentials [env: JELOU_CLIENT_ID]' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from carousel" -l client-secret-file -d 'File with the client secret, or `-` [env: JELOU_CLIENT_SECRET_FILE]' -r -F
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from carousel" -l api-url -d 'Address of the API [env: JELOU_API_URL] [default: https://api.jelou.ai]' -r -f
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from carousel" -l timeout -d 'Limit for one attempt [env: JELOU_TIMEOUT] [default: 30s]' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from carousel" -l retry-for -d 'How long to retry, 0 for never [env: JELOU_RETRY_FOR] [default: 30s]' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from carousel" -l ca-cert -d 'CA certificates (PEM) to use instead of the system\'s' -r -F
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from carousel" -l ledger -d 'Database for bulk runs, instead of local files [env: JELOUCTL_LEDGER]' -r -f
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from carousel" -s o -l output -d 'What goes to standard output' -r -f -a "response\t'The API\'s response (default)'
id\t'Only the message id, or for a list the name of its run; nothing if there is none'
record\t'One JSON object with the outcome of the message'
none\t'Nothing; check the exit code'"
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from carousel" -l color -d 'When to colour' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set (default)'
always\t''
never\t''"
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from carousel" -l strict -d 'Send nothing if there is a warning about the message'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from carousel" -l sandbox -d 'Send to the sandbox: nothing leaves this machine'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from carousel" -l dry-run -d 'Print the request as JSON and send nothing'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from carousel" -l curl -d 'Print the request as a curl command and send nothing'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from carousel" -s q -l quiet -d 'Show only errors'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from carousel" -s v -l verbose -d 'Show each attempt, request and answer, secrets redacted'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from carousel" -l no-input -d 'Never ask; what is missing is an error'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from carousel" -s y -l yes -d 'Answer yes to every question'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from carousel" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from template" -l language -d 'Language code of the template' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from template" -l type -d 'Type of the template\'s header [default: text]' -r -f -a "text\t''
image\t''
document\t''
video\t''"
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from template" -l param -d 'Value of the text\'s next parameter (repeatable)' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from template" -l header-param -d 'Value of the header\'s next parameter (repeatable)' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from template" -l media-url -l url -d 'Public HTTPS URL of the header\'s image, document or video' -r -f
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from template" -l filename -d 'Name of the document that the recipient sees' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from template" -l button-param -d 'Value for the template\'s next button, as JSON: \'{"type": "URL", "param": "A-1042"}\' (repeatable)' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from template" -l template-id -d 'Send a template by its id, through the messages endpoint' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from template" -l campaign -d 'Campaign of the template; with --template-id it goes through the campaign\'s endpoint, only to its users' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from template" -l to -d 'Recipient: 593987654321 [env: JELOU_TO]' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from template" -l country -d 'Country of national numbers: EC [default: the profile\'s]' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from template" -l body -d 'The body, or a part of it, as JSON; flags override it' -r -F
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from template" -l exclude -d 'Send nothing to the people on this list (repeatable)' -r -F
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from template" -l once -d 'Send each person at most one message for this key, whatever the text' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from template" -l wait -d 'Wait until the person got it; exit with 15 if not' -r -f -a "delivered\t''
read\t''"
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from template" -l for -d 'How long to wait with --wait [default: 2m]' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from template" -s p -l profile -d 'Profile to send with [env: JELOU_PROFILE]' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from template" -l config -d 'Configuration file [env: JELOUCTL_CONFIG]' -r -F
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from template" -l bot -l bot-id -d 'Bot to send from [env: JELOU_BOT_ID]' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from template" -l client-id -d 'Client id of the API credentials [env: JELOU_CLIENT_ID]' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from template" -l client-secret-file -d 'File with the client secret, or `-` [env: JELOU_CLIENT_SECRET_FILE]' -r -F
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from template" -l api-url -d 'Address of the API [env: JELOU_API_URL] [default: https://api.jelou.ai]' -r -f
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from template" -l timeout -d 'Limit for one attempt [env: JELOU_TIMEOUT] [default: 30s]' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from template" -l retry-for -d 'How long to retry, 0 for never [env: JELOU_RETRY_FOR] [default: 30s]' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from template" -l ca-cert -d 'CA certificates (PEM) to use instead of the system\'s' -r -F
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from template" -l ledger -d 'Database for bulk runs, instead of local files [env: JELOUCTL_LEDGER]' -r -f
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from template" -s o -l output -d 'What goes to standard output' -r -f -a "response\t'The API\'s response (default)'
id\t'Only the message id, or for a list the name of its run; nothing if there is none'
record\t'One JSON object with the outcome of the message'
none\t'Nothing; check the exit code'"
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from template" -l color -d 'When to colour' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set (default)'
always\t''
never\t''"
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from template" -l strict -d 'Send nothing if there is a warning about the message'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from template" -l sandbox -d 'Send to the sandbox: nothing leaves this machine'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from template" -l dry-run -d 'Print the request as JSON and send nothing'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from template" -l curl -d 'Print the request as a curl command and send nothing'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from template" -s q -l quiet -d 'Show only errors'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from template" -s v -l verbose -d 'Show each attempt, request and answer, secrets redacted'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from template" -l no-input -d 'Never ask; what is missing is an error'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from template" -s y -l yes -d 'Answer yes to every question'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from template" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from raw" -l to -d 'Recipient: 593987654321 [env: JELOU_TO]' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from raw" -l country -d 'Country of national numbers: EC [default: the profile\'s]' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from raw" -l body -d 'The body, or a part of it, as JSON; flags override it' -r -F
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from raw" -l exclude -d 'Send nothing to the people on this list (repeatable)' -r -F
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from raw" -l once -d 'Send each person at most one message for this key, whatever the text' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from raw" -l wait -d 'Wait until the person got it; exit with 15 if not' -r -f -a "delivered\t''
read\t''"
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from raw" -l for -d 'How long to wait with --wait [default: 2m]' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from raw" -s p -l profile -d 'Profile to send with [env: JELOU_PROFILE]' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from raw" -l config -d 'Configuration file [env: JELOUCTL_CONFIG]' -r -F
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from raw" -l bot -l bot-id -d 'Bot to send from [env: JELOU_BOT_ID]' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from raw" -l client-id -d 'Client id of the API credentials [env: JELOU_CLIENT_ID]' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from raw" -l client-secret-file -d 'File with the client secret, or `-` [env: JELOU_CLIENT_SECRET_FILE]' -r -F
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from raw" -l api-url -d 'Address of the API [env: JELOU_API_URL] [default: https://api.jelou.ai]' -r -f
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from raw" -l timeout -d 'Limit for one attempt [env: JELOU_TIMEOUT] [default: 30s]' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from raw" -l retry-for -d 'How long to retry, 0 for never [env: JELOU_RETRY_FOR] [default: 30s]' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from raw" -l ca-cert -d 'CA certificates (PEM) to use instead of the system\'s' -r -F
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from raw" -l ledger -d 'Database for bulk runs, instead of local files [env: JELOUCTL_LEDGER]' -r -f
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from raw" -s o -l output -d 'What goes to standard output' -r -f -a "response\t'The API\'s response (default)'
id\t'Only the message id, or for a list the name of its run; nothing if there is none'
record\t'One JSON object with the outcome of the message'
none\t'Nothing; check the exit code'"
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from raw" -l color -d 'When to colour' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set (default)'
always\t''
never\t''"
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from raw" -l strict -d 'Send nothing if there is a warning about the message'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from raw" -l sandbox -d 'Send to the sandbox: nothing leaves this machine'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from raw" -l dry-run -d 'Print the request as JSON and send nothing'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from raw" -l curl -d 'Print the request as a curl command and send nothing'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from raw" -s q -l quiet -d 'Show only errors'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from raw" -s v -l verbose -d 'Show each attempt, request and answer, secrets redacted'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from raw" -l no-input -d 'Never ask; what is missing is an error'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from raw" -s y -l yes -d 'Answer yes to every question'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand send; and __fish_seen_subcommand_from raw" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand flow-message" -l title -d 'Line above the text, up to 60 characters' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand flow-message" -l text -d 'Text of the message, 1 to 1024 characters' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand flow-message" -l text-file -d 'Read the text from a file, or from standard input' -r -F
complete -c jelouctl -n "__fish_jelouctl_using_subcommand flow-message" -l caption -d 'Line below the text, up to 60 characters' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand flow-message" -l flow-name -d 'Name (slug) of the flow in Jelou' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand flow-message" -l button -d 'Label of the button, up to 20 characters, without emoji' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand flow-message" -l screen -d 'Screen that the flow opens with' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand flow-message" -l action-payload -d 'The action payload as JSON, instead of --screen' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand flow-message" -l payload -d 'Context that Jelou returns with the flow\'s reply' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand flow-message" -l type -d 'The endpoint\'s `type` parameter [default: Jelou\'s standard type]' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand flow-message" -l to -d 'Recipient: 593987654321 [env: JELOU_TO]' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand flow-message" -l country -d 'Country of national numbers: EC [default: the profile\'s]' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand flow-message" -l body -d 'The body, or a part of it, as JSON; flags override it' -r -F
complete -c jelouctl -n "__fish_jelouctl_using_subcommand flow-message" -l exclude -d 'Send nothing to the people on this list (repeatable)' -r -F
complete -c jelouctl -n "__fish_jelouctl_using_subcommand flow-message" -l once -d 'Send each person at most one message for this key, whatever the text' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand flow-message" -l wait -d 'Wait until the person got it; exit with 15 if not' -r -f -a "delivered\t''
read\t''"
complete -c jelouctl -n "__fish_jelouctl_using_subcommand flow-message" -l for -d 'How long to wait with --wait [default: 2m]' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand flow-message" -s p -l profile -d 'Profile to send with [env: JELOU_PROFILE]' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand flow-message" -l config -d 'Configuration file [env: JELOUCTL_CONFIG]' -r -F
complete -c jelouctl -n "__fish_jelouctl_using_subcommand flow-message" -l bot -l bot-id -d 'Bot to send from [env: JELOU_BOT_ID]' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand flow-message" -l client-id -d 'Client id of the API credentials [env: JELOU_CLIENT_ID]' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand flow-message" -l client-secret-file -d 'File with the client secret, or `-` [env: JELOU_CLIENT_SECRET_FILE]' -r -F
complete -c jelouctl -n "__fish_jelouctl_using_subcommand flow-message" -l api-url -d 'Address of the API [env: JELOU_API_URL] [default: https://api.jelou.ai]' -r -f
complete -c jelouctl -n "__fish_jelouctl_using_subcommand flow-message" -l timeout -d 'Limit for one attempt [env: JELOU_TIMEOUT] [default: 30s]' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand flow-message" -l retry-for -d 'How long to retry, 0 for never [env: JELOU_RETRY_FOR] [default: 30s]' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand flow-message" -l ca-cert -d 'CA certificates (PEM) to use instead of the system\'s' -r -F
complete -c jelouctl -n "__fish_jelouctl_using_subcommand flow-message" -l ledger -d 'Database for bulk runs, instead of local files [env: JELOUCTL_LEDGER]' -r -f
complete -c jelouctl -n "__fish_jelouctl_using_subcommand flow-message" -s o -l output -d 'What goes to standard output' -r -f -a "response\t'The API\'s response (default)'
id\t'Only the message id, or for a list the name of its run; nothing if there is none'
record\t'One JSON object with the outcome of the message'
none\t'Nothing; check the exit code'"
complete -c jelouctl -n "__fish_jelouctl_using_subcommand flow-message" -l color -d 'When to colour' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set (default)'
always\t''
never\t''"
complete -c jelouctl -n "__fish_jelouctl_using_subcommand flow-message" -l strict -d 'Send nothing if there is a warning about the message'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand flow-message" -l sandbox -d 'Send to the sandbox: nothing leaves this machine'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand flow-message" -l dry-run -d 'Print the request as JSON and send nothing'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand flow-message" -l curl -d 'Print the request as a curl command and send nothing'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand flow-message" -s q -l quiet -d 'Show only errors'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand flow-message" -s v -l verbose -d 'Show each attempt, request and answer, secrets redacted'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand flow-message" -l no-input -d 'Never ask; what is missing is an error'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand flow-message" -s y -l yes -d 'Answer yes to every question'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand flow-message" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand templates" -l query -d 'Only those with this in their name' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand templates" -l status -d 'Only those that are approved, pending, rejected, disabled or deleted' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand templates" -l category -d 'Only those for utility, marketing or authentication' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand templates" -s p -l profile -d 'Profile to send with [env: JELOU_PROFILE]' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand templates" -l config -d 'Configuration file [env: JELOUCTL_CONFIG]' -r -F
complete -c jelouctl -n "__fish_jelouctl_using_subcommand templates" -l bot -l bot-id -d 'Bot to send from [env: JELOU_BOT_ID]' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand templates" -l client-id -d 'Client id of the API credentials [env: JELOU_CLIENT_ID]' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand templates" -l client-secret-file -d 'File with the client secret, or `-` [env: JELOU_CLIENT_SECRET_FILE]' -r -F
complete -c jelouctl -n "__fish_jelouctl_using_subcommand templates" -l api-url -d 'Address of the API [env: JELOU_API_URL] [default: https://api.jelou.ai]' -r -f
complete -c jelouctl -n "__fish_jelouctl_using_subcommand templates" -l timeout -d 'Limit for one attempt [env: JELOU_TIMEOUT] [default: 30s]' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand templates" -l retry-for -d 'How long to retry, 0 for never [env: JELOU_RETRY_FOR] [default: 30s]' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand templates" -l ca-cert -d 'CA certificates (PEM) to use instead of the system\'s' -r -F
complete -c jelouctl -n "__fish_jelouctl_using_subcommand templates" -l ledger -d 'Database for bulk runs, instead of local files [env: JELOUCTL_LEDGER]' -r -f
complete -c jelouctl -n "__fish_jelouctl_using_subcommand templates" -s o -l output -d 'What goes to standard output' -r -f -a "response\t'The API\'s response (default)'
id\t'Only the message id, or for a list the name of its run; nothing if there is none'
record\t'One JSON object with the outcome of the message'
none\t'Nothing; check the exit code'"
complete -c jelouctl -n "__fish_jelouctl_using_subcommand templates" -l color -d 'When to colour' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set (default)'
always\t''
never\t''"
complete -c jelouctl -n "__fish_jelouctl_using_subcommand templates" -l sandbox -d 'Send to the sandbox: nothing leaves this machine'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand templates" -l dry-run -d 'Print the request as JSON and send nothing'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand templates" -l curl -d 'Print the request as a curl command and send nothing'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand templates" -s q -l quiet -d 'Show only errors'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand templates" -s v -l verbose -d 'Show each attempt, request and answer, secrets redacted'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand templates" -l no-input -d 'Never ask; what is missing is an error'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand templates" -s y -l yes -d 'Answer yes to every question'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand templates" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand messages; and not __fish_seen_subcommand_from list get" -s p -l profile -d 'Profile to send with [env: JELOU_PROFILE]' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand messages; and not __fish_seen_subcommand_from list get" -l config -d 'Configuration file [env: JELOUCTL_CONFIG]' -r -F
complete -c jelouctl -n "__fish_jelouctl_using_subcommand messages; and not __fish_seen_subcommand_from list get" -l bot -l bot-id -d 'Bot to send from [env: JELOU_BOT_ID]' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand messages; and not __fish_seen_subcommand_from list get" -l client-id -d 'Client id of the API credentials [env: JELOU_CLIENT_ID]' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand messages; and not __fish_seen_subcommand_from list get" -l client-secret-file -d 'File with the client secret, or `-` [env: JELOU_CLIENT_SECRET_FILE]' -r -F
complete -c jelouctl -n "__fish_jelouctl_using_subcommand messages; and not __fish_seen_subcommand_from list get" -l api-url -d 'Address of the API [env: JELOU_API_URL] [default: https://api.jelou.ai]' -r -f
complete -c jelouctl -n "__fish_jelouctl_using_subcommand messages; and not __fish_seen_subcommand_from list get" -l timeout -d 'Limit for one attempt [env: JELOU_TIMEOUT] [default: 30s]' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand messages; and not __fish_seen_subcommand_from list get" -l retry-for -d 'How long to retry, 0 for never [env: JELOU_RETRY_FOR] [default: 30s]' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand messages; and not __fish_seen_subcommand_from list get" -l ca-cert -d 'CA certificates (PEM) to use instead of the system\'s' -r -F
complete -c jelouctl -n "__fish_jelouctl_using_subcommand messages; and not __fish_seen_subcommand_from list get" -l ledger -d 'Database for bulk runs, instead of local files [env: JELOUCTL_LEDGER]' -r -f
complete -c jelouctl -n "__fish_jelouctl_using_subcommand messages; and not __fish_seen_subcommand_from list get" -s o -l output -d 'What goes to standard output' -r -f -a "response\t'The API\'s response (default)'
id\t'Only the message id, or for a list the name of its run; nothing if there is none'
record\t'One JSON object with the outcome of the message'
none\t'Nothing; check the exit code'"
complete -c jelouctl -n "__fish_jelouctl_using_subcommand messages; and not __fish_seen_subcommand_from list get" -l color -d 'When to colour' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set (default)'
always\t''
never\t''"
complete -c jelouctl -n "__fish_jelouctl_using_subcommand messages; and not __fish_seen_subcommand_from list get" -l sandbox -d 'Send to the sandbox: nothing leaves this machine'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand messages; and not __fish_seen_subcommand_from list get" -l dry-run -d 'Print the request as JSON and send nothing'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand messages; and not __fish_seen_subcommand_from list get" -l curl -d 'Print the request as a curl command and send nothing'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand messages; and not __fish_seen_subcommand_from list get" -s q -l quiet -d 'Show only errors'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand messages; and not __fish_seen_subcommand_from list get" -s v -l verbose -d 'Show each attempt, request and answer, secrets redacted'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand messages; and not __fish_seen_subcommand_from list get" -l no-input -d 'Never ask; what is missing is an error'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand messages; and not __fish_seen_subcommand_from list get" -s y -l yes -d 'Answer yes to every question'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand messages; and not __fish_seen_subcommand_from list get" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand messages; and not __fish_seen_subcommand_from list get" -f -a "list" -d 'List the messages of a bot, sent and received, the newest last'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand messages; and not __fish_seen_subcommand_from list get" -f -a "get" -d 'Show the delivery status of a message: accepted, at WhatsApp, delivered, read, replied or undelivered'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand messages; and __fish_seen_subcommand_from list" -l to -d 'Only messages to or from this person' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand messages; and __fish_seen_subcommand_from list" -l by -d 'Only messages that the bot, or the user, wrote; agents are neither' -r -f -a "bot\t''
user\t''"
complete -c jelouctl -n "__fish_jelouctl_using_subcommand messages; and __fish_seen_subcommand_from list" -l since -d 'Since when: 24h, 30d, 2026-11-20 or 2026-11-20T08:00 [default: 24h]' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand messages; and __fish_seen_subcommand_from list" -l until -d 'Until when [default: now]' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand messages; and __fish_seen_subcommand_from list" -l matching -d 'Only messages whose text has this; case and accents do not matter' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand messages; and __fish_seen_subcommand_from list" -l limit -d 'Only the newest N of these' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand messages; and __fish_seen_subcommand_from list" -s p -l profile -d 'Profile to send with [env: JELOU_PROFILE]' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand messages; and __fish_seen_subcommand_from list" -l config -d 'Configuration file [env: JELOUCTL_CONFIG]' -r -F
complete -c jelouctl -n "__fish_jelouctl_using_subcommand messages; and __fish_seen_subcommand_from list" -l bot -l bot-id -d 'Bot to send from [env: JELOU_BOT_ID]' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand messages; and __fish_seen_subcommand_from list" -l client-id -d 'Client id of the API credentials [env: JELOU_CLIENT_ID]' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand messages; and __fish_seen_subcommand_from list" -l client-secret-file -d 'File with the client secret, or `-` [env: JELOU_CLIENT_SECRET_FILE]' -r -F
complete -c jelouctl -n "__fish_jelouctl_using_subcommand messages; and __fish_seen_subcommand_from list" -l api-url -d 'Address of the API [env: JELOU_API_URL] [default: https://api.jelou.ai]' -r -f
complete -c jelouctl -n "__fish_jelouctl_using_subcommand messages; and __fish_seen_subcommand_from list" -l timeout -d 'Limit for one attempt [env: JELOU_TIMEOUT] [default: 30s]' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand messages; and __fish_seen_subcommand_from list" -l retry-for -d 'How long to retry, 0 for never [env: JELOU_RETRY_FOR] [default: 30s]' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand messages; and __fish_seen_subcommand_from list" -l ca-cert -d 'CA certificates (PEM) to use instead of the system\'s' -r -F
complete -c jelouctl -n "__fish_jelouctl_using_subcommand messages; and __fish_seen_subcommand_from list" -l ledger -d 'Database for bulk runs, instead of local files [env: JELOUCTL_LEDGER]' -r -f
complete -c jelouctl -n "__fish_jelouctl_using_subcommand messages; and __fish_seen_subcommand_from list" -s o -l output -d 'What goes to standard output' -r -f -a "response\t'The API\'s response (default)'
id\t'Only the message id, or for a list the name of its run; nothing if there is none'
record\t'One JSON object with the outcome of the message'
none\t'Nothing; check the exit code'"
complete -c jelouctl -n "__fish_jelouctl_using_subcommand messages; and __fish_seen_subcommand_from list" -l color -d 'When to colour' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set (default)'
always\t''
never\t''"
complete -c jelouctl -n "__fish_jelouctl_using_subcommand messages; and __fish_seen_subcommand_from list" -l follow -d 'Print new messages as they are listed, until Ctrl-C'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand messages; and __fish_seen_subcommand_from list" -l sandbox -d 'Send to the sandbox: nothing leaves this machine'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand messages; and __fish_seen_subcommand_from list" -l dry-run -d 'Print the request as JSON and send nothing'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand messages; and __fish_seen_subcommand_from list" -l curl -d 'Print the request as a curl command and send nothing'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand messages; and __fish_seen_subcommand_from list" -s q -l quiet -d 'Show only errors'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand messages; and __fish_seen_subcommand_from list" -s v -l verbose -d 'Show each attempt, request and answer, secrets redacted'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand messages; and __fish_seen_subcommand_from list" -l no-input -d 'Never ask; what is missing is an error'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand messages; and __fish_seen_subcommand_from list" -s y -l yes -d 'Answer yes to every question'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand messages; and __fish_seen_subcommand_from list" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand messages; and __fish_seen_subcommand_from get" -l wait -d 'Ask again until it has come so far' -r -f -a "delivered\t'It is on the person\'s phone'
read\t'The person has read it; only where read receipts are shown'
replied\t'The person has answered'"
complete -c jelouctl -n "__fish_jelouctl_using_subcommand messages; and __fish_seen_subcommand_from get" -l for -d 'How long to ask [default: 2m]' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand messages; and __fish_seen_subcommand_from get" -s p -l profile -d 'Profile to send with [env: JELOU_PROFILE]' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand messages; and __fish_seen_subcommand_from get" -l config -d 'Configuration file [env: JELOUCTL_CONFIG]' -r -F
complete -c jelouctl -n "__fish_jelouctl_using_subcommand messages; and __fish_seen_subcommand_from get" -l bot -l bot-id -d 'Bot to send from [env: JELOU_BOT_ID]' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand messages; and __fish_seen_subcommand_from get" -l client-id -d 'Client id of the API credentials [env: JELOU_CLIENT_ID]' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand messages; and __fish_seen_subcommand_from get" -l client-secret-file -d 'File with the client secret, or `-` [env: JELOU_CLIENT_SECRET_FILE]' -r -F
complete -c jelouctl -n "__fish_jelouctl_using_subcommand messages; and __fish_seen_subcommand_from get" -l api-url -d 'Address of the API [env: JELOU_API_URL] [default: https://api.jelou.ai]' -r -f
complete -c jelouctl -n "__fish_jelouctl_using_subcommand messages; and __fish_seen_subcommand_from get" -l timeout -d 'Limit for one attempt [env: JELOU_TIMEOUT] [default: 30s]' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand messages; and __fish_seen_subcommand_from get" -l retry-for -d 'How long to retry, 0 for never [env: JELOU_RETRY_FOR] [default: 30s]' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand messages; and __fish_seen_subcommand_from get" -l ca-cert -d 'CA certificates (PEM) to use instead of the system\'s' -r -F
complete -c jelouctl -n "__fish_jelouctl_using_subcommand messages; and __fish_seen_subcommand_from get" -l ledger -d 'Database for bulk runs, instead of local files [env: JELOUCTL_LEDGER]' -r -f
complete -c jelouctl -n "__fish_jelouctl_using_subcommand messages; and __fish_seen_subcommand_from get" -s o -l output -d 'What goes to standard output' -r -f -a "response\t'The API\'s response (default)'
id\t'Only the message id, or for a list the name of its run; nothing if there is none'
record\t'One JSON object with the outcome of the message'
none\t'Nothing; check the exit code'"
complete -c jelouctl -n "__fish_jelouctl_using_subcommand messages; and __fish_seen_subcommand_from get" -l color -d 'When to colour' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set (default)'
always\t''
never\t''"
complete -c jelouctl -n "__fish_jelouctl_using_subcommand messages; and __fish_seen_subcommand_from get" -l sandbox -d 'Send to the sandbox: nothing leaves this machine'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand messages; and __fish_seen_subcommand_from get" -l dry-run -d 'Print the request as JSON and send nothing'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand messages; and __fish_seen_subcommand_from get" -l curl -d 'Print the request as a curl command and send nothing'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand messages; and __fish_seen_subcommand_from get" -s q -l quiet -d 'Show only errors'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand messages; and __fish_seen_subcommand_from get" -s v -l verbose -d 'Show each attempt, request and answer, secrets redacted'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand messages; and __fish_seen_subcommand_from get" -l no-input -d 'Never ask; what is missing is an error'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand messages; and __fish_seen_subcommand_from get" -s y -l yes -d 'Answer yes to every question'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand messages; and __fish_seen_subcommand_from get" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand bulk; and not __fish_seen_subcommand_from send resume work stop cancel status deliveries report find resolve list remove" -s p -l profile -d 'Profile to send with [env: JELOU_PROFILE]' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand bulk; and not __fish_seen_subcommand_from send resume work stop cancel status deliveries report find resolve list remove" -l config -d 'Configuration file [env: JELOUCTL_CONFIG]' -r -F
complete -c jelouctl -n "__fish_jelouctl_using_subcommand bulk; and not __fish_seen_subcommand_from send resume work stop cancel status deliveries report find resolve list remove" -l bot -l bot-id -d 'Bot to send from [env: JELOU_BOT_ID]' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand bulk; and not __fish_seen_subcommand_from send resume work stop cancel status deliveries report find resolve list remove" -l client-id -d 'Client id of the API credentials [env: JELOU_CLIENT_ID]' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand bulk; and not __fish_seen_subcommand_from send resume work stop cancel status deliveries report find resolve list remove" -l client-secret-file -d 'File with the client secret, or `-` [env: JELOU_CLIENT_SECRET_FILE]' -r -F
complete -c jelouctl -n "__fish_jelouctl_using_subcommand bulk; and not __fish_seen_subcommand_from send resume work stop cancel status deliveries report find resolve list remove" -l api-url -d 'Address of the API [env: JELOU_API_URL] [default: https://api.jelou.ai]' -r -f
complete -c jelouctl -n "__fish_jelouctl_using_subcommand bulk; and not __fish_seen_subcommand_from send resume work stop cancel status deliveries report find resolve list remove" -l timeout -d 'Limit for one attempt [env: JELOU_TIMEOUT] [default: 30s]' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand bulk; and not __fish_seen_subcommand_from send resume work stop cancel status deliveries report find resolve list remove" -l retry-for -d 'How long to retry, 0 for never [env: JELOU_RETRY_FOR] [default: 30s]' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand bulk; and not __fish_seen_subcommand_from send resume work stop cancel status deliveries report find resolve list remove" -l ca-cert -d 'CA certificates (PEM) to use instead of the system\'s' -r -F
complete -c jelouctl -n "__fish_jelouctl_using_subcommand bulk; and not __fish_seen_subcommand_from send resume work stop cancel status deliveries report find resolve list remove" -l ledger -d 'Database for bulk runs, instead of local files [env: JELOUCTL_LEDGER]' -r -f
complete -c jelouctl -n "__fish_jelouctl_using_subcommand bulk; and not __fish_seen_subcommand_from send resume work stop cancel status deliveries report find resolve list remove" -s o -l output -d 'What goes to standard output' -r -f -a "response\t'The API\'s response (default)'
id\t'Only the message id, or for a list the name of its run; nothing if there is none'
record\t'One JSON object with the outcome of the message'
none\t'Nothing; check the exit code'"
complete -c jelouctl -n "__fish_jelouctl_using_subcommand bulk; and not __fish_seen_subcommand_from send resume work stop cancel status deliveries report find resolve list remove" -l color -d 'When to colour' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set (default)'
always\t''
never\t''"
complete -c jelouctl -n "__fish_jelouctl_using_subcommand bulk; and not __fish_seen_subcommand_from send resume work stop cancel status deliveries report find resolve list remove" -l sandbox -d 'Send to the sandbox: nothing leaves this machine'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand bulk; and not __fish_seen_subcommand_from send resume work stop cancel status deliveries report find resolve list remove" -l dry-run -d 'Print the request as JSON and send nothing'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand bulk; and not __fish_seen_subcommand_from send resume work stop cancel status deliveries report find resolve list remove" -l curl -d 'Print the request as a curl command and send nothing'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand bulk; and not __fish_seen_subcommand_from send resume work stop cancel status deliveries report find resolve list remove" -s q -l quiet -d 'Show only errors'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand bulk; and not __fish_seen_subcommand_from send resume work stop cancel status deliveries report find resolve list remove" -s v -l verbose -d 'Show each attempt, request and answer, secrets redacted'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand bulk; and not __fish_seen_subcommand_from send resume work stop cancel status deliveries report find resolve list remove" -l no-input -d 'Never ask; what is missing is an error'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand bulk; and not __fish_seen_subcommand_from send resume work stop cancel status deliveries report find resolve list remove" -s y -l yes -d 'Answer yes to every question'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand bulk; and not __fish_seen_subcommand_from send resume work stop cancel status deliveries report find resolve list remove" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand bulk; and not __fish_seen_subcommand_from send resume work stop cancel status deliveries report find resolve list remove" -f -a "send" -d 'Send a message to each row of a list'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand bulk; and not __fish_seen_subcommand_from send resume work stop cancel status deliveries report find resolve list remove" -f -a "resume" -d 'Continue a run that was stopped, paused or killed'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand bulk; and not __fish_seen_subcommand_from send resume work stop cancel status deliveries report find resolve list remove" -f -a "work" -d 'Send rows of a run that other machines send too, until it is complete'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand bulk; and not __fish_seen_subcommand_from send resume work stop cancel status deliveries report find resolve list remove" -f -a "stop" -d 'Stop a run that another process sends; what is under way ends first'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand bulk; and not __fish_seen_subcommand_from send resume work stop cancel status deliveries report find resolve list remove" -f -a "cancel" -d 'Cancel a run: what is still to be sent is left out for good; asks, or needs --yes'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand bulk; and not __fish_seen_subcommand_from send resume work stop cancel status deliveries report find resolve list remove" -f -a "status" -d 'Show the state of a run, also while it is running'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand bulk; and not __fish_seen_subcommand_from send resume work stop cancel status deliveries report find resolve list remove" -f -a "deliveries" -d 'Fetch the delivery status of a run\'s messages, and store it'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand bulk; and not __fish_seen_subcommand_from send resume work stop cancel status deliveries report find resolve list remove" -f -a "report" -d 'Print the list with the outcome of each row, or make a page of it to look at'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand bulk; and not __fish_seen_subcommand_from send resume work stop cancel status deliveries report find resolve list remove" -f -a "find" -d 'Show what was sent to a person, by any run'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand bulk; and not __fish_seen_subcommand_from send resume work stop cancel status deliveries report find resolve list remove" -f -a "resolve" -d 'Set the state of unknown rows by hand, or send failed rows again'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand bulk; and not __fish_seen_subcommand_from send resume work stop cancel status deliveries report find resolve list remove" -f -a "list" -d 'List the runs, the newest first'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand bulk; and not __fish_seen_subcommand_from send resume work stop cancel status deliveries report find resolve list remove" -f -a "remove" -d 'Remove a run, or old ones, and all its records; asks, or needs --yes'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand bulk; and __fish_seen_subcommand_from send" -l sheet -d 'Sheet of the workbook [default: the first visible one]' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand bulk; and __fish_seen_subcommand_from send" -l header-row -d 'Line of the header, as the sheet or an editor counts it [default: found]' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand bulk; and __fish_seen_subcommand_from send" -l encoding -d 'Encoding of a list in text, such as windows-1252 [default: UTF-8]' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand bulk; and __fish_seen_subcommand_from send" -l to-column -d 'Column of the recipient [default: found by its name]' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand bulk; and __fish_seen_subcommand_from send" -l country -d 'Country of the list\'s national numbers: EC [default: the profile\'s]' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand bulk; and __fish_seen_subcommand_from send" -l skip -d 'Skip the first N rows' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand bulk; and __fish_seen_subcommand_from send" -l limit -d 'Send at most N messages; skipped rows do not count' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand bulk; and __fish_seen_subcommand_from send" -l hidden -d 'What to do with rows that the sheet hides or shows crossed out' -r -f -a "skip\t'They are left out'
send\t'They are sent like the others'"
complete -c jelouctl -n "__fish_jelouctl_using_subcommand bulk; and __fish_seen_subcommand_from send" -l exclude -d 'Leave out the people on this list (repeatable)' -r -F
complete -c jelouctl -n "__fish_jelouctl_using_subcommand bulk; and __fish_seen_subcommand_from send" -l once -d 'Send each person at most one message under this key' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand bulk; and __fish_seen_subcommand_from send" -l ignore-run -d 'Send although this run cannot be read (repeatable)' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand bulk; and __fish_seen_subcommand_from send" -l remember -d 'How far back sent messages count: 3d, 12h, or 0 [default: 3d]' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand bulk; and __fish_seen_subcommand_from send" -l between -d 'Send only in these hours: \'mon-fri 07:00-19:00\' (repeatable)' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand bulk; and __fish_seen_subcommand_from send" -l not-on -d 'Send nothing on this day: 2026-12-25 (repeatable)' -r -F
complete -c jelouctl -n "__fish_jelouctl_using_subcommand bulk; and __fish_seen_subcommand_from send" -l time-zone -d 'Time zone of these hours and days: America/Bogota' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand bulk; and __fish_seen_subcommand_from send" -l preview -d 'Check every row, show the first N messages and send nothing' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand bulk; and __fish_seen_subcommand_from send" -l file -d 'With --preview all, write a page with every message to this file: preview.html' -r -F
complete -c jelouctl -n "__fish_jelouctl_using_subcommand bulk; and __fish_seen_subcommand_from send" -l lang -d 'Language of the page [default: en]' -r -f -a "en\t'English'
es\t'Spanish'"
complete -c jelouctl -n "__fish_jelouctl_using_subcommand bulk; and __fish_seen_subcommand_from send" -l rejects -d 'Write the rows that will not be sent to this file, with the reason' -r -F
complete -c jelouctl -n "__fish_jelouctl_using_subcommand bulk; and __fish_seen_subcommand_from send" -l test-to -d 'Check every row, then send the first messages to this user only' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand bulk; and __fish_seen_subcommand_from send" -l test-rows -d 'How many messages --test-to sends, 1 to 10 [default: 1]' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand bulk; and __fish_seen_subcommand_from send" -l run -d 'Name of the run [default: from the file\'s name and the time]' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand bulk; and __fish_seen_subcommand_from send" -l rate -d 'How fast to send: 5/s, 300/m, 1000/h [default: 5/s]' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand bulk; and __fish_seen_subcommand_from send" -l concurrency -d 'How many requests may be in flight at once [default: 64]' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand bulk; and __fish_seen_subcommand_from send" -l max-wait -d 'How long to wait out a rate limit or a lost network [default: 15m]' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand bulk; and __fish_seen_subcommand_from send" -l progress -d 'How to show the progress' -r -f -a "auto\t'A bar on a terminal, else a line every 10 s (default)'
ndjson\t'One JSON object a second on standard error'
none\t''"
complete -c jelouctl -n "__fish_jelouctl_using_subcommand bulk; and __fish_seen_subcommand_from send" -s p -l profile -d 'Profile to send with [env: JELOU_PROFILE]' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand bulk; and __fish_seen_subcommand_from send" -l config -d 'Configuration file [env: JELOUCTL_CONFIG]' -r -F
complete -c jelouctl -n "__fish_jelouctl_using_subcommand bulk; and __fish_seen_subcommand_from send" -l bot -l bot-id -d 'Bot to send from [env: JELOU_BOT_ID]' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand bulk; and __fish_seen_subcommand_from send" -l client-id -d 'Client id of the API credentials [env: JELOU_CLIENT_ID]' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand bulk; and __fish_seen_subcommand_from send" -l client-secret-file -d 'File with the client secret, or `-` [env: JELOU_CLIENT_SECRET_FILE]' -r -F
complete -c jelouctl -n "__fish_jelouctl_using_subcommand bulk; and __fish_seen_subcommand_from send" -l api-url -d 'Address of the API [env: JELOU_API_URL] [default: https://api.jelou.ai]' -r -f
complete -c jelouctl -n "__fish_jelouctl_using_subcommand bulk; and __fish_seen_subcommand_from send" -l timeout -d 'Limit for one attempt [env: JELOU_TIMEOUT] [default: 30s]' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand bulk; and __fish_seen_subcommand_from send" -l retry-for -d 'How long to retry, 0 for never [env: JELOU_RETRY_FOR] [default: 30s]' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand bulk; and __fish_seen_subcommand_from send" -l ca-cert -d 'CA certificates (PEM) to use instead of the system\'s' -r -F
complete -c jelouctl -n "__fish_jelouctl_using_subcommand bulk; and __fish_seen_subcommand_from send" -l ledger -d 'Database for bulk runs, instead of local files [env: JELOUCTL_LEDGER]' -r -f
complete -c jelouctl -n "__fish_jelouctl_using_subcommand bulk; and __fish_seen_subcommand_from send" -s o -l output -d 'What goes to standard output' -r -f -a "response\t'The API\'s response (default)'
id\t'Only the message id, or for a list the name of its run; nothing if there is none'
record\t'One JSON object with the outcome of the message'
none\t'Nothing; check the exit code'"
complete -c jelouctl -n "__fish_jelouctl_using_subcommand bulk; and __fish_seen_subcommand_from send" -l color -d 'When to colour' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set (default)'
always\t''
never\t''"
complete -c jelouctl -n "__fish_jelouctl_using_subcommand bulk; and __fish_seen_subcommand_from send" -l skip-invalid -d 'Skip the rows that cannot be sent, instead of sending nothing'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand bulk; and __fish_seen_subcommand_from send" -l skip-not-allowed -d 'Skip the rows to recipients that allow_to does not allow'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand bulk; and __fish_seen_subcommand_from send" -l allow-duplicates -d 'Send the same message to the same recipient more than once'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand bulk; and __fish_seen_subcommand_from send" -l one-per-person -d 'Send only the first valid row of each person'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand bulk; and __fish_seen_subcommand_from send" -l only-in-window -d 'Leave out people who have not written within 23 hours'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand bulk; and __fish_seen_subcommand_from send" -l skip-sent -d 'Leave out messages that an earlier run has sent at any time'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand bulk; and __fish_seen_subcommand_from send" -l again -d 'Send again what an earlier run has sent'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand bulk; and __fish_seen_subcommand_from send" -l mask -d 'On the page, show neither names nor numbers, and the message unfilled'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand bulk; and __fish_seen_subcommand_from send" -l import-only -d 'Make the run, but send nothing yet'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand bulk; and __fish_seen_subcommand_from send" -l no-keep-alive -d 'Use a new connection for each message'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand bulk; and __fish_seen_subcommand_from send" -l unchecked -d 'Send a template without checking the bot\'s templates first'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand bulk; and __fish_seen_subcommand_from send" -l keep-going -d 'Continue even if the first eleven messages are all rejected'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand bulk; and __fish_seen_subcommand_from send" -l sandbox -d 'Send to the sandbox: nothing leaves this machine'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand bulk; and __fish_seen_subcommand_from send" -l dry-run -d 'Print the request as JSON and send nothing'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand bulk; and __fish_seen_subcommand_from send" -l curl -d 'Print the request as a curl command and send nothing'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand bulk; and __fish_seen_subcommand_from send" -s q -l quiet -d 'Show only errors'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand bulk; and __fish_seen_subcommand_from send" -s v -l verbose -d 'Show each attempt, request and answer, secrets redacted'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand bulk; and __fish_seen_subcommand_from send" -l no-input -d 'Never ask; what is missing is an error'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand bulk; and __fish_seen_subcommand_from send" -s y -l yes -d 'Answer yes to every question'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand bulk; and __fish_seen_subcommand_from send" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand bulk; and __fish_seen_subcommand_from send" -a "text" -d 'Send a text'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand bulk; and __fish_seen_subcommand_from send" -a "list" -d 'Send a text with a list of options to choose from'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand bulk; and __fish_seen_subcommand_from send" -a "quick-reply" -d 'Send a text with up to three replies to press'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand bulk; and __fish_seen_subcommand_from send" -a "image" -d 'Send an image, with a text below it'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand bulk; and __fish_seen_subcommand_from send" -a "audio" -d 'Send an audio file'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand bulk; and __fish_seen_subcommand_from send" -a "video" -d 'Send a video, with a text below it'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand bulk; and __fish_seen_subcommand_from send" -a "file" -d 'Send a document, with a text below it'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand bulk; and __fish_seen_subcommand_from send" -a "sticker" -d 'Send a sticker'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand bulk; and __fish_seen_subcommand_from send" -a "location" -d 'Send a place on the map'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand bulk; and __fish_seen_subcommand_from send" -a "location-request" -d 'Ask the recipient for their location'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand bulk; and __fish_seen_subcommand_from send" -a "contact-info-request" -d 'Ask the recipient to share their contact'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand bulk; and __fish_seen_subcommand_from send" -a "contacts" -d 'Send contact cards'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand bulk; and __fish_seen_subcommand_from send" -a "cta-url" -d 'Send a text with a button that opens a web page'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand bulk; and __fish_seen_subcommand_from send" -a "call" -d 'Send a message with a call button (it does not place a call)'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand bulk; and __fish_seen_subcommand_from send" -a "flow" -d 'Send a message with a button that opens a WhatsApp Flow'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand bulk; and __fish_seen_subcommand_from send" -a "flow-message" -d 'Send a WhatsApp Flow by its name in Jelou'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand bulk; and __fish_seen_subcommand_from send" -a "carousel" -d 'Send cards that scroll sideways'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand bulk; and __fish_seen_subcommand_from send" -a "template" -d 'Send a template, which reaches anyone'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand bulk; and __fish_seen_subcommand_from send" -a "raw" -d 'Send a JSON body as it is'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand bulk; and __fish_seen_subcommand_from resume" -l rate -d 'How fast to send: 5/s, 300/m, 1000/h [default: 5/s]' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand bulk; and __fish_seen_subcommand_from resume" -l concurrency -d 'How many requests may be in flight at once [default: 64]' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand bulk; and __fish_seen_subcommand_from resume" -l max-wait -d 'How long to wait out a rate limit or a lost network [default: 15m]' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand bulk; and __fish_seen_subcommand_from resume" -l progress -d 'How to show the progress' -r -f -a "auto\t'A bar on a terminal, else a line every 10 s (default)'
ndjson\t'One JSON object a second on standard error'
none\t''"
complete -c jelouctl -n "__fish_jelouctl_using_subcommand bulk; and __fish_seen_subcommand_from resume" -l between -d 'Send only in these hours: \'mon-fri 07:00-19:00\' (repeatable)' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand bulk; and __fish_seen_subcommand_from resume" -l not-on -d 'Send nothing on this day: 2026-12-25 (repeatable)' -r -F
complete -c jelouctl -n "__fish_jelouctl_using_subcommand bulk; and __fish_seen_subcommand_from resume" -l time-zone -d 'Time zone of these hours and days: America/Bogota' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand bulk; and __fish_seen_subcommand_from resume" -l ignore-run -d 'Send although this run cannot be read (repeatable)' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand bulk; and __fish_seen_subcommand_from resume" -l exclude -d 'Leave out people on this list: one number, user id or `id:USER` a line, or a list with a header (repeatable)' -r -F
complete -c jelouctl -n "__fish_jelouctl_using_subcommand bulk; and __fish_seen_subcommand_from resume" -s p -l profile -d 'Profile to send with [env: JELOU_PROFILE]' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand bulk; and __fish_seen_subcommand_from resume" -l config -d 'Configuration file [env: JELOUCTL_CONFIG]' -r -F
complete -c jelouctl -n "__fish_jelouctl_using_subcommand bulk; and __fish_seen_subcommand_from resume" -l bot -l bot-id -d 'Bot to send from [env: JELOU_BOT_ID]' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand bulk; and __fish_seen_subcommand_from resume" -l client-id -d 'Client id of the API credentials [env: JELOU_CLIENT_ID]' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand bulk; and __fish_seen_subcommand_from resume" -l client-secret-file -d 'File with the client secret, or `-` [env: JELOU_CLIENT_SECRET_FILE]' -r -F
complete -c jelouctl -n "__fish_jelouctl_using_subcommand bulk; and __fish_seen_subcommand_from resume" -l api-url -d 'Address of the API [env: JELOU_API_URL] [default: https://api.jelou.ai]' -r -f
complete -c jelouctl -n "__fish_jelouctl_using_subcommand bulk; and __fish_seen_subcommand_from resume" -l timeout -d 'Limit for one attempt [env: JELOU_TIMEOUT] [default: 30s]' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand bulk; and __fish_seen_subcommand_from resume" -l retry-for -d 'How long to retry, 0 for never [env: JELOU_RETRY_FOR] [default: 30s]' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand bulk; and __fish_seen_subcommand_from resume" -l ca-cert -d 'CA certificates (PEM) to use instead of the system\'s' -r -F
complete -c jelouctl -n "__fish_jelouctl_using_subcommand bulk; and __fish_seen_subcommand_from resume" -l ledger -d 'Database for bulk runs, instead of local files [env: JELOUCTL_LEDGER]' -r -f
complete -c jelouctl -n "__fish_jelouctl_using_subcommand bulk; and __fish_seen_subcommand_from resume" -s o -l output -d 'What goes to standard output' -r -f -a "response\t'The API\'s response (default)'
id\t'Only the message id, or for a list the name of its run; nothing if there is none'
record\t'One JSON object with the outcome of the message'
none\t'Nothing; check the exit code'"
complete -c jelouctl -n "__fish_jelouctl_using_subcommand bulk; and __fish_seen_subcommand_from resume" -l color -d 'When to colour' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set (default)'
always\t''
never\t''"
complete -c jelouctl -n "__fish_jelouctl_using_subcommand bulk; and __fish_seen_subcommand_from resume" -l no-keep-alive -d 'Use a new connection for each message'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand bulk; and __fish_seen_subcommand_from resume" -l unchecked -d 'Send a template without checking the bot\'s templates first'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand bulk; and __fish_seen_subcommand_from resume" -l keep-going -d 'Continue even if the first eleven messages are all rejected'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand bulk; and __fish_seen_subcommand_from resume" -l skip-sent -d 'Leave out messages that an earlier run has sent at any time'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand bulk; and __fish_seen_subcommand_from resume" -l again -d 'Send again what an earlier run has sent'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand bulk; and __fish_seen_subcommand_from resume" -l sandbox -d 'Send to the sandbox: nothing leaves this machine'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand bulk; and __fish_seen_subcommand_from resume" -l dry-run -d 'Print the request as JSON and send nothing'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand bulk; and __fish_seen_subcommand_from resume" -l curl -d 'Print the request as a curl command and send nothing'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand bulk; and __fish_seen_subcommand_from resume" -s q -l quiet -d 'Show only errors'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand bulk; and __fish_seen_subcommand_from resume" -s v -l verbose -d 'Show each attempt, request and answer, secrets redacted'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand bulk; and __fish_seen_subcommand_from resume" -l no-input -d 'Never ask; what is missing is an error'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand bulk; and __fish_seen_subcommand_from resume" -s y -l yes -d 'Answer yes to every question'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand bulk; and __fish_seen_subcommand_from resume" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand bulk; and __fish_seen_subcommand_from work" -l concurrency -d 'How many requests may be in flight at once [default: 64]' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand bulk; and __fish_seen_subcommand_from work" -l max-wait -d 'How long to wait out a rate limit or a lost network [default: 15m]' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand bulk; and __fish_seen_subcommand_from work" -l progress -d 'How to show the progress' -r -f -a "auto\t'A bar on a terminal, else a line every 10 s (default)'
ndjson\t'One JSON object a second on standard error'
none\t''"
complete -c jelouctl -n "__fish_jelouctl_using_subcommand bulk; and __fish_seen_subcommand_from work" -s p -l profile -d 'Profile to send with [env: JELOU_PROFILE]' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand bulk; and __fish_seen_subcommand_from work" -l config -d 'Configuration file [env: JELOUCTL_CONFIG]' -r -F
complete -c jelouctl -n "__fish_jelouctl_using_subcommand bulk; and __fish_seen_subcommand_from work" -l bot -l bot-id -d 'Bot to send from [env: JELOU_BOT_ID]' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand bulk; and __fish_seen_subcommand_from work" -l client-id -d 'Client id of the API credentials [env: JELOU_CLIENT_ID]' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand bulk; and __fish_seen_subcommand_from work" -l client-secret-file -d 'File with the client secret, or `-` [env: JELOU_CLIENT_SECRET_FILE]' -r -F
complete -c jelouctl -n "__fish_jelouctl_using_subcommand bulk; and __fish_seen_subcommand_from work" -l api-url -d 'Address of the API [env: JELOU_API_URL] [default: https://api.jelou.ai]' -r -f
complete -c jelouctl -n "__fish_jelouctl_using_subcommand bulk; and __fish_seen_subcommand_from work" -l timeout -d 'Limit for one attempt [env: JELOU_TIMEOUT] [default: 30s]' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand bulk; and __fish_seen_subcommand_from work" -l retry-for -d 'How long to retry, 0 for never [env: JELOU_RETRY_FOR] [default: 30s]' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand bulk; and __fish_seen_subcommand_from work" -l ca-cert -d 'CA certificates (PEM) to use instead of the system\'s' -r -F
complete -c jelouctl -n "__fish_jelouctl_using_subcommand bulk; and __fish_seen_subcommand_from work" -l ledger -d 'Database for bulk runs, instead of local files [env: JELOUCTL_LEDGER]' -r -f
complete -c jelouctl -n "__fish_jelouctl_using_subcommand bulk; and __fish_seen_subcommand_from work" -s o -l output -d 'What goes to standard output' -r -f -a "response\t'The API\'s response (default)'
id\t'Only the message id, or for a list the name of its run; nothing if there is none'
record\t'One JSON object with the outcome of the message'
none\t'Nothing; check the exit code'"
complete -c jelouctl -n "__fish_jelouctl_using_subcommand bulk; and __fish_seen_subcommand_from work" -l color -d 'When to colour' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set (default)'
always\t''
never\t''"
complete -c jelouctl -n "__fish_jelouctl_using_subcommand bulk; and __fish_seen_subcommand_from work" -l no-keep-alive -d 'Use a new connection for each message'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand bulk; and __fish_seen_subcommand_from work" -l unchecked -d 'Send a template without checking the bot\'s templates first'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand bulk; and __fish_seen_subcommand_from work" -l sandbox -d 'Send to the sandbox: nothing leaves this machine'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand bulk; and __fish_seen_subcommand_from work" -l dry-run -d 'Print the request as JSON and send nothing'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand bulk; and __fish_seen_subcommand_from work" -l curl -d 'Print the request as a curl command and send nothing'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand bulk; and __fish_seen_subcommand_from work" -s q -l quiet -d 'Show only errors'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand bulk; and __fish_seen_subcommand_from work" -s v -l verbose -d 'Show each attempt, request and answer, secrets redacted'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand bulk; and __fish_seen_subcommand_from work" -l no-input -d 'Never ask; what is missing is an error'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand bulk; and __fish_seen_subcommand_from work" -s y -l yes -d 'Answer yes to every question'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand bulk; and __fish_seen_subcommand_from work" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand bulk; and __fish_seen_subcommand_from stop" -s p -l profile -d 'Profile to send with [env: JELOU_PROFILE]' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand bulk; and __fish_seen_subcommand_from stop" -l config -d 'Configuration file [env: JELOUCTL_CONFIG]' -r -F
complete -c jelouctl -n "__fish_jelouctl_using_subcommand bulk; and __fish_seen_subcommand_from stop" -l bot -l bot-id -d 'Bot to send from [env: JELOU_BOT_ID]' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand bulk; and __fish_seen_subcommand_from stop" -l client-id -d 'Client id of the API credentials [env: JELOU_CLIENT_ID]' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand bulk; and __fish_seen_subcommand_from stop" -l client-secret-file -d 'File with the client secret, or `-` [env: JELOU_CLIENT_SECRET_FILE]' -r -F
complete -c jelouctl -n "__fish_jelouctl_using_subcommand bulk; and __fish_seen_subcommand_from stop" -l api-url -d 'Address of the API [env: JELOU_API_URL] [default: https://api.jelou.ai]' -r -f
complete -c jelouctl -n "__fish_jelouctl_using_subcommand bulk; and __fish_seen_subcommand_from stop" -l timeout -d 'Limit for one attempt [env: JELOU_TIMEOUT] [default: 30s]' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand bulk; and __fish_seen_subcommand_from stop" -l retry-for -d 'How long to retry, 0 for never [env: JELOU_RETRY_FOR] [default: 30s]' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand bulk; and __fish_seen_subcommand_from stop" -l ca-cert -d 'CA certificates (PEM) to use instead of the system\'s' -r -F
complete -c jelouctl -n "__fish_jelouctl_using_subcommand bulk; and __fish_seen_subcommand_from stop" -l ledger -d 'Database for bulk runs, instead of local files [env: JELOUCTL_LEDGER]' -r -f
complete -c jelouctl -n "__fish_jelouctl_using_subcommand bulk; and __fish_seen_subcommand_from stop" -s o -l output -d 'What goes to standard output' -r -f -a "response\t'The API\'s response (default)'
id\t'Only the message id, or for a list the name of its run; nothing if there is none'
record\t'One JSON object with the outcome of the message'
none\t'Nothing; check the exit code'"
complete -c jelouctl -n "__fish_jelouctl_using_subcommand bulk; and __fish_seen_subcommand_from stop" -l color -d 'When to colour' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set (default)'
always\t''
never\t''"
complete -c jelouctl -n "__fish_jelouctl_using_subcommand bulk; and __fish_seen_subcommand_from stop" -l sandbox -d 'Send to the sandbox: nothing leaves this machine'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand bulk; and __fish_seen_subcommand_from stop" -l dry-run -d 'Print the request as JSON and send nothing'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand bulk; and __fish_seen_subcommand_from stop" -l curl -d 'Print the request as a curl command and send nothing'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand bulk; and __fish_seen_subcommand_from stop" -s q -l quiet -d 'Show only errors'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand bulk; and __fish_seen_subcommand_from stop" -s v -l verbose -d 'Show each attempt, request and answer, secrets redacted'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand bulk; and __fish_seen_subcommand_from stop" -l no-input -d 'Never ask; what is missing is an error'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand bulk; and __fish_seen_subcommand_from stop" -s y -l yes -d 'Answer yes to every question'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand bulk; and __fish_seen_subcommand_from stop" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand bulk; and __fish_seen_subcommand_from cancel" -s p -l profile -d 'Profile to send with [env: JELOU_PROFILE]' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand bulk; and __fish_seen_subcommand_from cancel" -l config -d 'Configuration file [env: JELOUCTL_CONFIG]' -r -F
complete -c jelouctl -n "__fish_jelouctl_using_subcommand bulk; and __fish_seen_subcommand_from cancel" -l bot -l bot-id -d 'Bot to send from [env: JELOU_BOT_ID]' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand bulk; and __fish_seen_subcommand_from cancel" -l client-id -d 'Client id of the API credentials [env: JELOU_CLIENT_ID]' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand bulk; and __fish_seen_subcommand_from cancel" -l client-secret-file -d 'File with the client secret, or `-` [env: JELOU_CLIENT_SECRET_FILE]' -r -F
complete -c jelouctl -n "__fish_jelouctl_using_subcommand bulk; and __fish_seen_subcommand_from cancel" -l api-url -d 'Address of the API [env: JELOU_API_URL] [default: https://api.jelou.ai]' -r -f
complete -c jelouctl -n "__fish_jelouctl_using_subcommand bulk; and __fish_seen_subcommand_from cancel" -l timeout -d 'Limit for one attempt [env: JELOU_TIMEOUT] [default: 30s]' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand bulk; and __fish_seen_subcommand_from cancel" -l retry-for -d 'How long to retry, 0 for never [env: JELOU_RETRY_FOR] [default: 30s]' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand bulk; and __fish_seen_subcommand_from cancel" -l ca-cert -d 'CA certificates (PEM) to use instead of the system\'s' -r -F
complete -c jelouctl -n "__fish_jelouctl_using_subcommand bulk; and __fish_seen_subcommand_from cancel" -l ledger -d 'Database for bulk runs, instead of local files [env: JELOUCTL_LEDGER]' -r -f
complete -c jelouctl -n "__fish_jelouctl_using_subcommand bulk; and __fish_seen_subcommand_from cancel" -s o -l output -d 'What goes to standard output' -r -f -a "response\t'The API\'s response (default)'
id\t'Only the message id, or for a list the name of its run; nothing if there is none'
record\t'One JSON object with the outcome of the message'
none\t'Nothing; check the exit code'"
complete -c jelouctl -n "__fish_jelouctl_using_subcommand bulk; and __fish_seen_subcommand_from cancel" -l color -d 'When to colour' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set (default)'
always\t''
never\t''"
complete -c jelouctl -n "__fish_jelouctl_using_subcommand bulk; and __fish_seen_subcommand_from cancel" -l sandbox -d 'Send to the sandbox: nothing leaves this machine'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand bulk; and __fish_seen_subcommand_from cancel" -l dry-run -d 'Print the request as JSON and send nothing'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand bulk; and __fish_seen_subcommand_from cancel" -l curl -d 'Print the request as a curl command and send nothing'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand bulk; and __fish_seen_subcommand_from cancel" -s q -l quiet -d 'Show only errors'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand bulk; and __fish_seen_subcommand_from cancel" -s v -l verbose -d 'Show each attempt, request and answer, secrets redacted'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand bulk; and __fish_seen_subcommand_from cancel" -l no-input -d 'Never ask; what is missing is an error'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand bulk; and __fish_seen_subcommand_from cancel" -s y -l yes -d 'Answer yes to every question'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand bulk; and __fish_seen_subcommand_from cancel" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand bulk; and __fish_seen_subcommand_from status" -s p -l profile -d 'Profile to send with [env: JELOU_PROFILE]' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand bulk; and __fish_seen_subcommand_from status" -l config -d 'Configuration file [env: JELOUCTL_CONFIG]' -r -F
complete -c jelouctl -n "__fish_jelouctl_using_subcommand bulk; and __fish_seen_subcommand_from status" -l bot -l bot-id -d 'Bot to send from [env: JELOU_BOT_ID]' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand bulk; and __fish_seen_subcommand_from status" -l client-id -d 'Client id of the API credentials [env: JELOU_CLIENT_ID]' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand bulk; and __fish_seen_subcommand_from status" -l client-secret-file -d 'File with the client secret, or `-` [env: JELOU_CLIENT_SECRET_FILE]' -r -F
complete -c jelouctl -n "__fish_jelouctl_using_subcommand bulk; and __fish_seen_subcommand_from status" -l api-url -d 'Address of the API [env: JELOU_API_URL] [default: https://api.jelou.ai]' -r -f
complete -c jelouctl -n "__fish_jelouctl_using_subcommand bulk; and __fish_seen_subcommand_from status" -l timeout -d 'Limit for one attempt [env: JELOU_TIMEOUT] [default: 30s]' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand bulk; and __fish_seen_subcommand_from status" -l retry-for -d 'How long to retry, 0 for never [env: JELOU_RETRY_FOR] [default: 30s]' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand bulk; and __fish_seen_subcommand_from status" -l ca-cert -d 'CA certificates (PEM) to use instead of the system\'s' -r -F
complete -c jelouctl -n "__fish_jelouctl_using_subcommand bulk; and __fish_seen_subcommand_from status" -l ledger -d 'Database for bulk runs, instead of local files [env: JELOUCTL_LEDGER]' -r -f
complete -c jelouctl -n "__fish_jelouctl_using_subcommand bulk; and __fish_seen_subcommand_from status" -s o -l output -d 'What goes to standard output' -r -f -a "response\t'The API\'s response (default)'
id\t'Only the message id, or for a list the name of its run; nothing if there is none'
record\t'One JSON object with the outcome of the message'
none\t'Nothing; check the exit code'"
complete -c jelouctl -n "__fish_jelouctl_using_subcommand bulk; and __fish_seen_subcommand_from status" -l color -d 'When to colour' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set (default)'
always\t''
never\t''"
complete -c jelouctl -n "__fish_jelouctl_using_subcommand bulk; and __fish_seen_subcommand_from status" -l sandbox -d 'Send to the sandbox: nothing leaves this machine'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand bulk; and __fish_seen_subcommand_from status" -l dry-run -d 'Print the request as JSON and send nothing'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand bulk; and __fish_seen_subcommand_from status" -l curl -d 'Print the request as a curl command and send nothing'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand bulk; and __fish_seen_subcommand_from status" -s q -l quiet -d 'Show only errors'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand bulk; and __fish_seen_subcommand_from status" -s v -l verbose -d 'Show each attempt, request and answer, secrets redacted'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand bulk; and __fish_seen_subcommand_from status" -l no-input -d 'Never ask; what is missing is an error'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand bulk; and __fish_seen_subcommand_from status" -s y -l yes -d 'Answer yes to every question'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand bulk; and __fish_seen_subcommand_from status" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand bulk; and __fish_seen_subcommand_from deliveries" -l every -d 'How long to wait before asking again [default: 30s]' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand bulk; and __fish_seen_subcommand_from deliveries" -l for -d 'How long to keep asking [default: 1h]' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand bulk; and __fish_seen_subcommand_from deliveries" -l up-to -d 'Ask for messages that left this long ago or less, at most 30d [default: 72h]' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand bulk; and __fish_seen_subcommand_from deliveries" -s p -l profile -d 'Profile to send with [env: JELOU_PROFILE]' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand bulk; and __fish_seen_subcommand_from deliveries" -l config -d 'Configuration file [env: JELOUCTL_CONFIG]' -r -F
complete -c jelouctl -n "__fish_jelouctl_using_subcommand bulk; and __fish_seen_subcommand_from deliveries" -l bot -l bot-id -d 'Bot to send from [env: JELOU_BOT_ID]' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand bulk; and __fish_seen_subcommand_from deliveries" -l client-id -d 'Client id of the API credentials [env: JELOU_CLIENT_ID]' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand bulk; and __fish_seen_subcommand_from deliveries" -l client-secret-file -d 'File with the client secret, or `-` [env: JELOU_CLIENT_SECRET_FILE]' -r -F
complete -c jelouctl -n "__fish_jelouctl_using_subcommand bulk; and __fish_seen_subcommand_from deliveries" -l api-url -d 'Address of the API [env: JELOU_API_URL] [default: https://api.jelou.ai]' -r -f
complete -c jelouctl -n "__fish_jelouctl_using_subcommand bulk; and __fish_seen_subcommand_from deliveries" -l timeout -d 'Limit for one attempt [env: JELOU_TIMEOUT] [default: 30s]' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand bulk; and __fish_seen_subcommand_from deliveries" -l retry-for -d 'How long to retry, 0 for never [env: JELOU_RETRY_FOR] [default: 30s]' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand bulk; and __fish_seen_subcommand_from deliveries" -l ca-cert -d 'CA certificates (PEM) to use instead of the system\'s' -r -F
complete -c jelouctl -n "__fish_jelouctl_using_subcommand bulk; and __fish_seen_subcommand_from deliveries" -l ledger -d 'Database for bulk runs, instead of local files [env: JELOUCTL_LEDGER]' -r -f
complete -c jelouctl -n "__fish_jelouctl_using_subcommand bulk; and __fish_seen_subcommand_from deliveries" -s o -l output -d 'What goes to standard output' -r -f -a "response\t'The API\'s response (default)'
id\t'Only the message id, or for a list the name of its run; nothing if there is none'
record\t'One JSON object with the outcome of the message'
none\t'Nothing; check the exit code'"
complete -c jelouctl -n "__fish_jelouctl_using_subcommand bulk; and __fish_seen_subcommand_from deliveries" -l color -d 'When to colour' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set (default)'
always\t''
never\t''"
complete -c jelouctl -n "__fish_jelouctl_using_subcommand bulk; and __fish_seen_subcommand_from deliveries" -l watch -d 'Ask again until nothing can change any more'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand bulk; and __fish_seen_subcommand_from deliveries" -l pause-if-undelivered -d 'Stop the run when most of its messages are not delivered, or WhatsApp lets the business send nothing'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand bulk; and __fish_seen_subcommand_from deliveries" -l sandbox -d 'Send to the sandbox: nothing leaves this machine'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand bulk; and __fish_seen_subcommand_from deliveries" -l dry-run -d 'Print the request as JSON and send nothing'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand bulk; and __fish_seen_subcommand_from deliveries" -l curl -d 'Print the request as a curl command and send nothing'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand bulk; and __fish_seen_subcommand_from deliveries" -s q -l quiet -d 'Show only errors'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand bulk; and __fish_seen_subcommand_from deliveries" -s v -l verbose -d 'Show each attempt, request and answer, secrets redacted'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand bulk; and __fish_seen_subcommand_from deliveries" -l no-input -d 'Never ask; what is missing is an error'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand bulk; and __fish_seen_subcommand_from deliveries" -s y -l yes -d 'Answer yes to every question'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand bulk; and __fish_seen_subcommand_from deliveries" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand bulk; and __fish_seen_subcommand_from report" -l state -d 'Rows in this state only (repeatable)' -r -f -a "pending\t'Still to be sent; certainly not sent so far'
inflight\t'A request is under way'
sent\t'Accepted by Jelou'
failed\t'Rejected by the API'
unknown\t'It may have been sent'
skipped\t'Left out; `code` in the report says why'"
complete -c jelouctl -n "__fish_jelouctl_using_subcommand bulk; and __fish_seen_subcommand_from report" -l delivery -d 'Rows whose message came this far, by what `bulk deliveries` learnt (repeatable)' -r -f -a "accepted\t'Jelou has it'
at_whatsapp\t'WhatsApp has it'
delivered\t'It is on the person\'s phone'
read\t'The person has read it'
replied\t'The person has answered'
undelivered\t'It failed on its way'
other\t'Jelou says something else of it'"
complete -c jelouctl -n "__fish_jelouctl_using_subcommand bulk; and __fish_seen_subcommand_from report" -l reason -d 'Of the skipped rows those with this reason only; with --state, besides the rows in that state. A number is WhatsApp\'s code of undelivered messages: 131050 (repeatable)' -r -f -a "invalid\t'It makes no message that can be sent'
excluded\t'Its recipient is on a list of people who are not to be written to'
already_sent\t'An earlier run has sent the same message to the same person'
may_have_been_sent\t'An earlier run may have sent it'
to_be_sent\t'An unfinished run is to send it'
repeated\t'An earlier row of the list is the same message, or goes to the same person'
hidden\t'The sheet hides it, or shows it crossed out'
not_allowed\t'Its recipient is not one that `allow_to` allows'
cancelled\t'The run was cancelled before it was sent'
outside_window\t'It is a free message, and its recipient has not written within 23 hours'"
complete -c jelouctl -n "__fish_jelouctl_using_subcommand bulk; and __fish_seen_subcommand_from report" -l format -d 'How it is written [default: what the file\'s name says, else csv]' -r -f -a "csv\t'The list again, as a spreadsheet opens it'
ndjson\t'The list again, a JSON object a line'
xlsx\t'The list again, an Excel workbook whose cells are all texts'
html\t'A page to look at, in a browser'"
complete -c jelouctl -n "__fish_jelouctl_using_subcommand bulk; and __fish_seen_subcommand_from report" -l delimiter -d 'Delimiter of CSV: \',\' \';\' \'|\' or tab, with a mark by which a spreadsheet knows UTF-8 [default: as in the list]' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand bulk; and __fish_seen_subcommand_from report" -l file -d 'Write it to this file, all or nothing, instead of standard output' -r -F
complete -c jelouctl -n "__fish_jelouctl_using_subcommand bulk; and __fish_seen_subcommand_from report" -l lang -d 'Language of the page, or of some headers and values in CSV and .xlsx [default: en]' -r -f -a "en\t'English'
es\t'Spanish'"
complete -c jelouctl -n "__fish_jelouctl_using_subcommand bulk; and __fish_seen_subcommand_from report" -s p -l profile -d 'Profile to send with [env: JELOU_PROFILE]' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand bulk; and __fish_seen_subcommand_from report" -l config -d 'Configuration file [env: JELOUCTL_CONFIG]' -r -F
complete -c jelouctl -n "__fish_jelouctl_using_subcommand bulk; and __fish_seen_subcommand_from report" -l bot -l bot-id -d 'Bot to send from [env: JELOU_BOT_ID]' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand bulk; and __fish_seen_subcommand_from report" -l client-id -d 'Client id of the API credentials [env: JELOU_CLIENT_ID]' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand bulk; and __fish_seen_subcommand_from report" -l client-secret-file -d 'File with the client secret, or `-` [env: JELOU_CLIENT_SECRET_FILE]' -r -F
complete -c jelouctl -n "__fish_jelouctl_using_subcommand bulk; and __fish_seen_subcommand_from report" -l api-url -d 'Address of the API [env: JELOU_API_URL] [default: https://api.jelou.ai]' -r -f
complete -c jelouctl -n "__fish_jelouctl_using_subcommand bulk; and __fish_seen_subcommand_from report" -l timeout -d 'Limit for one attempt [env: JELOU_TIMEOUT] [default: 30s]' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand bulk; and __fish_seen_subcommand_from report" -l retry-for -d 'How long to retry, 0 for never [env: JELOU_RETRY_FOR] [default: 30s]' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand bulk; and __fish_seen_subcommand_from report" -l ca-cert -d 'CA certificates (PEM) to use instead of the system\'s' -r -F
complete -c jelouctl -n "__fish_jelouctl_using_subcommand bulk; and __fish_seen_subcommand_from report" -l ledger -d 'Database for bulk runs, instead of local files [env: JELOUCTL_LEDGER]' -r -f
complete -c jelouctl -n "__fish_jelouctl_using_subcommand bulk; and __fish_seen_subcommand_from report" -s o -l output -d 'What goes to standard output' -r -f -a "response\t'The API\'s response (default)'
id\t'Only the message id, or for a list the name of its run; nothing if there is none'
record\t'One JSON object with the outcome of the message'
none\t'Nothing; check the exit code'"
complete -c jelouctl -n "__fish_jelouctl_using_subcommand bulk; and __fish_seen_subcommand_from report" -l color -d 'When to colour' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set (default)'
always\t''
never\t''"
complete -c jelouctl -n "__fish_jelouctl_using_subcommand bulk; and __fish_seen_subcommand_from report" -l mask -d 'On the page, show neither names nor numbers nor the list\'s columns, and the message unfilled'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand bulk; and __fish_seen_subcommand_from report" -l sandbox -d 'Send to the sandbox: nothing leaves this machine'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand bulk; and __fish_seen_subcommand_from report" -l dry-run -d 'Print the request as JSON and send nothing'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand bulk; and __fish_seen_subcommand_from report" -l curl -d 'Print the request as a curl command and send nothing'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand bulk; and __fish_seen_subcommand_from report" -s q -l quiet -d 'Show only errors'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand bulk; and __fish_seen_subcommand_from report" -s v -l verbose -d 'Show each attempt, request and answer, secrets redacted'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand bulk; and __fish_seen_subcommand_from report" -l no-input -d 'Never ask; what is missing is an error'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand bulk; and __fish_seen_subcommand_from report" -s y -l yes -d 'Answer yes to every question'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand bulk; and __fish_seen_subcommand_from report" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand bulk; and __fish_seen_subcommand_from find" -l country -d 'Country whose national number it is, in two letters: EC' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand bulk; and __fish_seen_subcommand_from find" -s p -l profile -d 'Profile to send with [env: JELOU_PROFILE]' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand bulk; and __fish_seen_subcommand_from find" -l config -d 'Configuration file [env: JELOUCTL_CONFIG]' -r -F
complete -c jelouctl -n "__fish_jelouctl_using_subcommand bulk; and __fish_seen_subcommand_from find" -l bot -l bot-id -d 'Bot to send from [env: JELOU_BOT_ID]' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand bulk; and __fish_seen_subcommand_from find" -l client-id -d 'Client id of the API credentials [env: JELOU_CLIENT_ID]' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand bulk; and __fish_seen_subcommand_from find" -l client-secret-file -d 'File with the client secret, or `-` [env: JELOU_CLIENT_SECRET_FILE]' -r -F
complete -c jelouctl -n "__fish_jelouctl_using_subcommand bulk; and __fish_seen_subcommand_from find" -l api-url -d 'Address of the API [env: JELOU_API_URL] [default: https://api.jelou.ai]' -r -f
complete -c jelouctl -n "__fish_jelouctl_using_subcommand bulk; and __fish_seen_subcommand_from find" -l timeout -d 'Limit for one attempt [env: JELOU_TIMEOUT] [default: 30s]' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand bulk; and __fish_seen_subcommand_from find" -l retry-for -d 'How long to retry, 0 for never [env: JELOU_RETRY_FOR] [default: 30s]' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand bulk; and __fish_seen_subcommand_from find" -l ca-cert -d 'CA certificates (PEM) to use instead of the system\'s' -r -F
complete -c jelouctl -n "__fish_jelouctl_using_subcommand bulk; and __fish_seen_subcommand_from find" -l ledger -d 'Database for bulk runs, instead of local files [env: JELOUCTL_LEDGER]' -r -f
complete -c jelouctl -n "__fish_jelouctl_using_subcommand bulk; and __fish_seen_subcommand_from find" -s o -l output -d 'What goes to standard output' -r -f -a "response\t'The API\'s response (default)'
id\t'Only the message id, or for a list the name of its run; nothing if there is none'
record\t'One JSON object with the outcome of the message'
none\t'Nothing; check the exit code'"
complete -c jelouctl -n "__fish_jelouctl_using_subcommand bulk; and __fish_seen_subcommand_from find" -l color -d 'When to colour' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set (default)'
always\t''
never\t''"
complete -c jelouctl -n "__fish_jelouctl_using_subcommand bulk; and __fish_seen_subcommand_from find" -l sandbox -d 'Send to the sandbox: nothing leaves this machine'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand bulk; and __fish_seen_subcommand_from find" -l dry-run -d 'Print the request as JSON and send nothing'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand bulk; and __fish_seen_subcommand_from find" -l curl -d 'Print the request as a curl command and send nothing'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand bulk; and __fish_seen_subcommand_from find" -s q -l quiet -d 'Show only errors'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand bulk; and __fish_seen_subcommand_from find" -s v -l verbose -d 'Show each attempt, request and answer, secrets redacted'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand bulk; and __fish_seen_subcommand_from find" -l no-input -d 'Never ask; what is missing is an error'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand bulk; and __fish_seen_subcommand_from find" -s y -l yes -d 'Answer yes to every question'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand bulk; and __fish_seen_subcommand_from find" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand bulk; and __fish_seen_subcommand_from resolve" -l unknown-as -d 'What the unknown rows are from now on' -r -f -a "sent\t''
failed\t''
pending\t'To be sent (again)'"
complete -c jelouctl -n "__fish_jelouctl_using_subcommand bulk; and __fish_seen_subcommand_from resolve" -l failed-as -d 'What the failed rows are from now on' -r -f -a "pending\t'To be sent again'"
complete -c jelouctl -n "__fish_jelouctl_using_subcommand bulk; and __fish_seen_subcommand_from resolve" -l pending-as -d 'What the pending rows are from now on; a damaged ledger is then taken as it is' -r -f -a "unknown\t'They may have been sent: the ledger has lost what it knew of them'"
complete -c jelouctl -n "__fish_jelouctl_using_subcommand bulk; and __fish_seen_subcommand_from resolve" -l from -d 'What became of unknown rows, as a report of the run has it in its column `sent`: yes, no or unknown' -r -F
complete -c jelouctl -n "__fish_jelouctl_using_subcommand bulk; and __fish_seen_subcommand_from resolve" -l up-to -d 'With --ask: rows that left this long ago or less, at most 30d [default: 72h]' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand bulk; and __fish_seen_subcommand_from resolve" -l encoding -d 'With --from: encoding of the report, such as windows-1252 [default: UTF-8]' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand bulk; and __fish_seen_subcommand_from resolve" -l line -d 'Only the row at this line of the list, as the report has it (repeatable)' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand bulk; and __fish_seen_subcommand_from resolve" -l to -d 'Only the rows to this user (repeatable)' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand bulk; and __fish_seen_subcommand_from resolve" -l country -d 'Country whose national number --to is, in two letters: EC' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand bulk; and __fish_seen_subcommand_from resolve" -s p -l profile -d 'Profile to send with [env: JELOU_PROFILE]' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand bulk; and __fish_seen_subcommand_from resolve" -l config -d 'Configuration file [env: JELOUCTL_CONFIG]' -r -F
complete -c jelouctl -n "__fish_jelouctl_using_subcommand bulk; and __fish_seen_subcommand_from resolve" -l bot -l bot-id -d 'Bot to send from [env: JELOU_BOT_ID]' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand bulk; and __fish_seen_subcommand_from resolve" -l client-id -d 'Client id of the API credentials [env: JELOU_CLIENT_ID]' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand bulk; and __fish_seen_subcommand_from resolve" -l client-secret-file -d 'File with the client secret, or `-` [env: JELOU_CLIENT_SECRET_FILE]' -r -F
complete -c jelouctl -n "__fish_jelouctl_using_subcommand bulk; and __fish_seen_subcommand_from resolve" -l api-url -d 'Address of the API [env: JELOU_API_URL] [default: https://api.jelou.ai]' -r -f
complete -c jelouctl -n "__fish_jelouctl_using_subcommand bulk; and __fish_seen_subcommand_from resolve" -l timeout -d 'Limit for one attempt [env: JELOU_TIMEOUT] [default: 30s]' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand bulk; and __fish_seen_subcommand_from resolve" -l retry-for -d 'How long to retry, 0 for never [env: JELOU_RETRY_FOR] [default: 30s]' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand bulk; and __fish_seen_subcommand_from resolve" -l ca-cert -d 'CA certificates (PEM) to use instead of the system\'s' -r -F
complete -c jelouctl -n "__fish_jelouctl_using_subcommand bulk; and __fish_seen_subcommand_from resolve" -l ledger -d 'Database for bulk runs, instead of local files [env: JELOUCTL_LEDGER]' -r -f
complete -c jelouctl -n "__fish_jelouctl_using_subcommand bulk; and __fish_seen_subcommand_from resolve" -s o -l output -d 'What goes to standard output' -r -f -a "response\t'The API\'s response (default)'
id\t'Only the message id, or for a list the name of its run; nothing if there is none'
record\t'One JSON object with the outcome of the message'
none\t'Nothing; check the exit code'"
complete -c jelouctl -n "__fish_jelouctl_using_subcommand bulk; and __fish_seen_subcommand_from resolve" -l color -d 'When to colour' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set (default)'
always\t''
never\t''"
complete -c jelouctl -n "__fish_jelouctl_using_subcommand bulk; and __fish_seen_subcommand_from resolve" -l ask -d 'Ask Jelou which unknown rows were sent, as `bulk deliveries` does; the others stay unknown'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand bulk; and __fish_seen_subcommand_from resolve" -l sandbox -d 'Send to the sandbox: nothing leaves this machine'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand bulk; and __fish_seen_subcommand_from resolve" -l dry-run -d 'Print the request as JSON and send nothing'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand bulk; and __fish_seen_subcommand_from resolve" -l curl -d 'Print the request as a curl command and send nothing'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand bulk; and __fish_seen_subcommand_from resolve" -s q -l quiet -d 'Show only errors'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand bulk; and __fish_seen_subcommand_from resolve" -s v -l verbose -d 'Show each attempt, request and answer, secrets redacted'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand bulk; and __fish_seen_subcommand_from resolve" -l no-input -d 'Never ask; what is missing is an error'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand bulk; and __fish_seen_subcommand_from resolve" -s y -l yes -d 'Answer yes to every question'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand bulk; and __fish_seen_subcommand_from resolve" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand bulk; and __fish_seen_subcommand_from list" -s p -l profile -d 'Profile to send with [env: JELOU_PROFILE]' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand bulk; and __fish_seen_subcommand_from list" -l config -d 'Configuration file [env: JELOUCTL_CONFIG]' -r -F
complete -c jelouctl -n "__fish_jelouctl_using_subcommand bulk; and __fish_seen_subcommand_from list" -l bot -l bot-id -d 'Bot to send from [env: JELOU_BOT_ID]' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand bulk; and __fish_seen_subcommand_from list" -l client-id -d 'Client id of the API credentials [env: JELOU_CLIENT_ID]' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand bulk; and __fish_seen_subcommand_from list" -l client-secret-file -d 'File with the client secret, or `-` [env: JELOU_CLIENT_SECRET_FILE]' -r -F
complete -c jelouctl -n "__fish_jelouctl_using_subcommand bulk; and __fish_seen_subcommand_from list" -l api-url -d 'Address of the API [env: JELOU_API_URL] [default: https://api.jelou.ai]' -r -f
complete -c jelouctl -n "__fish_jelouctl_using_subcommand bulk; and __fish_seen_subcommand_from list" -l timeout -d 'Limit for one attempt [env: JELOU_TIMEOUT] [default: 30s]' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand bulk; and __fish_seen_subcommand_from list" -l retry-for -d 'How long to retry, 0 for never [env: JELOU_RETRY_FOR] [default: 30s]' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand bulk; and __fish_seen_subcommand_from list" -l ca-cert -d 'CA certificates (PEM) to use instead of the system\'s' -r -F
complete -c jelouctl -n "__fish_jelouctl_using_subcommand bulk; and __fish_seen_subcommand_from list" -l ledger -d 'Database for bulk runs, instead of local files [env: JELOUCTL_LEDGER]' -r -f
complete -c jelouctl -n "__fish_jelouctl_using_subcommand bulk; and __fish_seen_subcommand_from list" -s o -l output -d 'What goes to standard output' -r -f -a "response\t'The API\'s response (default)'
id\t'Only the message id, or for a list the name of its run; nothing if there is none'
record\t'One JSON object with the outcome of the message'
none\t'Nothing; check the exit code'"
complete -c jelouctl -n "__fish_jelouctl_using_subcommand bulk; and __fish_seen_subcommand_from list" -l color -d 'When to colour' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set (default)'
always\t''
never\t''"
complete -c jelouctl -n "__fish_jelouctl_using_subcommand bulk; and __fish_seen_subcommand_from list" -l sandbox -d 'Send to the sandbox: nothing leaves this machine'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand bulk; and __fish_seen_subcommand_from list" -l dry-run -d 'Print the request as JSON and send nothing'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand bulk; and __fish_seen_subcommand_from list" -l curl -d 'Print the request as a curl command and send nothing'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand bulk; and __fish_seen_subcommand_from list" -s q -l quiet -d 'Show only errors'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand bulk; and __fish_seen_subcommand_from list" -s v -l verbose -d 'Show each attempt, request and answer, secrets redacted'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand bulk; and __fish_seen_subcommand_from list" -l no-input -d 'Never ask; what is missing is an error'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand bulk; and __fish_seen_subcommand_from list" -s y -l yes -d 'Answer yes to every question'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand bulk; and __fish_seen_subcommand_from list" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand bulk; and __fish_seen_subcommand_from remove" -l older-than -d 'Every finished run in which nothing has changed for so long: 90d, 12h' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand bulk; and __fish_seen_subcommand_from remove" -s p -l profile -d 'Profile to send with [env: JELOU_PROFILE]' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand bulk; and __fish_seen_subcommand_from remove" -l config -d 'Configuration file [env: JELOUCTL_CONFIG]' -r -F
complete -c jelouctl -n "__fish_jelouctl_using_subcommand bulk; and __fish_seen_subcommand_from remove" -l bot -l bot-id -d 'Bot to send from [env: JELOU_BOT_ID]' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand bulk; and __fish_seen_subcommand_from remove" -l client-id -d 'Client id of the API credentials [env: JELOU_CLIENT_ID]' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand bulk; and __fish_seen_subcommand_from remove" -l client-secret-file -d 'File with the client secret, or `-` [env: JELOU_CLIENT_SECRET_FILE]' -r -F
complete -c jelouctl -n "__fish_jelouctl_using_subcommand bulk; and __fish_seen_subcommand_from remove" -l api-url -d 'Address of the API [env: JELOU_API_URL] [default: https://api.jelou.ai]' -r -f
complete -c jelouctl -n "__fish_jelouctl_using_subcommand bulk; and __fish_seen_subcommand_from remove" -l timeout -d 'Limit for one attempt [env: JELOU_TIMEOUT] [default: 30s]' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand bulk; and __fish_seen_subcommand_from remove" -l retry-for -d 'How long to retry, 0 for never [env: JELOU_RETRY_FOR] [default: 30s]' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand bulk; and __fish_seen_subcommand_from remove" -l ca-cert -d 'CA certificates (PEM) to use instead of the system\'s' -r -F
complete -c jelouctl -n "__fish_jelouctl_using_subcommand bulk; and __fish_seen_subcommand_from remove" -l ledger -d 'Database for bulk runs, instead of local files [env: JELOUCTL_LEDGER]' -r -f
complete -c jelouctl -n "__fish_jelouctl_using_subcommand bulk; and __fish_seen_subcommand_from remove" -s o -l output -d 'What goes to standard output' -r -f -a "response\t'The API\'s response (default)'
id\t'Only the message id, or for a list the name of its run; nothing if there is none'
record\t'One JSON object with the outcome of the message'
none\t'Nothing; check the exit code'"
complete -c jelouctl -n "__fish_jelouctl_using_subcommand bulk; and __fish_seen_subcommand_from remove" -l color -d 'When to colour' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set (default)'
always\t''
never\t''"
complete -c jelouctl -n "__fish_jelouctl_using_subcommand bulk; and __fish_seen_subcommand_from remove" -l sandbox -d 'Send to the sandbox: nothing leaves this machine'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand bulk; and __fish_seen_subcommand_from remove" -l dry-run -d 'Print the request as JSON and send nothing'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand bulk; and __fish_seen_subcommand_from remove" -l curl -d 'Print the request as a curl command and send nothing'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand bulk; and __fish_seen_subcommand_from remove" -s q -l quiet -d 'Show only errors'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand bulk; and __fish_seen_subcommand_from remove" -s v -l verbose -d 'Show each attempt, request and answer, secrets redacted'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand bulk; and __fish_seen_subcommand_from remove" -l no-input -d 'Never ask; what is missing is an error'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand bulk; and __fish_seen_subcommand_from remove" -s y -l yes -d 'Answer yes to every question'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand bulk; and __fish_seen_subcommand_from remove" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand once; and not __fish_seen_subcommand_from list show resolve add forget" -s p -l profile -d 'Profile to send with [env: JELOU_PROFILE]' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand once; and not __fish_seen_subcommand_from list show resolve add forget" -l config -d 'Configuration file [env: JELOUCTL_CONFIG]' -r -F
complete -c jelouctl -n "__fish_jelouctl_using_subcommand once; and not __fish_seen_subcommand_from list show resolve add forget" -l bot -l bot-id -d 'Bot to send from [env: JELOU_BOT_ID]' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand once; and not __fish_seen_subcommand_from list show resolve add forget" -l client-id -d 'Client id of the API credentials [env: JELOU_CLIENT_ID]' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand once; and not __fish_seen_subcommand_from list show resolve add forget" -l client-secret-file -d 'File with the client secret, or `-` [env: JELOU_CLIENT_SECRET_FILE]' -r -F
complete -c jelouctl -n "__fish_jelouctl_using_subcommand once; and not __fish_seen_subcommand_from list show resolve add forget" -l api-url -d 'Address of the API [env: JELOU_API_URL] [default: https://api.jelou.ai]' -r -f
complete -c jelouctl -n "__fish_jelouctl_using_subcommand once; and not __fish_seen_subcommand_from list show resolve add forget" -l timeout -d 'Limit for one attempt [env: JELOU_TIMEOUT] [default: 30s]' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand once; and not __fish_seen_subcommand_from list show resolve add forget" -l retry-for -d 'How long to retry, 0 for never [env: JELOU_RETRY_FOR] [default: 30s]' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand once; and not __fish_seen_subcommand_from list show resolve add forget" -l ca-cert -d 'CA certificates (PEM) to use instead of the system\'s' -r -F
complete -c jelouctl -n "__fish_jelouctl_using_subcommand once; and not __fish_seen_subcommand_from list show resolve add forget" -l ledger -d 'Database for bulk runs, instead of local files [env: JELOUCTL_LEDGER]' -r -f
complete -c jelouctl -n "__fish_jelouctl_using_subcommand once; and not __fish_seen_subcommand_from list show resolve add forget" -s o -l output -d 'What goes to standard output' -r -f -a "response\t'The API\'s response (default)'
id\t'Only the message id, or for a list the name of its run; nothing if there is none'
record\t'One JSON object with the outcome of the message'
none\t'Nothing; check the exit code'"
complete -c jelouctl -n "__fish_jelouctl_using_subcommand once; and not __fish_seen_subcommand_from list show resolve add forget" -l color -d 'When to colour' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set (default)'
always\t''
never\t''"
complete -c jelouctl -n "__fish_jelouctl_using_subcommand once; and not __fish_seen_subcommand_from list show resolve add forget" -l sandbox -d 'Send to the sandbox: nothing leaves this machine'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand once; and not __fish_seen_subcommand_from list show resolve add forget" -l dry-run -d 'Print the request as JSON and send nothing'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand once; and not __fish_seen_subcommand_from list show resolve add forget" -l curl -d 'Print the request as a curl command and send nothing'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand once; and not __fish_seen_subcommand_from list show resolve add forget" -s q -l quiet -d 'Show only errors'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand once; and not __fish_seen_subcommand_from list show resolve add forget" -s v -l verbose -d 'Show each attempt, request and answer, secrets redacted'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand once; and not __fish_seen_subcommand_from list show resolve add forget" -l no-input -d 'Never ask; what is missing is an error'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand once; and not __fish_seen_subcommand_from list show resolve add forget" -s y -l yes -d 'Answer yes to every question'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand once; and not __fish_seen_subcommand_from list show resolve add forget" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand once; and not __fish_seen_subcommand_from list show resolve add forget" -f -a "list" -d 'List the keys, with how many people have a message under each'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand once; and not __fish_seen_subcommand_from list show resolve add forget" -f -a "show" -d 'Show what people have under a key'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand once; and not __fish_seen_subcommand_from list show resolve add forget" -f -a "resolve" -d 'Record the outcome of a message that may have been sent'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand once; and not __fish_seen_subcommand_from list show resolve add forget" -f -a "add" -d 'Put the people of a finished run under a key'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand once; and not __fish_seen_subcommand_from list show resolve add forget" -f -a "forget" -d 'Forget one person or everybody under a key, who can then get another message; asks, or needs --yes'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand once; and __fish_seen_subcommand_from list" -s p -l profile -d 'Profile to send with [env: JELOU_PROFILE]' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand once; and __fish_seen_subcommand_from list" -l config -d 'Configuration file [env: JELOUCTL_CONFIG]' -r -F
complete -c jelouctl -n "__fish_jelouctl_using_subcommand once; and __fish_seen_subcommand_from list" -l bot -l bot-id -d 'Bot to send from [env: JELOU_BOT_ID]' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand once; and __fish_seen_subcommand_from list" -l client-id -d 'Client id of the API credentials [env: JELOU_CLIENT_ID]' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand once; and __fish_seen_subcommand_from list" -l client-secret-file -d 'File with the client secret, or `-` [env: JELOU_CLIENT_SECRET_FILE]' -r -F
complete -c jelouctl -n "__fish_jelouctl_using_subcommand once; and __fish_seen_subcommand_from list" -l api-url -d 'Address of the API [env: JELOU_API_URL] [default: https://api.jelou.ai]' -r -f
complete -c jelouctl -n "__fish_jelouctl_using_subcommand once; and __fish_seen_subcommand_from list" -l timeout -d 'Limit for one attempt [env: JELOU_TIMEOUT] [default: 30s]' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand once; and __fish_seen_subcommand_from list" -l retry-for -d 'How long to retry, 0 for never [env: JELOU_RETRY_FOR] [default: 30s]' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand once; and __fish_seen_subcommand_from list" -l ca-cert -d 'CA certificates (PEM) to use instead of the system\'s' -r -F
complete -c jelouctl -n "__fish_jelouctl_using_subcommand once; and __fish_seen_subcommand_from list" -l ledger -d 'Database for bulk runs, instead of local files [env: JELOUCTL_LEDGER]' -r -f
complete -c jelouctl -n "__fish_jelouctl_using_subcommand once; and __fish_seen_subcommand_from list" -s o -l output -d 'What goes to standard output' -r -f -a "response\t'The API\'s response (default)'
id\t'Only the message id, or for a list the name of its run; nothing if there is none'
record\t'One JSON object with the outcome of the message'
none\t'Nothing; check the exit code'"
complete -c jelouctl -n "__fish_jelouctl_using_subcommand once; and __fish_seen_subcommand_from list" -l color -d 'When to colour' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set (default)'
always\t''
never\t''"
complete -c jelouctl -n "__fish_jelouctl_using_subcommand once; and __fish_seen_subcommand_from list" -l sandbox -d 'Send to the sandbox: nothing leaves this machine'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand once; and __fish_seen_subcommand_from list" -l dry-run -d 'Print the request as JSON and send nothing'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand once; and __fish_seen_subcommand_from list" -l curl -d 'Print the request as a curl command and send nothing'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand once; and __fish_seen_subcommand_from list" -s q -l quiet -d 'Show only errors'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand once; and __fish_seen_subcommand_from list" -s v -l verbose -d 'Show each attempt, request and answer, secrets redacted'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand once; and __fish_seen_subcommand_from list" -l no-input -d 'Never ask; what is missing is an error'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand once; and __fish_seen_subcommand_from list" -s y -l yes -d 'Answer yes to every question'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand once; and __fish_seen_subcommand_from list" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand once; and __fish_seen_subcommand_from show" -l to -d 'One person: a phone number with country code, a WhatsApp user id, or `id:USER` of another channel' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand once; and __fish_seen_subcommand_from show" -l country -d 'Country whose national number it is, in two letters: EC [default: the profile\'s]' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand once; and __fish_seen_subcommand_from show" -s p -l profile -d 'Profile to send with [env: JELOU_PROFILE]' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand once; and __fish_seen_subcommand_from show" -l config -d 'Configuration file [env: JELOUCTL_CONFIG]' -r -F
complete -c jelouctl -n "__fish_jelouctl_using_subcommand once; and __fish_seen_subcommand_from show" -l bot -l bot-id -d 'Bot to send from [env: JELOU_BOT_ID]' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand once; and __fish_seen_subcommand_from show" -l client-id -d 'Client id of the API credentials [env: JELOU_CLIENT_ID]' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand once; and __fish_seen_subcommand_from show" -l client-secret-file -d 'File with the client secret, or `-` [env: JELOU_CLIENT_SECRET_FILE]' -r -F
complete -c jelouctl -n "__fish_jelouctl_using_subcommand once; and __fish_seen_subcommand_from show" -l api-url -d 'Address of the API [env: JELOU_API_URL] [default: https://api.jelou.ai]' -r -f
complete -c jelouctl -n "__fish_jelouctl_using_subcommand once; and __fish_seen_subcommand_from show" -l timeout -d 'Limit for one attempt [env: JELOU_TIMEOUT] [default: 30s]' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand once; and __fish_seen_subcommand_from show" -l retry-for -d 'How long to retry, 0 for never [env: JELOU_RETRY_FOR] [default: 30s]' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand once; and __fish_seen_subcommand_from show" -l ca-cert -d 'CA certificates (PEM) to use instead of the system\'s' -r -F
complete -c jelouctl -n "__fish_jelouctl_using_subcommand once; and __fish_seen_subcommand_from show" -l ledger -d 'Database for bulk runs, instead of local files [env: JELOUCTL_LEDGER]' -r -f
complete -c jelouctl -n "__fish_jelouctl_using_subcommand once; and __fish_seen_subcommand_from show" -s o -l output -d 'What goes to standard output' -r -f -a "response\t'The API\'s response (default)'
id\t'Only the message id, or for a list the name of its run; nothing if there is none'
record\t'One JSON object with the outcome of the message'
none\t'Nothing; check the exit code'"
complete -c jelouctl -n "__fish_jelouctl_using_subcommand once; and __fish_seen_subcommand_from show" -l color -d 'When to colour' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set (default)'
always\t''
never\t''"
complete -c jelouctl -n "__fish_jelouctl_using_subcommand once; and __fish_seen_subcommand_from show" -l sandbox -d 'Send to the sandbox: nothing leaves this machine'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand once; and __fish_seen_subcommand_from show" -l dry-run -d 'Print the request as JSON and send nothing'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand once; and __fish_seen_subcommand_from show" -l curl -d 'Print the request as a curl command and send nothing'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand once; and __fish_seen_subcommand_from show" -s q -l quiet -d 'Show only errors'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand once; and __fish_seen_subcommand_from show" -s v -l verbose -d 'Show each attempt, request and answer, secrets redacted'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand once; and __fish_seen_subcommand_from show" -l no-input -d 'Never ask; what is missing is an error'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand once; and __fish_seen_subcommand_from show" -s y -l yes -d 'Answer yes to every question'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand once; and __fish_seen_subcommand_from show" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand once; and __fish_seen_subcommand_from resolve" -l to -d 'Recipient: a phone number with country code, a WhatsApp user id, or `id:USER` of another channel' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand once; and __fish_seen_subcommand_from resolve" -l country -d 'Country whose national number it is, in two letters: EC [default: the profile\'s]' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand once; and __fish_seen_subcommand_from resolve" -l as -d 'The outcome' -r -f -a "sent\t'The person has got it'
failed\t'It was not sent'"
complete -c jelouctl -n "__fish_jelouctl_using_subcommand once; and __fish_seen_subcommand_from resolve" -s p -l profile -d 'Profile to send with [env: JELOU_PROFILE]' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand once; and __fish_seen_subcommand_from resolve" -l config -d 'Configuration file [env: JELOUCTL_CONFIG]' -r -F
complete -c jelouctl -n "__fish_jelouctl_using_subcommand once; and __fish_seen_subcommand_from resolve" -l bot -l bot-id -d 'Bot to send from [env: JELOU_BOT_ID]' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand once; and __fish_seen_subcommand_from resolve" -l client-id -d 'Client id of the API credentials [env: JELOU_CLIENT_ID]' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand once; and __fish_seen_subcommand_from resolve" -l client-secret-file -d 'File with the client secret, or `-` [env: JELOU_CLIENT_SECRET_FILE]' -r -F
complete -c jelouctl -n "__fish_jelouctl_using_subcommand once; and __fish_seen_subcommand_from resolve" -l api-url -d 'Address of the API [env: JELOU_API_URL] [default: https://api.jelou.ai]' -r -f
complete -c jelouctl -n "__fish_jelouctl_using_subcommand once; and __fish_seen_subcommand_from resolve" -l timeout -d 'Limit for one attempt [env: JELOU_TIMEOUT] [default: 30s]' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand once; and __fish_seen_subcommand_from resolve" -l retry-for -d 'How long to retry, 0 for never [env: JELOU_RETRY_FOR] [default: 30s]' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand once; and __fish_seen_subcommand_from resolve" -l ca-cert -d 'CA certificates (PEM) to use instead of the system\'s' -r -F
complete -c jelouctl -n "__fish_jelouctl_using_subcommand once; and __fish_seen_subcommand_from resolve" -l ledger -d 'Database for bulk runs, instead of local files [env: JELOUCTL_LEDGER]' -r -f
complete -c jelouctl -n "__fish_jelouctl_using_subcommand once; and __fish_seen_subcommand_from resolve" -s o -l output -d 'What goes to standard output' -r -f -a "response\t'The API\'s response (default)'
id\t'Only the message id, or for a list the name of its run; nothing if there is none'
record\t'One JSON object with the outcome of the message'
none\t'Nothing; check the exit code'"
complete -c jelouctl -n "__fish_jelouctl_using_subcommand once; and __fish_seen_subcommand_from resolve" -l color -d 'When to colour' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set (default)'
always\t''
never\t''"
complete -c jelouctl -n "__fish_jelouctl_using_subcommand once; and __fish_seen_subcommand_from resolve" -l sandbox -d 'Send to the sandbox: nothing leaves this machine'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand once; and __fish_seen_subcommand_from resolve" -l dry-run -d 'Print the request as JSON and send nothing'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand once; and __fish_seen_subcommand_from resolve" -l curl -d 'Print the request as a curl command and send nothing'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand once; and __fish_seen_subcommand_from resolve" -s q -l quiet -d 'Show only errors'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand once; and __fish_seen_subcommand_from resolve" -s v -l verbose -d 'Show each attempt, request and answer, secrets redacted'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand once; and __fish_seen_subcommand_from resolve" -l no-input -d 'Never ask; what is missing is an error'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand once; and __fish_seen_subcommand_from resolve" -s y -l yes -d 'Answer yes to every question'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand once; and __fish_seen_subcommand_from resolve" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand once; and __fish_seen_subcommand_from add" -l run -d 'Name of the run' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand once; and __fish_seen_subcommand_from add" -s p -l profile -d 'Profile to send with [env: JELOU_PROFILE]' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand once; and __fish_seen_subcommand_from add" -l config -d 'Configuration file [env: JELOUCTL_CONFIG]' -r -F
complete -c jelouctl -n "__fish_jelouctl_using_subcommand once; and __fish_seen_subcommand_from add" -l bot -l bot-id -d 'Bot to send from [env: JELOU_BOT_ID]' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand once; and __fish_seen_subcommand_from add" -l client-id -d 'Client id of the API credentials [env: JELOU_CLIENT_ID]' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand once; and __fish_seen_subcommand_from add" -l client-secret-file -d 'File with the client secret, or `-` [env: JELOU_CLIENT_SECRET_FILE]' -r -F
complete -c jelouctl -n "__fish_jelouctl_using_subcommand once; and __fish_seen_subcommand_from add" -l api-url -d 'Address of the API [env: JELOU_API_URL] [default: https://api.jelou.ai]' -r -f
complete -c jelouctl -n "__fish_jelouctl_using_subcommand once; and __fish_seen_subcommand_from add" -l timeout -d 'Limit for one attempt [env: JELOU_TIMEOUT] [default: 30s]' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand once; and __fish_seen_subcommand_from add" -l retry-for -d 'How long to retry, 0 for never [env: JELOU_RETRY_FOR] [default: 30s]' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand once; and __fish_seen_subcommand_from add" -l ca-cert -d 'CA certificates (PEM) to use instead of the system\'s' -r -F
complete -c jelouctl -n "__fish_jelouctl_using_subcommand once; and __fish_seen_subcommand_from add" -l ledger -d 'Database for bulk runs, instead of local files [env: JELOUCTL_LEDGER]' -r -f
complete -c jelouctl -n "__fish_jelouctl_using_subcommand once; and __fish_seen_subcommand_from add" -s o -l output -d 'What goes to standard output' -r -f -a "response\t'The API\'s response (default)'
id\t'Only the message id, or for a list the name of its run; nothing if there is none'
record\t'One JSON object with the outcome of the message'
none\t'Nothing; check the exit code'"
complete -c jelouctl -n "__fish_jelouctl_using_subcommand once; and __fish_seen_subcommand_from add" -l color -d 'When to colour' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set (default)'
always\t''
never\t''"
complete -c jelouctl -n "__fish_jelouctl_using_subcommand once; and __fish_seen_subcommand_from add" -l sandbox -d 'Send to the sandbox: nothing leaves this machine'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand once; and __fish_seen_subcommand_from add" -l dry-run -d 'Print the request as JSON and send nothing'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand once; and __fish_seen_subcommand_from add" -l curl -d 'Print the request as a curl command and send nothing'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand once; and __fish_seen_subcommand_from add" -s q -l quiet -d 'Show only errors'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand once; and __fish_seen_subcommand_from add" -s v -l verbose -d 'Show each attempt, request and answer, secrets redacted'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand once; and __fish_seen_subcommand_from add" -l no-input -d 'Never ask; what is missing is an error'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand once; and __fish_seen_subcommand_from add" -s y -l yes -d 'Answer yes to every question'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand once; and __fish_seen_subcommand_from add" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand once; and __fish_seen_subcommand_from forget" -l to -d 'One person: a phone number with country code, a WhatsApp user id, or `id:USER` of another channel' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand once; and __fish_seen_subcommand_from forget" -l country -d 'Country whose national number it is, in two letters: EC [default: the profile\'s]' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand once; and __fish_seen_subcommand_from forget" -s p -l profile -d 'Profile to send with [env: JELOU_PROFILE]' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand once; and __fish_seen_subcommand_from forget" -l config -d 'Configuration file [env: JELOUCTL_CONFIG]' -r -F
complete -c jelouctl -n "__fish_jelouctl_using_subcommand once; and __fish_seen_subcommand_from forget" -l bot -l bot-id -d 'Bot to send from [env: JELOU_BOT_ID]' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand once; and __fish_seen_subcommand_from forget" -l client-id -d 'Client id of the API credentials [env: JELOU_CLIENT_ID]' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand once; and __fish_seen_subcommand_from forget" -l client-secret-file -d 'File with the client secret, or `-` [env: JELOU_CLIENT_SECRET_FILE]' -r -F
complete -c jelouctl -n "__fish_jelouctl_using_subcommand once; and __fish_seen_subcommand_from forget" -l api-url -d 'Address of the API [env: JELOU_API_URL] [default: https://api.jelou.ai]' -r -f
complete -c jelouctl -n "__fish_jelouctl_using_subcommand once; and __fish_seen_subcommand_from forget" -l timeout -d 'Limit for one attempt [env: JELOU_TIMEOUT] [default: 30s]' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand once; and __fish_seen_subcommand_from forget" -l retry-for -d 'How long to retry, 0 for never [env: JELOU_RETRY_FOR] [default: 30s]' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand once; and __fish_seen_subcommand_from forget" -l ca-cert -d 'CA certificates (PEM) to use instead of the system\'s' -r -F
complete -c jelouctl -n "__fish_jelouctl_using_subcommand once; and __fish_seen_subcommand_from forget" -l ledger -d 'Database for bulk runs, instead of local files [env: JELOUCTL_LEDGER]' -r -f
complete -c jelouctl -n "__fish_jelouctl_using_subcommand once; and __fish_seen_subcommand_from forget" -s o -l output -d 'What goes to standard output' -r -f -a "response\t'The API\'s response (default)'
id\t'Only the message id, or for a list the name of its run; nothing if there is none'
record\t'One JSON object with the outcome of the message'
none\t'Nothing; check the exit code'"
complete -c jelouctl -n "__fish_jelouctl_using_subcommand once; and __fish_seen_subcommand_from forget" -l color -d 'When to colour' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set (default)'
always\t''
never\t''"
complete -c jelouctl -n "__fish_jelouctl_using_subcommand once; and __fish_seen_subcommand_from forget" -l sandbox -d 'Send to the sandbox: nothing leaves this machine'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand once; and __fish_seen_subcommand_from forget" -l dry-run -d 'Print the request as JSON and send nothing'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand once; and __fish_seen_subcommand_from forget" -l curl -d 'Print the request as a curl command and send nothing'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand once; and __fish_seen_subcommand_from forget" -s q -l quiet -d 'Show only errors'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand once; and __fish_seen_subcommand_from forget" -s v -l verbose -d 'Show each attempt, request and answer, secrets redacted'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand once; and __fish_seen_subcommand_from forget" -l no-input -d 'Never ask; what is missing is an error'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand once; and __fish_seen_subcommand_from forget" -s y -l yes -d 'Answer yes to every question'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand once; and __fish_seen_subcommand_from forget" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand run" -l to -d 'Recipient: 593987654321 [env: JELOU_TO]' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand run" -l country -d 'Country of national numbers: EC [default: the profile\'s]' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand run" -l on -d 'When to send' -r -f -a "always\t'However it ended (default)'
failure\t'When it failed, was killed or could not be started'
success\t'When it ended with 0'"
complete -c jelouctl -n "__fish_jelouctl_using_subcommand run" -l text -d 'Text of the message [default: how the command ended]' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand run" -l template -d 'Name of a WhatsApp template to send instead of a text' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand run" -l language -d 'Language code of the WhatsApp template' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand run" -l param -d 'Value of the WhatsApp template\'s next parameter (repeatable)' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand run" -l body -d 'A whole body as JSON, whose texts can use these values' -r -F
complete -c jelouctl -n "__fish_jelouctl_using_subcommand run" -l exclude -d 'Send nothing to the people on this list (repeatable)' -r -F
complete -c jelouctl -n "__fish_jelouctl_using_subcommand run" -l tail -d 'Keep the last lines of the command\'s stderr for `tail`' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand run" -l notify-timeout -d 'How long the notice may take [default: 30s]' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand run" -l once -d 'Send each person at most one message for this key, whatever the text' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand run" -l wait -d 'Wait until the person got it; exit with 15 if not' -r -f -a "delivered\t''
read\t''"
complete -c jelouctl -n "__fish_jelouctl_using_subcommand run" -l for -d 'How long to wait with --wait [default: 2m]' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand run" -s p -l profile -d 'Profile to send with [env: JELOU_PROFILE]' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand run" -l config -d 'Configuration file [env: JELOUCTL_CONFIG]' -r -F
complete -c jelouctl -n "__fish_jelouctl_using_subcommand run" -l bot -l bot-id -d 'Bot to send from [env: JELOU_BOT_ID]' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand run" -l client-id -d 'Client id of the API credentials [env: JELOU_CLIENT_ID]' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand run" -l client-secret-file -d 'File with the client secret, or `-` [env: JELOU_CLIENT_SECRET_FILE]' -r -F
complete -c jelouctl -n "__fish_jelouctl_using_subcommand run" -l api-url -d 'Address of the API [env: JELOU_API_URL] [default: https://api.jelou.ai]' -r -f
complete -c jelouctl -n "__fish_jelouctl_using_subcommand run" -l timeout -d 'Limit for one attempt [env: JELOU_TIMEOUT] [default: 30s]' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand run" -l retry-for -d 'How long to retry, 0 for never [env: JELOU_RETRY_FOR] [default: 30s]' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand run" -l ca-cert -d 'CA certificates (PEM) to use instead of the system\'s' -r -F
complete -c jelouctl -n "__fish_jelouctl_using_subcommand run" -l ledger -d 'Database for bulk runs, instead of local files [env: JELOUCTL_LEDGER]' -r -f
complete -c jelouctl -n "__fish_jelouctl_using_subcommand run" -s o -l output -d 'What goes to standard output' -r -f -a "response\t'The API\'s response (default)'
id\t'Only the message id, or for a list the name of its run; nothing if there is none'
record\t'One JSON object with the outcome of the message'
none\t'Nothing; check the exit code'"
complete -c jelouctl -n "__fish_jelouctl_using_subcommand run" -l color -d 'When to colour' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set (default)'
always\t''
never\t''"
complete -c jelouctl -n "__fish_jelouctl_using_subcommand run" -l check-first -d 'Run the command only if the notice could be sent'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand run" -l strict-notify -d 'When the notice fails, exit with its code, not the command\'s'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand run" -l sandbox -d 'Send to the sandbox: nothing leaves this machine'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand run" -l dry-run -d 'Print the request as JSON and send nothing'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand run" -l curl -d 'Print the request as a curl command and send nothing'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand run" -s q -l quiet -d 'Show only errors'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand run" -s v -l verbose -d 'Show each attempt, request and answer, secrets redacted'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand run" -l no-input -d 'Never ask; what is missing is an error'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand run" -s y -l yes -d 'Answer yes to every question'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand run" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand api" -s f -l raw-field -d 'Add a text to the body, or to the query of a GET (repeatable)' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand api" -s F -l field -d 'Add JSON to the body, or to the query of a GET (repeatable)' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand api" -l input -d 'File with the body, JSON, or `-` for standard input; fields then go into the query' -r -F
complete -c jelouctl -n "__fish_jelouctl_using_subcommand api" -s p -l profile -d 'Profile to send with [env: JELOU_PROFILE]' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand api" -l config -d 'Configuration file [env: JELOUCTL_CONFIG]' -r -F
complete -c jelouctl -n "__fish_jelouctl_using_subcommand api" -l bot -l bot-id -d 'Bot to send from [env: JELOU_BOT_ID]' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand api" -l client-id -d 'Client id of the API credentials [env: JELOU_CLIENT_ID]' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand api" -l client-secret-file -d 'File with the client secret, or `-` [env: JELOU_CLIENT_SECRET_FILE]' -r -F
complete -c jelouctl -n "__fish_jelouctl_using_subcommand api" -l api-url -d 'Address of the API [env: JELOU_API_URL] [default: https://api.jelou.ai]' -r -f
complete -c jelouctl -n "__fish_jelouctl_using_subcommand api" -l timeout -d 'Limit for one attempt [env: JELOU_TIMEOUT] [default: 30s]' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand api" -l retry-for -d 'How long to retry, 0 for never [env: JELOU_RETRY_FOR] [default: 30s]' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand api" -l ca-cert -d 'CA certificates (PEM) to use instead of the system\'s' -r -F
complete -c jelouctl -n "__fish_jelouctl_using_subcommand api" -l ledger -d 'Database for bulk runs, instead of local files [env: JELOUCTL_LEDGER]' -r -f
complete -c jelouctl -n "__fish_jelouctl_using_subcommand api" -s o -l output -d 'What goes to standard output' -r -f -a "response\t'The API\'s response (default)'
id\t'Only the message id, or for a list the name of its run; nothing if there is none'
record\t'One JSON object with the outcome of the message'
none\t'Nothing; check the exit code'"
complete -c jelouctl -n "__fish_jelouctl_using_subcommand api" -l color -d 'When to colour' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set (default)'
always\t''
never\t''"
complete -c jelouctl -n "__fish_jelouctl_using_subcommand api" -l paginate -d 'Read every page of a GET and print only the results, one a line'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand api" -l sandbox -d 'Send to the sandbox: nothing leaves this machine'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand api" -l dry-run -d 'Print the request as JSON and send nothing'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand api" -l curl -d 'Print the request as a curl command and send nothing'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand api" -s q -l quiet -d 'Show only errors'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand api" -s v -l verbose -d 'Show each attempt, request and answer, secrets redacted'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand api" -l no-input -d 'Never ask; what is missing is an error'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand api" -s y -l yes -d 'Answer yes to every question'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand api" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand sandbox" -l port -d 'Port of 127.0.0.1, 0 for a free one [default: 4780]' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand sandbox" -l listen -d 'Listen on this address too: 0.0.0.0:4780' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand sandbox" -l allow-host -d 'Name by which other machines call the sandbox (repeatable)' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand sandbox" -l fault -d 'Simulate an error, such as status=429,every=5 (repeatable)' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand sandbox" -l templates -d 'Templates to use instead of the samples' -r -F
complete -c jelouctl -n "__fish_jelouctl_using_subcommand sandbox" -l webhook -d 'Post what is written in the inbox to this local address' -r -f
complete -c jelouctl -n "__fish_jelouctl_using_subcommand sandbox" -l max -d 'Keep only the newest N messages [default: 10000]' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand sandbox" -l deliver-after -d 'How long the delivery of a message takes [default: 1s]' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand sandbox" -l expect -d 'Exit with 14 unless exactly N messages arrived' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand sandbox" -l list -d 'Write what arrived to this file, a JSON object a line' -r -F
complete -c jelouctl -n "__fish_jelouctl_using_subcommand sandbox" -s p -l profile -d 'Profile to send with [env: JELOU_PROFILE]' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand sandbox" -l config -d 'Configuration file [env: JELOUCTL_CONFIG]' -r -F
complete -c jelouctl -n "__fish_jelouctl_using_subcommand sandbox" -l bot -l bot-id -d 'Bot to send from [env: JELOU_BOT_ID]' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand sandbox" -l client-id -d 'Client id of the API credentials [env: JELOU_CLIENT_ID]' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand sandbox" -l client-secret-file -d 'File with the client secret, or `-` [env: JELOU_CLIENT_SECRET_FILE]' -r -F
complete -c jelouctl -n "__fish_jelouctl_using_subcommand sandbox" -l api-url -d 'Address of the API [env: JELOU_API_URL] [default: https://api.jelou.ai]' -r -f
complete -c jelouctl -n "__fish_jelouctl_using_subcommand sandbox" -l timeout -d 'Limit for one attempt [env: JELOU_TIMEOUT] [default: 30s]' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand sandbox" -l retry-for -d 'How long to retry, 0 for never [env: JELOU_RETRY_FOR] [default: 30s]' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand sandbox" -l ca-cert -d 'CA certificates (PEM) to use instead of the system\'s' -r -F
complete -c jelouctl -n "__fish_jelouctl_using_subcommand sandbox" -l ledger -d 'Database for bulk runs, instead of local files [env: JELOUCTL_LEDGER]' -r -f
complete -c jelouctl -n "__fish_jelouctl_using_subcommand sandbox" -s o -l output -d 'What goes to standard output' -r -f -a "response\t'The API\'s response (default)'
id\t'Only the message id, or for a list the name of its run; nothing if there is none'
record\t'One JSON object with the outcome of the message'
none\t'Nothing; check the exit code'"
complete -c jelouctl -n "__fish_jelouctl_using_subcommand sandbox" -l color -d 'When to colour' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set (default)'
always\t''
never\t''"
complete -c jelouctl -n "__fish_jelouctl_using_subcommand sandbox" -l open -d 'Open the inbox in the browser'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand sandbox" -l window -d 'Refuse users who have not written in the last 24 hours'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand sandbox" -l sandbox -d 'Send to the sandbox: nothing leaves this machine'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand sandbox" -l dry-run -d 'Print the request as JSON and send nothing'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand sandbox" -l curl -d 'Print the request as a curl command and send nothing'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand sandbox" -s q -l quiet -d 'Show only errors'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand sandbox" -s v -l verbose -d 'Show each attempt, request and answer, secrets redacted'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand sandbox" -l no-input -d 'Never ask; what is missing is an error'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand sandbox" -s y -l yes -d 'Answer yes to every question'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand sandbox" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand profile; and not __fish_seen_subcommand_from list show set use remove" -s p -l profile -d 'Profile to send with [env: JELOU_PROFILE]' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand profile; and not __fish_seen_subcommand_from list show set use remove" -l config -d 'Configuration file [env: JELOUCTL_CONFIG]' -r -F
complete -c jelouctl -n "__fish_jelouctl_using_subcommand profile; and not __fish_seen_subcommand_from list show set use remove" -l bot -l bot-id -d 'Bot to send from [env: JELOU_BOT_ID]' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand profile; and not __fish_seen_subcommand_from list show set use remove" -l client-id -d 'Client id of the API credentials [env: JELOU_CLIENT_ID]' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand profile; and not __fish_seen_subcommand_from list show set use remove" -l client-secret-file -d 'File with the client secret, or `-` [env: JELOU_CLIENT_SECRET_FILE]' -r -F
complete -c jelouctl -n "__fish_jelouctl_using_subcommand profile; and not __fish_seen_subcommand_from list show set use remove" -l api-url -d 'Address of the API [env: JELOU_API_URL] [default: https://api.jelou.ai]' -r -f
complete -c jelouctl -n "__fish_jelouctl_using_subcommand profile; and not __fish_seen_subcommand_from list show set use remove" -l timeout -d 'Limit for one attempt [env: JELOU_TIMEOUT] [default: 30s]' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand profile; and not __fish_seen_subcommand_from list show set use remove" -l retry-for -d 'How long to retry, 0 for never [env: JELOU_RETRY_FOR] [default: 30s]' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand profile; and not __fish_seen_subcommand_from list show set use remove" -l ca-cert -d 'CA certificates (PEM) to use instead of the system\'s' -r -F
complete -c jelouctl -n "__fish_jelouctl_using_subcommand profile; and not __fish_seen_subcommand_from list show set use remove" -l ledger -d 'Database for bulk runs, instead of local files [env: JELOUCTL_LEDGER]' -r -f
complete -c jelouctl -n "__fish_jelouctl_using_subcommand profile; and not __fish_seen_subcommand_from list show set use remove" -s o -l output -d 'What goes to standard output' -r -f -a "response\t'The API\'s response (default)'
id\t'Only the message id, or for a list the name of its run; nothing if there is none'
record\t'One JSON object with the outcome of the message'
none\t'Nothing; check the exit code'"
complete -c jelouctl -n "__fish_jelouctl_using_subcommand profile; and not __fish_seen_subcommand_from list show set use remove" -l color -d 'When to colour' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set (default)'
always\t''
never\t''"
complete -c jelouctl -n "__fish_jelouctl_using_subcommand profile; and not __fish_seen_subcommand_from list show set use remove" -l sandbox -d 'Send to the sandbox: nothing leaves this machine'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand profile; and not __fish_seen_subcommand_from list show set use remove" -l dry-run -d 'Print the request as JSON and send nothing'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand profile; and not __fish_seen_subcommand_from list show set use remove" -l curl -d 'Print the request as a curl command and send nothing'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand profile; and not __fish_seen_subcommand_from list show set use remove" -s q -l quiet -d 'Show only errors'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand profile; and not __fish_seen_subcommand_from list show set use remove" -s v -l verbose -d 'Show each attempt, request and answer, secrets redacted'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand profile; and not __fish_seen_subcommand_from list show set use remove" -l no-input -d 'Never ask; what is missing is an error'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand profile; and not __fish_seen_subcommand_from list show set use remove" -s y -l yes -d 'Answer yes to every question'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand profile; and not __fish_seen_subcommand_from list show set use remove" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand profile; and not __fish_seen_subcommand_from list show set use remove" -f -a "list" -d 'List the profiles: name, bot, and which is the default'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand profile; and not __fish_seen_subcommand_from list show set use remove" -f -a "show" -d 'Show the settings and where they come from; never the secret'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand profile; and not __fish_seen_subcommand_from list show set use remove" -f -a "set" -d 'Create or change a profile'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand profile; and not __fish_seen_subcommand_from list show set use remove" -f -a "use" -d 'Make a profile the default'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand profile; and not __fish_seen_subcommand_from list show set use remove" -f -a "remove" -d 'Remove a profile; asks first, or needs --yes'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand profile; and __fish_seen_subcommand_from list" -s p -l profile -d 'Profile to send with [env: JELOU_PROFILE]' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand profile; and __fish_seen_subcommand_from list" -l config -d 'Configuration file [env: JELOUCTL_CONFIG]' -r -F
complete -c jelouctl -n "__fish_jelouctl_using_subcommand profile; and __fish_seen_subcommand_from list" -l bot -l bot-id -d 'Bot to send from [env: JELOU_BOT_ID]' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand profile; and __fish_seen_subcommand_from list" -l client-id -d 'Client id of the API credentials [env: JELOU_CLIENT_ID]' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand profile; and __fish_seen_subcommand_from list" -l client-secret-file -d 'File with the client secret, or `-` [env: JELOU_CLIENT_SECRET_FILE]' -r -F
complete -c jelouctl -n "__fish_jelouctl_using_subcommand profile; and __fish_seen_subcommand_from list" -l api-url -d 'Address of the API [env: JELOU_API_URL] [default: https://api.jelou.ai]' -r -f
complete -c jelouctl -n "__fish_jelouctl_using_subcommand profile; and __fish_seen_subcommand_from list" -l timeout -d 'Limit for one attempt [env: JELOU_TIMEOUT] [default: 30s]' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand profile; and __fish_seen_subcommand_from list" -l retry-for -d 'How long to retry, 0 for never [env: JELOU_RETRY_FOR] [default: 30s]' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand profile; and __fish_seen_subcommand_from list" -l ca-cert -d 'CA certificates (PEM) to use instead of the system\'s' -r -F
complete -c jelouctl -n "__fish_jelouctl_using_subcommand profile; and __fish_seen_subcommand_from list" -l ledger -d 'Database for bulk runs, instead of local files [env: JELOUCTL_LEDGER]' -r -f
complete -c jelouctl -n "__fish_jelouctl_using_subcommand profile; and __fish_seen_subcommand_from list" -s o -l output -d 'What goes to standard output' -r -f -a "response\t'The API\'s response (default)'
id\t'Only the message id, or for a list the name of its run; nothing if there is none'
record\t'One JSON object with the outcome of the message'
none\t'Nothing; check the exit code'"
complete -c jelouctl -n "__fish_jelouctl_using_subcommand profile; and __fish_seen_subcommand_from list" -l color -d 'When to colour' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set (default)'
always\t''
never\t''"
complete -c jelouctl -n "__fish_jelouctl_using_subcommand profile; and __fish_seen_subcommand_from list" -l sandbox -d 'Send to the sandbox: nothing leaves this machine'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand profile; and __fish_seen_subcommand_from list" -l dry-run -d 'Print the request as JSON and send nothing'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand profile; and __fish_seen_subcommand_from list" -l curl -d 'Print the request as a curl command and send nothing'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand profile; and __fish_seen_subcommand_from list" -s q -l quiet -d 'Show only errors'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand profile; and __fish_seen_subcommand_from list" -s v -l verbose -d 'Show each attempt, request and answer, secrets redacted'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand profile; and __fish_seen_subcommand_from list" -l no-input -d 'Never ask; what is missing is an error'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand profile; and __fish_seen_subcommand_from list" -s y -l yes -d 'Answer yes to every question'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand profile; and __fish_seen_subcommand_from list" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand profile; and __fish_seen_subcommand_from show" -s p -l profile -d 'Profile to send with [env: JELOU_PROFILE]' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand profile; and __fish_seen_subcommand_from show" -l config -d 'Configuration file [env: JELOUCTL_CONFIG]' -r -F
complete -c jelouctl -n "__fish_jelouctl_using_subcommand profile; and __fish_seen_subcommand_from show" -l bot -l bot-id -d 'Bot to send from [env: JELOU_BOT_ID]' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand profile; and __fish_seen_subcommand_from show" -l client-id -d 'Client id of the API credentials [env: JELOU_CLIENT_ID]' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand profile; and __fish_seen_subcommand_from show" -l client-secret-file -d 'File with the client secret, or `-` [env: JELOU_CLIENT_SECRET_FILE]' -r -F
complete -c jelouctl -n "__fish_jelouctl_using_subcommand profile; and __fish_seen_subcommand_from show" -l api-url -d 'Address of the API [env: JELOU_API_URL] [default: https://api.jelou.ai]' -r -f
complete -c jelouctl -n "__fish_jelouctl_using_subcommand profile; and __fish_seen_subcommand_from show" -l timeout -d 'Limit for one attempt [env: JELOU_TIMEOUT] [default: 30s]' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand profile; and __fish_seen_subcommand_from show" -l retry-for -d 'How long to retry, 0 for never [env: JELOU_RETRY_FOR] [default: 30s]' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand profile; and __fish_seen_subcommand_from show" -l ca-cert -d 'CA certificates (PEM) to use instead of the system\'s' -r -F
complete -c jelouctl -n "__fish_jelouctl_using_subcommand profile; and __fish_seen_subcommand_from show" -l ledger -d 'Database for bulk runs, instead of local files [env: JELOUCTL_LEDGER]' -r -f
complete -c jelouctl -n "__fish_jelouctl_using_subcommand profile; and __fish_seen_subcommand_from show" -s o -l output -d 'What goes to standard output' -r -f -a "response\t'The API\'s response (default)'
id\t'Only the message id, or for a list the name of its run; nothing if there is none'
record\t'One JSON object with the outcome of the message'
none\t'Nothing; check the exit code'"
complete -c jelouctl -n "__fish_jelouctl_using_subcommand profile; and __fish_seen_subcommand_from show" -l color -d 'When to colour' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set (default)'
always\t''
never\t''"
complete -c jelouctl -n "__fish_jelouctl_using_subcommand profile; and __fish_seen_subcommand_from show" -l sandbox -d 'Send to the sandbox: nothing leaves this machine'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand profile; and __fish_seen_subcommand_from show" -l dry-run -d 'Print the request as JSON and send nothing'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand profile; and __fish_seen_subcommand_from show" -l curl -d 'Print the request as a curl command and send nothing'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand profile; and __fish_seen_subcommand_from show" -s q -l quiet -d 'Show only errors'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand profile; and __fish_seen_subcommand_from show" -s v -l verbose -d 'Show each attempt, request and answer, secrets redacted'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand profile; and __fish_seen_subcommand_from show" -l no-input -d 'Never ask; what is missing is an error'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand profile; and __fish_seen_subcommand_from show" -s y -l yes -d 'Answer yes to every question'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand profile; and __fish_seen_subcommand_from show" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand profile; and __fish_seen_subcommand_from set" -l allow-to -d 'Refuse recipients that match no such pattern; `*` matches any characters (repeatable; replaces the earlier list)' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand profile; and __fish_seen_subcommand_from set" -l country -d 'Country whose national numbers may be typed, in two letters: EC' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand profile; and __fish_seen_subcommand_from set" -l ledger-password-file -d 'File with the password for the database of --ledger; the profile keeps both' -r -F
complete -c jelouctl -n "__fish_jelouctl_using_subcommand profile; and __fish_seen_subcommand_from set" -l do-not-contact -d 'File with the people who are never written to: one a line, or a list with a header' -r -F
complete -c jelouctl -n "__fish_jelouctl_using_subcommand profile; and __fish_seen_subcommand_from set" -l rate -d 'How fast bulk runs send: 5/s, 300/m, 1000/h' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand profile; and __fish_seen_subcommand_from set" -l remember -d 'For how long sent messages count as sent before: 3d, 12h, or 0' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand profile; and __fish_seen_subcommand_from set" -l confirm-bulk -d 'Whether a bulk run asks, or needs --yes, before it sends' -r -f -a "true\t''
false\t''"
complete -c jelouctl -n "__fish_jelouctl_using_subcommand profile; and __fish_seen_subcommand_from set" -l between -d 'Hours in which bulk runs send: \'mon-fri 07:00-19:00\', or always (repeatable; replaces the earlier ones)' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand profile; and __fish_seen_subcommand_from set" -l not-on -d 'Day on which nothing is sent: 2026-12-25, or a file of dates (repeatable; replaces the earlier ones)' -r -F
complete -c jelouctl -n "__fish_jelouctl_using_subcommand profile; and __fish_seen_subcommand_from set" -l time-zone -d 'Time zone of the hours and days: America/Bogota' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand profile; and __fish_seen_subcommand_from set" -l log -d 'File to which a line is added for each message and each end of a bulk run' -r -F
complete -c jelouctl -n "__fish_jelouctl_using_subcommand profile; and __fish_seen_subcommand_from set" -s p -l profile -d 'Profile to send with [env: JELOU_PROFILE]' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand profile; and __fish_seen_subcommand_from set" -l config -d 'Configuration file [env: JELOUCTL_CONFIG]' -r -F
complete -c jelouctl -n "__fish_jelouctl_using_subcommand profile; and __fish_seen_subcommand_from set" -l bot -l bot-id -d 'Bot to send from [env: JELOU_BOT_ID]' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand profile; and __fish_seen_subcommand_from set" -l client-id -d 'Client id of the API credentials [env: JELOU_CLIENT_ID]' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand profile; and __fish_seen_subcommand_from set" -l client-secret-file -d 'File with the client secret, or `-` [env: JELOU_CLIENT_SECRET_FILE]' -r -F
complete -c jelouctl -n "__fish_jelouctl_using_subcommand profile; and __fish_seen_subcommand_from set" -l api-url -d 'Address of the API [env: JELOU_API_URL] [default: https://api.jelou.ai]' -r -f
complete -c jelouctl -n "__fish_jelouctl_using_subcommand profile; and __fish_seen_subcommand_from set" -l timeout -d 'Limit for one attempt [env: JELOU_TIMEOUT] [default: 30s]' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand profile; and __fish_seen_subcommand_from set" -l retry-for -d 'How long to retry, 0 for never [env: JELOU_RETRY_FOR] [default: 30s]' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand profile; and __fish_seen_subcommand_from set" -l ca-cert -d 'CA certificates (PEM) to use instead of the system\'s' -r -F
complete -c jelouctl -n "__fish_jelouctl_using_subcommand profile; and __fish_seen_subcommand_from set" -l ledger -d 'Database for bulk runs, instead of local files [env: JELOUCTL_LEDGER]' -r -f
complete -c jelouctl -n "__fish_jelouctl_using_subcommand profile; and __fish_seen_subcommand_from set" -s o -l output -d 'What goes to standard output' -r -f -a "response\t'The API\'s response (default)'
id\t'Only the message id, or for a list the name of its run; nothing if there is none'
record\t'One JSON object with the outcome of the message'
none\t'Nothing; check the exit code'"
complete -c jelouctl -n "__fish_jelouctl_using_subcommand profile; and __fish_seen_subcommand_from set" -l color -d 'When to colour' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set (default)'
always\t''
never\t''"
complete -c jelouctl -n "__fish_jelouctl_using_subcommand profile; and __fish_seen_subcommand_from set" -l sandbox -d 'Send to the sandbox: nothing leaves this machine'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand profile; and __fish_seen_subcommand_from set" -l dry-run -d 'Print the request as JSON and send nothing'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand profile; and __fish_seen_subcommand_from set" -l curl -d 'Print the request as a curl command and send nothing'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand profile; and __fish_seen_subcommand_from set" -s q -l quiet -d 'Show only errors'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand profile; and __fish_seen_subcommand_from set" -s v -l verbose -d 'Show each attempt, request and answer, secrets redacted'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand profile; and __fish_seen_subcommand_from set" -l no-input -d 'Never ask; what is missing is an error'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand profile; and __fish_seen_subcommand_from set" -s y -l yes -d 'Answer yes to every question'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand profile; and __fish_seen_subcommand_from set" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand profile; and __fish_seen_subcommand_from use" -s p -l profile -d 'Profile to send with [env: JELOU_PROFILE]' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand profile; and __fish_seen_subcommand_from use" -l config -d 'Configuration file [env: JELOUCTL_CONFIG]' -r -F
complete -c jelouctl -n "__fish_jelouctl_using_subcommand profile; and __fish_seen_subcommand_from use" -l bot -l bot-id -d 'Bot to send from [env: JELOU_BOT_ID]' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand profile; and __fish_seen_subcommand_from use" -l client-id -d 'Client id of the API credentials [env: JELOU_CLIENT_ID]' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand profile; and __fish_seen_subcommand_from use" -l client-secret-file -d 'File with the client secret, or `-` [env: JELOU_CLIENT_SECRET_FILE]' -r -F
complete -c jelouctl -n "__fish_jelouctl_using_subcommand profile; and __fish_seen_subcommand_from use" -l api-url -d 'Address of the API [env: JELOU_API_URL] [default: https://api.jelou.ai]' -r -f
complete -c jelouctl -n "__fish_jelouctl_using_subcommand profile; and __fish_seen_subcommand_from use" -l timeout -d 'Limit for one attempt [env: JELOU_TIMEOUT] [default: 30s]' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand profile; and __fish_seen_subcommand_from use" -l retry-for -d 'How long to retry, 0 for never [env: JELOU_RETRY_FOR] [default: 30s]' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand profile; and __fish_seen_subcommand_from use" -l ca-cert -d 'CA certificates (PEM) to use instead of the system\'s' -r -F
complete -c jelouctl -n "__fish_jelouctl_using_subcommand profile; and __fish_seen_subcommand_from use" -l ledger -d 'Database for bulk runs, instead of local files [env: JELOUCTL_LEDGER]' -r -f
complete -c jelouctl -n "__fish_jelouctl_using_subcommand profile; and __fish_seen_subcommand_from use" -s o -l output -d 'What goes to standard output' -r -f -a "response\t'The API\'s response (default)'
id\t'Only the message id, or for a list the name of its run; nothing if there is none'
record\t'One JSON object with the outcome of the message'
none\t'Nothing; check the exit code'"
complete -c jelouctl -n "__fish_jelouctl_using_subcommand profile; and __fish_seen_subcommand_from use" -l color -d 'When to colour' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set (default)'
always\t''
never\t''"
complete -c jelouctl -n "__fish_jelouctl_using_subcommand profile; and __fish_seen_subcommand_from use" -l sandbox -d 'Send to the sandbox: nothing leaves this machine'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand profile; and __fish_seen_subcommand_from use" -l dry-run -d 'Print the request as JSON and send nothing'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand profile; and __fish_seen_subcommand_from use" -l curl -d 'Print the request as a curl command and send nothing'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand profile; and __fish_seen_subcommand_from use" -s q -l quiet -d 'Show only errors'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand profile; and __fish_seen_subcommand_from use" -s v -l verbose -d 'Show each attempt, request and answer, secrets redacted'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand profile; and __fish_seen_subcommand_from use" -l no-input -d 'Never ask; what is missing is an error'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand profile; and __fish_seen_subcommand_from use" -s y -l yes -d 'Answer yes to every question'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand profile; and __fish_seen_subcommand_from use" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand profile; and __fish_seen_subcommand_from remove" -s p -l profile -d 'Profile to send with [env: JELOU_PROFILE]' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand profile; and __fish_seen_subcommand_from remove" -l config -d 'Configuration file [env: JELOUCTL_CONFIG]' -r -F
complete -c jelouctl -n "__fish_jelouctl_using_subcommand profile; and __fish_seen_subcommand_from remove" -l bot -l bot-id -d 'Bot to send from [env: JELOU_BOT_ID]' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand profile; and __fish_seen_subcommand_from remove" -l client-id -d 'Client id of the API credentials [env: JELOU_CLIENT_ID]' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand profile; and __fish_seen_subcommand_from remove" -l client-secret-file -d 'File with the client secret, or `-` [env: JELOU_CLIENT_SECRET_FILE]' -r -F
complete -c jelouctl -n "__fish_jelouctl_using_subcommand profile; and __fish_seen_subcommand_from remove" -l api-url -d 'Address of the API [env: JELOU_API_URL] [default: https://api.jelou.ai]' -r -f
complete -c jelouctl -n "__fish_jelouctl_using_subcommand profile; and __fish_seen_subcommand_from remove" -l timeout -d 'Limit for one attempt [env: JELOU_TIMEOUT] [default: 30s]' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand profile; and __fish_seen_subcommand_from remove" -l retry-for -d 'How long to retry, 0 for never [env: JELOU_RETRY_FOR] [default: 30s]' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand profile; and __fish_seen_subcommand_from remove" -l ca-cert -d 'CA certificates (PEM) to use instead of the system\'s' -r -F
complete -c jelouctl -n "__fish_jelouctl_using_subcommand profile; and __fish_seen_subcommand_from remove" -l ledger -d 'Database for bulk runs, instead of local files [env: JELOUCTL_LEDGER]' -r -f
complete -c jelouctl -n "__fish_jelouctl_using_subcommand profile; and __fish_seen_subcommand_from remove" -s o -l output -d 'What goes to standard output' -r -f -a "response\t'The API\'s response (default)'
id\t'Only the message id, or for a list the name of its run; nothing if there is none'
record\t'One JSON object with the outcome of the message'
none\t'Nothing; check the exit code'"
complete -c jelouctl -n "__fish_jelouctl_using_subcommand profile; and __fish_seen_subcommand_from remove" -l color -d 'When to colour' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set (default)'
always\t''
never\t''"
complete -c jelouctl -n "__fish_jelouctl_using_subcommand profile; and __fish_seen_subcommand_from remove" -l sandbox -d 'Send to the sandbox: nothing leaves this machine'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand profile; and __fish_seen_subcommand_from remove" -l dry-run -d 'Print the request as JSON and send nothing'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand profile; and __fish_seen_subcommand_from remove" -l curl -d 'Print the request as a curl command and send nothing'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand profile; and __fish_seen_subcommand_from remove" -s q -l quiet -d 'Show only errors'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand profile; and __fish_seen_subcommand_from remove" -s v -l verbose -d 'Show each attempt, request and answer, secrets redacted'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand profile; and __fish_seen_subcommand_from remove" -l no-input -d 'Never ask; what is missing is an error'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand profile; and __fish_seen_subcommand_from remove" -s y -l yes -d 'Answer yes to every question'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand profile; and __fish_seen_subcommand_from remove" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand ledger; and not __fish_seen_subcommand_from setup" -s p -l profile -d 'Profile to send with [env: JELOU_PROFILE]' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand ledger; and not __fish_seen_subcommand_from setup" -l config -d 'Configuration file [env: JELOUCTL_CONFIG]' -r -F
complete -c jelouctl -n "__fish_jelouctl_using_subcommand ledger; and not __fish_seen_subcommand_from setup" -l bot -l bot-id -d 'Bot to send from [env: JELOU_BOT_ID]' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand ledger; and not __fish_seen_subcommand_from setup" -l client-id -d 'Client id of the API credentials [env: JELOU_CLIENT_ID]' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand ledger; and not __fish_seen_subcommand_from setup" -l client-secret-file -d 'File with the client secret, or `-` [env: JELOU_CLIENT_SECRET_FILE]' -r -F
complete -c jelouctl -n "__fish_jelouctl_using_subcommand ledger; and not __fish_seen_subcommand_from setup" -l api-url -d 'Address of the API [env: JELOU_API_URL] [default: https://api.jelou.ai]' -r -f
complete -c jelouctl -n "__fish_jelouctl_using_subcommand ledger; and not __fish_seen_subcommand_from setup" -l timeout -d 'Limit for one attempt [env: JELOU_TIMEOUT] [default: 30s]' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand ledger; and not __fish_seen_subcommand_from setup" -l retry-for -d 'How long to retry, 0 for never [env: JELOU_RETRY_FOR] [default: 30s]' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand ledger; and not __fish_seen_subcommand_from setup" -l ca-cert -d 'CA certificates (PEM) to use instead of the system\'s' -r -F
complete -c jelouctl -n "__fish_jelouctl_using_subcommand ledger; and not __fish_seen_subcommand_from setup" -l ledger -d 'Database for bulk runs, instead of local files [env: JELOUCTL_LEDGER]' -r -f
complete -c jelouctl -n "__fish_jelouctl_using_subcommand ledger; and not __fish_seen_subcommand_from setup" -s o -l output -d 'What goes to standard output' -r -f -a "response\t'The API\'s response (default)'
id\t'Only the message id, or for a list the name of its run; nothing if there is none'
record\t'One JSON object with the outcome of the message'
none\t'Nothing; check the exit code'"
complete -c jelouctl -n "__fish_jelouctl_using_subcommand ledger; and not __fish_seen_subcommand_from setup" -l color -d 'When to colour' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set (default)'
always\t''
never\t''"
complete -c jelouctl -n "__fish_jelouctl_using_subcommand ledger; and not __fish_seen_subcommand_from setup" -l sandbox -d 'Send to the sandbox: nothing leaves this machine'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand ledger; and not __fish_seen_subcommand_from setup" -l dry-run -d 'Print the request as JSON and send nothing'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand ledger; and not __fish_seen_subcommand_from setup" -l curl -d 'Print the request as a curl command and send nothing'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand ledger; and not __fish_seen_subcommand_from setup" -s q -l quiet -d 'Show only errors'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand ledger; and not __fish_seen_subcommand_from setup" -s v -l verbose -d 'Show each attempt, request and answer, secrets redacted'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand ledger; and not __fish_seen_subcommand_from setup" -l no-input -d 'Never ask; what is missing is an error'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand ledger; and not __fish_seen_subcommand_from setup" -s y -l yes -d 'Answer yes to every question'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand ledger; and not __fish_seen_subcommand_from setup" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand ledger; and not __fish_seen_subcommand_from setup" -f -a "setup" -d 'Make the tables, functions and roles of the ledger in a PostgreSQL database, once'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand ledger; and __fish_seen_subcommand_from setup" -s p -l profile -d 'Profile to send with [env: JELOU_PROFILE]' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand ledger; and __fish_seen_subcommand_from setup" -l config -d 'Configuration file [env: JELOUCTL_CONFIG]' -r -F
complete -c jelouctl -n "__fish_jelouctl_using_subcommand ledger; and __fish_seen_subcommand_from setup" -l bot -l bot-id -d 'Bot to send from [env: JELOU_BOT_ID]' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand ledger; and __fish_seen_subcommand_from setup" -l client-id -d 'Client id of the API credentials [env: JELOU_CLIENT_ID]' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand ledger; and __fish_seen_subcommand_from setup" -l client-secret-file -d 'File with the client secret, or `-` [env: JELOU_CLIENT_SECRET_FILE]' -r -F
complete -c jelouctl -n "__fish_jelouctl_using_subcommand ledger; and __fish_seen_subcommand_from setup" -l api-url -d 'Address of the API [env: JELOU_API_URL] [default: https://api.jelou.ai]' -r -f
complete -c jelouctl -n "__fish_jelouctl_using_subcommand ledger; and __fish_seen_subcommand_from setup" -l timeout -d 'Limit for one attempt [env: JELOU_TIMEOUT] [default: 30s]' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand ledger; and __fish_seen_subcommand_from setup" -l retry-for -d 'How long to retry, 0 for never [env: JELOU_RETRY_FOR] [default: 30s]' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand ledger; and __fish_seen_subcommand_from setup" -l ca-cert -d 'CA certificates (PEM) to use instead of the system\'s' -r -F
complete -c jelouctl -n "__fish_jelouctl_using_subcommand ledger; and __fish_seen_subcommand_from setup" -l ledger -d 'Database for bulk runs, instead of local files [env: JELOUCTL_LEDGER]' -r -f
complete -c jelouctl -n "__fish_jelouctl_using_subcommand ledger; and __fish_seen_subcommand_from setup" -s o -l output -d 'What goes to standard output' -r -f -a "response\t'The API\'s response (default)'
id\t'Only the message id, or for a list the name of its run; nothing if there is none'
record\t'One JSON object with the outcome of the message'
none\t'Nothing; check the exit code'"
complete -c jelouctl -n "__fish_jelouctl_using_subcommand ledger; and __fish_seen_subcommand_from setup" -l color -d 'When to colour' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set (default)'
always\t''
never\t''"
complete -c jelouctl -n "__fish_jelouctl_using_subcommand ledger; and __fish_seen_subcommand_from setup" -l print -d 'Print the SQL for a database administrator, and change nothing'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand ledger; and __fish_seen_subcommand_from setup" -l sandbox -d 'Send to the sandbox: nothing leaves this machine'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand ledger; and __fish_seen_subcommand_from setup" -l dry-run -d 'Print the request as JSON and send nothing'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand ledger; and __fish_seen_subcommand_from setup" -l curl -d 'Print the request as a curl command and send nothing'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand ledger; and __fish_seen_subcommand_from setup" -s q -l quiet -d 'Show only errors'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand ledger; and __fish_seen_subcommand_from setup" -s v -l verbose -d 'Show each attempt, request and answer, secrets redacted'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand ledger; and __fish_seen_subcommand_from setup" -l no-input -d 'Never ask; what is missing is an error'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand ledger; and __fish_seen_subcommand_from setup" -s y -l yes -d 'Answer yes to every question'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand ledger; and __fish_seen_subcommand_from setup" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand doctor" -s p -l profile -d 'Profile to send with [env: JELOU_PROFILE]' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand doctor" -l config -d 'Configuration file [env: JELOUCTL_CONFIG]' -r -F
complete -c jelouctl -n "__fish_jelouctl_using_subcommand doctor" -l bot -l bot-id -d 'Bot to send from [env: JELOU_BOT_ID]' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand doctor" -l client-id -d 'Client id of the API credentials [env: JELOU_CLIENT_ID]' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand doctor" -l client-secret-file -d 'File with the client secret, or `-` [env: JELOU_CLIENT_SECRET_FILE]' -r -F
complete -c jelouctl -n "__fish_jelouctl_using_subcommand doctor" -l api-url -d 'Address of the API [env: JELOU_API_URL] [default: https://api.jelou.ai]' -r -f
complete -c jelouctl -n "__fish_jelouctl_using_subcommand doctor" -l timeout -d 'Limit for one attempt [env: JELOU_TIMEOUT] [default: 30s]' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand doctor" -l retry-for -d 'How long to retry, 0 for never [env: JELOU_RETRY_FOR] [default: 30s]' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand doctor" -l ca-cert -d 'CA certificates (PEM) to use instead of the system\'s' -r -F
complete -c jelouctl -n "__fish_jelouctl_using_subcommand doctor" -l ledger -d 'Database for bulk runs, instead of local files [env: JELOUCTL_LEDGER]' -r -f
complete -c jelouctl -n "__fish_jelouctl_using_subcommand doctor" -s o -l output -d 'What goes to standard output' -r -f -a "response\t'The API\'s response (default)'
id\t'Only the message id, or for a list the name of its run; nothing if there is none'
record\t'One JSON object with the outcome of the message'
none\t'Nothing; check the exit code'"
complete -c jelouctl -n "__fish_jelouctl_using_subcommand doctor" -l color -d 'When to colour' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set (default)'
always\t''
never\t''"
complete -c jelouctl -n "__fish_jelouctl_using_subcommand doctor" -l offline -d 'Leave out what needs the network'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand doctor" -l sandbox -d 'Send to the sandbox: nothing leaves this machine'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand doctor" -l dry-run -d 'Print the request as JSON and send nothing'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand doctor" -l curl -d 'Print the request as a curl command and send nothing'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand doctor" -s q -l quiet -d 'Show only errors'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand doctor" -s v -l verbose -d 'Show each attempt, request and answer, secrets redacted'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand doctor" -l no-input -d 'Never ask; what is missing is an error'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand doctor" -s y -l yes -d 'Answer yes to every question'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand doctor" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand explain" -s p -l profile -d 'Profile to send with [env: JELOU_PROFILE]' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand explain" -l config -d 'Configuration file [env: JELOUCTL_CONFIG]' -r -F
complete -c jelouctl -n "__fish_jelouctl_using_subcommand explain" -l bot -l bot-id -d 'Bot to send from [env: JELOU_BOT_ID]' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand explain" -l client-id -d 'Client id of the API credentials [env: JELOU_CLIENT_ID]' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand explain" -l client-secret-file -d 'File with the client secret, or `-` [env: JELOU_CLIENT_SECRET_FILE]' -r -F
complete -c jelouctl -n "__fish_jelouctl_using_subcommand explain" -l api-url -d 'Address of the API [env: JELOU_API_URL] [default: https://api.jelou.ai]' -r -f
complete -c jelouctl -n "__fish_jelouctl_using_subcommand explain" -l timeout -d 'Limit for one attempt [env: JELOU_TIMEOUT] [default: 30s]' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand explain" -l retry-for -d 'How long to retry, 0 for never [env: JELOU_RETRY_FOR] [default: 30s]' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand explain" -l ca-cert -d 'CA certificates (PEM) to use instead of the system\'s' -r -F
complete -c jelouctl -n "__fish_jelouctl_using_subcommand explain" -l ledger -d 'Database for bulk runs, instead of local files [env: JELOUCTL_LEDGER]' -r -f
complete -c jelouctl -n "__fish_jelouctl_using_subcommand explain" -s o -l output -d 'What goes to standard output' -r -f -a "response\t'The API\'s response (default)'
id\t'Only the message id, or for a list the name of its run; nothing if there is none'
record\t'One JSON object with the outcome of the message'
none\t'Nothing; check the exit code'"
complete -c jelouctl -n "__fish_jelouctl_using_subcommand explain" -l color -d 'When to colour' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set (default)'
always\t''
never\t''"
complete -c jelouctl -n "__fish_jelouctl_using_subcommand explain" -l example -d 'Print only an example of the body, to be sent with --body FILE --to USER'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand explain" -l sandbox -d 'Send to the sandbox: nothing leaves this machine'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand explain" -l dry-run -d 'Print the request as JSON and send nothing'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand explain" -l curl -d 'Print the request as a curl command and send nothing'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand explain" -s q -l quiet -d 'Show only errors'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand explain" -s v -l verbose -d 'Show each attempt, request and answer, secrets redacted'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand explain" -l no-input -d 'Never ask; what is missing is an error'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand explain" -s y -l yes -d 'Answer yes to every question'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand explain" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand schema" -l dir -d 'Write every schema into this directory instead' -r -f -a "(__fish_complete_directories)"
complete -c jelouctl -n "__fish_jelouctl_using_subcommand schema" -s p -l profile -d 'Profile to send with [env: JELOU_PROFILE]' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand schema" -l config -d 'Configuration file [env: JELOUCTL_CONFIG]' -r -F
complete -c jelouctl -n "__fish_jelouctl_using_subcommand schema" -l bot -l bot-id -d 'Bot to send from [env: JELOU_BOT_ID]' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand schema" -l client-id -d 'Client id of the API credentials [env: JELOU_CLIENT_ID]' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand schema" -l client-secret-file -d 'File with the client secret, or `-` [env: JELOU_CLIENT_SECRET_FILE]' -r -F
complete -c jelouctl -n "__fish_jelouctl_using_subcommand schema" -l api-url -d 'Address of the API [env: JELOU_API_URL] [default: https://api.jelou.ai]' -r -f
complete -c jelouctl -n "__fish_jelouctl_using_subcommand schema" -l timeout -d 'Limit for one attempt [env: JELOU_TIMEOUT] [default: 30s]' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand schema" -l retry-for -d 'How long to retry, 0 for never [env: JELOU_RETRY_FOR] [default: 30s]' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand schema" -l ca-cert -d 'CA certificates (PEM) to use instead of the system\'s' -r -F
complete -c jelouctl -n "__fish_jelouctl_using_subcommand schema" -l ledger -d 'Database for bulk runs, instead of local files [env: JELOUCTL_LEDGER]' -r -f
complete -c jelouctl -n "__fish_jelouctl_using_subcommand schema" -s o -l output -d 'What goes to standard output' -r -f -a "response\t'The API\'s response (default)'
id\t'Only the message id, or for a list the name of its run; nothing if there is none'
record\t'One JSON object with the outcome of the message'
none\t'Nothing; check the exit code'"
complete -c jelouctl -n "__fish_jelouctl_using_subcommand schema" -l color -d 'When to colour' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set (default)'
always\t''
never\t''"
complete -c jelouctl -n "__fish_jelouctl_using_subcommand schema" -l sandbox -d 'Send to the sandbox: nothing leaves this machine'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand schema" -l dry-run -d 'Print the request as JSON and send nothing'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand schema" -l curl -d 'Print the request as a curl command and send nothing'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand schema" -s q -l quiet -d 'Show only errors'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand schema" -s v -l verbose -d 'Show each attempt, request and answer, secrets redacted'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand schema" -l no-input -d 'Never ask; what is missing is an error'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand schema" -s y -l yes -d 'Answer yes to every question'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand schema" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand skill" -s p -l profile -d 'Profile to send with [env: JELOU_PROFILE]' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand skill" -l config -d 'Configuration file [env: JELOUCTL_CONFIG]' -r -F
complete -c jelouctl -n "__fish_jelouctl_using_subcommand skill" -l bot -l bot-id -d 'Bot to send from [env: JELOU_BOT_ID]' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand skill" -l client-id -d 'Client id of the API credentials [env: JELOU_CLIENT_ID]' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand skill" -l client-secret-file -d 'File with the client secret, or `-` [env: JELOU_CLIENT_SECRET_FILE]' -r -F
complete -c jelouctl -n "__fish_jelouctl_using_subcommand skill" -l api-url -d 'Address of the API [env: JELOU_API_URL] [default: https://api.jelou.ai]' -r -f
complete -c jelouctl -n "__fish_jelouctl_using_subcommand skill" -l timeout -d 'Limit for one attempt [env: JELOU_TIMEOUT] [default: 30s]' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand skill" -l retry-for -d 'How long to retry, 0 for never [env: JELOU_RETRY_FOR] [default: 30s]' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand skill" -l ca-cert -d 'CA certificates (PEM) to use instead of the system\'s' -r -F
complete -c jelouctl -n "__fish_jelouctl_using_subcommand skill" -l ledger -d 'Database for bulk runs, instead of local files [env: JELOUCTL_LEDGER]' -r -f
complete -c jelouctl -n "__fish_jelouctl_using_subcommand skill" -s o -l output -d 'What goes to standard output' -r -f -a "response\t'The API\'s response (default)'
id\t'Only the message id, or for a list the name of its run; nothing if there is none'
record\t'One JSON object with the outcome of the message'
none\t'Nothing; check the exit code'"
complete -c jelouctl -n "__fish_jelouctl_using_subcommand skill" -l color -d 'When to colour' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set (default)'
always\t''
never\t''"
complete -c jelouctl -n "__fish_jelouctl_using_subcommand skill" -l sandbox -d 'Send to the sandbox: nothing leaves this machine'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand skill" -l dry-run -d 'Print the request as JSON and send nothing'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand skill" -l curl -d 'Print the request as a curl command and send nothing'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand skill" -s q -l quiet -d 'Show only errors'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand skill" -s v -l verbose -d 'Show each attempt, request and answer, secrets redacted'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand skill" -l no-input -d 'Never ask; what is missing is an error'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand skill" -s y -l yes -d 'Answer yes to every question'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand skill" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand completions" -s p -l profile -d 'Profile to send with [env: JELOU_PROFILE]' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand completions" -l config -d 'Configuration file [env: JELOUCTL_CONFIG]' -r -F
complete -c jelouctl -n "__fish_jelouctl_using_subcommand completions" -l bot -l bot-id -d 'Bot to send from [env: JELOU_BOT_ID]' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand completions" -l client-id -d 'Client id of the API credentials [env: JELOU_CLIENT_ID]' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand completions" -l client-secret-file -d 'File with the client secret, or `-` [env: JELOU_CLIENT_SECRET_FILE]' -r -F
complete -c jelouctl -n "__fish_jelouctl_using_subcommand completions" -l api-url -d 'Address of the API [env: JELOU_API_URL] [default: https://api.jelou.ai]' -r -f
complete -c jelouctl -n "__fish_jelouctl_using_subcommand completions" -l timeout -d 'Limit for one attempt [env: JELOU_TIMEOUT] [default: 30s]' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand completions" -l retry-for -d 'How long to retry, 0 for never [env: JELOU_RETRY_FOR] [default: 30s]' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand completions" -l ca-cert -d 'CA certificates (PEM) to use instead of the system\'s' -r -F
complete -c jelouctl -n "__fish_jelouctl_using_subcommand completions" -l ledger -d 'Database for bulk runs, instead of local files [env: JELOUCTL_LEDGER]' -r -f
complete -c jelouctl -n "__fish_jelouctl_using_subcommand completions" -s o -l output -d 'What goes to standard output' -r -f -a "response\t'The API\'s response (default)'
id\t'Only the message id, or for a list the name of its run; nothing if there is none'
record\t'One JSON object with the outcome of the message'
none\t'Nothing; check the exit code'"
complete -c jelouctl -n "__fish_jelouctl_using_subcommand completions" -l color -d 'When to colour' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set (default)'
always\t''
never\t''"
complete -c jelouctl -n "__fish_jelouctl_using_subcommand completions" -l dynamic -d 'Print the line for the shell\'s start-up file that completes names too'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand completions" -l sandbox -d 'Send to the sandbox: nothing leaves this machine'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand completions" -l dry-run -d 'Print the request as JSON and send nothing'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand completions" -l curl -d 'Print the request as a curl command and send nothing'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand completions" -s q -l quiet -d 'Show only errors'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand completions" -s v -l verbose -d 'Show each attempt, request and answer, secrets redacted'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand completions" -l no-input -d 'Never ask; what is missing is an error'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand completions" -s y -l yes -d 'Answer yes to every question'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand completions" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand man" -l dir -d 'Write one page per command into this directory instead' -r -f -a "(__fish_complete_directories)"
complete -c jelouctl -n "__fish_jelouctl_using_subcommand man" -s p -l profile -d 'Profile to send with [env: JELOU_PROFILE]' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand man" -l config -d 'Configuration file [env: JELOUCTL_CONFIG]' -r -F
complete -c jelouctl -n "__fish_jelouctl_using_subcommand man" -l bot -l bot-id -d 'Bot to send from [env: JELOU_BOT_ID]' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand man" -l client-id -d 'Client id of the API credentials [env: JELOU_CLIENT_ID]' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand man" -l client-secret-file -d 'File with the client secret, or `-` [env: JELOU_CLIENT_SECRET_FILE]' -r -F
complete -c jelouctl -n "__fish_jelouctl_using_subcommand man" -l api-url -d 'Address of the API [env: JELOU_API_URL] [default: https://api.jelou.ai]' -r -f
complete -c jelouctl -n "__fish_jelouctl_using_subcommand man" -l timeout -d 'Limit for one attempt [env: JELOU_TIMEOUT] [default: 30s]' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand man" -l retry-for -d 'How long to retry, 0 for never [env: JELOU_RETRY_FOR] [default: 30s]' -r
complete -c jelouctl -n "__fish_jelouctl_using_subcommand man" -l ca-cert -d 'CA certificates (PEM) to use instead of the system\'s' -r -F
complete -c jelouctl -n "__fish_jelouctl_using_subcommand man" -l ledger -d 'Database for bulk runs, instead of local files [env: JELOUCTL_LEDGER]' -r -f
complete -c jelouctl -n "__fish_jelouctl_using_subcommand man" -s o -l output -d 'What goes to standard output' -r -f -a "response\t'The API\'s response (default)'
id\t'Only the message id, or for a list the name of its run; nothing if there is none'
record\t'One JSON object with the outcome of the message'
none\t'Nothing; check the exit code'"
complete -c jelouctl -n "__fish_jelouctl_using_subcommand man" -l color -d 'When to colour' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set (default)'
always\t''
never\t''"
complete -c jelouctl -n "__fish_jelouctl_using_subcommand man" -l sandbox -d 'Send to the sandbox: nothing leaves this machine'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand man" -l dry-run -d 'Print the request as JSON and send nothing'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand man" -l curl -d 'Print the request as a curl command and send nothing'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand man" -s q -l quiet -d 'Show only errors'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand man" -s v -l verbose -d 'Show each attempt, request and answer, secrets redacted'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand man" -l no-input -d 'Never ask; what is missing is an error'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand man" -s y -l yes -d 'Answer yes to every question'
complete -c jelouctl -n "__fish_jelouctl_using_subcommand man" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c jelouctl -s o -l output -x -a "response id record to none"
complete -c jelouctl -l color -x -a "auto always never"
