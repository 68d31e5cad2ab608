# SPDX-License-Identifier: GPL-3.0-or-later
# The part of conformance.sh about overrides, policies, models, guards and what waits for a person.
# Sourced by it.

# ---- what stands above the score, told to each as he may know ----
fetch 200 /v1/ip/203.0.113.9/explain
schema Explanation 'explanation of a block by a person'
body '.rule.key == "rule.override.block" and .action == "block" and (.rule | has("owner") | not)'
fetch 200 /v1/ip/203.0.113.9/explain -H "X-Api-Key: $admin"
schema Explanation 'the same for operators'
body '.rule.owner == "soc" and .rule.reason == "=case 7" and .rule.override == 2'
fetch 200 '/v1/guards/match?indicator=192.0.2.7'
schema GuardMatch 'guard match'
body '.verdict == "allow" and (.override | has("id") | not)'
fetch 200 '/v1/guards/match?indicator=203.0.113.9' -H "X-Api-Key: $admin"
schema GuardMatch 'guard match'
fetch 200 '/v1/guards/match?indicator=100.1.2.3'
schema GuardMatch 'nothing'
body '.verdict == "score" and .override == null and .guard == "none"'
fetch 400 '/v1/guards/match?indicator=nonsense!'
fetch 400 /v1/guards/match

# ---- lists: for those who operate or decide ----
for list in overrides policies models pending; do
	fetch 401 /v1/$list
	fetch 403 /v1/$list -H "X-Api-Key: $report"
done
fetch 200 /v1/overrides -H "X-Api-Key: $admin"
schema OverridePage overrides
body '[.rows[].id] == [3,2,1] and .rows[0].state == "waiting" and .total == 3'
fetch 200 '/v1/overrides?limit=2' -H "X-Api-Key: $admin"
fetch 200 "/v1/overrides?limit=2&cursor=$(jq -r .next "$work/body")" -H "X-Api-Key: $admin"
body '[.rows[].id] == [1] and .next == null'
fetch 200 '/v1/overrides?q=kind:block+ends<2100-01-01&sort=indicator' -H "X-Api-Key: $admin"
body '[.rows[].id] == [3,2]'
fetch 200 '/v1/overrides?format=csv&fields=reason' -H "X-Api-Key: $admin"
checks=$((checks + 1))
grep -q "'=case 7" "$work/body" || bad 'CSV: a formula'
fetch 200 /v1/overrides/3 -H "X-Api-Key: $admin"
schema OverrideDetail override
body '.override.indicator == "100.0.0.0/8" and .override.second_reason != ""'
fetch 404 /v1/overrides/99 -H "X-Api-Key: $admin"
fetch 400 /v1/overrides/x -H "X-Api-Key: $admin"
fetch 200 /v1/policies -H "X-Api-Key: $admin"
schema PolicyPage policies
body '.rows[0].live == false and .rows[0].name == "default"'
fetch 200 /v1/policies/1 -H "X-Api-Key: $admin"
schema PolicyDetail policy
body '.whole.thresholds.src.block == 80 and .whole.thresholds.src.watch == 10'
fetch 200 /v1/models -H "X-Api-Key: $admin"
schema ModelPage models
body '[.rows[] | [.version, .live]] == [[1,true]]'
fetch 200 /v1/models/1 -H "X-Api-Key: $admin"
schema ModelDetail model
fetch 200 /v1/pending -H "X-Api-Key: $admin"
schema PendingPage pending
body '[.rows[].kind] == ["override"]'
fetch 200 '/v1/pending?all=1' -H "X-Api-Key: $admin"
body '[.rows[].kind] == ["feed","override"] and .rows[0].outcome == "dismissed"'
fetch 200 /v1/pending/1 -H "X-Api-Key: $admin"
schema PendingDetail 'pending item'
body '.detail == {"id":3}'

# ---- commands: their bodies are those of the description ----
send() { # STATUS PATH BODY
	fetch "$1" "$2" -H "X-Api-Key: $admin" -H 'Content-Type: application/json' -d "$3"
}
send 200 /v1/overrides \
	'{"indicator":"198.51.100.0/24","kind":"allow","owner":"soc","reason":"x","days":3}'
schema OverrideAdded 'override added'
body '.id == 9'
for sent in '{}' '[]' '"x"' '{' '{"indicator":"192.0.2.1","kind":"allow","owner":"soc"}' \
	'{"indicator":3,"kind":"allow","owner":"soc","reason":"x","days":3}' \
	'{"indicator":"192.0.2.1","kind":"allow","owner":"soc","reason":"x","made_by":"me"}'; do
	send 400 /v1/overrides "$sent"
done
fetch 415 /v1/overrides -H "X-Api-Key: $admin" -d '{}'
fetch 403 /v1/overrides -H "X-Api-Key: $report" -H 'Content-Type: application/json' -d '{}'
send 200 /v1/overrides/3/approve '{"note":"yes"}'
schema OverrideState 'override approved'
fetch 200 /v1/overrides/3/approve -X POST -H "X-Api-Key: $admin"
send 400 /v1/overrides/x/approve '{}'
send 400 /v1/overrides/3/approve '{"by":"me"}'
fetch 200 /v1/overrides/1/revoke -X POST -H "X-Api-Key: $admin"
schema OverrideRevoked 'override revoked'
send 200 /v1/policies '{"name":"default","policy":{"thresholds":{"src":{"block":90}}}}'
schema PolicyKept policy
send 413 /v1/policies "{\"name\":\"default\",\"policy\":$(printf '{"a":%.0s' $(seq 90))1$(printf '}%.0s' $(seq 90))}"
fetch 200 /v1/me
send 200 /v1/models/refit '{"decay":true}'
schema ModelRefit refit
send 400 /v1/models/refit '{"decay":1}'
send 200 /v1/pending/1/dismiss '{"note":"no"}'
schema PendingClosed 'pending dismissed'
send 200 /v1/sources/drop '{"standing":"sensor","weight":2,"traits":["cloud"]}'
schema SourceSet source
checks=$((checks + 1))
grep -q 'source.set.*\\"name\\":\\"drop\\"' "$work/log" || bad 'the name of the source is not sent'
fetch 200 /v1/openapi.json
body '.paths["/v1/overrides"].post.requestBody.content["application/json"].schema.required ==
	["indicator","kind","owner","reason"]'
body '.paths["/v1/overrides/{id}/approve"].post.requestBody.required == false'
