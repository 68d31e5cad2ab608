#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# verbs.sh PEHRA PAGE: each verb and each option of `pehra help` stands in pehra(1).
set -eu

pehra=$1
page=$2
if [ ! -x "$pehra" ] || ! command -v mandoc >/dev/null; then
	echo "SKIP: needs the program and mandoc"
	exit 77
fi

text=$(mandoc -T ascii -O width=500 "$page" | sed 's/.\x08//g')
missing=0
while read -r words; do
	if [[ $text != *"$words"* ]]; then
		echo "the verb '$words' is not in $page"
		missing=1
	fi
	# shellcheck disable=SC2086 # words of a verb
	for option in $("$pehra" help $words | grep -oE -- '--[a-z-]+' | sort -u); do
		if [[ $text != *"$option"* ]]; then
			echo "$option of '$words' is not in $page"
			missing=1
		fi
	done
done < <("$pehra" help | sed -E 's/^pehra ([a-z ]*[a-z]) .*$/\1/; s/  .*//')
exit "$missing"
