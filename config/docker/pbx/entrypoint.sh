#!/bin/sh
# The site's part of Asterisk's configuration, then Asterisk; arguments are added to its command line.
set -eu
site=/run/bellhop/site # /etc/asterisk/bellhop/site leads here
mkdir -p /run/asterisk /var/lib/asterisk/keys "$site"
# BELLHOP_SIDE=standby makes it the Asterisk that stands by.
if [ "${BELLHOP_SIDE:-}" = standby ]; then side=--standby; else side=; fi
bellhop render asterisk /etc/bellhop/site.toml ${side:+"$side"} --into "$site"
# A line of the AMI user's section.
(umask 077 && printf 'secret = %s\n' "$(cat /etc/bellhop/secrets/ami)" >"$site/ami_secret.conf")
exec asterisk -f -C /etc/asterisk/asterisk.conf "$@"
