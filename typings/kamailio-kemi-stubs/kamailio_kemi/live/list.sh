#!/bin/sh
# Starts Kamailio with every KEMI module of this machine that api_list.cfg names, asks it for the
# list of functions that Python sees, and prints {"kamailio": VERSION, "list": ANSWER}.
#
#   list.sh [app_python3s | app_python3] [MODULE ...]
#
# app_python3 has room for 1024 functions (app_python3s: 1536), so with it name the modules to load;
# without names everything is loaded.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
. "$here/end.sh"
engine=${1:-app_python3s}
[ $# -gt 0 ] && shift
case $engine in app_python3 | app_python3s) ;; *)
    echo "list.sh: the engine is app_python3 or app_python3s, not '$engine'" >&2
    exit 2
    ;;
esac
fail() {
    echo "list.sh: $1" >&2
    exit 1
}
command -v kamailio >/dev/null || fail "no kamailio here: install the package kamailio"
modules=$(find /usr/lib /usr/lib64 /usr/local/lib -type d -path '*kamailio/modules' 2>/dev/null | head -n 1)
[ -n "$modules" ] || fail "no folder kamailio/modules below /usr/lib"
[ -f "$modules/$engine.so" ] || fail "$modules has no $engine.so: install kamailio-python3-modules"

dir=$(mktemp -d)
mkdir -p "$dir/run"
cp "$here/route.py" "$here/route3s.py" "$dir"

# Modules that read tables at the start find empty ones, made from the distribution's own schema;
# carrierroute wants one route.
schema=/usr/share/kamailio/db_sqlite
[ -d $schema ] || fail "no $schema: install kamailio-sqlite-modules"
python3 - $schema "$dir/all.db" <<'P' || fail "the tables could not be made"
import pathlib
import sqlite3
import sys

schema, target = map(pathlib.Path, sys.argv[1:])
database = sqlite3.connect(target)
for file in sorted(schema.glob("*-create.sql"), key=lambda file: file.name != "standard-create.sql"):
    if not file.name.startswith("ims_"):  # their tables have names that others have too
        database.executescript(file.read_text())
database.executescript("""
    insert into carrier_name (carrier) values ('default');
    insert into domain_name (domain) values ('default');
    insert into carrierroute (carrier, domain, scan_prefix, flags, mask, prob, strip, rewrite_host)
        values (1, 1, '', 0, 0, 1, 0, '127.0.0.1');
""")
P

# tls and nghttp2 want a certificate. It is thrown away with the folder.
command -v openssl >/dev/null || fail "no openssl here: install the package openssl"
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj /CN=none -days 1 \
    -keyout "$dir/key.pem" -out "$dir/cert.pem" 2>"$dir/openssl.log" || fail "$(cat "$dir/openssl.log")"

# Keep the lines of modules that are wanted and installed, and say what is left out.
python3 - "$here/api_list.cfg" "$dir/kamailio.cfg" "$modules" "$dir" "$engine" "$@" <<'P'
import pathlib
import re
import sys

source, target, modules, folder, engine, *wanted = sys.argv[1:]
have = {file.stem for file in pathlib.Path(modules).glob("*.so")}
keep = have & {*wanted, "jsonrpcs", "db_sqlite"} if wanted else set(have)
keep -= {"app_python3", "app_python3s"} - {engine}
keep.add(engine)
lines, loaded = [], set()
for line in pathlib.Path(source).read_text().splitlines():
    load = re.match(r'loadmodule "(\w+)\.so"', line)
    if load and load[1] not in keep:
        if load[1] in (wanted or {load[1]}) and load[1] not in have:
            print(f"list.sh: not installed here, left out: {load[1]}", file=sys.stderr)
        continue
    if load:
        loaded.add(load[1])
    param = re.match(r'modparam\("([\w|]+)"', line)
    if param:
        named = [name for name in param[1].split("|") if name in loaded]
        if not named:
            continue
        line = line.replace(param[1], "|".join(named), 1)
    lines.append(line.replace("@DIR@", folder).replace("@MODULES@", modules))
if missing := set(wanted) - loaded:
    sys.exit(f"list.sh: cannot load {', '.join(sorted(missing))}: not in api_list.cfg or not installed")
pathlib.Path(target).write_text("\n".join(lines) + "\n")
P

setsid kamailio -f "$dir/kamailio.cfg" -DD -E -M 16 -m 128 -P "$dir/pid" >"$dir/kamailio.log" 2>&1 &
server=$!
trap 'end "$server" "$dir"' EXIT INT TERM
python3 - "$dir/run" "$engine" $server <<'P' || fail "no answer; the server's log: $(tail -n 20 "$dir/kamailio.log")"
import json
import select
import socket
import sys
import time

run, engine, server = sys.argv[1], sys.argv[2], int(sys.argv[3])
deadline = time.monotonic() + 30
here = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
here.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
here.bind(f"{run}/answers")
here.settimeout(1)


def ask(method):
    """A question is lost while the server starts, so it is asked until an answer to it comes."""
    question = json.dumps({"jsonrpc": "2.0", "method": method, "id": method}).encode()
    while time.monotonic() < deadline:
        with open(f"/proc/{server}/stat") as stat:
            if stat.read().rpartition(")")[2].split()[0] == "Z":
                sys.exit("the server ended")
        try:
            here.sendto(question, f"{run}/rpc.sock")
        except (FileNotFoundError, ConnectionRefusedError):
            select.select([], [], [], 0.05)  # not listening yet
            continue
        try:
            while (answer := json.loads(here.recv(4 << 20))).get("id") != method:
                pass  # a late answer to the question before
        except TimeoutError:
            continue
        if "error" in answer:
            sys.exit(f"{method}: {answer['error']}")
        return answer["result"]
    sys.exit(f"{method}: no answer within 30 s")


version = ask("core.version").split()[1]
command = "app_python.api_list" if engine == "app_python3" else "app_python3s.api_list"
json.dump({"kamailio": version, "list": ask(command)}, sys.stdout)
P
