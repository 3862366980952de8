# Telling the user: sentences, and long steps with their time.
# shellcheck shell=bash
mkdir -p build/log build/artifacts build/site

say() { printf '%s\n' "$*"; }
warn() { printf '%s\n' "$*" >&2; }
die() { warn "bellhop: $*"; exit 1; }
misused() { warn "bellhop: $*"; exit 2; } # the command line is wrong

# step NAME "What is done" COMMAND...: runs it with its output in build/log/NAME.log. A line when it
# starts, one every 20 s with the newest line of the log, one with the time when it ends; on
# failure the end of the log.
step() {
  local title=$2 log="build/log/$1.log" begin=$SECONDS code=0
  shift 2
  printf '· %s …\n' "$title"
  : >"$log"
  heartbeat "$log" "$begin" & HEART=$!
  "$@" >"$log" 2>&1 </dev/null || code=$?
  stop_heart
  if [ "$code" -eq 0 ]; then
    printf '  done in %s s\n' "$((SECONDS - begin))"
    return 0
  fi
  {
    printf '  FAILED after %s s (exit %s). The last lines of %s:\n' "$((SECONDS - begin))" "$code" "$log"
    tail -n 30 "$log" | sed 's/^/    /'
  } >&2
  return "$code"
}

# A heartbeat ends with its step, also when ./run is interrupted in the middle.
HEART=
stop_heart() {
  [ -n "$HEART" ] || return 0
  kill "$HEART" 2>/dev/null || : # the interrupt may have ended it already
  wait "$HEART" 2>/dev/null || : # 143: it was killed
  HEART=
}

heartbeat() {
  # `read` from nobody is a pause that ends with this process and leaves no child behind.
  exec 9<> <(:)
  while ! read -r -t 20 <&9; do
    printf '  %s s: %s\n' "$((SECONDS - $2))" "$(tail -n 1 "$1" | tr -d '\r' | cut -c 1-110)"
  done
}
