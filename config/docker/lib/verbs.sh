# What ./run can do.
# shellcheck shell=bash disable=SC2034 # the parts share DOCKER, COMPOSE and others

verb_up() {
  { python_env && engine && stack_settings && build_images && stack_up; } || exit 1
  say "The stack is up: softphones on this machine reach the edge at $(outside).10:5060${BELLHOP_PUBLISH:+, those elsewhere at $BELLHOP_PUBLISH:5060}."
  say "./run down ends it."
}

verb_images() {
  local one suites=() others=()
  for one in "$@"; do
    case $one in
      bookworm | trixie) suites+=("$one") ;;
      postgres) others+=("$one") ;;
      *) misused "./run images knows bookworm, trixie and postgres; got '$one'" ;;
    esac
  done
  { engine && build_images; } || exit 1
  [ ${#others[@]} -eq 0 ] || build_images "${others[@]}" || exit 1
  build_older_edges "${suites[@]}" || exit 1
}

outside() { sed -n 's/^BELLHOP_OUTSIDE=//p' build/compose.env; }

verb_down() {
  local volumes=()
  case ${1:-} in
    --volumes) volumes=(--volumes) ;;
    "") ;;
    *) misused "./run down knows only --volumes; got '$1'" ;;
  esac
  if ! docker_for_use; then
    say "No Docker Engine answers: nothing of Bellhop is running."
    return 0
  fi
  stack_down "${volumes[@]}" && stop_our_engine
}

# For verbs that use the stack and set nothing up.
docker_for_use() {
  command -v docker >/dev/null || return 1
  if ! docker_answers && [ "$(id -u)" -ne 0 ] && can_root; then DOCKER=("${ROOT[@]}" docker); fi
  docker_answers && compose_known
}

verb_shell() {
  [ $# -ge 1 ] || misused "./run shell SERVICE (edge, pbx, pager, lab, wire)"
  docker_for_use || die "no Docker Engine with Compose answers: ./run up first"
  compose exec "$1" bash
}

verb_bellhop() {
  docker_for_use || die "no Docker Engine with Compose answers: ./run up first"
  local tty=(-T) service=pager
  case ${1:-} in calls | carriers | reload | replay) service=edge ;; esac # each has its own state
  [ -t 0 ] && [ -t 1 ] && tty=()
  compose exec "${tty[@]}" "$service" bellhop "$@"
}

verb_compose() {
  docker_for_use || die "no Docker Engine with Compose answers: ./run up first"
  compose "$@"
}

verb_demo() {
  verb_up
  "$PYTHON" tests/chain/demo.py "$@"
}

# stdout is for the result alone (--json is read by programs). The lab is taken down again unless it
# was there before.
verb_bench() {
  local code=0 mine=
  python_env >&2 || exit 1
  case " $* " in
    "  " | *" -h "* | *" --help "*) "$PYTHON" -m tests.bench "$@"; exit ;;
  esac
  "$PYTHON" -m tests.bench --check "$@" || exit # what nobody can run needs no images
  { bench_env && engine && stack_settings && build_images; } >&2 || exit 1
  [ -n "$("${DOCKER[@]}" ps -q -f "name=^$BELLHOP_PROJECT-lab-1\$")" ] || mine=1
  { stack_up lab wire; } >&2 || exit 1
  "$PYTHON" -m tests.bench "$@" || code=$?
  [ -z "$mine" ] || { stack_down && stop_our_engine; } >&2 || code=1
  exit "$code"
}

# matplotlib is the bench's own.
bench_env() {
  "$PYTHON" -c 'import matplotlib' 2>/dev/null && return 0
  step python-bench "adding what draws the bench's picture to .venv" "$PYTHON" -m pip install --quiet --group bench
}

# --- lint and test: every part runs, whatever failed before it; the summary comes last ---

RESULTS=()
FAILED=0

part() { # "name" COMMAND...
  local name=$1 code=0
  shift
  say "· $name"
  "$@" || code=$?
  RESULTS+=("$(printf '  %-24s %s' "$name" "$([ "$code" -eq 0 ] && echo ok || echo "FAILED (exit $code)")")")
  [ "$code" -eq 0 ] || FAILED=1
  return 0
}

lint_parts() {
  part "ruff check" "$PYTHON" -m ruff check -q
  part "ruff format" "$PYTHON" -m ruff format --check -q
  part "mypy" "$PYTHON" -m mypy --no-error-summary
  part "the KSR stub" stub_lint
  if command -v shellcheck >/dev/null; then
    part "shellcheck" shellcheck -x run .ci/run config/docker/*/*.sh config/docker/lab/lab config/docker/patiently
  else
    RESULTS+=("  shellcheck               left out (it is not on this machine)")
  fi
}

# The stub is a distribution of its own, with its own settings.
stub_lint() (
  interpreter=$PWD/$PYTHON
  cd typings/kamailio-kemi-stubs || exit
  "$interpreter" -m ruff check -q . && "$interpreter" -m ruff format -q --check . &&
    "$interpreter" -m mypy --strict --no-error-summary kamailio_kemi
)

summary() {
  say ""
  say "Summary"
  printf '%s\n' "${RESULTS[@]}"
}

verb_lint() {
  python_env || exit 1
  lint_parts
  summary
  exit "$FAILED"
}

# pytest's own closing line, for the end of the summary.
pytest_part() { # "name" junit-name ARGS...
  local name=$1 log="build/log/pytest-$2.log" junit="build/artifacts/$2.xml"
  shift 2
  part "$name" pytest_to "$log" --junitxml="$junit" "$@"
  CLOSING+=("$name:" "$(tail -n 1 "$log")")
}

pytest_to() {
  local log=$1
  shift
  "$PYTHON" -m pytest "$@" 2>&1 | tee "$log"
}

CLOSING=()

without_chain() {
  RESULTS+=("  tests/chain              DID NOT RUN (why: see above)")
  if [ "${CI:-}" = true ]; then
    FAILED=1
    CLOSING+=("The chain tests did not run; in CI that is a failure.")
  else
    CLOSING+=("The chain tests did not run.")
  fi
}

verb_test() {
  local chain=0 engine=0
  python_env || exit 1
  lint_parts
  pytest_part "tests/unit, tests/wire" junit-unit tests/unit tests/wire
  engine && engine=1
  # A subshell: a setting that is wrong ends it, and not the summary.
  if [ "$engine" = 1 ] && (stack_settings) && build_images && build_images postgres && build_older_edges bookworm trixie &&
    stack_up; then
    chain=1
    pytest_part "tests/chain" junit tests/chain
  fi
  if [ "$engine" = 1 ] && [ -f build/compose.env ]; then
    compose --ansi never logs --no-color --timestamps >build/log/stack.log 2>&1 || warn "bellhop: the containers' logs could not be kept."
    if [ "${KEEP:-}" = 1 ]; then
      say "KEEP=1: the stack stays up; ./run down ends it."
    else
      { stack_down && stop_our_engine; } || FAILED=1
    fi
  fi
  [ "$chain" = 1 ] || without_chain
  summary
  printf '%s\n' "${CLOSING[@]}"
  exit "$FAILED"
}
