#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# The checks of scripts/ find what they are there for: a small tree with nothing wrong passes, and
# each fault put into it is reported.
set -eu
scripts=$(cd "$(dirname "$0")/../../scripts" && pwd)
tree=$(mktemp -d)
trap 'rm -rf "$tree"' EXIT
failed=0
gpl='/* SPDX-License-Identifier: GPL-3.0-or-later */'
mit='/* SPDX-License-Identifier: MIT */'

fresh_tree()
{
	rm -rf "${tree:?}"/*
	mkdir -p "$tree/lib" "$tree/src/base" "$tree/src/net" "$tree/src/score" "$tree/test" \
		"$tree/scripts" "$tree/.ci" "$tree/adapters"
	printf '%s\n#include <stdint.h>\nint pehra(void);\n' "$mit" >"$tree/lib/pehra.h"
	printf '%s\n#pragma once\n#include <stddef.h>\n' "$gpl" >"$tree/src/base/a.h"
	printf '%s\n#pragma once\n#include "base/a.h"\n' "$gpl" >"$tree/src/net/b.h"
	printf '%s\n#pragma once\n' "$gpl" >"$tree/src/net/b_int.h"
	printf '%s\n#include "net/b.h"\n#include "net/b_int.h"\n#include "pehra.h"\n' "$gpl" \
		>"$tree/src/net/b.c"
}

# expect pass|find CHECK [WORDS]: the check's answer about the tree as it stands
expect()
{
	local wanted=$1 check=$2 words=${3-} output
	if output=$("$scripts/$check" "$tree" 2>&1); then
		[ "$wanted" = pass ] && return 0
	elif [ "$wanted" = find ] && [[ $output == *"$words"* ]]; then
		return 0
	fi
	printf '%s was to %s %s; it said: %s\n' "$check" "$wanted" "$words" "$output"
	failed=1
}

# fault CHECK WORDS FILE LINE...: adds lines to a file of a fresh tree
fault()
{
	local check=$1 words=$2 file=$3
	shift 3
	fresh_tree
	[ -e "$tree/$file" ] || printf '%s\n' "$gpl" >"$tree/$file"
	printf '%s\n' "$@" >>"$tree/$file"
	expect find "$check" "$words"
}

lines()
{
	local i
	for ((i = 0; i < $1; i++)); do
		printf '\tx++;\n'
	done
}

fresh_tree
for check in check-includes check-headers check-bans; do
	expect pass "$check"
done

fault check-includes 'base comes before net' src/base/a.c '#include "net/b.h"'
fault check-includes 'private to net' src/score/s.c '#include "net/b_int.h"'
fault check-includes 'write "folder/format.h"' src/net/c.c '#include "format.h"'
fault check-includes 'write "folder/b.h"' src/net/c.c '#include "b.h"'
fault check-includes 'no folder in the order' src/net/c.c '#include "nowhere/b.h"'
fault check-includes 'libc alone' lib/pehra.h '#include <sodium.h>'
fault check-includes 'only its own headers' lib/pehra.h '#include "base/a.h"'
fresh_tree
printf "#include \"base/a2.h\"\n" >>"$tree/src/base/a.h"
printf "%s\n#include \"base/a.h\"\n" "$gpl" >"$tree/src/base/a2.h"
expect find check-includes 'in a circle'

fault check-headers 'does not compile alone' src/net/c.h 'struct buf f(size_t n);'
fault check-headers 'does not compile alone' src/net/c.h 'struct twice { int x; };'
fault check-headers 'does not compile alone' lib/pehra.h 'int class;'

fault check-bans 'strcpy() is banned' src/net/c.c 'void f(char *a) { strcpy(a, a); }'
fault check-bans 'tolower() is banned' test/t.c 'int f(int c) { return tolower (c); }'
fault check-bans 'TO''DO' src/net/c.c '/* TO''DO: later */'
fault check-bans 'conditional compilation' src/net/c.c '#ifdef FAST' '#endif'
fault check-bans 'the first line' lib/pehra.c 'int x;'
fault check-bans 'the only C++ file' src/net/c.cc 'int x;'
fault check-bans 'a function of 81 lines' src/net/c.c 'void f(int x)' '{' "$(lines 81)" '}'
fault check-bans '601 lines' src/net/c.c "$(lines 600)"
fresh_tree
printf '#!/bin/sh\ntrue\n' >"$tree/scripts/x"
expect find check-bans 'no SPDX'

# what looks like a fault and is none
fresh_tree
printf '%s\n' '/* strcpy(a, b) is banned */' 'static const char *s = "system(x)";' \
	'int f(struct s *s) { return s->signal(1) + my_strcpy(2); }' >>"$tree/src/net/b.c"
expect pass check-bans
fresh_tree
{
	printf 'void f(int x)\n{\n'
	lines 80
	printf '}\n'
} >>"$tree/src/net/b.c"
expect pass check-bans

# a run that fails says so by its code and in its last line
if output=$("$scripts/test" no-such-step 2>&1); then
	echo 'scripts/test ended with 0 although a step failed'
	failed=1
fi
if [ "${output##*$'\n'}" != '0 passed, 1 failed, 0 skipped' ]; then
	printf 'the last line of scripts/test is %s\n' "${output##*$'\n'}"
	failed=1
fi

exit "$failed"
