# SPDX-License-Identifier: GPL-3.0-or-later
# The part of conformance.sh about evidence, lists, reports and what TLP hides. Sourced by it.
report=$(sed -n 3p "$work/data/tokens")

# ---- evidence: anonymous sees what is clear, a token what it may ----
fetch 200 '/v1/ip/192.0.2.9?evidence=1'
schema Verdict evidence
body '[.claims[].source] == ["drop"] and .hidden_claims == 1'
body '.sources == ["drop"] and .source_count == 2'
fetch 200 '/v1/ip/192.0.2.9?evidence=1' -H "X-Api-Key: $admin"
schema Verdict evidence
body '([.claims[].source] | sort) == ["drop","secret"] and .hidden_claims == 0'
body '.sources == ["drop","secret"]'
fetch 200 '/v1/ip/192.0.2.9?evidence=1' -H "X-Api-Key: $report"
body '.hidden_claims == 1'
fetch 200 /v1/ip/192.0.2.9/explain
schema Explanation explanation
body '(.parts | map(select(.role == "src") | .points) | add) == .score.src'
body '(.parts | map(select(.key == "part.hidden")) | length) == 1 and .hidden_claims == 1'
body '(tostring | contains("secret")) | not'
fetch 200 /v1/ip/192.0.2.0/24/explain -H "X-Api-Key: $admin"
schema Explanation explanation
body '(.parts | map(.params.source) | index("secret")) != null'
body '. as $all | .parts[] | select(.params.source == "secret") | .evidence |
	map($all.claims[.].source) | index("secret") != null'
body '.sums.src.points == .score.src'
fetch 200 '/v1/ip/192.0.2.9/explain?lang=ur'
schema Explanation 'explanation in Urdu'
body '.lang == "ur" and (.plain | contains("192.0.2.9"))'
fetch 400 '/v1/ip/192.0.2.9/explain?lang=xx'
fetch 400 '/v1/ip/192.0.2.9/explain?at=yesterday' -H "X-Api-Key: $admin"
fetch 400 '/v1/ip/192.0.2.9/explain?at=2100-01-01' -H "X-Api-Key: $admin"
fetch 403 '/v1/ip/192.0.2.9/explain?at=2020-01-01'
fetch 200 '/v1/ip/192.0.2.9/explain?at=2020-01-01' -H "X-Api-Key: $admin"
schema Explanation 'explanation of the past'
body '.known == false and .as_of == "2020-01-01T00:00:00Z"'
fetch 404 '/v1/ip/192.0.2.9/explain?model=77' -H "X-Api-Key: $admin"
fetch 200 '/v1/url/explain?u=http://example.net/x'
schema Explanation 'explanation of a URL'
fetch 200 /v1/name/a.example.org/explain
schema Explanation 'explanation of a name'
body '.known and .claims[0].indicator == "*.example.org"'
fetch 200 '/v1/name/a.example.org?evidence=1'
body '.claims[0].category == "phishing"'
fetch 200 '/v1/url?u=http://example.net/x&evidence=1'
body '(.claims | length) == 1'

# ---- lists ----
fetch 200 /v1/indicators
schema IndicatorPage indicators
body '.total == 255 and .total_is_exact and (.rows | length) == 100 and .next != null'
body '[.rows[].indicator] | index("203.0.113.66") == null'
fetch 200 /v1/indicators -H "X-Api-Key: $admin"
body '.total == 256'
fetch 200 '/v1/indicators?q=source:secret'
body '.total == 0'
fetch 200 '/v1/indicators?q=-source:secret+192.0.2.0/24'
body '.total == 2'
fetch 200 '/v1/indicators?q=-source:secret+192.0.2.0/24' -H "X-Api-Key: $admin"
body '.total == 1'
for q in 'score%3E%3D75:3' 'cat%3Abrute-force:250' 'role%3Apolicy:1' 'kind%3Aname%7Curl:2' \
	'action%3Aallow:1' 'net%3A192.0.2.0%2F24:2' 'example.org:1' 'listed%3Ano:0' 'seen%3C1h:255' \
	'first%3E1h:0' 'cat%3Abrute-force+-198.51.100.0%2F25:122' '2001%3Adb8%3A%3A%2F32:1'; do
	fetch 200 "/v1/indicators?limit=1&q=${q%:*}"
	body ".total == ${q##*:}"
done
fetch 400 '/v1/indicators?q=score%3E%3Dabc'
body '.parse_error == {"parameter":"q","from":7,"length":3,"expected":"a whole number"}'
fetch 400 '/v1/indicators?q=colour%3Ared'
body '.parse_error.from == 0 and (.parse_error.expected | contains("score"))'
fetch 400 '/v1/indicators?sort=colour'
fetch 400 '/v1/indicators?fields=score,colour'
body '.parse_error == {"parameter":"fields","from":6,"length":6,"expected":.parse_error.expected}'
fetch 400 '/v1/indicators?limit=1001'
fetch 400 '/v1/indicators?cursor=abc'
fetch 200 '/v1/indicators?fields=indicator,score_src&limit=1'
body '.rows[0] | keys == ["indicator","score_src"]'

