/* SPDX-License-Identifier: GPL-3.0-or-later */
/* GET /v1/guards/match: what stands above the score of an indicator. */
#include "web/evidence.h"
#include "web/handlers.h"
#include "web/web_int.h"

static const char *const verdicts[] = {
	[RULE_SCORE] = "score",
	[RULE_WATCH_AT_MOST] = "watch",
	[RULE_BLOCK] = "block",
	[RULE_ALLOW] = "allow",
};

static void write_match(
	struct request *request, const struct indicator *indicator, const struct rule_match *match)
{
	struct json_writer json = response_json(request);
	CLEANUP(buf_done) struct buf text = { 0 };
	bool sees = audience_may(&request->audience, TOKEN_OPERATE | TOKEN_DECIDE);

	indicator_format(&text, indicator);
	json_object_begin(&json);
	json_field_str(&json, "indicator", buf_view(&text));
	json_field_str(&json, "verdict", str_c(verdicts[rule_verdict_of(match)]));
	json_field_str(&json, "guard",
		match->guard == GUARD_NONE ? STR("none") : guard_policy_name(match->guard));
	if (match->list.n != 0 &&
		source_may_be_named(request->web, &request->audience, match->list))
		json_field_str(&json, "list", match->list);
	json_key(&json, "override");
	if (match->override == 0) {
		json_put_null(&json);
	} else {
		buf_clear(&text);
		indicator_format(&text, &match->override_of);
		json_object_begin(&json);
		if (sees)
			json_field_i64(&json, "id", match->override);
		json_field_str(&json, "kind", match->is_allow ? STR("allow") : STR("block"));
		json_field_str(&json, "indicator", buf_view(&text));
		json_object_end(&json);
	}
	json_object_end(&json);
}

enum err serve_guard_match(struct request *request, struct why *why)
{
	struct judgings *judgings = &request->web->judgings;
	const struct str *text = request_parameter(request, "indicator");
	struct indicator indicator;
	struct judging *judging;
	struct rule_match match;

	TRY(indicator_parse(*text, &request->arena, &indicator, why));
	TRY(judging_take(judgings, request->lane->db, request->now_s, &judging, why));
	rules_match(judging->scoring.rules, &indicator, &match);
	write_match(request, &indicator, &match);
	judging_give_back(judgings, judging);
	return OK;
}
