#!/bin/sh
# Tries the executable of a release on the system it is for: smoke.sh FOLDER PLATFORM. It needs nothing but tar.
set -eu
folder=$1
platform=$2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

(cd "$folder" && grep "  oidc-token-$platform.tar.gz\$" SHA256SUMS >"$work/sum" &&
  { sha256sum -c "$work/sum" || shasum -a 256 -c "$work/sum"; })
tar -xzf "$folder/oidc-token-$platform.tar.gz" -C "$work"
program=$work/oidc-token
if [ -e "$program.exe" ]; then program=$program.exe; fi
test -s "$work/LICENSE"
test -s "$work/THIRD-PARTY.txt"

expect() {
  if [ "$2" != "$3" ]; then
    echo "smoke.sh: $1: expected \"$3\", got \"$2\"" >&2
    exit 1
  fi
  echo "$1: $2"
}

HOME=$work/home XDG_CONFIG_HOME=$work/home XDG_DATA_HOME=$work/home XDG_CACHE_HOME=$work/home XDG_STATE_HOME=$work/home
export HOME XDG_CONFIG_HOME XDG_DATA_HOME XDG_CACHE_HOME XDG_STATE_HOME
mkdir -p "$HOME"

version=$(sed -n 's/.*  oidc-token-\(.*\)\.tgz$/\1/p' "$folder/SHA256SUMS")
told=$("$program" --version)
expect "the version" "$told" "$version"

key=$(OIDC_TOKEN_FLOW=static_key OIDC_TOKEN_KEY=smoke-test-key "$program" get)
expect "a static key from the environment" "$key" smoke-test-key

code=0
"$program" get >"$work/out" 2>"$work/err" || code=$?
expect "without a configuration, the exit code" "$code" 4
expect "and its standard output" "$(cat "$work/out")" ""
echo "$platform works"
