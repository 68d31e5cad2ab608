/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "web/lookup.h"
#include "web/evidence.h"
#include "web/web_int.h"

#include "score/score.h"

enum { SOURCES_SHOWN = 64 };

uint8_t verdict_score(const struct pehra_verdict *verdict)
{
	uint8_t most = 0;

	for (unsigned role = 0; role < PEHRA_ROLES; role++) {
		if (verdict->score[role] > most)
			most = verdict->score[role];
	}
	return most;
}

enum err lookup_snapshot(struct request *request, const struct pehra **out, struct why *why)
{
	*out = lane_snapshot(request->lane);
	return *out == NULL ? fail(why, ERR_BUSY, "no snapshot was built yet") : OK;
}

static pehra_id find_prefix(
	const struct pehra *snapshot, const struct prefix *prefix, struct lookup *out)
{
	pehra_id id = pehra_ip_detail(snapshot, prefix->address.bytes, &out->detail);

	if (id != 0 && out->detail.prefix_length <= prefix->length)
		return id;
	out->detail = (struct pehra_detail){ 0 };
	out->is_listed_within =
		pehra_ip_any_within(snapshot, prefix->address.bytes, prefix->length) != 0;
	return 0;
}

void lookup_find(
	const struct pehra *snapshot, const struct indicator *indicator, struct lookup *out)
{
	struct str text = indicator->text;
	pehra_id id;

	*out = (struct lookup){ .indicator = *indicator };
	if (indicator->kind == INDICATOR_IP)
		id = find_prefix(snapshot, &indicator->prefix, out);
	else if (indicator->kind == INDICATOR_URL)
		id = pehra_url_detail(snapshot, text.p, text.n, &out->detail);
	else
		id = pehra_name_detail(snapshot, text.p, text.n, &out->detail);
	out->verdict = pehra_verdict(snapshot, id);
	if (indicator->kind == INDICATOR_NAME && out->verdict == NULL)
		out->is_listed_within = pehra_name_any_below(snapshot, text.p, text.n) != 0;
}

static void write_day(struct json_writer *json, const char *key, uint16_t day)
{
	CLEANUP(buf_done) struct buf text = { 0 };

	json_key(json, key);
	if (day == 0) {
		json_put_null(json);
		return;
	}
	date_format(&text, PEHRA_DAY_ZERO_S + (int64_t)day * DAY_S);
	json_put_str(json, buf_view(&text));
}

/* Of an indicator of which nothing is known, the score is what any such one has. */
static void write_scores(struct json_writer *json, const struct request *request,
	const struct pehra_verdict *verdict)
{
	const struct judgings *judgings = &request->web->judgings;

	json_key(json, "score");
	json_object_begin(json);
	for (unsigned role = 0; role < PEHRA_ROLES; role++) {
		json_key_str(json, role_name((enum role)role));
		json_put_u64(json, verdict != NULL ? verdict->score[role]
						   : atomic_load(&judgings->unknown[role]));
	}
	json_object_end(json);
}

static void write_categories(struct json_writer *json, uint64_t categories)
{
	uint8_t seen[256 / 8] = { 0 };

	json_key(json, "categories");
	json_array_begin(json);
	for (unsigned i = 0; i < CATEGORY_COUNT; i++) {
		if ((categories >> i & 1) != 0 && category_info(i) != NULL)
			json_put_str(json, category_info(i)->name);
	}
	json_array_end(json);
	json_key(json, "codes");
	json_array_begin(json);
	for (unsigned i = 0; i < CATEGORY_COUNT; i++) {
		const struct category_info *info = category_info(i);

		if ((categories >> i & 1) == 0 || info == NULL || info->dns_code == 0 ||
			(seen[info->dns_code / 8] >> info->dns_code % 8 & 1) != 0)
			continue;
		seen[info->dns_code / 8] |= (uint8_t)(1U << info->dns_code % 8);
		json_put_u64(json, info->dns_code);
	}
	json_array_end(json);
}

static void write_sources(struct json_writer *json, const struct request *request,
	const struct pehra *snapshot, const struct pehra_verdict *verdict)
{
	const char *names[SOURCES_SHOWN];
	size_t n = verdict == NULL
			   ? 0
			   : pehra_sources(snapshot, verdict->source_set, names, SOURCES_SHOWN);

	json_key(json, "sources");
	json_array_begin(json);
	for (size_t i = 0; i < n && i < SOURCES_SHOWN; i++) {
		if (source_may_be_named(request->web, &request->audience, str_c(names[i])))
			json_put_str(json, str_c(names[i]));
	}
	json_array_end(json);
	json_field_u64(json, "source_count", verdict == NULL ? 0 : verdict->source_count);
}

static void write_entry(struct json_writer *json, const struct lookup *lookup)
{
	CLEANUP(buf_done) struct buf text = { 0 };
	struct prefix entry;

	json_key(json, "entry");
	if (lookup->verdict == NULL || lookup->indicator.kind != INDICATOR_IP) {
		json_put_null(json);
		return;
	}
	entry = prefix_around(&lookup->indicator.prefix.address, lookup->detail.prefix_length);
	prefix_format(&text, &entry);
	json_put_str(json, buf_view(&text));
}

void lookup_write(struct json_writer *json, const struct request *request,
	const struct pehra *snapshot, const struct lookup *lookup)
{
	CLEANUP(buf_done) struct buf text = { 0 };
	const struct pehra_verdict *verdict = lookup->verdict;
	struct pehra_info info;

	pehra_info(snapshot, &info);
	indicator_format(&text, &lookup->indicator);
	json_field_str(json, "indicator", buf_view(&text));
	json_field_str(json, "kind", indicator_kind_name(lookup->indicator.kind));
	json_field_bool(json, "known", verdict != NULL);
	json_field_bool(json, "listed_within", lookup->is_listed_within);
	write_entry(json, lookup);
	json_field_str(json, "action", action_name(verdict == NULL ? PEHRA_NONE : verdict->action));
	write_scores(json, request, verdict);
	write_categories(json, verdict == NULL ? 0 : verdict->categories);
	write_sources(json, request, snapshot, verdict);
	write_day(json, "first_seen", lookup->detail.first_day);
	write_day(json, "last_seen", lookup->detail.last_day);
	write_day(json, "until", lookup->detail.until_day);
	json_field_u64(json, "generation", info.generation);
	json_field_i64(json, "generation_age_s", request->now_s - info.created_s);
}
