#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# What people decide, through the real server: guards hold, a held list waits, overrides (the wide
# one by two persons) show in every answer at once, a policy is tried and goes live, a model is
# refused for want of history, and the past is explained as it was.
. "$(dirname "$0")/lib.sh"

ZONE=rep.pehra.test
AT_ONCE_MS=1000 # what an answer may take; the time itself is printed

data_make
# people act by tokens of their own
token_of() {
	"$PEHRA" token add --data "$DATA" --permissions read,operate,decide --tlp red "$1"
}
ASMA=$(token_of asma@example.org)
BILAL=$(token_of bilal@example.org)
server_start

pehra() { "$PEHRA" "$@" --data "$DATA"; }
as() { # TOKEN VERB...
	token=$1
	shift
	PEHRA_TOKEN=$token "$PEHRA" "$@" --data "$DATA"
}
now_ms() { date +%s%3N; }

# ---- every face of an address: DNS, the allow zone, HTTP, the check of web servers, the library
face() { # ADDRESS: what each face says, in one line
	address=$1
	name=$(reversed "$address")
	listed=$(dns "$name.$ZONE" A)
	allowed=$(dns "$name.allow.$ZONE" A)
	http=$(http "/v1/ip/$address" | jq -r .action)
	status=$(curl -sS -o /dev/null --max-time 10 -w '%{http_code}' \
		-H "X-Forwarded-For: $address" "http://127.0.0.1:$HTTP_PORT/v1/check")
	check=$("$PEHRA" check --data "$DATA" --json "$address" | jq -r '.action // "none"' || true)
	echo "${listed:+listed} ${allowed:+allowed} $http $status $check"
}
blocked="listed  block 403 block"
clear="  none 204 none"
allowed=" allowed allow 204 allow"

# all_say ADDRESS FACES : all do, soon; prints how long the last took
all_say() {
	started=$(now_ms)
	for _ in $(seq 1 100); do
		said=$(face "$1")
		if [ "$said" = "$2" ]; then
			CHECKS=$((CHECKS + 1))
			return 0
		fi
		[ $(($(now_ms) - started)) -lt "${3:-$AT_ONCE_MS}" ] || break
	done
	broken "$1: the faces say '$said', not '$2'"
}
at_once() { # WHAT ADDRESS FACES, right after the change
	changed=$(now_ms)
	all_say "$2" "$3"
	echo "$1: every face within $(($(now_ms) - changed)) ms"
}

import() { # SOURCE FILE [OPTIONS]
	source=$1
	file=$2
	shift 2
	"$PEHRA" feed import --data "$DATA" --format plain --source "$source" --role src \
		--category brute-force --json "$@" "$file"
}

# ---- lists, and a guard ----
seq -f '25.1.0.%g' 1 200 >"$WORK/list"
printf '25.2.0.0/16\n' >"$WORK/wide"
printf '25.1.0.53\n25.9.0.0/24\n' >"$WORK/guard"
exits "a guard list" 0 import known-resolvers "$WORK/guard" --guard never
for source in one two; do
	exits "a list" 0 import $source "$WORK/list"
done
all_say 25.1.0.54 "$blocked" 20000
all_say 25.1.0.53 "$clear"
exits "the guard is told" 1 pehra guard check --json 25.1.0.53
equal "of its list" "$(echo "$OUT" | jq -c '[.verdict, .guard, .list]')" \
	'["allow","never","known-resolvers"]'
equal "over HTTP" "$(http '/v1/guards/match?indicator=25.1.0.53' | jq -c '[.verdict, .list]')" \
	'["allow","known-resolvers"]'
equal "nothing holds its neighbour" \
	"$(http '/v1/guards/match?indicator=25.1.0.54' | jq -c '[.verdict, .guard]')" \
	'["score","none"]'
exits "explained" 0 pehra explain --json 25.1.0.53
equal "by the guard, and its claims were refused" "$(echo "$OUT" | jq -c '[.rule.key, .rule.list, .policy_action]')" \
	'["rule.guard.never","known-resolvers","none"]'
contains "guards are listed" "$(pehra guard list)" known-resolvers

# ---- a list that shrinks too much waits for a person ----
seq -f '25.1.0.%g' 1 5 >"$WORK/short"
exits "a shrunken list" 1 import one "$WORK/short"
exits "it waits" 0 pehra pending list --json --kind feed
equal "for its source" "$(echo "$OUT" | jq -r '.[0].subject')" one
HELD=$(echo "$OUT" | jq .[0].id)
equal "and over HTTP" "$(curl -fsS -H "X-Api-Key: $ASMA" \
	"http://127.0.0.1:$HTTP_PORT/v1/pending" | jq -c '[.total, .rows[0].kind]')" '[1,"feed"]'
all_say 25.1.0.54 "$blocked"
exits "approved" 0 as "$ASMA" pending approve "$HELD" --note 'they told us'
ended() { [ "$(pehra explain --json 25.1.0.54 | jq -c '[.claims[] | select(.ended != null) | .source]')" = '["one"]' ]; }
wait_for "the shrunken list to be read" ended
exits "nothing waits" 0 pehra pending list --json
equal "any more" "$(echo "$OUT" | jq length)" 0
exits "put back" 0 import one "$WORK/list"

