#!/bin/sh
# Installs @name@ @version@ for you alone: one executable, checked against the checksum below, into ~/.local/bin.
#
#     curl -fsSL https://github.com/@repository@/releases/download/v@version@/install.sh | sh
#
#     OIDC_TOKEN_INSTALL_DIR   another folder for the executable
#     OIDC_TOKEN_INSTALL_FROM  another address to fetch it from (https, or http on this machine)
#
# To take it away: rm ~/.local/bin/@name@
set -eu

fail() {
  echo "install.sh: $1" >&2
  exit 1
}

platform() {
  case $(uname -s) in
    Linux) system=linux ;;
    Darwin) system=darwin ;;
    *) fail "there is no executable for $(uname -s): use npm install --global @name@" ;;
  esac
  case $(uname -m) in
    x86_64 | amd64) machine=x64 ;;
    aarch64 | arm64) machine=arm64 ;;
    *) fail "there is no executable for $(uname -m): use npm install --global @name@" ;;
  esac
  # A shell that Rosetta translates says x86_64 on a Mac that is not.
  if [ "$system-$machine" = darwin-x64 ] && [ "$(sysctl -n sysctl.proc_translated 2>/dev/null)" = 1 ]; then
    machine=arm64
  fi
  libc=
  if [ "$system" = linux ] && is_musl; then libc=-musl; fi
  echo "$system-$machine$libc"
}

is_musl() {
  # The loader of musl may be on a machine with glibc as well; ldd is that of the system's own programs.
  case $(ldd --version 2>&1 || true) in
    *musl*) return 0 ;;
    *) return 1 ;;
  esac
}

# Made of the checksums of the files of this release.
sha256_of() {
  case $1 in
    linux-x64) echo @sha256:linux-x64@ ;;
    linux-x64-musl) echo @sha256:linux-x64-musl@ ;;
    linux-arm64) echo @sha256:linux-arm64@ ;;
    linux-arm64-musl) echo @sha256:linux-arm64-musl@ ;;
    darwin-x64) echo @sha256:darwin-x64@ ;;
    darwin-arm64) echo @sha256:darwin-arm64@ ;;
    *) fail "this release has nothing for $1" ;;
  esac
}

checksum() {
  if command -v sha256sum >/dev/null; then
    sha256sum "$1"
  elif command -v shasum >/dev/null; then
    shasum -a 256 "$1"
  else
    fail "neither sha256sum nor shasum is here, so nothing can be checked: install one of them"
  fi
}

download() {
  case $1 in
    https://* | http://127.0.0.1:* | http://localhost:*) ;;
    *) fail "$1 is neither https nor on this machine, so nothing is fetched from there" ;;
  esac
  if command -v curl >/dev/null; then
    curl --fail --silent --show-error --location --proto-redir =https --connect-timeout 30 --speed-limit 1 --speed-time 60 \
      --output "$2" "$1"
  elif command -v wget >/dev/null; then
    wget -q -O "$2" "$1"
  else
    fail "neither curl nor wget is here: install one of them"
  fi
}

main() {
  target=$(platform)
  from=${OIDC_TOKEN_INSTALL_FROM:-https://github.com/@repository@/releases/download/v@version@}
  into=${OIDC_TOKEN_INSTALL_DIR:-${HOME:?}/.local/bin}
  new=
  file=@name@-$target.tar.gz

  folder=$(mktemp -d) || fail "no temporary folder can be made"
  trap 'rm -rf "$folder" ${new:+"$new"}' EXIT
  trap 'exit 130' INT TERM HUP

  download "$from/$file" "$folder/$file" || fail "$from/$file can't be fetched"
  sum=$(checksum "$folder/$file") || exit 1
  if [ "${sum%% *}" != "$(sha256_of "$target")" ]; then
    fail "$file is not what was released, its checksum is another, so nothing was installed"
  fi
  tar -xzf "$folder/$file" -C "$folder" || fail "$file can't be unpacked"

  mkdir -p "$into" || fail "$into can't be made: name another folder in OIDC_TOKEN_INSTALL_DIR"
  [ ! -d "$into/@name@" ] || fail "$into/@name@ is a folder: name another one in OIDC_TOKEN_INSTALL_DIR"
  # Beside its place first, so that whoever calls it meanwhile finds the old one or the new one. And tried there: programs
  # may not be allowed to run in a temporary folder.
  new=$into/.@name@.$$
  cp "$folder/@name@" "$new" || fail "$into can't be written to: name another folder in OIDC_TOKEN_INSTALL_DIR"
  "$new" --version >"$folder/version" 2>"$folder/error" ||
    fail "the executable does not run here, so nothing was installed ($(head -n 1 "$folder/error"))"
  mv -f "$new" "$into/@name@" || fail "$into/@name@ can't be replaced: name another folder in OIDC_TOKEN_INSTALL_DIR"
  echo "installed @name@ $(cat "$folder/version") ($target) as $into/@name@"
  case :$PATH: in
    *":$into:"*) ;;
    *) echo "$into is not on PATH yet: add it in your shell's profile" ;;
  esac
}

# At the end, so that half a script, should the line break, does nothing.
main