# pages put together are the whole, in order and once
pages() { # QUERY: every indicator of every page, one a line
	next=
	while :; do
		curl -sS "$base/v1/indicators?$1${next:+&cursor=$next}" >"$work/page"
		jq -r '.rows[].indicator' "$work/page"
		next=$(jq -r '.next // empty' "$work/page")
		[ -n "$next" ] || break
	done
}
pages limit=7 >"$work/paged"
curl -sS "$base/v1/indicators?limit=1000" | jq -r '.rows[].indicator' >"$work/whole"
checks=$((checks + 3))
[ "$(wc -l <"$work/whole")" = 255 ] && cmp -s "$work/paged" "$work/whole" || bad 'pages differ'
pages 'limit=9&sort=-score' >"$work/sorted"
[ "$(sort -u "$work/sorted" | wc -l)" = 255 ] && [ "$(wc -l <"$work/sorted")" = 255 ] ||
	bad 'sorted pages repeat or skip'
case $(head -1 "$work/sorted") in
'192.0.2.0/24') ;;
*) bad 'not sorted by score' ;;
esac

# a row that comes or goes between two pages moves no other
fetch 200 '/v1/indicators?limit=100'
cursor=$(jq -r .next "$work/body")
jq -r '.rows[].indicator' "$work/body" >"$work/paged"
fetch 200 /v1/report -H "X-Api-Key: $report" -H 'Content-Type: application/json' \
	-d '{"indicator":"192.0.2.3","category":"scanner"}'
schema Kept report
fetch 200 "/v1/indicators?limit=1000&cursor=$cursor"
jq -r '.rows[].indicator' "$work/body" >>"$work/paged"
checks=$((checks + 1))
cmp -s "$work/paged" "$work/whole" || bad 'paging was disturbed by a new row'
fetch 400 "/v1/indicators?limit=1000&cursor=$cursor&q=score%3E1"
fetch 400 "/v1/indicators?limit=1000&cursor=$cursor" -H "X-Api-Key: $admin"
fetch 200 '/v1/ip/192.0.2.3?evidence=1'
body '[.claims[].source | select(startswith("token-"))] | length == 1'

# the whole match as a stream
fetch 200 /v1/indicators -H 'Accept: text/csv'
head_has 'content-type: text/csv'
checks=$((checks + 3))
[ "$(wc -l <"$work/body")" = 257 ] || bad 'CSV: not all rows'
fetch 200 '/v1/indicators?format=ndjson'
[ "$(jq -s length "$work/body")" = 256 ] || bad 'NDJSON: not all rows'
fetch 200 '/v1/indicators?format=ndjson&sort=-last_seen&fields=indicator'
[ "$(sort -u "$work/body" | wc -l)" = 256 ] || bad 'NDJSON, sorted: not all rows'
fetch 200 '/v1/indicators?format=csv&q=source%3Anobody'
[ "$(wc -l <"$work/body")" = 1 ] || bad 'CSV: no rows'

fetch 200 /v1/sources
schema SourcePage sources
body '.total == 4 and .rows[0].name == "drop" and (.rows[0] | has("lines") | not)'
fetch 200 '/v1/sources?counts=1&fields=name,claims_listed&q=name:MANY'
body '.rows == [{"name":"many","claims_listed":250}]'
fetch 200 '/v1/feeds?sort=-lines'
schema FeedPage feeds
body '[.rows[].name][0] == "many"'
fetch 200 '/v1/feeds?q=refused%3E0'
body '.total == 3'
fetch 200 '/v1/feeds?format=csv'
fetch 200 /v1/feeds/drop
schema FeedDetail feed
body '.feed.refused == 1 and .refusals[0].count == 1 and (.refusals[0] | has("sample") | not)'
fetch 200 /v1/feeds/drop -H "X-Api-Key: $admin"
body '.refusals[0].sample == "=nonsense"'
fetch 404 /v1/feeds/none
fetch 401 /v1/jobs
fetch 200 /v1/jobs -H "X-Api-Key: $admin"
schema JobPage jobs
body '.total == 3 and [.rows[].source] == ["secret","many","drop"]'
fetch 200 '/v1/jobs?q=source%3Amany+state%3Adone&sort=started' -H "X-Api-Key: $admin"
body '.total == 1 and .rows[0].accepted == 250'
job=$(jq .rows[0].id "$work/body")
fetch 200 "/v1/jobs?limit=1" -H "X-Api-Key: $admin"
fetch 200 "/v1/jobs?cursor=$(jq -r .next "$work/body")" -H "X-Api-Key: $admin"
body '[.rows[].source] == ["many","drop"]'
fetch 200 "/v1/jobs/$job" -H "X-Api-Key: $admin"
schema JobDetail job
body '.job.source == "many" and .progress == null'
fetch 404 /v1/jobs/99999 -H "X-Api-Key: $admin"
fetch 400 /v1/jobs/x -H "X-Api-Key: $admin"
fetch 200 /v1/audit -H "X-Api-Key: $admin"
schema AuditPage audit
fetch 403 /v1/audit -H "X-Api-Key: $report"

# ---- commands ----
fetch 401 /v1/report -H 'Content-Type: application/json' -d '{}'
for sent in '{}' '[]' '{' '{"indicator":"192.0.2.3"}' '{"indicator":3,"category":"scanner"}' \
	'{"indicator":"192.0.2.3","category":"scanner","source":"drop"}' \
	'{"indicator":"192.0.2.300","category":"scanner"}' \
	'{"indicator":"192.0.2.3","category":"nonsense"}'; do
	fetch 400 /v1/report -H "X-Api-Key: $report" -H 'Content-Type: application/json' -d "$sent"
done
fetch 403 /v1/feeds/none/run -X POST -H "X-Api-Key: $report"
fetch 404 /v1/feeds/none/run -X POST -H "X-Api-Key: $admin"
body '.detail == "no feed '"'none'"' in the catalogue"'

# a token that is revoked is out at once
echo ! >&9
sleep 0.5
fetch 401 /v1/me -H "X-Api-Key: $reader"
