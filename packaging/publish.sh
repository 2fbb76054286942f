#!/bin/sh
# The steps by which a release becomes public: publish.sh draft|npm|release FOLDER. First all of its files, in a draft that nobody
# sees; then the package, which can't be taken back; then the draft is shown. Each may be run again after a failure, and nothing
# that is public is ever replaced.
set -eu
step=$1
folder=$2
tag=${GITHUB_REF_NAME:?}

fail() {
  echo "publish.sh: $1" >&2
  exit 1
}

(cd "$folder" && sha256sum --check --strict --quiet SHA256SUMS) || fail "these are not the files that were tried"

case $step in
  draft)
    is_draft=$(gh release view "$tag" --json isDraft --jq .isDraft) || is_draft=
    [ "$is_draft" != false ] || fail "$tag is public already"
    [ -n "$is_draft" ] || gh release create "$tag" --draft --verify-tag --generate-notes
    gh release upload "$tag" --clobber "$folder"/*
    ;;
  npm)
    for package in "$folder"/oidc-token-*.tgz; do
      there=$(npm view "oidc-token@${tag#v}" dist.integrity) || there=
      if [ -z "$there" ]; then
        npm publish "./$package" --provenance --access public
      elif [ "$there" != "sha512-$(openssl dgst -sha512 -binary "$package" | base64 -w 0)" ]; then
        fail "npm has another package as ${tag#v}"
      fi
    done
    ;;
  release) gh release edit "$tag" --draft=false ;;
  *) fail "there is no step $step" ;;
esac
