#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# The HTTP server as its clients see it, with real curl: a table of requests and what comes back;
# every JSON answer is held against the schema that /v1/openapi.json gives for it.
# usage: conformance.sh WEB_DEMO SCHEMA_CHECK
set -u
demo=$1
schema_check=$2
for tool in curl jq timeout; do
	command -v $tool >/dev/null || { echo "SKIP: no $tool"; exit 77; }
done

work=$(mktemp -d) || exit 1
mkfifo "$work/in"
"$demo" "$work/data" <"$work/in" >"$work/port" 2>"$work/log" &
demo_pid=$!
exec 9>"$work/in"
trap 'exec 9>&-; rm -rf "$work"' EXIT
i=0
while [ ! -s "$work/port" ]; do
	i=$((i + 1))
	[ $i -lt 100 ] || { cat "$work/log"; exit 1; }
	sleep 0.1
done
base=http://127.0.0.1:$(sed -n 1p "$work/port")
second=http://127.0.0.1:$(sed -n 2p "$work/port")
admin=$(sed -n 1p "$work/data/tokens")
reader=$(sed -n 2p "$work/data/tokens")
failures=0
checks=0

bad() {
	failures=$((failures + 1))
	echo "FAIL: $1" | cut -c1-200
	sed 's/^/    /' "$work/body" 2>/dev/null | head -5
}

# fetch STATUS PATH [curl arguments]: the answer is in $work/body and $work/head
fetch() {
	want=$1
	path=$2
	shift 2
	checks=$((checks + 1))
	got=$(curl -sS --max-time 10 -o "$work/body" -D "$work/head" -w '%{http_code}' "$@" "$base$path")
	[ "$got" = "$want" ] || bad "$path $*: status $got, not $want"
	case $got in
	4* | 5*) schema Problem "$path" ;;
	esac
}

# The last answer by jq; by its head; by its schema
body() {
	checks=$((checks + 1))
	jq -e "$1" "$work/body" >/dev/null 2>&1 || bad "body: not $1"
}
head_has() {
	checks=$((checks + 1))
	grep -qi "^$1" "$work/head" || bad "head: no $1"
}
schema() {
	checks=$((checks + 1))
	"$schema_check" "$work/openapi.json" "$1" "$work/body" || bad "$2: not a $1"
}

curl -sS -o "$work/openapi.json" "$base/v1/openapi.json"

# ---- look-ups ----
fetch 200 /v1/ip/192.0.2.9
schema Verdict ip
body '.known and .action == "block" and .score.src == 90 and .entry == "192.0.2.0/24"'
body '.categories == ["scanner"] and .codes == [2] and .source_count == 2 and .generation == 7'
head_has 'content-type: application/json'
head_has 'cache-control: no-store'
head_has 'x-content-type-options: nosniff'
head_has "content-security-policy: default-src 'none'"
head_has 'x-request-id: [0-9a-f]\{16\}'
fetch 200 /v1/ip/192.0.2.7
body '.action == "allow" and .entry == "192.0.2.7"'
fetch 200 /v1/ip/203.0.113.1
schema Verdict unknown
body '.known == false and .action == "none" and .entry == null and .score.src > 0'
fetch 200 /v1/ip/192.0.2.0/25
body '.known and .indicator == "192.0.2.0/25"'
fetch 200 /v1/ip/192.0.2.0%2F25
body '.known and .indicator == "192.0.2.0/25"'
fetch 200 /v1/ip/192.0.0.0/16
body '.known == false and .listed_within'
fetch 200 /v1/ip/::ffff:192.0.2.9
body '.indicator == "192.0.2.9" and .known'
fetch 200 /v1/ip/2001:db8:1::5
body '.categories == ["tor"] and .score.policy == 60'
fetch 200 /v1/name/A.Example.ORG.
schema Verdict name
body '.indicator == "a.example.org" and .categories == ["phishing"]'
fetch 200 '/v1/url?u=HTTP%3A%2F%2FExample.net%3A80%2Fx'
schema Verdict url
body '.indicator == "http://example.net/x" and .known'
fetch 200 '/v1/url?u=http://example.net/y'
body '.known == false'
for path in /v1/ip/300.1.1.1 /v1/ip/192.0.2.1/24 /v1/ip/192.0.2.1%00x /v1/ip/%zz /v1/name/a..b \
	/v1/name/192.0.2.1 /v1/url '/v1/url?u=example' '/v1/me?x=1' '/v1/check?threshold=0' \
	'/v1/me?a=1&a=2'; do
	fetch 400 "$path"
	head_has 'content-type: application/problem+json'
