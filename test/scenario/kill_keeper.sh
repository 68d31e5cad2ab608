#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Roles are killed at random moments while lists are imported into the running server. Whatever was
# acknowledged is there afterwards, the server heals itself, and the end is the undisturbed one.
. "$(dirname "$0")/lib.sh"

ROUNDS=${PEHRA_KILL_ROUNDS:-12}
LINES=20000

# list ROUND : a list whose addresses are its own
list() {
	awk -v round="$1" -v lines="$LINES" 'BEGIN {
		for (i = 0; i < lines; i++)
			printf "198.%d.%d.%d\n", 18 + round % 2, int(i / 250) + int(round / 2) * 1, i % 250 + 1
	}'
}

role_pid() {
	pgrep -P "$SERVER" -f -- "--role[= ]$1" | head -1
}

import_acknowledged() {
	"$PEHRA" feed import --data "$DATA" --format plain --source "round-$1" --role src \
		--category scanner --allow-special --json "$WORK/list.$1" 2>"$WORK/err.$1" |
		tail -1 | jq -e '.state == "done" or .state == "unchanged"' >/dev/null 2>&1
}

"$PEHRA" init --data "$DATA" >/dev/null
server_start
ROLES=(keeper parse keeper web keeper answer)
acknowledged=
for round in $(seq 1 "$ROUNDS"); do
	list "$round" >"$WORK/list.$round"
	import_acknowledged "$round" &
	import=$!
	sleep "0.$((RANDOM % 6))$((RANDOM % 10))"
	role=${ROLES[$((round % ${#ROLES[@]}))]}
	victim=$(role_pid "$role" || true)
	[ -z "$victim" ] || kill -9 "$victim" 2>/dev/null || true
	if wait "$import"; then
		acknowledged="$acknowledged $round"
	fi
	wait_for "the server after the death of $role" server_is_ready
	keeper_is_back() { [ -n "$(role_pid keeper)" ]; }
	wait_for "keeper" keeper_is_back
done
echo "acknowledged rounds:$acknowledged"

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
