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
# A page wakes some threads of Asterisk's for each member at once. Of batch policy (sched(7)) none of them
# puts a running one aside, so that the page's members are there sooner, and its audio comes as evenly
# (measured: docs/bench.md). Not every container may set it.
batch="chrt --batch 0"
$batch true 2>/dev/null || batch=
# shellcheck disable=SC2086 # it is words
exec $batch asterisk -f -C /etc/asterisk/asterisk.conf "$@"
