/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * GET /v1/check, for nginx's auth_request and whatever asks the same way: 204 lets the client
 * through, 403 does not. The client is the caller itself, or who it says behind a trusted proxy.
 * Without a snapshot everybody passes, and the answer says so: reputation must not close a service.
 */
#include "web/handlers.h"
#include "web/lookup.h"

/*
 * Who is blocked, unless the caller names a score of his own. A block without a score is a
 * person's, which no threshold undoes.
 */
static bool check_refuses(const struct pehra_verdict *verdict, int64_t threshold)
{
	if (verdict == NULL || verdict->action == PEHRA_ALLOW)
		return false;
	if (threshold == 0 || verdict_score(verdict) == 0)
		return verdict->action == PEHRA_BLOCK;
	return verdict->score[PEHRA_SOURCE] >= threshold;
}

enum err serve_check(struct request *request, struct why *why)
{
	const struct pehra *snapshot = lane_snapshot(request->lane);
	int64_t threshold = request_number(request, "threshold", 0);
	struct indicator indicator = { .kind = INDICATOR_IP,
		.prefix = prefix_host(&request->client) };
	CLEANUP(buf_done) struct buf text = { 0 };
	struct lookup lookup = { 0 };

	(void)why;
	request->response.status = 204;
	prefix_format(&text, &indicator.prefix);
	response_header(request, "X-Pehra-Client", arena_str(&request->arena, buf_view(&text)));
	if (snapshot == NULL) {
		response_header(request, "X-Pehra-Action", STR("unknown"));
		return OK;
	}
	lookup_find(snapshot, &indicator, &lookup);

	unsigned action = lookup.verdict == NULL ? PEHRA_NONE : lookup.verdict->action;
	uint8_t score = lookup.verdict == NULL ? 0 : lookup.verdict->score[PEHRA_SOURCE];
	bool is_refused = check_refuses(lookup.verdict, threshold);

	response_header(request, "X-Pehra-Action", action_name(action));
	response_header(request, "X-Pehra-Score", arena_fmt(&request->arena, "%u", score));
	if (is_refused)
		problem(request, 403, "reputation", "%s has a bad reputation (score %u)",
			buf_c(&text), score);
	return OK;
}
