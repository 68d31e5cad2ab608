#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Every file of ../shared/data/ip and domain goes through the real command line: no crash, every
# refusal explained, and the oracles of the data hold in the store.
. "$(dirname "$0")/lib.sh"

[ -d "$SHARED/data/ip" ] || skip "no $SHARED/data"
data_make

taken=0
for file in "$SHARED"/data/ip/* "$SHARED"/data/domain/*; do
	name=$(basename "$file")
	source=$(echo "$name" | tr 'A-Z' 'a-z' | tr -c 'a-z0-9\n' '-' | sed 's/-*$//' | cut -c1-60)
	status=0
	"$PEHRA" feed import --data "$DATA" --format auto --source "$source" --no-build --json \
		"$file" >"$WORK/out" 2>"$WORK/err" || status=$?
	[ "$status" -le 2 ] || broken "$name ended with $status: $(cat "$WORK/err")"
	if [ "$status" -eq 2 ]; then
		[ -s "$WORK/err" ] || broken "$name failed without a word"
	else
		tail -1 "$WORK/out" | jq -e '
			.refused == ([.refusals[]?.count] | add // 0)
			and ([.refusals[]? | select(.reason == "" or .line == null)] | length == 0)' \
			>/dev/null || broken "$name: refusals that nobody explains: $(tail -1 "$WORK/out")"
	fi
	[ "$status" -ne 0 ] || taken=$((taken + 1))
	CHECKS=$((CHECKS + 1))
	printf '%s\t%s\t%s\n' "$status" "$name" \
		"$(tail -1 "$WORK/out" | jq -r '"\(.format) accepted \(.accepted) refused \(.refused)"' 2>/dev/null ||
			head -c 160 "$WORK/err")"
done
[ "$taken" -ge 90 ] || broken "only $taken files had anything to take"

# what a source says, as a sorted list
listed() {
	"$PEHRA" snapshot export --data "$DATA" --evidence --source "$1" | sort -u
}

# the same set in five forms
for form in hosts adguard dnsmasq rpz; do
	listed tweetfeed-domains-txt | sed 's/^\*\.//' | sort -u >"$WORK/a"
	listed "$(cd "$SHARED/data/domain" && echo "tweetfeed_$form"* | tr 'A-Z' 'a-z' |
		tr -c 'a-z0-9\n' '-' | sed 's/-*$//')" | sed 's/^\*\.//' | sort -u >"$WORK/b"
	cmp -s "$WORK/a" "$WORK/b" || broken "TweetFeed as $form differs: $(diff "$WORK/a" "$WORK/b" | head -5)"
	# two of the 4,875 are longer than 253 bytes
	equal "TweetFeed as $form" "$(wc -l <"$WORK/b")" 4873
done
listed spamhaus2025-drop-txt >"$WORK/a"
listed spamhaus2025-drop-v4-json >"$WORK/b"
cmp -s "$WORK/a" "$WORK/b" || broken "DROP as text and as JSON differ"
equal "DROP" "$(wc -l <"$WORK/a")" 1406

# level N of ipsum is the whole list's filter
for level in 3 5 8; do
	"$PEHRA" feed import --data "$DATA" --format ipsum --threshold $level --no-build \
		--source "ipsum-from-$level" "$SHARED/data/ip/ipsum_ipsum.txt.xz" >/dev/null
	listed "ipsum-from-$level" >"$WORK/a"
	listed "$(cd "$SHARED/data/ip" && echo "ipsum_levels__$level"* | tr -c 'a-z0-9\n' '-' |
		sed 's/-*$//')" >"$WORK/b"
	cmp -s "$WORK/a" "$WORK/b" || broken "ipsum level $level differs from the filter"
	CHECKS=$((CHECKS + 1))
done
exits "build" 0 "$PEHRA" snapshot build --data "$DATA"
exits "verify" 0 "$PEHRA" snapshot verify --data "$DATA"
ok
