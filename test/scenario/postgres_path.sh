#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# The main path once more with PostgreSQL as the store, a server of the test's own behind a socket
# in its folder; then the database is restarted under the running server.
PG=$(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | tail -1)
if [ -z "$PG" ] || [ "$(id -u)" -ne 0 ]; then
	echo "SKIP: PostgreSQL of Debian and root are needed"
	exit 77
fi
PLACE=$(mktemp -d /tmp/pehra-pg.XXXXXX)
chmod 755 "$PLACE"
install -d -o postgres "$PLACE/run"

as_postgres() {
	runuser -u postgres -- "$@"
}
database() {
	as_postgres "$PG/pg_ctl" -D "$PLACE/run/db" -l "$PLACE/run/log" -w -t 60 \
		-o "-c listen_addresses='' -k $PLACE/run" "$@" >/dev/null
}
remove() {
	database -m immediate stop 2>/dev/null || true
	rm -rf "$PLACE"
}
trap remove EXIT

as_postgres "$PG/initdb" -D "$PLACE/run/db" -A trust -U pehra --no-sync >/dev/null
database start
as_postgres "$PG/createdb" -h "$PLACE/run" -U pehra pehra
PEHRA_TEST_STORE="postgresql:///pehra?host=$PLACE/run&user=pehra"
export PEHRA_TEST_STORE
"$(dirname "$0")/main_path.sh" "$1" "$2" || exit 1

# claims are in the database, and a restart of it is survived
. "$(dirname "$0")/lib.sh"
trap 'remove; finish' EXIT
claims=$(as_postgres "$PG/psql" -h "$PLACE/run" -U pehra -Atc 'SELECT count(*) FROM evidence' pehra)
[ "$claims" -gt 5 ] || broken "only $claims claims are in the database"
data_make
server_start
printf '192.0.2.200\n' >"$WORK/list.txt"
database -m fast restart
takes() {
	"$PEHRA" feed import --data "$DATA" --format plain --source late --category spam \
		--allow-special "$WORK/list.txt" >/dev/null 2>&1
}
wait_for "an import after the database came back" takes
exits "the claim is known" 1 "$PEHRA" check --data "$DATA" 192.0.2.200
ok
