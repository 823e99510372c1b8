#!/bin/sh
# Installs a release of jelouctl for Linux or macOS, after its SHA-256 has been checked.
#
#   curl --proto '=https' -fsSL ADDRESS/latest/download/install.sh | sh
#   … | sh -s -- --version 0.3.0 --to ~/bin
#
# Everything is in functions, so that half of this file does nothing.
set -eu

# The release's workflow writes its own address here; JELOUCTL_RELEASES is a mirror with the same paths.
releases=${JELOUCTL_RELEASES:-@RELEASES@}
elsewhere='set TMPDIR to a directory elsewhere'

fail() {
  echo "error: $1" >&2
  echo "nothing was installed" >&2
  exit 1
}

usage() {
  echo "usage: install.sh [--version VERSION] [--to DIRECTORY]"
  echo "  --version VERSION   such as 0.3.0 [default: the newest release]"
  echo "  --to DIRECTORY      where the program goes [default: ~/.local/bin; root must say]"
}

# The target of the release that runs here.
target() {
  case "$(uname -s)-$(uname -m)" in
    Linux-x86_64 | Linux-amd64) echo x86_64-unknown-linux-musl ;;
    Linux-aarch64 | Linux-arm64) echo aarch64-unknown-linux-musl ;;
    Darwin-arm64) echo aarch64-apple-darwin ;;
    Darwin-x86_64) echo x86_64-apple-darwin ;;
    *) fail "there is no release for $(uname -s) on $(uname -m); with Rust, it can be built from source" ;;
  esac
}

# download ADDRESS FILE
download() {
  case "$1" in
    https://* | http://127.0.0.1:* | http://localhost:*) ;;
    *) fail "$1 is no address with https" ;;
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
    fail 'this needs curl or wget'
  fi
  [ "$code" != "$unwritten" ] || fail "$directory cannot be written: if the disk is full, $elsewhere"
  return "$code"
}

sha256() {
  if command -v sha256sum >/dev/null; then sha256sum "$1"; else shasum -a 256 "$1"; fi | cut -d ' ' -f 1
}

# needs COMMAND…: one of them must be there.
needs() {
  for command in "$@"; do
    if command -v "$command" >/dev/null; then return; fi
  done
  fail "this needs $1"
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
        fail "what is $1?"
        ;;
    esac
  done
  case "$version" in
    *[!0-9A-Za-z.-]*) fail "\"$version\" is not a version; 0.3.0 is one" ;;
  esac
  case "$releases" in
    @*) fail 'this copy does not know where the releases are: take install.sh from a release, or set JELOUCTL_RELEASES' ;;
  esac
  if [ -z "$to" ]; then
    # As root it would be in a place that nobody else looks at, or for everybody: that is to be asked for.
    [ "$(id -u)" != 0 ] || fail 'as root, say where to: --to /usr/local/bin'
    [ -n "${HOME:-}" ] || fail 'HOME is not set: say where to with --to DIRECTORY'
    to=$HOME/.local/bin
  fi
  case "$to" in /*) ;; *) to=$PWD/$to ;; esac
  # What is renamed to the name of a directory goes into it.
  [ ! -d "$to/jelouctl" ] || fail "$to/jelouctl is a directory: say where else with --to"
  target=$(target)
  needs sha256sum shasum
  needs tar
  needs gzip

  directory=$(mktemp -d "${TMPDIR:-/tmp}/jelouctl.XXXXXX") || fail "there is no place for temporary files: $elsewhere"
  trap 'rm -rf "$directory"' EXIT
  trap 'exit 130' INT
  trap 'exit 143' TERM HUP

  if [ -n "$version" ]; then from=$releases/download/v$version; else from=$releases/latest/download; fi
  download "$from/SHA256SUMS" "$directory/SHA256SUMS" \
    || fail "there is no release ${version:-at all} at $from, or it cannot be reached"
  line=$(grep -E "^[0-9a-f]{64}  jelouctl-${version:-[0-9][0-9A-Za-z.-]*}-$target\.tar\.gz\$" "$directory/SHA256SUMS" || true)
  [ "$(printf '%s\n' "$line" | grep -c .)" = 1 ] || fail "release ${version:-$from} has nothing for $target"
  archive=${line#*  }
  download "$from/$archive" "$directory/$archive" || fail "$from/$archive cannot be downloaded"
  found=$(sha256 "$directory/$archive")
  [ "$found" = "${line%% *}" ] || fail "$archive is not what was released: its SHA-256 is $found, not ${line%% *}"
  tar -xzf "$directory/$archive" -C "$directory" || fail "$archive cannot be unpacked in $directory: if the disk is full, $elsewhere"
  program=$directory/${archive%.tar.gz}/jelouctl
  if ! installed=$("$program" --version); then
    printf '#!/bin/sh\n' > "$directory/runs" && chmod 755 "$directory/runs"
    "$directory/runs" 2>/dev/null || fail "no program runs in $directory, which may be mounted noexec; $elsewhere"
    fail "the program of $archive does not run here"
  fi
  version=${archive#jelouctl-}
  version=${version%"-$target.tar.gz"}
  [ "$installed" = "jelouctl $version" ] || fail "$archive has another program: it says \"$installed\""

  mkdir -p "$to" || fail "$to cannot be made"
  # Renamed into its place, so that nobody ever runs half of it.
  new=$to/.jelouctl.new.$$
  if ! { cp "$program" "$new" && chmod 755 "$new" && mv -f "$new" "$to/jelouctl"; }; then
    rm -f "$new"
    fail "$to cannot be written"
  fi
  echo "$installed is installed as $to/jelouctl"
  case ":$PATH:" in
    *":$to:"*) ;;
    *) echo "it is not on your PATH: add  export PATH=\"$to:\$PATH\"  to your shell's start-up file" ;;
  esac
  echo "completions and manual pages: jelouctl completions --help, jelouctl man --help"
}

main "$@"