done

# ---- bulk ----
printf '192.0.2.1\n\nnonsense\n203.0.113.0/24\n' >"$work/lines"
fetch 200 /v1/ip/bulk -H 'Content-Type: text/plain' --data-binary "@$work/lines"
head_has 'content-type: application/x-ndjson'
cp "$work/body" "$work/bulk"
[ "$(wc -l <"$work/bulk")" = 3 ] || bad 'bulk: not 3 lines'
while read -r line; do
	echo "$line" >"$work/body"
	schema BulkLine "bulk line"
done <"$work/bulk"
jq -se '.[0].known and .[1].error.kind == "syntax" and .[1].line == 2 and .[2].known == false' \
	"$work/bulk" >/dev/null || bad 'bulk: content'
fetch 200 /v1/ip/bulk -H 'Content-Type: application/json' -d '["192.0.2.1",{"ip":"192.0.2.7"},3]'
[ "$(jq -r .action "$work/body" | tr '\n' ' ')" = "block allow null " ] || bad 'bulk: JSON'
fetch 200 /v1/ip/bulk -H 'Content-Type: application/x-ndjson' \
	--data-binary '{"ip":"192.0.2.7"}
"192.0.2.1"
{'
[ "$(jq -r .action "$work/body" | tr '\n' ' ')" = "allow block null " ] || bad 'bulk: NDJSON'
fetch 200 /v1/ip/bulk -H 'Content-Type: text/plain' -H 'Transfer-Encoding: chunked' -d 192.0.2.7
seq -f '192.0.2.%g' 0 255 >"$work/some"
for n in $(seq 39); do cat "$work/some"; done >"$work/many"
fetch 200 /v1/ip/bulk -H 'Content-Type: text/plain' --data-binary "@$work/many"
[ "$(wc -l <"$work/body")" = 9984 ] || bad 'bulk: not all lines'
cat "$work/some" >>"$work/many"
fetch 413 /v1/ip/bulk -H 'Content-Type: text/plain' --data-binary "@$work/many"
fetch 415 /v1/ip/bulk -H 'Content-Type: text/html' -d x
fetch 400 /v1/ip/bulk -H 'Content-Type: application/json' -d '{"a":'
fetch 400 /v1/ip/bulk -H 'Content-Type: application/json' -d '{"a":1}'
head -c 5000000 /dev/zero >"$work/large"
fetch 413 /v1/ip/bulk -H 'Content-Type: text/plain' -H 'Expect:' --data-binary "@$work/large"
fetch 413 /v1/ip/bulk -H 'Content-Type: text/plain' -H 'Transfer-Encoding: chunked' \
	-H 'Expect:' --data-binary "@$work/large"

# ---- methods, paths ----
fetch 404 /v1/nothing
fetch 404 /
fetch 404 /v1/ip/192.0.2.1/32/more
fetch 405 /v1/me -X POST
head_has 'allow: GET, HEAD'
fetch 405 /v1/ip/bulk -X DELETE
head_has 'allow: GET, HEAD, POST'
fetch 200 /v1/ip/192.0.2.9 -I
[ ! -s "$work/body" ] || head -1 "$work/body" | grep -q HTTP || bad 'HEAD has a body'
fetch 414 "/v1/me?$(head -c 9000 /dev/zero | tr '\0' a)"

# ---- the client behind proxies ----
fetch 204 /v1/check -H 'X-Real-IP: 203.0.113.5'
head_has 'x-pehra-client: 203.0.113.5'
head_has 'x-pehra-action: none'
fetch 403 /v1/check -H 'X-Real-IP: 192.0.2.9'
head_has 'x-pehra-score: 90'
fetch 204 /v1/check -H 'X-Real-IP: 192.0.2.7'
head_has 'x-pehra-action: allow'
fetch 204 '/v1/check?threshold=91' -H 'X-Real-IP: 192.0.2.9'
fetch 403 /v1/check -H 'X-Forwarded-For: 203.0.113.5, 192.0.2.9, 127.0.0.1'
fetch 204 /v1/check -H 'X-Forwarded-For: 192.0.2.9, 203.0.113.5'
fetch 204 /v1/check -H 'X-Forwarded-For: 192.0.2.9, nonsense'
head_has 'x-pehra-client: 127.0.0.1'

# ---- tokens ----
fetch 200 /v1/me
schema Me me
body '.anonymous and .tlp == "clear" and .permissions == ["read"]'
fetch 200 /v1/me -H "Authorization: Bearer $admin"
body '.anonymous == false and .owner == "admin@example.org" and .tlp == "red"'
fetch 200 /v1/me -H "X-Api-Key: $reader"
body '.owner == "reader@example.org" and .permissions == ["read"]'
fetch 401 /v1/me -H 'Authorization: Bearer pehra_nonsense'
head_has 'www-authenticate: Bearer'
fetch 401 /v1/me -H "Authorization: Bearer ${admin%?}0x"
fetch 401 /v1/me -H "Authorization: Bearer $admin" -H "X-Api-Key: $reader"
fetch 401 /v1/events
fetch 403 /v1/events -H "X-Api-Key: $reader"
body '.detail | contains("operate")'
grep -q "$admin" "$work/log" && bad 'a token is in the log'

# ---- health, metrics, snapshot, description ----
fetch 200 /healthz
schema Health health
body '.status == "ok" and .store and .snapshot.generation == 7'
fetch 200 /metrics
head_has 'content-type: application/openmetrics-text; version=1.0.0'
[ "$(tail -1 "$work/body")" = '# EOF' ] || bad 'metrics: no end'
grep -q '^pehra_snapshot_generation 7$' "$work/body" || bad 'metrics: generation'
grep -q '^pehra_http_requests_total{route="getIp",status="2xx"} [0-9]' "$work/body" ||
	bad 'metrics: requests'
[ -z "$(grep -v '^#' "$work/body" | cut -d' ' -f1 | sort | uniq -d)" ] || bad 'metrics: repeated'
fetch 403 /metrics -H 'X-Real-IP: 203.0.113.5'
fetch 200 /metrics -H 'X-Real-IP: 203.0.113.5' -H "X-Api-Key: $admin"
fetch 200 /v1/snapshot
schema Snapshot snapshot
fetch 200 /v1/snapshot/file
cmp -s "$work/body" "$work/data/generation.pehra" || bad 'the generation differs from its file'
tag=$(sed -n 's/^[Ee][Tt]ag: *\([^ \r]*\).*/\1/p' "$work/head")
fetch 304 /v1/snapshot/file -H "If-None-Match: \"x\", W/$tag"
fetch 200 /v1/snapshot/file -H 'If-None-Match: "x"'
fetch 200 /v1/openapi.json
body '.openapi == "3.1.0" and (.paths | length) > 9'
tag=$(sed -n 's/^[Ee][Tt]ag: *\([^ \r]*\).*/\1/p' "$work/head")
fetch 304 /v1/openapi.json -H "If-None-Match: $tag"

. "$(dirname "$0")/conformance_lists.sh"
. "$(dirname "$0")/conformance_decisions.sh"
. "$(dirname "$0")/conformance_more.sh"

exec 9>&-
wait $demo_pid || bad "the server ended with $?"
echo "$checks checks, $failures failed"
[ $failures = 0 ] || { cat "$work/log"; exit 1; }
