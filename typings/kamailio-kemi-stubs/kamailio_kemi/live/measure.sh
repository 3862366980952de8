#!/bin/sh
# Asks a live Kamailio the questions of questions.txt, within one request, and prints "QUESTION<tab>ANSWER".
set -eu
here=$(cd "$(dirname "$0")" && pwd)
. "$here/end.sh"
fail() {
    echo "measure.sh: $1" >&2
    exit 1
}
command -v kamailio >/dev/null || fail "no kamailio here: install the package kamailio"
modules=$(find /usr/lib /usr/lib64 /usr/local/lib -type d -path '*kamailio/modules' 2>/dev/null | head -n 1)
[ -f "$modules/app_python3.so" ] || fail "no app_python3.so: install kamailio-python3-modules"
dir=$(mktemp -d)
cp "$here/measure.py" "$here/questions.txt" "$dir"
sed "s|@DIR@|$dir|; s|@MODULES@|$modules|" "$here/measure.cfg" >"$dir/kamailio.cfg"
setsid kamailio -f "$dir/kamailio.cfg" -DD -E -M 16 -m 64 -P "$dir/pid" >"$dir/kamailio.log" 2>&1 &
server=$!
trap 'end "$server" "$dir"' EXIT INT TERM
python3 - "$here/request.txt" "$dir/answers" <<'P' || fail "no answers; the server's log: $(tail -n 30 "$dir/kamailio.log")"
import pathlib
import socket
import sys
import time

request = pathlib.Path(sys.argv[1]).read_bytes().replace(b"\n", b"\r\n").replace(b"@FF@", b"\xff")
answers = pathlib.Path(sys.argv[2])
deadline = time.monotonic() + 30
here = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
here.bind(("127.0.0.1", 5099))
here.connect(("127.0.0.1", 5077))
here.settimeout(0.05)
sent = False
while not answers.exists():
    if time.monotonic() > deadline:
        sys.exit("nothing within 30 s")
    try:
        if not sent:  # once: a second request would find what the first one's questions did
            here.send(request)
        sent = True
        here.recv(4096)
    except TimeoutError:
        pass
    except ConnectionRefusedError:  # the server does not listen yet
        sent = False
P
cat "$dir/answers"
