#!/usr/bin/env bash
# Keeps a PostgreSQL data base beyond the machine that it runs on, by dumps in a folder that outlives it, one a day.
#
#   deploy/dump.sh restore DATABASE FOLDER    an empty data base from the newest dump, if there is one
#   deploy/dump.sh once    DATABASE FOLDER    a dump, in place of the day's last one
#   deploy/dump.sh keep    DATABASE FOLDER    a dump every ten minutes, until told to end (TERM, INT)
#
# DATABASE is a name or a URI as psql takes it; a password belongs in ~/.pgpass, since a URI shows in lists of processes.
set -euo pipefail
umask 077

verb=${1:?restore, once or keep} database=${2:?which data base} folder=${3:?which folder}
mkdir -p "$folder"

dump() {
  local day
  day=$(date -u +%F)
  pg_dump --format=custom --no-owner --file="$folder/unfinished" --dbname="$database"
  mv "$folder/unfinished" "$folder/$day.dump"  # whole, or the one before
}

restore() {
  local tables newest
  tables=$(psql --no-psqlrc --tuples-only --no-align --dbname="$database" \
    --command="SELECT count(*) FROM information_schema.tables WHERE table_schema = 'public'")
  newest=$(find "$folder" -name '*.dump' | sort | tail -n 1)
  if [[ $tables != 0 || -z $newest ]]; then return; fi
  pg_restore --single-transaction --exit-on-error --no-owner --dbname="$database" "$newest"
  echo "dump.sh: $newest restored"
}

keep() {
  exec 9> "${TMPDIR:-/tmp}/spectune-dump-$(id -u)-$(echo "$folder" | tr / _).lock"
  flock --nonblock 9 || { echo "dump.sh: already at work for $folder"; exit 0; }
  trap 'exit 0' TERM INT
  while :; do
    dump 9>&- || echo "dump.sh: no dump this time"
    sleep 600 9>&- &
    wait $!
  done
}

case $verb in
  restore) restore ;;
  once) dump ;;
  keep) keep ;;
  *) echo "dump.sh: the verb must be restore, once or keep, got $verb" >&2; exit 2 ;;
esac
