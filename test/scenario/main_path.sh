#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# A line in a feed becomes an answer: by the command line without a server, then by DNS and HTTP,
# and all three say the same.
. "$(dirname "$0")/lib.sh"

ZONE=rep.pehra.test

data_make
equal "the zone" "$("$PEHRA" config get --data "$DATA" dns.zone)" "$ZONE"

# CRLF, a byte order mark, comments, a broken line and a doubled one
printf '\357\273\277# list\r\n192.0.2.7\r\n192.0.2.9 ; note\r\nnot-an-address!\r\n192.0.2.7\r\n198.51.100.0/25\r\n2001:db8:1::/48\r\n' \
	>"$WORK/list.txt"
exits "import" 0 "$PEHRA" feed import --data "$DATA" --format plain --source one --role src \
	--category brute-force --allow-special --json "$WORK/list.txt"
equal "accepted, one of them twice" "$(echo "$OUT" | tail -1 | jq -c '[.accepted, .duplicates, .added]')" \
	"[5,1,4]"
equal "refused" "$(echo "$OUT" | tail -1 | jq .refused)" 1
exits "status of one source" 0 "$PEHRA" feed status --data "$DATA" --json one
equal "its refusals" "$(echo "$OUT" | jq -c '[.[0].listed, .[0].refusals[0].count, .[0].refusals[0].line]')" \
	"[4,1,4]"
exits "status of nobody" 2 "$PEHRA" feed status --data "$DATA" nobody
printf '192.0.2.7\n198.51.100.77\n' >"$WORK/other.txt"
exits "second source" 0 "$PEHRA" feed import --data "$DATA" --format plain --source two \
	--role src --category scanner --allow-special "$WORK/other.txt"

exits "nothing known" 0 "$PEHRA" check --data "$DATA" 203.0.113.1
exits "listed" 1 "$PEHRA" check --data "$DATA" --json 192.0.2.7
equal "two families block" "$(echo "$OUT" | jq -r .action)" block
BOTH=$(echo "$OUT" | jq .score.src)
exits "listed once" 1 "$PEHRA" check --data "$DATA" --json 192.0.2.9
equal "one family is watched" "$(echo "$OUT" | jq -r .action)" watch
exits "in a prefix" 1 "$PEHRA" check --data "$DATA" --json 198.51.100.3
equal "the entry" "$(echo "$OUT" | jq -r .entry)" 198.51.100.0/25
exits "a host in a listed prefix, named by another" 1 \
	"$PEHRA" check --data "$DATA" --json 198.51.100.77
equal "both count" "$(echo "$OUT" | jq .score.src)" "$BOTH"
exits "outside the prefix" 0 "$PEHRA" check --data "$DATA" 198.51.100.128
exits "IPv6" 1 "$PEHRA" check --data "$DATA" 2001:db8:1:2::3
exits "from standard input" 1 sh -c "printf '192.0.2.7\n203.0.113.1\n' | '$PEHRA' check --data '$DATA' -"
equal "one line each" "$(echo "$OUT" | wc -l)" 2
exits "words that are nothing" 2 "$PEHRA" check --data "$DATA" 'no address!'
exits "explain" 1 "$PEHRA" explain --data "$DATA" --json 192.0.2.7
equal "points add up" "$(echo "$OUT" | jq '[.parts[] | select(.role == "src") | .points] | add')" \
	"$BOTH"

# reading the same again changes nothing; a shorter list ends what left
exits "again" 0 "$PEHRA" feed import --data "$DATA" --format plain --source two --role src \
	--category scanner --allow-special --json "$WORK/other.txt"
equal "unchanged" "$(echo "$OUT" | tail -1 | jq -r .state)" unchanged
printf '198.51.100.77\n' >"$WORK/other.txt"
exits "shorter" 0 "$PEHRA" feed import --data "$DATA" --format plain --source two --role src \
	--category scanner --allow-special "$WORK/other.txt"
exits "explain after the end" 1 "$PEHRA" explain --data "$DATA" --json 192.0.2.7
equal "history is kept" "$(echo "$OUT" | jq '[.claims[] | select(.source == "two")] | length')" 1
exits "nothing accepted" 1 "$PEHRA" feed import --data "$DATA" --format plain --source three \
	--role src --category scanner /dev/null
exits "no such file" 2 "$PEHRA" feed import --data "$DATA" --format plain "$WORK/none"

# reports by commands of their own: each keeper goes on with what the one before it showed
for source in sensor-a sensor-b; do
	for address in 203.0.113.77 203.0.113.78; do
		exits "report" 0 "$PEHRA" report --data "$DATA" --source $source \
			--category brute-force $address
	done
done
for address in 203.0.113.77 203.0.113.78; do
	exits "reported" 1 "$PEHRA" check --data "$DATA" --json $address
	# nobody vouches for them, so together they say only so much
	equal "both sensors count for $address" "$(echo "$OUT" | jq -c '[.action, .sources]')" \
		'["watch",["sensor-a","sensor-b"]]'
done

server_start
NAME=$(reversed 192.0.2.7).$ZONE
contains "DNS" "$(dns "$NAME" A)" 127.0.0.3
equal "DNS over TCP" "$(dns "$NAME" A +tcp)" "$(dns "$NAME" A)"
equal "DNS, unlisted" "$(dns "$(reversed 203.0.113.1).$ZONE" A)" ""
contains "TXT" "$(dns "$NAME" TXT)" "s="
equal "test point" "$(dns "2.0.0.127.$ZONE" A | head -c 8)" 127.0.0.
for address in 192.0.2.7 192.0.2.9 198.51.100.77 2001:db8:1:2::3; do
	"$PEHRA" check --data "$DATA" --json "$address" >"$WORK/check.json" || true
	equal "HTTP and check agree on $address" "$(http "/v1/ip/$address" | jq -c .score)" \
		"$(jq -c .score "$WORK/check.json")"
done
equal "HTTP, unknown" "$(http /v1/ip/203.0.113.1 | jq .known)" false

# an import while the server runs goes through it, and every face sees it
printf '203.0.113.1\n' >"$WORK/new.txt"
for source in four five; do
	exits "import into the running server" 0 "$PEHRA" feed import --data "$DATA" \
		--format plain --source $source --role src --category spam --allow-special \
		"$WORK/new.txt"
done
dns_lists_new() { [ -n "$(dns "$(reversed 203.0.113.1).$ZONE" A)" ]; }
wait_for "the new address in the DNS" dns_lists_new
equal "HTTP" "$(http /v1/ip/203.0.113.1 | jq -r .action)" block
exits "check" 1 "$PEHRA" check --data "$DATA" 203.0.113.1
exits "the audit trail holds" 0 "$PEHRA" audit verify --data "$DATA"
exits "the snapshot holds" 0 "$PEHRA" snapshot verify --data "$DATA"
ok
