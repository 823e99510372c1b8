#!/usr/bin/env bash
# Sends the message of the inputs. Each input reaches jelouctl as one argument or as a file, whatever it contains.
set -euo pipefail

# Whether the messages so far were sent: yes, no, some or unknown; and the ids of the recipients. `why` is the reason if
# this script refuses the inputs.
sent=no
ids=()
recipients=()
why=''
files=''
# The exit codes of the received signals.
stopped=()

# finish CODE: writes the outputs and ends the step. The step exits with the code of the send, even if it cannot write the
# outputs: another code would mean that no message was sent.
finish() {
  set +e
  trap '' HUP INT TERM
  rm -rf "$files"
  while [ ${#ids[@]} -lt ${#recipients[@]} ]; do ids+=(''); done
  if [ ${#ids[@]} -le 1 ]; then
    outputs="sent=$sent"$'\n'"message-id=${ids[0]-}"
  else
    end=end-of-ids-$RANDOM$RANDOM$RANDOM
    outputs="sent=$sent"$'\n'"message-id<<$end"$'\n'"$(printf '%s\n' "${ids[@]}" "$end")"
  fi
  if [ -z "${GITHUB_OUTPUT:-}" ] || ! printf '%s\n' "$outputs" >> "$GITHUB_OUTPUT"; then
    echo "::warning::the outputs of this step could not be written; sent is $sent"
  fi
  if [ "$1" != 0 ] && [ "${INPUT_ON_FAILURE:-fail}" = warn ]; then
    echo "::warning::the WhatsApp message: sent is $sent, ${why:-jelouctl exited with $1}"
    exit 0
  fi
  exit "$1"
}
trap 'finish $?' EXIT

# refuse WHY [CODE]: ends the step before the first send, because the inputs are wrong.
refuse() {
  why=$1
  echo "error: $1; nothing was sent" >&2
  exit "${2:-2}"
}

# Passes a signal to the send in flight, which then reports whether its message was sent.
stop() {
  stopped+=("$2")
  kill -s "$1" $(jobs -pr) 2>/dev/null || true
}
trap 'stop HUP 129' HUP
trap 'stop INT 130' INT
trap 'stop TERM 143' TERM

case "${INPUT_ON_FAILURE:-fail}" in
  fail | warn) ;;
  *) refuse 'on-failure must be fail or warn' ;;
esac
given=0
for input in "${INPUT_TEXT:-}" "${INPUT_TEMPLATE:-}" "${INPUT_BODY:-}"; do
  [ -z "$input" ] || given=$((given + 1))
done
[ "$given" = 1 ] || refuse 'set exactly one of text, template and body'

files=$(mktemp -d "${RUNNER_TEMP:-/tmp}/jelouctl.XXXXXX")

if [ -n "${INPUT_TEXT:-}" ]; then
  # jelouctl drops one final line break of a file.
  printf '%s\n' "$INPUT_TEXT" > "$files/text"
  message=(text --text-file "$files/text")
elif [ -n "${INPUT_BODY:-}" ]; then
  printf '%s' "$INPUT_BODY" > "$files/body.json"
  message=(raw --body "$files/body.json")
else
  message=(template)
  [ -z "${INPUT_LANGUAGE:-}" ] || message+=("--language=$INPUT_LANGUAGE")
  if [ -n "${INPUT_PARAMS:-}" ]; then
    # The last line break ends the list. Refuse empty lines: to skip one would shift every parameter after it.
    line=0
    while IFS= read -r param; do
      line=$((line + 1))
      param=${param%$'\r'}
      [ -n "$param" ] || refuse "params: line $line is empty, but each line must be one parameter's value"
      message+=("--param=$param")
    done <<< "${INPUT_PARAMS%$'\n'}"
  fi
  message+=(-- "$INPUT_TEMPLATE")
fi

# The options of every message.
options=(--no-input)
[ -z "${INPUT_WAIT:-}" ] || options+=("--wait=$INPUT_WAIT")
[ -z "${INPUT_WAIT_FOR:-}" ] || options+=("--for=$INPUT_WAIT_FOR")
[ -z "${INPUT_LEDGER:-}" ] || export JELOUCTL_LEDGER="$INPUT_LEDGER"
case "${INPUT_STATE_DIR:-}" in
  '') ;;
  /*) export XDG_STATE_HOME="$INPUT_STATE_DIR" ;;
  '~/'*) export XDG_STATE_HOME="$HOME/${INPUT_STATE_DIR#??}" ;;
  *) export XDG_STATE_HOME="$PWD/$INPUT_STATE_DIR" ;;
esac
if [ -n "${INPUT_ONCE:-}" ]; then
  # If the runner does not keep the key, a later job sends the message again.
  [ -n "${JELOUCTL_LEDGER:-}${XDG_STATE_HOME:-}" ] ||
    refuse 'once: the runner does not keep the key: set ledger, or a state-dir that the runner keeps between jobs' 3
  options+=("--once=$INPUT_ONCE")
fi
[ -z "${INPUT_EVERY:-}" ] || options+=("--every=$INPUT_EVERY")

# Split the recipients as jelouctl splits JELOU_TO: at every comma, semicolon and line break. Ignore empty parts.
newline=$'\n'
listed=${INPUT_TO:-}
listed=${listed//[,;$'\r']/$newline}
while read -r recipient; do
  [ -z "$recipient" ] || recipients+=("--to=$recipient")
done <<< "$listed"
[ ${#recipients[@]} -gt 0 ] || recipients=('--to=')
# The maximum number of recipients of a command.
most=20

# With several commands, one more command checks all recipients before the first send. Each record is a recipient, which
# it names once. Mark the excluded ones with 1: they get no message.
excluded=()
if [ ${#recipients[@]} -gt $most ]; then
  code=0
  checked=$(jelouctl --output record --dry-run send "${message[0]}" "${recipients[@]}" "${options[@]}" \
    "${message[@]:1}") || code=$?
  recipients=()
  user='"to":"(([^"\]|\\.)*)"'
  while IFS= read -r record; do
    [[ $record =~ $user ]] || continue
    recipient=${BASH_REMATCH[1]//\\\"/\"}
    recipients+=("--to=id:${recipient//\\\\/\\}")
    case $record in
      *'"code":"excluded"'*) excluded+=(1) ;;
      *) excluded+=(0) ;;
    esac
  done <<< "$checked"
  [ "$code" = 0 ] || exit "$code"
  [ ${#recipients[@]} -gt 0 ] || refuse 'the check of the recipients printed nothing' 1
fi

# deliver RECIPIENTS: sends to them, writes one id per line to a file, and returns the exit code of the send.
deliver() {
  (
    # Bash lets a background command ignore INT; undo that.
    trap - HUP INT TERM
    exec jelouctl --output id send "${message[0]}" "$@" "${options[@]}" "${message[@]:1}"
  ) > "$files/ids" &
  local code before
  while :; do
    before=${#stopped[@]}
    code=0
    wait $! || code=$?
    # A signal ends `wait`, but not yet the send.
    [ "$before" != ${#stopped[@]} ] || return "$code"
  done
}

# The outcome of all recipients so far, empty before the first, and the exit code.
outcome=''
outcome_code=0

# note OUTCOME CODE: adds the outcome of more recipients, and the exit code of their command.
note() {
  case $outcome-$1 in
    -* | yes-unknown | no-unknown | some-unknown)
      outcome=$1
      outcome_code=$2
      ;;
    yes-yes) [ "$2" = 0 ] || outcome_code=$2 ;;
    unknown-* | no-no) ;;
    *)
      outcome=some
      outcome_code=10
      ;;
  esac
  sent=$outcome
}

# note_ids FIRST: adds the ids on standard input for the recipients from this one on. Each id is one line, whatever the
# API's response contains. A recipient without an id has an empty one.
note_ids() {
  local at id
  for ((at = $1; at < $1 + most && at < ${#recipients[@]}; at++)); do
    id=''
    [ "${excluded[at]-0}" = 1 ] || IFS= read -r id || true
    ids+=("$id")
  done
}

for ((first = 0; first < ${#recipients[@]}; first += most)); do
  # A signal stops the step.
  if [ ${#stopped[@]} != 0 ]; then
    note no "${stopped[0]}"
    exit "${stopped[0]}"
  fi
  group=()
  for ((at = first; at < first + most && at < ${#recipients[@]}; at++)); do
    [ "${excluded[at]-0}" = 1 ] || group+=("${recipients[at]}")
  done
  if [ ${#group[@]} = 0 ]; then
    note_ids "$first" < /dev/null
    continue
  fi
  # If the step ends during the send, its messages are unknown.
  sent=unknown
  code=0
  deliver "${group[@]}" || code=$?
  case $code in
    # 15: accepted, but not delivered or read in time.
    0 | 15) note yes "$code" ;;
    10) note some 10 ;;
    # 126 and 127 are the shell's: it could not start jelouctl.
    1 | 2 | 3 | 4 | 5 | 6 | 7 | 11 | 126 | 127) note no "$code" ;;
    # Also codes that are not jelouctl's own: 137 if it was killed, 124 if it timed out.
    *) note unknown "$code" ;;
  esac
  note_ids "$first" < "$files/ids"
  case $code in
    129 | 130 | 143) exit "$code" ;;
    # The next commands would fail, too.
    3 | 4) break ;;
  esac
done
exit "$outcome_code"
