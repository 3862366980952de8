# Docker Engine and Compose: the machine's own when there is one, else the distribution's.
# shellcheck shell=bash disable=SC2034 # the parts share DOCKER, COMPOSE and others

DOCKER=(docker)
COMPOSE=(docker compose)
OUR_DOCKERD=build/dockerd.pid

docker_answers() { "${DOCKER[@]}" info >/dev/null 2>&1; }

# Sets DOCKER and COMPOSE, or says what is missing and returns 1.
engine() {
  if ! command -v docker >/dev/null; then
    need_packages "containers" dockerd:docker.io || return
    # From Debian 13 on the client is a package of its own.
    need_packages "the client of Docker Engine" docker:docker-cli || return
  fi
  if ! docker_answers && [ "$(id -u)" -ne 0 ] && can_root; then
    DOCKER=("${ROOT[@]}" docker)
  fi
  docker_answers || start_engine || return
  compose_plugin || return
  docker_for_tests
}

# Where docker needs sudo, the tests' `docker` is one that does.
docker_for_tests() {
  [ ${#DOCKER[@]} -gt 1 ] || return 0
  mkdir -p build/bin
  printf '#!/bin/sh\nexec %s %s "$@"\n' "${DOCKER[0]}" "$(command -v docker)" >build/bin/docker
  chmod 755 build/bin/docker
  export PATH=$PWD/build/bin:$PATH
}

# runs_as PID NAME: whether this process is there, by this name. One that has ended stays in /proc while
# nobody waits for it, and where PID 1 is no init system that is for ever.
runs_as() {
  # It may end between the two.
  [ "$({ cat "/proc/$1/comm"; } 2>/dev/null || :)" = "$2" ] &&
    [ "$(sed -n 's/^State:[[:space:]]*\(.\).*/\1/p' "/proc/$1/status" 2>/dev/null || :)" != Z ]
}

dockerd_alive() {
  local process
  for process in /proc/[0-9]*; do
    runs_as "${process#/proc/}" dockerd && return 0
  done
  return 1
}

start_engine() {
  if ! can_root; then
    warn "bellhop: no Docker Engine answers here, and starting one needs root or sudo (or membership of the docker group)."
    return 1
  fi
  if [ -d /run/systemd/system ]; then
    step engine "starting Docker Engine (systemctl start docker)" as_root systemctl start docker || return
  elif ! dockerd_alive; then
    need_packages "containers" dockerd:docker.io iptables:iptables || return
    clear_stale_engine
    say "· starting Docker Engine (no init system here: it runs until ./run down; its log is build/log/dockerd.log)"
    # shellcheck disable=SC2016 # expanded by the inner shell
    as_root bash -c 'PATH=$PATH:/usr/sbin:/sbin setsid nohup dockerd >"$1" 2>&1 </dev/null & echo $! >"$2"' \
      bash "$PWD/build/log/dockerd.log" "$PWD/$OUR_DOCKERD"
  else
    say "· a dockerd is running but does not answer yet"
  fi
  wait_for_engine
}

wait_for_engine() {
  local begin=$SECONDS
  until docker_answers; do
    if ! dockerd_alive && [ $((SECONDS - begin)) -ge 3 ]; then
      warn "bellhop: Docker Engine ended at its start. The last lines of its log:"
      [ ! -f build/log/dockerd.log ] || tail -n 15 build/log/dockerd.log | sed 's/^/    /' >&2
      return 1
    fi
    if [ $((SECONDS - begin)) -ge 60 ]; then
      warn "bellhop: Docker Engine runs but has not answered for 60 s (docker info): $("${DOCKER[@]}" info 2>&1 | tail -n 1)"
      return 1
    fi
    sleep 0.3
  done
  say "  Docker Engine answers after $((SECONDS - begin)) s"
}

# A machine that was copied or cut off keeps pid files whose numbers may belong to others by now:
# dockerd and its containerd would then take the others for themselves. No dockerd lives here.
clear_stale_engine() {
  local dir pid
  for dir in /var/run/docker.pid /run/docker/containerd/containerd.pid; do
    [ -f "$dir" ] || continue
    pid=$(as_root cat "$dir")
    if ! runs_as "$pid" containerd; then
      say "· clearing $dir of an engine that is no more"
      as_root rm -f "$dir"
      [ "${dir##*/}" = docker.pid ] && as_root rm -f /var/run/docker.sock
      [ "${dir##*/}" = containerd.pid ] && as_root rm -f /run/docker/containerd/containerd.sock{,.ttrpc}
    fi
  done
  return 0
}

# Stops the engine that start_engine started, unless it runs somebody else's containers.
stop_our_engine() {
  [ -f "$OUR_DOCKERD" ] || return 0
  local pid
  pid=$(cat "$OUR_DOCKERD")
  if ! runs_as "$pid" dockerd; then
    rm -f "$OUR_DOCKERD"
    return 0
  fi
  if [ -n "$("${DOCKER[@]}" ps -q)" ]; then
    say "· Docker Engine stays up: it runs containers that are not Bellhop's"
    return 0
  fi
  # shellcheck disable=SC2016 # expanded by the inner shell (kill is a program only where procps is)
  as_root bash -c 'kill "$1"' bash "$pid"
  while runs_as "$pid" dockerd; do sleep 0.1; done
  rm -f "$OUR_DOCKERD"
  say "· stopped the Docker Engine that ./run had started"
}

# --- Compose v2 ---

compose_plugin() {
  compose_known && return 0
  if ! can_root; then
    warn "bellhop: Docker Compose v2 is missing, and without root or sudo it can't be installed."
    return 1
  fi
  if ! command -v apt-get >/dev/null; then
    warn "bellhop: Docker Compose v2 is missing, and this is not a Debian or Ubuntu: install it by hand."
    return 1
  fi
  if has_candidate docker-compose-v2; then
    step compose "installing Compose v2 (docker-compose-v2)" apt_install docker-compose-v2
  elif has_candidate docker-compose '[2-9].*'; then
    step compose "installing Compose v2 (docker-compose)" apt_install docker-compose
  else
    step compose "fetching Compose v2 from Debian 13 (this release has version 1 only)" compose_of_trixie
  fi || { warn "bellhop: Docker Compose v2 could not be installed."; return 1; }
  compose_known || { warn "bellhop: Docker Compose v2 was installed, but docker does not know it."; return 1; }
}

compose_known() {
  if "${DOCKER[@]}" compose version >/dev/null 2>&1; then
    COMPOSE=("${DOCKER[@]}" compose)
  elif [[ $(docker-compose version --short 2>/dev/null) == [2-9].* ]]; then
    COMPOSE=("${DOCKER[@]::${#DOCKER[@]}-1}" docker-compose)
  else
    return 1
  fi
}

# One package of the next release, into a folder of docker's for plugins made by hand: the
# machine's own package lists and packages stay as they are. (It is one static Go program.)
compose_of_trixie() {
  local dir archive
  dir=$(mktemp -d) || return
  archive=$(debian_archive)
  if [ -z "$archive" ]; then
    echo "this machine's apt sources name no Debian archive over http(s)"
    return 1
  fi
  mkdir -p "$dir/lists/partial" "$dir/root"
  chmod 755 "$dir" # apt reads as its own user
  echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $archive trixie main" >"$dir/trixie.list"
  local apt=(apt-get -o "Dir::Etc::sourcelist=$dir/trixie.list" -o Dir::Etc::sourceparts=-
    -o "Dir::State::lists=$dir/lists" -o "Dir::Cache::pkgcache=" -o "Dir::Cache::srcpkgcache=")
  { "${apt[@]}" update || "${apt[@]}" -o "$STALE_OK" update; } &&
    (cd "$dir" && "${apt[@]}" download docker-compose) &&
    dpkg-deb -x "$dir"/docker-compose_*.deb "$dir/root" &&
    as_root install -D -m 755 "$dir/root/usr/libexec/docker/cli-plugins/docker-compose" \
      /usr/local/lib/docker/cli-plugins/docker-compose &&
    rm -rf "$dir"
}
