#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Lists that look like a mistake are held: nothing of them is merged, the last good list stays, and a
# person decides, after a restart and a kill too. What guards hold is refused.
. "$(dirname "$0")/lib.sh"

command -v jq >/dev/null || skip "needs jq"

# addresses FIRST COUNT: 25.7.0.FIRST and so on, with 200 in each /24
addresses() {
	awk -v first="$1" -v n="$2" 'BEGIN {
		for (i = first; i < first + n; i++)
			printf "25.7.%d.%d\n", i / 200, i % 200 }'
}

feed() { # EXPECTED FILE [OPTIONS] : reads FILE as the list of "sensor"
	expected=$1
	file=$2
	shift 2
	exits "import $file" "$expected" "$PEHRA" feed import --data "$DATA" --source sensor \
		--format plain --category scanner "$@" "$WORK/$file"
}

pending() {
	"$PEHRA" pending list --data "$DATA" --json | jq -c '.[]'
}

listed() { # how many the source lists
	"$PEHRA" feed status --data "$DATA" --json sensor | jq -r 'if type == "array" then .[0] else . end | .listed'
}

open_items() {
	pending | grep -c . || true
}

keeper_pid() {
	pgrep -P "$SERVER" -f 'keeper' | head -1
}

addresses 0 100 >"$WORK/good"
addresses 0 10 >"$WORK/shrunken"
addresses 0 2000 >"$WORK/swollen"
printf '# nothing today\n' >"$WORK/empty"
{
	addresses 0 100
	cat <<'END'
8.8.8.8
1.1.1.1
9.9.9.9
END
} >"$WORK/guarded"

data_make
server_start

# ---- the first list is judged by nothing but guards; what they hold is refused by name ----
feed 0 guarded
contains "refusals of guards" "$OUT" "3 × held by a guard list that says never"
contains "its list" "$OUT" "public-resolvers"
exits "a report of a guarded address" 2 "$PEHRA" report --data "$DATA" --source someone \
	--category scanner 8.8.8.8
equal "an unheld list leaves nothing open" "$(open_items)" 0

# ---- held for each finding, and the last good list stays ----
for finding in empty shrunken swollen; do
	feed 1 "$finding"
	contains "$finding is held" "$(cat "$WORK/err")" "held as item"
	equal "one item is open" "$(open_items)" 1
	equal "what was found" "$(pending | jq -r .detail.finding)" "$finding"
	equal "the last good one" "$(pending | jq -r .detail.last_accepted)" 100
	equal "one file is kept" "$(find "$DATA/spool" -name 'held-*' | wc -l)" 1
done
equal "the last good list stays" "$(listed)" 100

# ---- a keeper that is killed, and a server that starts again, still have it ----
kill -9 "$(keeper_pid)"
wait_for "the server" server_is_ready
equal "after a kill" "$(open_items)" 1
server_stop
server_start
equal "after a restart" "$(open_items)" 1
item=$(pending | jq -r .id)
exits "approve" 0 "$PEHRA" pending approve --data "$DATA" --note "they grew" "$item"
approved() {
	[ "$(listed)" = 2000 ]
}
wait_for "the approved list" approved
equal "it is closed" "$(open_items)" 0
equal "by a person" "$("$PEHRA" pending list --data "$DATA" --all --json |
	jq -r ".[] | select(.id == $item).outcome")" approved
no_held() {
	[ -z "$(find "$DATA/spool" -name 'held-*')" ]
}
wait_for "the file to go" no_held

# ---- dismissed, overtaken, and taken unseen ----
feed 1 shrunken
item=$(pending | jq -r .id)
exits "dismiss" 0 "$PEHRA" pending dismiss --data "$DATA" "$item"
equal "dismissed" "$(open_items)" 0
wait_for "the file to go" no_held
feed 1 good
feed 0 swollen
contains "the good list of before" "$OUT" "accepted"
equal "overtaken" "$(open_items)" 0
wait_for "the file to go" no_held
feed 0 good --accept
equal "taken unseen" "$(listed)" 100
contains "and that is on record" "$("$PEHRA" audit show --data "$DATA")" "accept"

server_stop
ok
