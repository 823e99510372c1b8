#!/usr/bin/env bash
# Sends what the inputs say. Each reaches jelouctl as one argument or as a file, whatever is in it.
set -euo pipefail

files=$(mktemp -d "${RUNNER_TEMP:-/tmp}/jelouctl.XXXXXX")
trap 'rm -rf "$files"' EXIT

given=0
for input in "${INPUT_TEXT:-}" "${INPUT_TEMPLATE:-}" "${INPUT_BODY:-}"; do
  [ -z "$input" ] || given=$((given + 1))
done
if [ "$given" != 1 ]; then
  echo 'error: give exactly one of text, template and body' >&2
  exit 2
fi
case "${INPUT_ON_FAILURE:-fail}" in
  fail | warn) ;;
  *)
    echo 'error: on-failure is fail or warn' >&2
    exit 2
    ;;
esac

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
      if [ -z "$param" ]; then
        echo "error: params: line $line is empty, and each line is the value of one parameter; nothing was sent" >&2
        exit 2
      fi
      message+=("--param=$param")
    done <<< "${INPUT_PARAMS%$'\n'}"
  fi
  message+=(-- "$INPUT_TEMPLATE")
fi

# A line is a recipient; empty ones are passed over.
recipients=()
while IFS= read -r recipient; do
  recipient=${recipient%$'\r'}
  [ -z "$recipient" ] || recipients+=("$recipient")
done <<< "${INPUT_TO:-}"
[ ${#recipients[@]} -gt 0 ] || recipients=('')

# Of several messages none leaves unless every one can, and nobody gets two.
if [ ${#recipients[@]} -gt 1 ]; then
  known=' '
  for recipient in "${recipients[@]}"; do
    code=0
    record=$(jelouctl --output record --dry-run --quiet --no-input send "${message[0]}" "--to=$recipient" "${message[@]:1}") || code=$?
    to=$(sed -n 's/.*"to":"\([^"]*\)".*/\1/p' <<< "$record")
    if [ "$code" = 0 ] && [[ $known = *" $to "* ]]; then
      echo "error: to: $to stands there twice; nothing was sent" >&2
      code=2
    fi
    known+="$to "
    if [ "$code" != 0 ]; then
      printf 'sent=no\nmessage-id=\n' >> "${GITHUB_OUTPUT:?}"
      [ "${INPUT_ON_FAILURE:-fail}" = warn ] || exit "$code"
      echo "::warning::the WhatsApp messages: none was sent, jelouctl ended with $code"
      exit 0
    fi
  done
fi

# What became of all of them: unknown if one is, else no if one is; with the exit code of that one.
all_code=0
all_sent=yes
ids=()
for recipient in "${recipients[@]}"; do
  code=0
  id=$(jelouctl --output id --no-input send "${message[0]}" "--to=$recipient" "${message[@]:1}") || code=$?
  case $code in
    0) sent=yes ;;
    1 | 2 | 3 | 4 | 5 | 6 | 7 | 11) sent=no ;;
    # Also a code that is not jelouctl's own: 137 when it was killed, 124 when its time was over.
    *) sent=unknown ;;
  esac
  # The id is one line, whatever the API answered.
  ids+=("$id")
  case $all_sent-$sent in
    yes-no | yes-unknown | no-unknown)
      all_sent=$sent
      all_code=$code
      ;;
  esac
  # The step is being stopped: nobody else is written to.
  case $code in
    129 | 130 | 143) break ;;
  esac
done

if [ ${#ids[@]} = 1 ]; then
  printf 'sent=%s\nmessage-id=%s\n' "$all_sent" "${ids[0]}" >> "${GITHUB_OUTPUT:?}"
else
  end=end-of-ids-$RANDOM$RANDOM$RANDOM
  { printf 'sent=%s\nmessage-id<<%s\n' "$all_sent" "$end"; printf '%s\n' "${ids[@]}" "$end"; } >> "${GITHUB_OUTPUT:?}"
fi
if [ "$all_code" != 0 ] && [ "${INPUT_ON_FAILURE:-fail}" = warn ]; then
  echo "::warning::the WhatsApp message: sent is $all_sent, jelouctl ended with $all_code"
  exit 0
fi
exit "$all_code"
