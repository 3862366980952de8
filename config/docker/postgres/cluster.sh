#!/bin/sh
# The test's PostgreSQL: `make` its cluster in the image, `run` it in the container.
set -eu
bin=$(dirname "$(find /usr/lib/postgresql -name initdb)")
data=/srv/ledger

case $1 in
  make)
    # The password is the tests' own, for a database that lives as long as a test.
    printf 'tests-only\n' >/tmp/password
    "$bin/initdb" -D "$data" -U bellhop --pwfile=/tmp/password -A scram-sha-256 -E UTF8 \
      --locale=C.UTF-8 --no-sync
    rm /tmp/password
    printf 'host all all all scram-sha-256\n' >>"$data/pg_hba.conf"
    ;;
  run)
    exec "$bin/postgres" -D "$data" -c listen_addresses='*' -c unix_socket_directories= \
      -c fsync=off -c shared_buffers=16MB -c max_connections=20
    ;;
esac
