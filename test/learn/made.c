/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "learn/made.h"

void made_init(struct made *made, uint64_t seed)
{
	*made = (struct made){ .chance = { seed } };
	model_default(&made->base);
}

void made_done(struct made *made)
{
	learn_free(&made->learn);
	model_done(&made->base);
	arena_done(&made->arena);
}

uint32_t made_source(struct made *made, const char *name, enum source_standing standing)
{
	uint32_t number = (uint32_t)made->source_count++;

	must(number < MADE_SOURCES_MAX);
	made->sources[number] = (struct score_source){ .name = arena_str(&made->arena, str_c(name)),
		.family = number,
		.weight = { 3, 3, 3 },
		.standing = (uint8_t)standing };
	return number;
}

void made_begin(struct made *made, const struct rules *rules)
{
	made->learn = learn_new(&made->base, made->sources, made->source_count, rules, AT);
}

struct str made_key(struct made *made, uint32_t address)
{
	char key[6] = { 1, (char)(address >> 24), (char)(address >> 16), (char)(address >> 8),
		(char)address, 32 };

	return arena_str(&made->arena, str_from(key, sizeof key));
}

double made_unit(struct made *made)
{
	return (double)(prop_u64(&made->chance) >> 11) * 0x1p-53;
}

bool made_is(struct made *made, double probability)
{
	return made_unit(made) < probability;
}

struct learn_claim made_listed(struct str key, uint32_t source, double days)
{
	int64_t began_s = AT - (int64_t)(days * DAY_S);

	return (struct learn_claim){ .key = key,
		.source = source,
		.category = CATEGORY_SCANNER,
		.confidence = -1,
		.was_known = true,
		.was_listed = true,
		.recent = 1,
		.lasting = 1,
		.decayed_at_s = began_s,
		.last_seen_s = began_s,
		.began_s = began_s };
}

struct learn_claim made_seen(struct str key, uint32_t source, double days)
{
	struct learn_claim claim = made_listed(key, source, days);

	claim.was_listed = false;
	return claim;
}

struct learn_claim made_news(struct str key, uint32_t source, double days)
{
	struct learn_claim claim = made_listed(key, source, -days);

	claim.was_known = false;
	claim.was_listed = false;
	claim.is_news = true;
	return claim;
}

void made_finish(struct made *made, struct learn_what what, struct model *out, struct buf *report)
{
	CLEANUP(json_reader_free) struct json_reader *reader = json_reader_new();
	struct json_writer json = json_writer_on(report);
	struct json_node root;

	learn_finish(made->learn, what, out, &json);
	assert_int_equal(json_parse(reader, buf_view(report), &root, NULL), OK);
	assert_int_equal(json_type(root), JSON_OBJECT);
}

const struct model_source *made_found(const struct model *model, const char *name)
{
	const struct model_source *source = model_source_find(model, str_c(name));

	assert_non_null(source);
	return source;
}

bool made_repeats(const struct model_source *source, const char *family)
{
	for (size_t i = 0; i < source->leader_count; i++) {
		if (str_eq(source->leaders[i], str_c(family)))
			return true;
	}
	return false;
}
