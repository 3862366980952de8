#!/bin/sh
# Kamailio's database and listeners, then Kamailio; arguments are added to its command line.
set -eu
mkdir -p /run/bellhop /run/kamailio
python3 /etc/kamailio/bellhop/usrloc.py /var/lib/bellhop/usrloc.db
bellhop render kamailio /etc/bellhop/site.toml >/run/bellhop/listen.cfg
# tlsf: Debian's default, the q_malloc of debugging, takes a sixth of a call to find memory (measured).
exec kamailio -DD -E -m 64 -M 16 -x tlsf -X tlsf -Y /run/kamailio -P /run/kamailio/kamailio.pid \
  -f /etc/kamailio/bellhop/kamailio.cfg "$@"
