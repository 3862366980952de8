# The stack: its site, its networks, up and down.
# shellcheck shell=bash

STACK_SERVICES=(edge pbx pager lab wire)
export BELLHOP_PROJECT=${BELLHOP_PROJECT:-bellhop} # the harness asks for it too

compose() {
  [ -f build/compose.env ] || compose_settings
  local files=(-f config/docker/compose.yml)
  [ -f build/compose.publish.yml ] && files+=(-f build/compose.publish.yml)
  "${COMPOSE[@]}" --env-file build/compose.env "${files[@]}" "$@"
}

# The demo's site with this machine's networks in it. Nothing is written before the networks are
# known to be good: `./run down` must still find what is running.
compose_settings() {
  local outside=${BELLHOP_OUTSIDE:-172.29.60} inside=${BELLHOP_INSIDE:-172.29.61} site=build/site/site.toml
  # It names the bridges too, and an interface has at most 15 letters.
  [[ $BELLHOP_PROJECT =~ ^[a-z][a-z0-9]{0,10}$ ]] ||
    die "BELLHOP_PROJECT is a word of at most 11 small letters and digits; got '$BELLHOP_PROJECT'"
  prefix_check BELLHOP_OUTSIDE "$outside"
  prefix_check BELLHOP_INSIDE "$inside"
  [ "$outside" != "$inside" ] || die "BELLHOP_OUTSIDE and BELLHOP_INSIDE must differ; both are $outside"
  sed -e "s/172\.29\.60\./@outside@/g; s/172\.29\.61\./@inside@/g" \
    -e "s/@outside@/$outside./g; s/@inside@/$inside./g" config/site.toml >"$site.new"
  # In place: the containers see the file, not its name.
  cmp -s "$site.new" "$site" 2>/dev/null || cat "$site.new" >"$site"
  rm "$site.new"
  # The checkout's owner (not sudo's root) is who reads the artifacts.
  cat >build/compose.env <<TEXT
BELLHOP_PROJECT=$BELLHOP_PROJECT
BELLHOP_OUTSIDE=$outside
BELLHOP_INSIDE=$inside
BELLHOP_UID=$(stat -c %u .)
BELLHOP_GID=$(stat -c %g .)
BELLHOP_SITE_SUM=$(sha256sum <"$site" | cut -c 1-16)
TEXT
  publish_settings
}

publish_settings() {
  rm -f build/compose.publish.yml
  [ -n "${BELLHOP_PUBLISH:-}" ] || return 0
  cat >build/compose.publish.yml <<TEXT
services:
  edge:
    ports:
      - "$BELLHOP_PUBLISH:5060:5060/udp"
      - "$BELLHOP_PUBLISH:5060:5060/tcp"
TEXT
}

# Only when our own edge does not hold the port already.
publish_check() {
  [ -n "${BELLHOP_PUBLISH:-}" ] || return 0
  [[ $BELLHOP_PUBLISH =~ ^[0-9.]+$ ]] || die "BELLHOP_PUBLISH is an IPv4 address of this machine; got '$BELLHOP_PUBLISH'"
  "${DOCKER[@]}" port "$BELLHOP_PROJECT-edge-1" 2>/dev/null | grep -qF "$BELLHOP_PUBLISH:5060" && return 0
  "$PYTHON" - "$BELLHOP_PUBLISH" <<'TEXT' || exit 1
import errno, socket, sys
address = sys.argv[1]
for kind, name in ((socket.SOCK_DGRAM, "udp"), (socket.SOCK_STREAM, "tcp")):
    with socket.socket(socket.AF_INET, kind) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, kind == socket.SOCK_STREAM)
        try:
            probe.bind((address, 5060))
        except OSError as error:
            why = {
                errno.EADDRINUSE: "is in use by another program: stop it, or publish another address",
                errno.EADDRNOTAVAIL: "can't be had: no interface of this machine has that address",
            }.get(error.errno, f"can't be had: {error.strerror}")
            sys.exit(f"bellhop: BELLHOP_PUBLISH={address}: {name} port 5060 there {why}.")
TEXT
}

