#!/bin/sh
# Kamailio's database and listeners, then Kamailio; arguments are added to its command line.
set -eu
mkdir -p /run/bellhop /run/kamailio
python3 /etc/kamailio/bellhop/usrloc.py /var/lib/bellhop/usrloc.db
bellhop render kamailio /etc/bellhop/site.toml >/run/bellhop/listen.cfg
exec kamailio -DD -E -m 64 -M 16 -Y /run/kamailio -P /run/kamailio/kamailio.pid \
  -f /etc/kamailio/bellhop/kamailio.cfg "$@"
