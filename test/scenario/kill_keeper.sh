#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Roles are killed at random moments while lists are imported into the running server. Whatever was
# acknowledged is there afterwards, the server heals itself, and the end is the undisturbed one.
. "$(dirname "$0")/lib.sh"

ROUNDS=${PEHRA_KILL_ROUNDS:-12}
LINES=100000

# list ROUND : most of 198.18.0.0/15, beginning elsewhere each time
list() {
	awk -v round="$1" -v lines="$LINES" 'BEGIN {
		for (i = 0; i < lines; i++) {
			n = (i + round * 7919) % 131072
			printf "198.%d.%d.%d\n", 18 + int(n / 65536), int(n / 256) % 256, n % 256
		}
	}'
}

role_pid() {
	pgrep -P "$SERVER" -f -- "--role[= ]$1" | head -1
}

# An answer was printed: nothing at all when keeper died under way.
import_acknowledged() {
	"$PEHRA" feed import --data "$DATA" --format plain --source "round-$1" --role src \
		--category scanner --allow-special --json "$WORK/list.$1" >"$WORK/out.$1" \
		2>"$WORK/err.$1" || return 1
	grep -qE '"state":"(done|unchanged)"' "$WORK/out.$1"
}

data_make
server_start
ROLES=(keeper parse keeper web keeper answer)
acknowledged=
kills=0
for round in $(seq 1 "$ROUNDS"); do
	list "$round" >"$WORK/list.$round"
	import_acknowledged "$round" &
	import=$!
	sleep "0.$((RANDOM % 6))$((RANDOM % 10))"
	role=${ROLES[$((round % ${#ROLES[@]}))]}
	victim=$(role_pid "$role" || true)
	if [ -n "$victim" ] && kill -9 "$victim" 2>/dev/null; then
		kills=$((kills + 1))
	fi
	if wait "$import"; then
		acknowledged="$acknowledged $round"
	fi
	wait_for "the server after the death of $role" server_is_ready
	keeper_is_back() { [ -n "$(role_pid keeper)" ]; }
	wait_for "keeper" keeper_is_back
done
echo "$kills kills; acknowledged rounds:$acknowledged"
[ "$kills" -gt $((ROUNDS / 2)) ] || broken "only $kills roles were found to be killed"

# what was acknowledged is in the store, to the last address
for round in $acknowledged; do
	sort -u "$WORK/list.$round" | sed -n '1p;$p' >"$WORK/ends"
	while read -r address; do
		exits "evidence of round $round for $address" 1 "$PEHRA" explain --data "$DATA" \
			--json "$address"
		contains "round $round" "$(echo "$OUT" | jq -r '.claims[].source')" "round-$round"
	done <"$WORK/ends"
done

# every round repeated to its end gives the undisturbed state
for round in $(seq 1 "$ROUNDS"); do
	repeated() { import_acknowledged "$round"; }
	wait_for "round $round to be taken" repeated
done
server_stop
for round in $(seq 1 "$ROUNDS"); do
	"$PEHRA" feed status --data "$DATA" --json |
		jq -e --arg name "round-$round" '.[] | select(.name == $name) | .listed' \
			>"$WORK/listed" || broken "no status of round-$round"
	equal "claims of round $round" "$(cat "$WORK/listed")" \
		"$(sort -u "$WORK/list.$round" | wc -l)"
done
exits "the audit trail holds" 0 "$PEHRA" audit verify --data "$DATA"
ok
