# What this machine lacks, from its distribution: the only part that needs root.
# shellcheck shell=bash

# The command in front of what needs root; unset when there is no way to be root.
if [ "$(id -u)" -eq 0 ]; then
  ROOT=(env)
elif command -v sudo >/dev/null && { sudo -n true 2>/dev/null || [ -t 0 ]; }; then
  ROOT=(sudo)
else
  ROOT=()
fi

can_root() { [ ${#ROOT[@]} -gt 0 ]; }
as_root() { "${ROOT[@]}" "$@"; }

# Some archives stand still (mirrors of one day, machines whose clock is ahead); apt then refuses
# an index as too old. Tried only after the strict way failed.
STALE_OK="Acquire::Check-Valid-Until=false"

apt_update() {
  as_root apt-get update || as_root apt-get -o "$STALE_OK" update
}

apt_install() {
  apt_update || return
  keep_services_down
  local code=0
  as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "$@" || code=$?
  allow_services
  return "$code"
}

# Without an init system a package's start script would start a daemon of its own making.
keep_services_down() {
  if [ ! -d /run/systemd/system ] && [ ! -e /usr/sbin/policy-rc.d ]; then
    printf '#!/bin/sh\n# bellhop: removed again after the installation\nexit 101\n' |
      as_root tee /usr/sbin/policy-rc.d >/dev/null
    as_root chmod 755 /usr/sbin/policy-rc.d
  fi
}

allow_services() {
  if grep -q '^# bellhop:' /usr/sbin/policy-rc.d 2>/dev/null; then
    as_root rm -f /usr/sbin/policy-rc.d
  fi
}

has_candidate() { # PACKAGE [VERSION-PATTERN]
  local version
  version=$(apt-cache policy "$1" 2>/dev/null | sed -n 's/^  Candidate: //p')
  # shellcheck disable=SC2053 # a pattern on purpose
  [ -n "$version" ] && [ "$version" != "(none)" ] && [[ $version == ${2:-*} ]]
}

# need_packages "what for" COMMAND:PACKAGE...: installs the packages whose commands are missing.
need_packages() {
  local why=$1 pair missing=()
  shift
  for pair in "$@"; do
    PATH=$PATH:/usr/sbin:/sbin command -v "${pair%%:*}" >/dev/null || missing+=("${pair#*:}")
  done
  [ ${#missing[@]} -eq 0 ] && return 0
  if ! command -v apt-get >/dev/null; then
    warn "bellhop: ${missing[*]} missing ($why), and this is not a Debian or Ubuntu: install them by hand."
    return 1
  fi
  if ! can_root; then
    warn "bellhop: ${missing[*]} missing ($why), and without root or sudo they can't be installed: apt-get install ${missing[*]}"
    return 1
  fi
  step "apt-${missing[0]}" "installing ${missing[*]} ($why)" apt_install "${missing[@]}" || {
    warn "bellhop: the distribution's ${missing[*]} could not be installed."
    return 1
  }
}

# The archive that this machine's apt uses, when it is a Debian; else nothing (mmdebstrap knows its own).
debian_archive() {
  grep -q '^ID=debian' /etc/os-release || return 0
  # shellcheck disable=SC2016 # apt's own variables
  apt-get indextargets --format '$(REPO_URI) $(ORIGIN) $(LABEL)' 'Created-By: Packages' 2>/dev/null |
    awk '$2 == "Debian" && $3 == "Debian" && $1 ~ /^https?:/ { print $1; exit }'
}
