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
  while IFS= read -r param || [ -n "$param" ]; do
    [ -z "$param" ] || message+=("--param=$param")
  done <<< "${INPUT_PARAMS:-}"
  message+=(-- "$INPUT_TEMPLATE")
fi

code=0
id=$(jelouctl --output id --no-input send "${message[0]}" "--to=${INPUT_TO:-}" "${message[@]:1}") || code=$?
case $code in
  0) sent=yes ;;
  1 | 2 | 3 | 4 | 5 | 6 | 7 | 11) sent=no ;;
  # Also a code that is not jelouctl's own: 137 when it was killed, 124 when its time was over.
  *) sent=unknown ;;
esac
# The id is one line, whatever the API answered.
printf 'sent=%s\nmessage-id=%s\n' "$sent" "$id" >> "${GITHUB_OUTPUT:?}"
if [ "$code" != 0 ] && [ "${INPUT_ON_FAILURE:-fail}" = warn ]; then
  echo "::warning::the WhatsApp message: sent is $sent, jelouctl ended with $code"
  exit 0
fi
exit "$code"