# A route that overlaps one of our two networks (a VPN, another stack) would be cut off by it.
prefix_check() { # NAME PREFIX
  local iface network part
  [[ $2 =~ ^[0-9]{1,3}\.[0-9]{1,3}\.[0-9]{1,3}$ ]] ||
    die "$1 is the first three numbers of a /24, like 172.29.60; got '$2'"
  for part in ${2//./ }; do
    [ "$part" -le 255 ] || die "$1: $part in $2 is no part of an address"
  done
  read -r iface network < <(route_overlap "$2") || return 0
  warn "bellhop: the network $2.0/24 is taken on this machine: $network on $iface."
  die "choose another one, for example: $1=10.99.${2##*.} ./run ..."
}

# Lines "interface network/mask" of routes (none of them ours) that overlap PREFIX.0/24.
# /proc/net/route is there on every Linux, `ip` is not.
route_overlap() {
  local a b c iface dest mask net wanted both
  IFS=. read -r a b c <<<"$1"
  wanted=$((a << 24 | b << 16 | c << 8))
  while read -r iface dest _ _ _ _ _ mask _; do
    [[ $dest =~ ^[0-9A-F]{8}$ ]] || continue
    case $iface in "$BELLHOP_PROJECT-out" | "$BELLHOP_PROJECT-in") continue ;; esac
    net=$(swap "$dest") mask=$(swap "$mask")
    [ "$mask" -eq 0 ] && continue # the default route covers everything
    both=$((mask & 0xffffff00))
    if [ $((net & both)) -eq $((wanted & both)) ]; then
      printf '%s %d.%d.%d.%d/%s\n' "$iface" $((net >> 24)) $((net >> 16 & 255)) $((net >> 8 & 255)) $((net & 255)) \
        "$(bits "$mask")"
    fi
  done </proc/net/route
}

swap() { echo $((16#${1:6:2} << 24 | 16#${1:4:2} << 16 | 16#${1:2:2} << 8 | 16#${1:0:2})); }
bits() { local n=0 m=$1; while [ "$m" -ne 0 ]; do n=$((n + (m & 1))); m=$((m >> 1)); done; echo "$n"; }

# Networks keep their addresses for life: other prefixes need new ones.
renew_networks() {
  local now name
  for name in outside inside; do
    now=$("${DOCKER[@]}" network inspect -f '{{(index .IPAM.Config 0).Subnet}}' "${BELLHOP_PROJECT}_$name" 2>/dev/null) || continue
    local wanted=BELLHOP_${name^^}
    [ "$now" = "$(sed -n "s/^$wanted=//p" build/compose.env).0/24" ] && continue
    say "· the stack's networks change: removing the old ones"
    compose down --remove-orphans >build/log/down.log 2>&1
    return
  done
}

# What can be wrong before anything is built.
stack_settings() {
  publish_check
  compose_settings
}

# stack_up [SERVICE...]: these, or all of them.
stack_up() {
  [ $# -gt 0 ] || set -- "${STACK_SERVICES[@]}"
  renew_networks || return
  step up "starting the stack" compose up -d --wait --wait-timeout 90 --remove-orphans "$@" || {
    stack_trouble
    return 1
  }
}

# Which service did not come up, in its own words.
stack_trouble() {
  local service state
  for service in secrets "${STACK_SERVICES[@]}"; do
    state=$("${DOCKER[@]}" inspect -f '{{.State.Status}} {{with .State.Health}}{{.Status}}{{end}} {{.State.ExitCode}}' \
      "$BELLHOP_PROJECT-$service-1" 2>/dev/null || echo "not created")
    case $state in
      "running healthy "* | "running  "* | "exited  0" | "created "*) continue ;;
    esac
    warn "bellhop: $service did not come up ($state). Its last lines:"
    "${DOCKER[@]}" logs --tail 15 "$BELLHOP_PROJECT-$service-1" 2>&1 | sed 's/^/    /' >&2 || :
  done
}

stack_down() {
  say "· removing the stack's containers and networks${1:+ and volumes}"
  compose --profile '*' down --remove-orphans "$@" >build/log/down.log 2>&1 || {
    warn "bellhop: the stack could not be removed:"
    tail -n 10 build/log/down.log >&2
    return 1
  }
}
