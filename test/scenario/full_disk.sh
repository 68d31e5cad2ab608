#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# The disk is full: the import says so and keeps what was there, the service goes on answering, and
# all is well again when there is room.
. "$(dirname "$0")/lib.sh"

[ "$(id -u)" -eq 0 ] || skip "a small file system needs root"
mkdir "$DATA"
mount -t tmpfs -o size=48m none "$DATA" 2>/dev/null || skip "no tmpfs may be mounted here"
unmount() { umount -l "$DATA" 2>/dev/null || true; }
trap 'unmount; finish' EXIT

data_make
printf '192.0.2.7\n' >"$WORK/small.txt"
for source in one two; do
	exits "import with room" 0 "$PEHRA" feed import --data "$DATA" --format plain \
		--source $source --role src --category spam --allow-special "$WORK/small.txt"
done
server_start
NAME=$(reversed 192.0.2.7).rep.pehra.test
contains "listed" "$(dns "$NAME" A)" 127.0.0.6

awk 'BEGIN { for (i = 0; i < 2000000; i++)
	printf "198.%d.%d.%d\n", 18 + int(i / 65536) % 2, int(i / 256) % 256, i % 256 }' |
	awk '!seen[$0]++' >"$WORK/large.txt"
# leave next to nothing
dd if=/dev/zero of="$DATA/ballast" bs=64k 2>/dev/null || true
truncate -s -262144 "$DATA/ballast"
exits "import without room" 2 "$PEHRA" feed import --data "$DATA" --format plain --source big \
	--role src --category spam --allow-special "$WORK/large.txt"
contains "it says why" "$(cat "$WORK/err")" "space"
contains "still answering" "$(dns "$NAME" A)" 127.0.0.6
equal "HTTP still answers" "$(http /v1/ip/192.0.2.7 | jq -r .action)" block
rm "$DATA/ballast"
imports_again() {
	"$PEHRA" feed import --data "$DATA" --format plain --source small --role src \
		--category spam --allow-special "$WORK/small.txt" >/dev/null 2>&1
}
wait_for "imports to work again" imports_again
exits "the audit trail holds" 0 "$PEHRA" audit verify --data "$DATA"
ok
