#!/bin/sh
# Installs a release of jelouctl for Linux or macOS, and checks its SHA-256.
#
#   curl --proto '=https' -fsSL ADDRESS/latest/download/install.sh | sh
#   … | sh -s -- --version 0.3.0 --to ~/bin
#
# All code is in functions, so that an incomplete download of this file does nothing.
set -eu

# release/finish writes the URL of the releases here. JELOUCTL_RELEASES can set a mirror with the same paths.
releases=${JELOUCTL_RELEASES:-@RELEASES@}
elsewhere='set TMPDIR to another directory'

fail() {
  echo "error: $1" >&2
  echo "nothing was installed" >&2
  exit 1
}

usage() {
  echo "usage: install.sh [--version VERSION] [--to DIRECTORY]"
  echo "  --version VERSION   such as 0.3.0 [default: the newest release]"
  echo "  --to DIRECTORY      where to install [default: ~/.local/bin; required for root]"
}

# Prints the release target of this machine.
target() {
  case "$(uname -s)-$(uname -m)" in
    Linux-x86_64 | Linux-amd64) echo x86_64-unknown-linux-musl ;;
    Linux-aarch64 | Linux-arm64) echo aarch64-unknown-linux-musl ;;
    Darwin-arm64) echo aarch64-apple-darwin ;;
    Darwin-x86_64) echo x86_64-apple-darwin ;;
    *) fail "there is no release for $(uname -s) on $(uname -m); with Rust, you can build it from source" ;;
  esac
}

# download ADDRESS FILE
download() {
  case "$1" in
    https://* | http://127.0.0.1:* | http://localhost:*) ;;
    *) fail "expected an https URL, found $1" ;;
  esac
  code=0
  if command -v curl >/dev/null; then
    curl --fail --silent --show-error --location --proto-redir '=https' --retry 2 --connect-timeout 15 --max-time 300 --output "$2" "$1" \
      || code=$?
    unwritten=23
  elif command -v wget >/dev/null; then
    wget --quiet --tries 3 --timeout 15 --output-document "$2" "$1" || code=$?
    unwritten=3
  else
    fail 'curl or wget is required'
  fi
  [ "$code" != "$unwritten" ] || fail "cannot write to $directory: if the disk is full, $elsewhere"
  return "$code"
}

sha256() {
  if command -v sha256sum >/dev/null; then sha256sum "$1"; else shasum -a 256 "$1"; fi | cut -d ' ' -f 1
}

# needs COMMAND…: fails unless one of the commands is installed.
needs() {
  for command in "$@"; do
    if command -v "$command" >/dev/null; then return; fi
  done
  fail "$1 is required"
}

main() {
  version='' to=''
  while [ $# -gt 0 ]; do
    case "$1" in
      --version | --to)
        [ $# -ge 2 ] && [ -n "$2" ] || fail "$1 needs a value"
        if [ "$1" = --version ]; then version=${2#v}; else to=$2; fi
        shift 2
        ;;
      -h | --help)
        usage
        exit 0
        ;;
      *)
        usage >&2
        fail "unknown argument $1"
        ;;
    esac
  done
  case "$version" in
    *[!0-9A-Za-z.-]*) fail "\"$version\" is not a version such as 0.3.0" ;;
  esac
  case "$releases" in
    @*) fail 'this copy of install.sh has no download URL: use install.sh from a release, or set JELOUCTL_RELEASES' ;;
  esac
  if [ -z "$to" ]; then
    # Root must choose: only root uses the default directory, and other directories affect every user.
    [ "$(id -u)" != 0 ] || fail 'as root, pass a directory: --to /usr/local/bin'
    [ -n "${HOME:-}" ] || fail 'HOME is not set: pass a directory with --to DIRECTORY'
    to=$HOME/.local/bin
  fi
  case "$to" in /*) ;; *) to=$PWD/$to ;; esac
  # mv would move the program into a directory of this name.
  [ ! -d "$to/jelouctl" ] || fail "$to/jelouctl is a directory: pass another directory with --to"
  target=$(target)
  needs sha256sum shasum
  needs tar
  needs gzip

  directory=$(mktemp -d "${TMPDIR:-/tmp}/jelouctl.XXXXXX") || fail "cannot create a temporary directory: $elsewhere"
  trap 'rm -rf "$directory"' EXIT
  trap 'exit 130' INT
  trap 'exit 143' TERM HUP

  if [ -n "$version" ]; then from=$releases/download/v$version; else from=$releases/latest/download; fi
  download "$from/SHA256SUMS" "$directory/SHA256SUMS" \
    || fail "there is no release${version:+ $version} at $from, or the server cannot be reached"
  line=$(grep -E "^[0-9a-f]{64}  jelouctl-${version:-[0-9][0-9A-Za-z.-]*}-$target\.tar\.gz\$" "$directory/SHA256SUMS" || true)
  [ "$(printf '%s\n' "$line" | grep -c .)" = 1 ] || fail "release ${version:-$from} has no archive for $target"
  archive=${line#*  }
  download "$from/$archive" "$directory/$archive" || fail "cannot download $from/$archive"
  found=$(sha256 "$directory/$archive")
  [ "$found" = "${line%% *}" ] || fail "wrong SHA-256 of $archive: expected ${line%% *}, found $found"
  tar -xzf "$directory/$archive" -C "$directory" \
    || fail "cannot unpack $archive in $directory: if the disk is full, $elsewhere"
  program=$directory/${archive%.tar.gz}/jelouctl
  if ! installed=$("$program" --version); then
    printf '#!/bin/sh\n' > "$directory/runs" && chmod 755 "$directory/runs"
    "$directory/runs" 2>/dev/null || fail "cannot run programs in $directory, which may be mounted noexec: $elsewhere"
    fail "the program in $archive does not run on this machine"
  fi
  version=${archive#jelouctl-}
  version=${version%"-$target.tar.gz"}
  [ "$installed" = "jelouctl $version" ] || fail "wrong program in $archive: expected \"jelouctl $version\", found \"$installed\""

  mkdir -p "$to" || fail "cannot create $to"
  # Rename the complete program, so that no user runs an incomplete one.
  new=$to/.jelouctl.new.$$
  if ! { cp "$program" "$new" && chmod 755 "$new" && mv -f "$new" "$to/jelouctl"; }; then
    rm -f "$new"
    fail "cannot write to $to"
  fi
  echo "$installed is installed as $to/jelouctl"
  case ":$PATH:" in
    *":$to:"*) ;;
    *) echo "it is not on your PATH: add  export PATH=\"$to:\$PATH\"  to your shell's start-up file" ;;
  esac
  echo "completions and manual pages: jelouctl completions --help, jelouctl man --help"
}

main "$@"
