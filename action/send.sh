#!/usr/bin/env bash
# Sends what the inputs say. Each reaches jelouctl as one argument or as a file, whatever is in it.
set -euo pipefail

# What became of the messages so far, with the code of that; why says it in words where jelouctl was not asked.
sent=no
ids=()
why=''
files=''
# The signals that came, as codes.
stopped=()

# Ends the step, however that came: its code is what the send ended with, also where the outputs cannot be written. Another
# one would say that nothing was sent.
finish() {
  set +e
  trap '' HUP INT TERM
  rm -rf "$files"
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
    echo "::warning::the WhatsApp message: sent is $sent, ${why:-jelouctl ended with $1}"
    exit 0
  fi
  exit "$1"
}
trap 'finish $?' EXIT

# refuse WHY [CODE]: nothing was sent, since the inputs are wrong.
refuse() {
  why=$1
  echo "error: $1; nothing was sent" >&2
  exit "${2:-2}"
}

# A signal is for the send that is under way too, which then says what became of its message.
stop() {
  stopped+=("$2")
  kill -s "$1" $(jobs -pr) 2>/dev/null || true
}
trap 'stop HUP 129' HUP
trap 'stop INT 130' INT
trap 'stop TERM 143' TERM

case "${INPUT_ON_FAILURE:-fail}" in
  fail | warn) ;;
  *) refuse 'on-failure is fail or warn' ;;
esac
given=0
for input in "${INPUT_TEXT:-}" "${INPUT_TEMPLATE:-}" "${INPUT_BODY:-}"; do
  [ -z "$input" ] || given=$((given + 1))
done
[ "$given" = 1 ] || refuse 'give exactly one of text, template and body'

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
    # The last line break ends the list. A line that is left out would move every parameter behind it.
    line=0
    while IFS= read -r param; do
      line=$((line + 1))
      param=${param%$'\r'}
      [ -n "$param" ] || refuse "params: line $line is empty, and each line is the value of one parameter"
      message+=("--param=$param")
    done <<< "${INPUT_PARAMS%$'\n'}"
  fi
  message+=(-- "$INPUT_TEMPLATE")
fi

# What else is said of every message.
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
  # What a runner forgets keeps nobody from a second message.
  [ -n "${JELOUCTL_LEDGER:-}${XDG_STATE_HOME:-}" ] ||
    refuse 'once: the runner would forget the key: give ledger, or a state-dir that is kept from job to job' 3
  options+=("--once=$INPUT_ONCE")
fi
[ -z "${INPUT_EVERY:-}" ] || options+=("--every=$INPUT_EVERY")

# A line is a recipient; empty ones are passed over. Of one command none leaves unless every one can.
recipients=()
while IFS= read -r recipient; do
  recipient=${recipient%$'\r'}
  [ -z "$recipient" ] || recipients+=("--to=$recipient")
done <<< "${INPUT_TO:-}"
[ ${#recipients[@]} -gt 0 ] || recipients=('--to=')
# How many recipients a command takes.
most=20

# For several commands, all are checked before the first, and nobody gets two.
if [ ${#recipients[@]} -gt $most ]; then
  for ((first = 0; first < ${#recipients[@]}; first += most)); do
    jelouctl --output record --dry-run --quiet send "${message[0]}" "${recipients[@]:first:most}" "${options[@]}" \
      "${message[@]:1}" >> "$files/checked"
  done
  twice=$(sed -nE 's/.*"to":"(([^"\\]|\\.)*)".*/\1/p' "$files/checked" | sort | uniq -d)
  [ -z "$twice" ] || refuse "to: ${twice%%$'\n'*} is listed twice"
fi

# deliver RECIPIENTS: writes an id a line to a file, and gives the code that says what became of the messages.
deliver() {
  (
    # What runs beside the script would be deaf to INT.
    trap - HUP INT TERM
    exec jelouctl --output id send "${message[0]}" "$@" "${options[@]}" "${message[@]:1}"
  ) > "$files/ids" &
  local code before
  while :; do
    before=${#stopped[@]}
    code=0
    wait $! || code=$?
    # A signal ends the waiting, not yet the send.
    [ "$before" != ${#stopped[@]} ] || return "$code"
  done
}

# What became of all of them: unknown if one is, else no if one is; with the exit code of that one.
all_code=0
all_sent=yes
for ((first = 0; first < ${#recipients[@]}; first += most)); do
  # The step is being stopped.
  [ ${#stopped[@]} = 0 ] || exit "${stopped[0]}"
  # As long as it is under way.
  sent=unknown
  code=0
  deliver "${recipients[@]:first:most}" || code=$?
  case $code in
    # 15: accepted, but it did not come as far as was waited for.
    0 | 15) became=yes ;;
    # The shell's 126 and 127: jelouctl could not be started.
    1 | 2 | 3 | 4 | 5 | 6 | 7 | 11 | 126 | 127) became=no ;;
    # Also a code that is not jelouctl's own: 137 when it was killed, 124 when its time was over.
    *) became=unknown ;;
  esac
  # An id is one line, whatever the API answered.
  while IFS= read -r id; do ids+=("$id"); done < "$files/ids"
  case $all_sent-$became in
    yes-no | yes-unknown | no-unknown)
      all_sent=$became
      all_code=$code
      ;;
    yes-yes) [ "$code" = 0 ] || all_code=$code ;;
  esac
  sent=$all_sent
  # The others would end the same way, or the step is being stopped.
  case $code in
    3 | 4 | 129 | 130 | 143) break ;;
  esac
done
exit "$all_code"
