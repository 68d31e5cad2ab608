# SPDX-License-Identifier: GPL-3.0-or-later
# The part of conformance.sh about events, load, malformed and slow clients. Sourced by it.

# ---- events: resume, reset, heartbeat ----
stream() { # SECONDS [curl arguments]
	seconds=$1
	shift
	timeout "$seconds" curl -sSN -H "X-Api-Key: $admin" "$@" "$base/v1/events" 2>/dev/null
}
stream 2 >"$work/events" &
sleep 0.5
echo one >&9
sleep 0.3
echo two >&9
wait $!
checks=$((checks + 1))
[ "$(grep -c '^event: test' "$work/events")" = 2 ] || bad 'events: not both came'
first=$(sed -n 's/^id: //p' "$work/events" | head -1)
last=$(sed -n 's/^id: //p' "$work/events" | tail -1)
stream 1 -H "Last-Event-ID: $first" >"$work/events"
checks=$((checks + 2))
[ "$(sed -n 's/^id: //p' "$work/events")" = "$last" ] || bad 'events: resume'
stream 1 -H "Last-Event-ID: 5" >"$work/events"
grep -q '^event: reset' "$work/events" || bad 'events: no reset'

# ---- the second listening socket ----
checks=$((checks + 1))
[ "$(curl -sS --max-time 5 "$second/v1/ip/192.0.2.9" | jq .known)" = true ] || bad 'second socket'

# ---- 50 clients at once ----
for n in $(seq 50); do
	curl -sS --max-time 10 -o "$work/parallel$n" "$base/v1/ip/192.0.2.$n" &
	pids="${pids:-} $!"
done
for pid in $pids; do wait "$pid"; done
checks=$((checks + 1))
good=$(cat "$work"/parallel* | grep -o '"known":true' | wc -l)
[ "$good" = 50 ] || bad "50 clients: $good answers"

# ---- what is no HTTP, too much, or too slow ----
raw() { # what to send on a connection; prints the status line
	printf "$1" | timeout 5 "$raw_client" "${base##*:}" | head -1 | tr -d '\r'
}
raw_client="$work/raw"
cat >"$raw_client" <<'PROGRAM'
#!/bin/bash
# Sends standard input to a port of loopback and prints what comes back.
exec 3<>"/dev/tcp/127.0.0.1/$1" && cat >&3 && cat <&3
PROGRAM
chmod +x "$raw_client"
for sent in 'nonsense\r\n\r\n' 'GET /v1/me HTTP/1.1\r\n\r\n' \
	'GET /v1/me HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n' \
	'POST /v1/ip/bulk HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999999999999\r\n\r\n'; do
	checks=$((checks + 1))
	case $(raw "$sent") in
	'HTTP/1.1 4'* | '') ;;
	*) bad "taken: $sent" ;;
	esac
done
headers=$(for n in $(seq 70); do printf 'X-%s: a\\r\\n' "$n"; done)
checks=$((checks + 1))
case $(raw "GET /v1/me HTTP/1.1\r\nHost: x\r\nConnection: close\r\n$headers\r\n") in
'HTTP/1.1 431'*) ;;
*) bad 'too many header fields are taken' ;;
esac
fetch 200 /v1/me

# a client that sends a byte now and then is closed at header_seconds; others do not notice
mkdir "$work/slow"
mkfifo "$work/slow/in"
"$demo" "$work/slow/data" 5 1 <"$work/slow/in" >"$work/slow/port" 2>/dev/null &
slow_pid=$!
exec 8>"$work/slow/in"
while [ ! -s "$work/slow/port" ]; do sleep 0.1; done
slow_port=$(sed -n 1p "$work/slow/port")
started=$(date +%s)
timeout 20 bash -c "exec 3<>/dev/tcp/127.0.0.1/$slow_port || exit 9
	printf 'GET /v1/me HTTP/1.1\r\n' >&3
	while printf 'X' >&3 2>/dev/null && ! read -t 0.3 -u 3 -n 1 x; do [ \$? -gt 128 ] || break; done" 2>/dev/null
taken=$(($(date +%s) - started))
checks=$((checks + 1))
[ "$taken" -lt 8 ] || bad "a slow client was kept for $taken s"

# five requests a second, then 429 with the time to wait
limited=0
for n in $(seq 30); do
	[ "$(curl -sS -o /dev/null -D "$work/head" -w '%{http_code}' \
		"http://127.0.0.1:$slow_port/v1/me")" = 429 ] && limited=1 && break
done
head_has 'retry-after: [1-9]'
checks=$((checks + 1))
[ $limited = 1 ] || bad 'nobody was limited'
exec 8>&-
wait $slow_pid || bad "the slow server ended with $?"
