# Images: the base from a registry or the distribution's archive, ours from the checkout.
# shellcheck shell=bash

# What each image is made from (besides its base and its Dockerfile).
image_inputs() {
  local project="pyproject.toml README.md LICENSE bellhop kemi agi ami pager config/kamailio config/asterisk config/systemd config/site.toml sipp-scenarios"
  case $1 in
    edge) echo "$project config/docker/ca config/docker/venv config/docker/edge" ;;
    pager) echo "$project config/docker/ca config/docker/venv config/docker/pager" ;;
    pbx) echo "$project config/docker/ca config/docker/venv config/docker/asterisk config/docker/pbx" ;;
    lab) echo "config/docker/lab" ;;
    postgres) echo "config/docker/postgres" ;;
  esac
}

# The build context as a tar with nothing in it that changes by itself: its sum says whether the
# image is up to date, and docker's layer cache holds.
image_context() {
  local inputs
  read -ra inputs <<<"$(image_inputs "$1")"
  tar --sort=name --owner=0 --group=0 --numeric-owner --mtime=@0 --mode='u+rwX,go=rX' \
    --exclude=__pycache__ --exclude='*.pyc' -c "config/docker/Dockerfile.$1" "${inputs[@]}"
}

# build_image NAME BASE TAG: nothing to do when its label says that it was made from just this.
build_image() {
  local name=$1 base=$2 tag=$3 sum arg args=()
  base_image "$base" || return
  sum=$({ image_context "$name" && "${DOCKER[@]}" image inspect -f '{{.Id}}' "$base"; } | sha256sum) ||
    { warn "bellhop: the files of the image $name could not be read."; return 1; }
  sum=${sum%% *}
  [ "$("${DOCKER[@]}" image inspect -f '{{index .Config.Labels "bellhop.inputs"}}' "$tag" 2>/dev/null)" = "$sum" ] && return 0
  for arg in http_proxy https_proxy no_proxy; do
    [ -n "${!arg:-}" ] && args+=(--build-arg "$arg")
  done
  step "image-${tag//[:\/]/-}" "building the image $tag" build_from_context "$name" \
    --build-arg "BASE=$base" --label "bellhop.inputs=$sum" -t "$tag" "${args[@]}" || {
    warn "bellhop: the image $tag could not be built; its whole log is build/log/image-${tag//[:\/]/-}.log"
    return 1
  }
}

build_from_context() {
  local name=$1
  shift
  image_context "$name" | "${DOCKER[@]}" build -f "config/docker/Dockerfile.$name" "$@" -
}

BASE_IMAGE=debian:forky-slim
DEBIAN_KEYS=/usr/share/keyrings/debian-archive-keyring.gpg

# build_images [NAME...]: these, or all of them.
build_images() {
  local name
  company_ca || return
  [ $# -gt 0 ] || set -- lab pbx pager edge
  for name in "$@"; do
    build_image "$name" "$BASE_IMAGE" "$BELLHOP_PROJECT-$name:latest" || return
  done
}

# Kamailio 5.6 (bookworm) and 6.0 (trixie), for the smoke tests: PROJECT-edge:SUITE.
build_older_edges() {
  local suite
  company_ca || return
  for suite in "$@"; do
    build_image edge "debian:$suite-slim" "$BELLHOP_PROJECT-edge:$suite" || return
  done
}

# A company's own certificate authorities, for pip inside builds; an empty file when there are none.
company_ca() {
  local from=${BELLHOP_CA_FILE:-${PIP_CERT:-${SSL_CERT_FILE:-}}} to=config/docker/ca/ca.crt
  if [ -n "$from" ] && [ ! -r "$from" ]; then
    warn "bellhop: the certificate file $from (BELLHOP_CA_FILE, PIP_CERT or SSL_CERT_FILE) can't be read."
    return 1
  fi
  cmp -s "${from:-/dev/null}" "$to" 2>/dev/null || cat "${from:-/dev/null}" >"$to"
}

base_image() {
  "${DOCKER[@]}" image inspect "$1" >/dev/null 2>&1 && return 0
  local name=base-${1//[:\/]/-}
  say "· the base image $1 is not here: pulling it, else building it from Debian's archive"
  if timeout -k 5 120 "${DOCKER[@]}" pull -q "$1" >"build/log/$name.log" 2>&1; then
    say "  pulled"
    return 0
  fi
  say "  it can't be pulled ($(tail -n 1 "build/log/$name.log" | cut -c 1-100))"
  if ! can_root; then
    warn "bellhop: building $1 from the archive needs root or sudo."
    return 1
  fi
  need_packages "building the base image" mmdebstrap:mmdebstrap || return
  [ -e "$DEBIAN_KEYS" ] ||
    step keyring "installing debian-archive-keyring" apt_install debian-archive-keyring || return
  step "$name" "building $1 from Debian's archive" debian_from_archive "$1" || {
    warn "bellhop: the base image $1 could be neither pulled nor built."
    return 1
  }
}

debian_from_archive() {
  local suite=${1#*:} archive sources="" options=()
  suite=${suite%-slim}
  archive=$(debian_archive)
  if [ -n "$archive" ]; then
    sources="deb $archive $suite main"
  else # another distribution's apt: mmdebstrap's own default, with Debian's keys
    options=(--keyring="$DEBIAN_KEYS")
  fi
  import_debian "$1" "$suite" "$sources" "${options[@]}" ||
    # The setting goes into the image too: its own apt-get meets the same archive.
    import_debian "$1" "$suite" "$sources" "${options[@]}" --aptopt='Acquire::Check-Valid-Until "false"'
}

import_debian() { # IMAGE SUITE SOURCES OPTION...
  local image=$1 suite=$2 sources=$3 dir code=0
  shift 3
  dir=$(mktemp -d) || return
  # A file in between: a pipe would import half a system when mmdebstrap fails.
  as_root mmdebstrap --variant=minbase --include=ca-certificates \
    --dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-exclude=/usr/share/man/*' \
    --dpkgopt='path-exclude=/usr/share/locale/*' "$@" "$suite" "$dir/base.tar" ${sources:+"$sources"} &&
    "${DOCKER[@]}" import "$dir/base.tar" "$image" || code=$?
  as_root rm -rf "$dir"
  return "$code"
}
