#!/usr/bin/env bash
# Installs jelouctl for the next steps: the release INPUT_VERSION, if it has the SHA-256 in releases.txt. Until the first
# release, or for `source`, builds the source next to this script, which is the commit that the workflow names.
set -euo pipefail

fail() {
  echo "error: $1" >&2
  exit 1
}

version=${INPUT_VERSION:-}
if [ "$version" = installed ]; then
  command -v jelouctl >/dev/null || fail 'version is "installed", but the runner has no jelouctl'
  exit 0
fi

here=$(cd "$(dirname "$0")" && pwd)
releases=$here/releases.txt
# A version with a dash is a candidate, and never the default.
[ -n "$version" ] || version=$(awk '!/^#/ && $1 !~ /-/ { last = $1 } END { print last }' "$releases")
if [ "${version:-source}" = source ]; then
  command -v cargo >/dev/null ||
    fail 'there is no cargo to build from source: install Rust, or install jelouctl on the runner and set version: installed'
  directory=$(mktemp -d "${RUNNER_TEMP:-/tmp}/jelouctl.XXXXXX")
  # Build in the source's own directory, without the workflow's flags. The toolchain file, .cargo/config.toml and RUSTFLAGS
  # of the workflow are for other code.
  (
    cd "$here/.."
    unset RUSTFLAGS CARGO_ENCODED_RUSTFLAGS CARGO_BUILD_TARGET
    CARGO_TARGET_DIR=$directory/target cargo install --quiet --locked --path . --root "$directory"
  )
  rm -rf "$directory/target"
  echo "$directory/bin" >> "${GITHUB_PATH:?}"
  exit 0
fi

case "$(uname -s)-$(uname -m)" in
  Linux-x86_64) target=x86_64-unknown-linux-musl ;;
  Linux-aarch64) target=aarch64-unknown-linux-musl ;;
  Darwin-x86_64) target=x86_64-apple-darwin ;;
  Darwin-arm64) target=aarch64-apple-darwin ;;
  *) fail "there is no release for $(uname -s) on $(uname -m); set version: installed" ;;
esac
sum=$(awk -v version="$version" -v target="$target" '$1 == version && $2 == target { print $3 }' "$releases")
[ -n "$sum" ] || fail "there is no release $version for $target in action/releases.txt"

directory=$(mktemp -d "${RUNNER_TEMP:-/tmp}/jelouctl.XXXXXX")
archive=jelouctl-$version-$target.tar.gz
curl --fail --silent --show-error --location --proto '=https' --max-time 120 --output "$directory/$archive" \
  "https://github.com/${ACTION_REPOSITORY:?}/releases/download/v$version/$archive"
if command -v sha256sum >/dev/null; then
  found=$(sha256sum "$directory/$archive")
else
  found=$(shasum -a 256 "$directory/$archive")
fi
[ "${found%% *}" = "$sum" ] || fail "wrong SHA-256 of $archive: expected $sum, found ${found%% *}"
tar -xzf "$directory/$archive" -C "$directory" --strip-components 1
rm "$directory/$archive"
echo "$directory" >> "${GITHUB_PATH:?}"
