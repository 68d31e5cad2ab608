# SPDX-License-Identifier: GPL-3.0-or-later
# What black-box tests share: a data directory, a server of our own, and checks that say what they
# expected. Sourced by bash; $1 of each test is the pehra binary, $2 the source root.
set -eu

PEHRA=$1
ROOT=$2
SHARED=${PEHRA_SHARED:-$ROOT/../shared}
WORK=$(mktemp -d "${TMPDIR:-/tmp}/pehra-test.XXXXXX")
DATA=$WORK/data
DNS_PORT=
HTTP_PORT=
SERVER=
CHECKS=0

finish() {
	status=$?
	trap - EXIT
	server_stop || true
	if [ "$status" -ne 0 ] && [ "$status" -ne 77 ] && [ -f "$WORK/server.log" ]; then
		echo "--- server log"
		tail -40 "$WORK/server.log"
	fi
	rm -rf "$WORK"
	exit "$status"
}
trap finish EXIT
trap 'exit 1' INT TERM

# Not here: the machine lacks what the test needs.
skip() {
	echo "SKIP: $*"
	exit 77
}

broken() {
	echo "NOT OK: $*"
	exit 1
}

# equal WHAT GOT EXPECTED
equal() {
	CHECKS=$((CHECKS + 1))
	[ "$2" = "$3" ] || broken "$1: got '$2', expected '$3'"
}

# contains WHAT TEXT PART
contains() {
	CHECKS=$((CHECKS + 1))
	case $2 in
	*"$3"*) ;;
	*) broken "$1: '$3' is not in '$2'" ;;
	esac
}

# exits WHAT EXPECTED COMMAND... : runs it, keeps its output in $OUT and $WORK/err
exits() {
	what=$1
	expected=$2
	shift 2
	status=0
	OUT=$("$@" 2>"$WORK/err") || status=$?
	CHECKS=$((CHECKS + 1))
	[ "$status" -eq "$expected" ] ||
		broken "$what: exit $status, expected $expected: $OUT $(head -c 2000 "$WORK/err")"
}

# A data folder whose server fetches from nobody: tests contact no one outside this machine.
data_make() {
	mkdir -p "$DATA"
	printf 'feeds:\n  enabled: ["!*"]\n' >"$DATA/pehra.conf"
	[ -z "${PEHRA_TEST_STORE:-}" ] ||
		printf 'store:\n  url: "%s"\n' "$PEHRA_TEST_STORE" >>"$DATA/pehra.conf"
	exits "init" 0 "$PEHRA" init --data "$DATA"
}

# A port that nothing listens on at the moment.
free_port() {
	python3 - <<'PY'
import socket
udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
tcp = socket.socket()
while True:
    udp.bind(("127.0.0.1", 0))
    port = udp.getsockname()[1]
    try:
        tcp.bind(("127.0.0.1", port))
        break
    except OSError:
        udp.close()
        udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
print(port)
PY
}

# server_start [MORE OPTIONS] : returns when it says it is ready
server_start() {
	DNS_PORT=${DNS_PORT:-$(free_port)}
	HTTP_PORT=${HTTP_PORT:-$(free_port)}
	"$PEHRA" serve --data "$DATA" --dns "127.0.0.1:$DNS_PORT" --http "127.0.0.1:$HTTP_PORT" \
		"$@" >>"$WORK/server.log" 2>&1 &
	SERVER=$!
	wait_for "the server" server_is_ready
}

server_is_ready() {
	kill -0 "$SERVER" 2>/dev/null || broken "the server ended: $(tail -5 "$WORK/server.log")"
	curl -fsS -o /dev/null --max-time 2 "http://127.0.0.1:$HTTP_PORT/healthz" 2>/dev/null
}

server_stop() {
	[ -n "$SERVER" ] || return 0
	kill -TERM "$SERVER" 2>/dev/null || true
	wait "$SERVER" 2>/dev/null || true
	SERVER=
}

# wait_for WHAT COMMAND... : until it succeeds, 20 s at most
wait_for() {
	what=$1
	shift
	for _ in $(seq 1 200); do
		if "$@"; then
			return 0
		fi
		sleep 0.1
	done
	broken "waited 20 s for $what"
}

# reversed 192.0.2.7 -> 7.2.0.192
reversed() {
	echo "$1" | awk -F. '{ print $4 "." $3 "." $2 "." $1 }'
}

# dns NAME TYPE [DIG OPTIONS] : answers, one a line, sorted
dns() {
	name=$1
	type=$2
	shift 2
	dig +short +time=2 +tries=2 -p "$DNS_PORT" @127.0.0.1 "$name" "$type" "$@" | sort
}

http() {
	curl -fsS --max-time 10 "http://127.0.0.1:$HTTP_PORT$1"
}

ok() {
	echo "ok: $CHECKS checks"
}
