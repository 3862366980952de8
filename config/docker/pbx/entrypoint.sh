#!/bin/sh
# The AMI secret as a line that manager.conf includes, then Asterisk; arguments are added.
set -eu
umask 077
mkdir -p /run/asterisk /run/bellhop
printf 'secret=%s\n' "$(cat /etc/bellhop/secrets/ami)" >/run/bellhop/ami.conf
umask 022
exec asterisk -f -C /etc/asterisk/asterisk.conf "$@"
