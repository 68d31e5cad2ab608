# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
# The steps of scripts/test: step_NAME prints what it finds and returns 0 when all is well, 77 when
# it could not be tried; a step that runs tests ends with a line "COUNT passed failed skipped".

sources()
{
	find src lib test adapters \( -name '*.[ch]' -o -name '*.cc' \) 2>/dev/null | sort
}

step_packages()
{
	if [ "$(id -u)" -ne 0 ]; then
		echo 'not root: nothing is installed'
	fi
	scripts/install-packages build test
}

step_format()
{
	local wrong
	wrong=$(sources | xargs clang-format-14 --dry-run -Werror 2>&1 |
		sed -n 's/^\([^ :]*\):[0-9]*:[0-9]*: error.*/\1: run clang-format -i/p' | sort | uniq -c)
	printf '%s\n' "$wrong"
	[ -z "$wrong" ]
}

step_includes()
{
	scripts/check-includes
}

step_headers()
{
	scripts/check-headers
}

step_bans()
{
	scripts/check-bans
}

# The two left out want [:upper:], which depends on the locale.
step_shell()
{
	find scripts test .ci share adapters -type f ! -path '*/corpus/*' -exec awk \
		'FNR == 1 && /^#!\/bin\/(ba)?sh/ { print FILENAME } FNR == 1 { nextfile }' {} + |
		sort |
		xargs shellcheck -S warning -x -P SCRIPTDIR -e SC2018,SC2019 scripts/steps.sh
}

# A target, bench or guard that meson.build does not name is never run.
step_listed()
{
	local file name wrong=0
	for file in test/fuzz/fuzz_*.c test/bench/bench_*.c test/bench/guard_*.c; do
		[ -e "$file" ] || continue
		name=${file##*/}
		name=${name#*_}
		if ! grep -q "^ *'${name%.c}': " "${file%/*}/meson.build"; then
			printf '%s is not in %s/meson.build\n' "$file" "${file%/*}"
			wrong=1
		fi
	done
	return "$wrong"
}

step_man()
{
	mandoc -T lint -W warning man/*.[1-8]
}

# Style findings are clang-tidy's; cppcheck is asked for what it sees across statements.
step_cppcheck()
{
	cppcheck --quiet --error-exitcode=1 --enable=warning,performance,portability --inconclusive \
		--std=c11 --inline-suppr --suppressions-list=scripts/cppcheck.txt \
		-D_GNU_SOURCE -D__GNUC__=12 -D__x86_64__ '-DSOURCE_ROOT="."' -Ilib -Isrc -Itest -j 2 src lib test
}

# configure FOLDER COMPILER [MESON OPTION...]: once, and again when the options changed.
configure()
{
	local folder=$1 compiler=$2 wanted cxx
	shift 2
	wanted="$compiler $*"
	cxx=${compiler/gcc/g++}
	cxx=${cxx/clang/clang++}
	[ ! -e "$folder/build.ninja" ] || [ ! -e "$folder/pehra-options" ] ||
		[ "$(cat "$folder/pehra-options")" != "$wanted" ] || return 0
	rm -rf "$folder"
	CC=$compiler CXX=$cxx meson setup "$folder" "$@" >"$folder.log" 2>&1 || {
		tail -n 20 "$folder.log"
		return 1
	}
	rm -f "$folder.log"
	printf '%s\n' "$wanted" >"$folder/pehra-options"
}

# build FOLDER: shows nothing unless it fails
build()
{
	local output
	output=$(ninja -k 0 -C "$1" 2>&1) || {
		printf '%s\n' "$output" | sed -n '/^FAILED/,$p' |
			grep -vE '^(\[[0-9/]+\] |(gcc|g\+\+|clang)[^ ]* .* -c |ninja: )' | head -n 60
		return 1
	}
}

# Sanitizers and a busy machine stretch the time that a test may take.
patience=5

# run_tests FOLDER [ARGUMENT OF meson test...]
run_tests()
{
	local folder=$1
	shift
	rm -f "$folder"/meson-logs/testlog*.json
	meson test -C "$folder" --no-rebuild --print-errorlogs -t "$patience" "$@" >"$folder/test.log" 2>&1 ||
		sed -n '/^=*( *[0-9]*\/[0-9]*)/p;/stdout:/,$p;/=== /,$p' "$folder/test.log" | head -n 200
	scripts/count-tests "$folder"/meson-logs/testlog*.json
}

sanitizers()
{
	export ASAN_OPTIONS=detect_stack_use_after_return=1:strict_string_checks=1
	export UBSAN_OPTIONS=print_stacktrace=1:halt_on_error=1
}

step_gcc()
{
	configure build gcc && build build && run_tests build
}

step_clang_sanitize()
{
	sanitizers
	configure build-clang clang-14 -Db_sanitize=address,undefined -Db_lundef=false &&
		build build-clang && run_tests build-clang
}

# gcc 12's fake stack does not keep alignments of 64 bytes, so only clang looks for its misuse.
step_gcc_sanitize()
{
	sanitizers
	export ASAN_OPTIONS=detect_stack_use_after_return=0:strict_string_checks=1
	configure build-sanitize gcc -Db_sanitize=address,undefined &&
		build build-sanitize && run_tests build-sanitize
}

# The tests of threads and of memory shared by readers and a writer: suite "tsan".
step_threads()
{
	configure build-threads clang-14 -Db_sanitize=thread -Db_lundef=false && build build-threads &&
		run_tests build-threads --suite tsan
}

step_globals()
{
	[ -e build/build.ninja ] || configure build gcc || return 1
	build build && scripts/check-globals build
}

step_instructions()
{
	[ -e build/build.ninja ] || configure build gcc || return 1
	build build && scripts/check-instructions build
}

# The files that differ from main, or all where main is not known.
changed_sources()
{
	local base
	if [ -z "${PEHRA_CI-}" ] && base=$(git merge-base HEAD main 2>/dev/null) &&
		[ "$base" != "$(git rev-parse HEAD)" ]; then
		{
			git diff --name-only "$base"
			git ls-files --others --exclude-standard
		} | grep -E '^(src|lib|test)/.*\.(c|cc)$' | sort -u
	else
		sources | grep -E '\.(c|cc)$'
	fi
}

# Findings in a header show with the first file that includes it.
step_tidy()
{
	local pattern
	configure build-clang clang-14 -Db_sanitize=address,undefined -Db_lundef=false || return 1
	pattern=$(changed_sources | paste -sd '|')
	if [ -z "$pattern" ]; then
		echo 'no file has changed'
		return 0
	fi
	run-clang-tidy-14 -quiet -j 2 -p build-clang "/($pattern)\$" 2>/dev/null |
		sed 's/\x1b\[[0-9;]*m//g' | grep -E '(warning|error):' | sort -u | head -n 100
	[ "${PIPESTATUS[2]}" -ne 0 ]
}
