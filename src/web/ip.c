/* SPDX-License-Identifier: GPL-3.0-or-later */
/* GET /v1/ip/{prefix}, /v1/name/{name}, /v1/url?u=, and their explanations */
#include "web/evidence.h"
#include "web/handlers.h"
#include "web/lookup.h"

static enum err answer(struct request *request, const struct indicator *indicator, struct why *why)
{
	const struct pehra *snapshot;
	struct lookup lookup;

	TRY(lookup_snapshot(request, &snapshot, why));
	lookup_find(snapshot, indicator, &lookup);

	struct json_writer json = response_json(request);

	json_object_begin(&json);
	lookup_write(&json, request, snapshot, &lookup);
	if (request_flag(request, "evidence"))
		TRY(evidence_write(request, &json, indicator, why));
	json_object_end(&json);
	return OK;
}

static enum err parse_name(struct request *request, struct indicator *out, struct why *why)
{
	TRY(indicator_parse(request->capture, &request->arena, out, why));
	if (out->kind != INDICATOR_NAME)
		return fail(why, ERR_SYNTAX, "%.*s is no domain name",
			STR_FMT(str_first(request->capture, 64)));
	return OK;
}

enum err serve_ip(struct request *request, struct why *why)
{
	struct indicator indicator = { .kind = INDICATOR_IP };

	TRY(prefix_parse(request->capture, NULL, &indicator.prefix, why));
	return answer(request, &indicator, why);
}

enum err serve_name(struct request *request, struct why *why)
{
	struct indicator indicator;

	TRY(parse_name(request, &indicator, why));
	return answer(request, &indicator, why);
}

enum err serve_ip_explain(struct request *request, struct why *why)
{
	struct indicator indicator = { .kind = INDICATOR_IP };

	TRY(prefix_parse(request->capture, NULL, &indicator.prefix, why));
	return serve_explanation(request, &indicator, why);
}

enum err serve_name_explain(struct request *request, struct why *why)
{
	struct indicator indicator;

	TRY(parse_name(request, &indicator, why));
	return serve_explanation(request, &indicator, why);
}

static enum err parse_url(struct request *request, struct indicator *out, struct why *why)
{
	const struct str *text = request_parameter(request, "u");

	TRY(indicator_parse(*text, &request->arena, out, why));
	if (out->kind != INDICATOR_URL)
		return fail(why, ERR_SYNTAX, "u is a URL with its scheme");
	return OK;
}

enum err serve_url(struct request *request, struct why *why)
{
	struct indicator indicator;

	TRY(parse_url(request, &indicator, why));
	return answer(request, &indicator, why);
}

enum err serve_url_explain(struct request *request, struct why *why)
{
	struct indicator indicator;

	TRY(parse_url(request, &indicator, why));
	return serve_explanation(request, &indicator, why);
}