# ---- a wide block needs two persons ----
exits "a block of a /16" 0 as "$ASMA" override add --block --owner soc --reason 'case 7' \
	--days 7 --json 25.2.0.0/16
WIDE=$(echo "$OUT" | jq .id)
equal "waits" "$(echo "$OUT" | jq -r .state)" waiting
all_say 25.2.3.4 "$clear"
exits "not by who made it" 2 as "$ASMA" override approve "$WIDE"
exits "by another" 0 as "$BILAL" override approve "$WIDE"
at_once "a block of a /16" 25.2.3.4 "$blocked"
exits "an owner is needed" 2 as "$ASMA" override add --allow --reason x --days 1 25.2.3.4
exits "an end is needed" 2 as "$ASMA" override add --allow --owner x --reason x 25.2.3.4
exits "a reader may not" 2 as "$("$PEHRA" token add --data "$DATA" --permissions read r@x)" \
	override add --allow --owner x --reason x --days 1 25.2.3.4

# ---- a host allowed within it ----
exits "a host allowed" 0 as "$ASMA" override add --allow --owner mail --reason 'our own' \
	--until 2030-01-01 --json 25.2.3.4
HOST=$(echo "$OUT" | jq .id)
at_once "a host allowed within" 25.2.3.4 "$allowed"
all_say 25.2.3.5 "$blocked"
exits "explained" 0 pehra explain --json 25.2.3.4
equal "by the override" "$(echo "$OUT" | jq -c '[.rule.key, .rule.owner, .action]')" \
	'["rule.override.allow","mail","allow"]'
equal "a stranger is told less" "$(http /v1/ip/25.2.3.4/explain | jq -c '[.rule.key, .rule.owner]')" \
	'["rule.override.allow",null]'
contains "in Urdu" "$(pehra explain --plain --lang ur 25.2.3.4)" 'کو اجازت ہے'
contains "the list" "$(pehra override list)" 'mail: our own'
pehra snapshot build >/dev/null
all_say 25.2.3.4 "$allowed" 10000
all_say 25.2.3.5 "$blocked"
exits "revoked" 0 as "$BILAL" override revoke "$HOST"
at_once "revoked" 25.2.3.4 "$blocked"
exits "the wide one, too" 0 as "$BILAL" override revoke "$WIDE"
at_once "the /16 revoked" 25.2.3.5 "$clear"

# ---- a policy is tried, then goes live ----
BEFORE=$(date -u +%Y-%m-%dT%H:%M:%SZ)
sleep 2
cat >"$WORK/policy.yaml" <<'YAML'
thresholds:
  src:
    watch: 10
    challenge: 99
    block: 100
YAML
exits "a policy" 0 as "$ASMA" policy add --note 'less' --json "$WORK/policy.yaml"
POLICY=$(echo "$OUT" | jq .id)
exits "tried" 0 as "$ASMA" policy try --json "$POLICY"
equal "it unblocks" "$(echo "$OUT" | jq '.unlisted == .now.block and .then.block == 0')" true
all_say 25.1.0.54 "$blocked"
exits "from the file" 0 as "$ASMA" policy try --json "$WORK/policy.yaml"
exits "live" 0 as "$ASMA" policy live "$POLICY"
all_say 25.1.0.54 "listed  watch 204 watch" 20000
exits "explained" 1 pehra explain --json 25.1.0.54
equal "with it" "$(echo "$OUT" | jq -c '[.action, .policy]')" "[\"watch\",$POLICY]"
exits "explained as it was" 1 pehra explain --json --at "$BEFORE" 25.1.0.54
equal "with the one before" "$(echo "$OUT" | jq -c '[.action, .policy]')" '["block",0]'
equal "and over HTTP" "$(curl -fsS -H "X-Api-Key: $ASMA" \
	"http://127.0.0.1:$HTTP_PORT/v1/ip/25.1.0.54/explain?at=$BEFORE" | jq -r .action)" block
printf 'thresholds: {src: {block: 101}}\n' >"$WORK/bad.yaml"
exits "a policy that is none" 2 as "$ASMA" policy add "$WORK/bad.yaml"

# ---- a model: the store is too young to learn from ----
exits "refit" 2 as "$ASMA" model refit
CHECKS=$((CHECKS + 1))
[ -s "$WORK/err" ] || broken "refit does not say why not"
contains "the built-in one is live" "$(pehra model show)" "model 1"
contains "sources" "$(pehra source list)" known-resolvers
exits "a source is declared" 0 as "$ASMA" source set --standing sensor one
equal "so it is" "$(pehra source list --json | jq -r '.[] | select(.name == "one") | .standing')" \
	sensor

exits "the audit trail holds" 0 pehra audit verify
contains "and names who decided" "$(pehra audit show)" bilal@example.org
ok
