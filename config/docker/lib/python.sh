# The checkout's own Python environment, .venv, with the dev group of pyproject.toml.
# shellcheck shell=bash

PIP_VERSION=26.3
PYTHON=.venv/bin/python

python_env() {
  local sum stamp=.venv/.bellhop-stamp python
  need_packages "Python" python3:python3 || return
  python=$(new_enough_python) || return
  sum=$( { cat pyproject.toml typings/*/pyproject.toml; echo "$PIP_VERSION $PWD"; "$python" -VV; } | sha256sum)
  [ -f "$stamp" ] && [ "$(cat "$stamp")" = "$sum" ] && "$PYTHON" -c pass 2>/dev/null && return 0
  if ! "$python" -c 'import ensurepip, venv' 2>/dev/null; then
    need_packages "Python's venv" "no-command-of-this-name:python3-venv" || return
  fi
  step python "preparing .venv with the development tools" make_venv "$python" || {
    warn "bellhop: .venv could not be prepared; its whole log is build/log/python.log"
    return 1
  }
  printf '%s\n' "$sum" >"$stamp"
}

new_enough_python() {
  local candidate
  for candidate in python3 python3.14 python3.13 python3.12 python3.11; do
    if "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
      command -v "$candidate"
      return 0
    fi
  done
  warn "bellhop: Python 3.11 or newer is needed; this machine has $(python3 -V 2>&1 || :)"
  return 1
}

make_venv() {
  if ! "$PYTHON" -m pip --version; then
    "$1" -m venv --clear .venv || return
  fi
  "$PYTHON" -m pip install --quiet "pip==$PIP_VERSION" &&
    "$PYTHON" -m pip install --quiet -e . -e typings/kamailio-kemi-stubs --group dev
}
